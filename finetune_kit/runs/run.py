"""A run: one configuration, its model and what it scored, before and after; predict, confusions, changes."""

from __future__ import annotations

import functools
import html
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasets
import numpy as np
import transformers

from .. import catalog, checkpoints, strategies, training
from ..config import RunConfig
from ..errors import DataError, unknown_name
from ..forgetting import NAME as OLD
from ..history import History
from ..spotting import Detection
from ..tasks import RIGHT, Task
from . import sounds, storing
from .calibration import Calibration, calibrated
from .movement import moved

if TYPE_CHECKING:
    from ..diagnosis import Diagnosis


class Run:
    """One fine-tuning run: the model, what it scored on the validation split before and after, and how it got there.

    model and trainer are ordinary transformers objects (a loaded run has no trainer).
    before and after: metric name to value, on the validation split, which also chose the
    best weights; `evaluate()` measures on the untouched test split. trainable_share: of the weights, 0 to 1, that
    trained in the end. adapter: what LoRA learnt, which is merged into the model; None of other strategies.
    """

    def __init__(
        self,
        config: RunConfig,
        task: Task,
        model: Any,
        processor: Any,
        history: History,
        outputs_before: Any,
        outputs_after: Any,
        seconds: float,
        stopped: bool = False,
        trainer: transformers.Trainer | None = None,
        record: dict[str, Any] | None = None,
        *,
        trainable_share: float | None = None,
        adapter: strategies.Adapter | None = None,
    ):
        self.config, self.task, self.model, self.processor = config, task, model, processor
        self.history, self.seconds, self.stopped, self.trainer = history, seconds, stopped, trainer
        self._outputs = {"before": outputs_before, "after": outputs_after}
        self._measured = {"validation": outputs_after}  # the outputs after training of each split that was measured
        truth = task.truth(task.splits["validation"])
        self.before = history.before = task.measure(outputs_before, truth)
        self.after = history.after = task.measure(outputs_after, truth)
        self.tested: dict[str, float] | None = record["test"] if record else None
        known = record["trainable_share"] if record else trainable_share
        self.trainable_share = strategies.trainable_share(model) if known is None else known
        self.adapter = adapter

    def evaluate(self, split: str = "test") -> dict[str, float]:
        """The metrics on one split. The test split is for the end, once: choosing by it spoils it.

        Raises DataError for a split that this run has not at hand.
        """
        part = self._part(split)
        self._measured[split] = outputs = self._predict(part)
        measured = self.task.measure(outputs, self.task.truth(part))
        if split == "test":
            self.tested = measured
        return measured

    def outputs(self, split: str = "validation") -> Any:
        """The trained model's outputs for a split, one an example; one that was not yet measured is evaluated first."""
        if split not in self._measured:
            self.evaluate(split)
        return self._measured[split]

    def _part(self, split: str) -> datasets.Dataset:
        if split not in self.task.splits:
            raise DataError(f"This run has the splits {list(self.task.splits)} at hand, not {split!r}.")
        return self.task.splits[split]

    def predict(self, examples: Any, before: bool = False) -> Any:
        """Predictions for new examples, as a pandas DataFrame: one row each, with probabilities.

        before: those of the model that the training began with (`start`) in place of the trained one.
        """
        dataset = self.task.inputs(examples)
        return self.task.show(dataset, self._predict(dataset, before))

    def _predict(self, dataset: datasets.Dataset, before: bool = False) -> Any:
        model = self.start if before else self.model
        return training.predict(model, self.processor, self.task, dataset, self.config.max_length)

    @functools.cached_property
    def start(self) -> Any:
        """The model as it was before training, a new head or random weights included; loaded when first asked for."""
        pretrained = strategies.parse(self.config.strategy).pretrained
        model, _ = load_model(self.config.model, self.task, pretrained, self.config.seed)
        return model.to(self.model.device)

    def confusion(self, split: str = "validation") -> Any:
        """How many examples of each class were taken for which, as a pandas DataFrame: truth as rows.

        split: validation, or one that `evaluate` has measured, for nothing is predicted here.
        Raises DataError for a task without classes and for a split that was not measured.
        """
        import pandas as pd

        classes, part = self._classes(), self._part(split)
        counts = np.zeros((len(classes), len(classes)), int)
        np.add.at(counts, (self.task.truth(part), self.task.decide(self._measured_on(split))), 1)
        return pd.DataFrame(counts, pd.Index(classes, name="truth"), pd.Index(classes, name="prediction"))

    def _measured_on(self, split: str) -> Any:
        """The outputs after training for a split. Raises DataError where it was not measured."""
        if split not in self._measured:
            raise DataError(
                f"This run was not yet measured on the {split} split; expected one of {list(self._measured)}, "
                f"or run.evaluate({split!r}) first."
            )
        return self._measured[split]

    def _classes(self) -> list[str]:
        if not self.task.classes:
            raise DataError(
                f"The answers of the task {self.config.task!r} are no classes; expected a task with classes. "
                "run.examples() shows the answers one by one."
            )
        return self.task.classes

    def objects(self, row: int, split: str = "validation") -> Any:
        """The boxes found in one picture after training, and those missed, as a pandas DataFrame for `plots.objects`.

        row: the picture's number in its split, which is validation or one that `evaluate` has
        measured. The columns are label, score (1 of what was missed), left, top, right, bottom in
        pixels, and verdict: found, false or missed. Raises DataError for a task without boxes, for
        a split that was not measured and for a row that it does not have.
        """
        verdicts = getattr(self.task, "verdicts", None)
        if verdicts is None:
            raise DataError(
                f"The answers of the task {self.config.task!r} are no boxes; expected a run of object detection. "
                "run.examples() shows the answers one by one."
            )
        part, outputs = self._part(split), self._measured_on(split)
        if not 0 <= row < len(part):
            raise DataError(f"row={row!r}: expected a picture's number in the {split} split, 0 to {len(part) - 1}.")
        one = part.select([row])
        return verdicts(self.task.decide(outputs[row : row + 1])[0], self.task.truth(one)[0], one[0]["image"].size)

    def listen(self, source: Any, **settings: Any) -> Iterator[Detection]:
        """What the trained model hears in a recording of any length: detections, each as soon as it has ended.

        source: the path of a sound file, or its bytes. settings: window, hop, smooth, threshold, gap,
        ignore and progress, as `listening.listen` says, which also says what is raised. Raises DataError too
        for a task that does not classify sounds, and ConfigError for a window longer than it reads at a time.
        """
        return sounds.listen(self, source, **settings)

    def examples(self, truth: str | None = None, prediction: str | None = None) -> Any:
        """The validation examples with the truth and the answers before and after, as a pandas DataFrame.

        truth, prediction: only those of this class, and those now taken for this one: what lies
        behind a cell of `confusion`. Raises UnknownNameError for a class that there is not, and
        DataError for a class where the task has none.
        """
        import pandas as pd

        validation = self.task.splits["validation"]
        questions = self.task.questions(validation)
        table = pd.DataFrame({name: questions[name][:] for name in questions.column_names})
        table["truth"] = self.task.words(self.task.truth(validation))
        for when, outputs in self._outputs.items():
            table[when] = self.task.words(self.task.decide(outputs))
        for column, name in (("truth", truth), ("after", prediction)):
            if name is None:
                continue
            if name not in self._classes():
                raise unknown_name("class", name, self.task.classes)
            table = table[table[column] == name]
        return table

    def changes(self) -> Any:
        """The validation examples that fine-tuning fixed and those that it broke, as a pandas DataFrame."""
        truth = self.task.truth(self.task.splits["validation"])
        answers = (self.task.decide(outputs) for outputs in self._outputs.values())
        was_right, is_right = (self.task.quality(given, truth) >= RIGHT for given in answers)
        table = self.examples()
        table.insert(0, "change", np.where(is_right, "fixed", "broken"))
        return table[was_right != is_right].sort_values("change", ascending=False, kind="stable")

    def diagnose(self) -> Diagnosis:
        """What this run probably suffers from, on what evidence, and what to try, the most important first.

        Reads the history, the data, the validation outputs before and after, and how far the weights
        moved from `start`. What a loaded run has not at hand, such as the training examples, is named
        under `skipped`. The test split is looked at for copies of other examples alone, never scored.
        """
        from .. import diagnosis

        parts = self.task, self.config, self.history, self.model, self.processor
        outputs = self._outputs["before"], self._outputs["after"]
        return diagnosis.diagnose(*parts, outputs, lambda: self.start, self.stopped)

    def movement(self, examples: int = 128) -> Any:
        """How far fine-tuning moved each layer group, as a pandas DataFrame: a row a group, from bottom to top.

        `change`: the norm of the change of its weights over their norm at the start, 0 of a frozen group. `cka`:
        linear centred kernel alignment (Kornblith et al. 2019, arXiv 1905.00414) between what the group puts
        out before and after for `examples` validation examples, each the mean over its places: 1 for the same up to
        rotation and scale, towards 0 for nothing in common. With fewer examples than the group is wide it is on
        the high side. The head's output are the logits of the classes. It is NaN where there is none to be had:
        in the head of a task whose answers are texts, spans or boxes, and where it is the same for all examples.
        A run from scratch is compared with its own random weights. Raises a FinetuneKitError where the checkpoint
        cannot be read any more.
        """
        return moved(self, examples)

    def calibration(self, split: str = "validation", bins: int = 10) -> Calibration:
        """How often the model is right when it is so sure, before and after training: bins and their mean gap.

        split: validation, or one that `evaluate` has measured. bins: of equal width, from 0 to 1. Before is the
        checkpoint under its new, random head. Raises DataError for a task that is no classification and for a
        split that was not measured, ConfigError for fewer than 2 bins.
        """
        return calibrated(self, split, bins)

    def forgetting(self) -> Any:
        """The old task's scores beside the new one's, as a pandas DataFrame: a row a measured step.

        The old task is what the checkpoint was pretrained for; see `forgetting.old_task`. Step 0 is the untouched
        checkpoint. `old_loss` is in nats; further columns, such as `old_perplexity` and `old_accuracy`, as the
        task has them. The last column is the main metric on the validation split, or the loss where the metric is
        too slow to take during training. Raises DataError for a run without forgetting=True.
        """
        import pandas as pd

        rows = [row for row in self.history.rows if f"{OLD}loss" in row]
        if not rows:
            raise DataError(
                "This run did not look back at its old task; expected one of ftk.fine_tune(..., forgetting=True)."
            )
        metric = self.task.metric.name
        new = metric if any(f"validation_{metric}" in row for row in rows) else "loss"
        table = pd.DataFrame([{n: v for n, v in row.items() if n == "step" or n.startswith(OLD)} for row in rows])
        measured = [row.get(f"validation_{new}", np.nan) for row in rows[1:]]
        return table.assign(**{new: [self.before.get(new, np.nan), *measured]})

    def save(self, folder: str | Path, overwrite: bool = False) -> Path:
        """Write an ordinary from_pretrained folder, and beside it the run's record and validation predictions.

        What LoRA learnt lies in its subfolder `adapter` too, as peft reads it.

        Raises StorageError when the folder is not empty (unless `overwrite`) or cannot be written.
        """
        storing.prepare_folder(folder, overwrite)
        return storing.save(self, self._outputs, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Load a saved run, and check that it gives the predictions that it was saved with.

        Raises StorageError when the folder holds no run, ModelError when its predictions differ.
        """
        folder = Path(folder)
        record, validation, (before, after) = storing.read(folder)
        config = RunConfig.from_dict(record["config"])
        task = catalog.handler(catalog.task(config.task))(**record["task"])
        task.splits = datasets.DatasetDict({"validation": validation})
        model, processor = load_model(str(folder), task, True, config.seed)
        history = History(record["history"], record["total_steps"])
        seconds, stopped = record["seconds"], record["stopped"]
        adapter = strategies.Adapter.load(folder / storing.ADAPTER)
        parts = config, task, model, processor, history, before, after, seconds, stopped, None, record
        run = cls(*parts, adapter=adapter)
        few = validation.select(range(min(storing.CHECKED, len(validation))))
        storing.check_same(run._predict(few), after[: storing.CHECKED], task, folder)
        return run

    def __repr__(self) -> str:
        name = self.task.metric.name
        curve = sparkline(self.history.series("train_loss")[1])
        return (
            f"{self.config.model} on {self.config.task}, strategy {self.config.strategy}, "
            f"{self.config.labels or 'all'} labels{', stopped early' if self.stopped else ''}\n"
            f"{name}: {self.before[name]:.3f} before -> {self.after[name]:.3f} after (validation)\n"
            f"training loss: {curve or 'none'}\n"
            f"{self.seconds:.1f} s of training, {self.trainable_share:.1%} of the weights trained"
        )

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"


def load_model(name: str, task: Task, pretrained: bool, seed: int) -> tuple[Any, Any]:
    """A model with the task's head, and its processor."""
    auto_class = task.model_class(checkpoints.configuration(name))
    return checkpoints.load(name, auto_class, task.head_settings, pretrained, seed)


def sparkline(values: list[float], width: int = 24) -> str:
    """A curve in one line of text."""
    if not values:
        return ""
    chosen = [values[i] for i in np.linspace(0, len(values) - 1, min(width, len(values))).astype(int)]
    low, span = min(chosen), (max(chosen) - min(chosen)) or 1.0
    return "".join("▁▂▃▄▅▆▇█"[int((value - low) / span * 7)] for value in chosen)
