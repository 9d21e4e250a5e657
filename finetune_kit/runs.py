"""Runs: one configuration end to end, before and after; save, load, predict."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import html
import json
import platform
import sys
import threading
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
import transformers

from . import catalog, checkpoints, strategies, tasks, training
from .config import RunConfig
from .data.images import stored_images
from .errors import DataError, ModelError, StorageError, unknown_name
from .history import History
from .strategies import Strategy
from .tasks import RIGHT, Task

RECORD = "run.json"
CHECKED = 8  # predictions stored with a run, compared when it is loaded
TOLERANCE = 1e-3  # of an output: another device or version may round differently


def fine_tune(
    task: str | Task = "sentiment",
    model: str | None = None,
    strategy: str | Strategy = "full",
    *,
    history: History | None = None,
    stop: threading.Event | None = None,
    **settings: Any,
) -> Run:
    """Fine-tune a model on a task and return the Run, with its scores before and after.

    task: a name from the catalogue or a task object over your own data. model: a name from
    the catalogue, a folder or a hub id; by default the pocket model for the task. settings:
    those of RunConfig, such as labels, epochs, learning_rate, seed. history is written while it
    trains; setting `stop` ends it early with the best weights so far. Raises a FinetuneKitError for bad input.
    """
    config = tasks.configure(task, model, strategy=strategies.parse(strategy).name, **settings)
    return execute(config, None if isinstance(task, str) else task, history, stop)


def execute(
    config: RunConfig, task: Task | None = None, history: History | None = None, stop: threading.Event | None = None
) -> Run:
    """Carry out one configuration: load, measure, train, measure again."""
    history, stop = history or History(), stop or threading.Event()
    job = _prepare(config, task, history)
    before = job.predict(history, "measuring before")
    history.before = job.measure(before)
    with training.temporary_folder() as folder:
        plan = training.plan_for(job.config, job.task, len(job.train))
        validation = job.validation.select(training.reading_order(job.validation, job.task))
        trainer = training.trainer(
            job.model, job.processor, job.task, plan, job.train, validation, history, stop, folder
        )
        stopped = training.fit(trainer, stop)
    seconds = history.seconds
    after = job.predict(history, "measuring after")
    run = Run(job.config, job.task, job.model, job.processor, history, before, after, seconds, stopped, trainer)
    history.enter("stopped" if stopped else "finished")
    return run


def zero_step(task: str | Task = "sentiment", model: str | None = None, **settings: Any) -> dict[str, float]:
    """The metrics on the validation split before any training: the checkpoint as it is, under a new head."""
    config = tasks.configure(task, model, **settings)
    job = _prepare(config, None if isinstance(task, str) else task, History())
    return job.measure(job.predict(History(), "measuring"))


@dataclasses.dataclass
class _Job:
    """A configuration made ready: everything that training and measuring need."""

    config: RunConfig
    task: Task
    model: Any
    processor: Any
    train: datasets.Dataset
    validation: datasets.Dataset

    def predict(self, history: History, phase: str) -> Any:
        history.enter(phase)
        part = self.task.splits["validation"]
        return training.predict(self.model, self.processor, self.task, part, self.config.max_length)

    def measure(self, outputs: Any) -> dict[str, float]:
        return self.task.measure(outputs, self.task.truth(self.task.splits["validation"]))


def _prepare(config: RunConfig, task: Task | None, history: History) -> _Job:
    history.enter("reading the data")
    task = task or tasks.resolve(config)
    strategy = strategies.parse(config.strategy)
    train = task.sample(config.labels, config.seed)
    history.enter("loading the model")
    model, processor = _load(config.model, task, strategy.pretrained, config.seed)
    strategy.apply(model)
    config = dataclasses.replace(
        config,
        epochs=config.epochs or training.default_epochs(len(train), config.batch_size),
        learning_rate=config.learning_rate or strategy.learning_rate(model),
        max_length=min(config.max_length, checkpoints.longest(model.config)),
    )
    reading = processor, config.max_length, model.config
    learnt = task.encode_training(train, *reading)
    return _Job(config, task, model, processor, learnt, task.encode(task.splits["validation"], *reading))


def _load(name: str, task: Task, pretrained: bool, seed: int) -> tuple[Any, Any]:
    """A model with the task's head, and its processor."""
    auto_class = task.model_class(checkpoints.configuration(name))
    return checkpoints.load(name, auto_class, task.head_settings, pretrained, seed)


class Run:
    """One fine-tuning run: the model, what it scored on the validation split before and after, and how it got there.

    model and trainer are ordinary transformers objects (a loaded run has no trainer).
    before and after: metric name to value, on the validation split, which also chose the
    best weights; `evaluate()` measures on the untouched test split.
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
    ):
        self.config, self.task, self.model, self.processor = config, task, model, processor
        self.history, self.seconds, self.stopped, self.trainer = history, seconds, stopped, trainer
        self._outputs = {"before": outputs_before, "after": outputs_after}
        self._measured = {"validation": outputs_after}  # the outputs after training of each split that was measured
        truth = task.truth(task.splits["validation"])
        self.before = history.before = task.measure(outputs_before, truth)
        self.after = history.after = task.measure(outputs_after, truth)
        self.tested: dict[str, float] | None = record["test"] if record else None
        self.trainable_share = record["trainable_share"] if record else strategies.trainable_share(model)

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
        model, _ = _load(self.config.model, self.task, pretrained, self.config.seed)
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

    def save(self, folder: str | Path, overwrite: bool = False) -> Path:
        """Write an ordinary from_pretrained folder, and beside it the run's record and validation predictions.

        Raises StorageError when the folder is not empty (unless `overwrite`) or cannot be written.
        """
        folder = Path(folder)
        prepare_folder(folder, overwrite)
        try:
            with checkpoints.quiet():
                self.model.save_pretrained(folder)
                self.processor.save_pretrained(folder)
            pq.write_table(self._predictions(), folder / "validation.parquet")
            (folder / RECORD).write_text(json.dumps(self._record(), indent=1), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"Cannot write the run to {folder}: {error.strerror or error}.") from error
        return folder

    def _predictions(self) -> pa.Table:
        table = self.task.splits["validation"].with_format("arrow")[:]  # pictures as they are stored, not decoded
        for when, outputs in self._outputs.items():
            column = outputs.tolist() if isinstance(outputs, np.ndarray) else outputs
            table = table.append_column(when, pa.array(column))
        return table

    def _record(self) -> dict[str, Any]:
        return {
            "config": dataclasses.asdict(self.config),
            "task": self.task.settings,
            "before": self.before,
            "after": self.after,
            "test": self.tested,
            "stopped": self.stopped,
            "seconds": round(self.seconds, 2),
            "trainable_share": self.trainable_share,
            "data_fingerprint": fingerprint(self.task.splits),
            "device": str(self.model.device),
            "peak_memory_mb": peak_memory(),
            "versions": versions(),
            "total_steps": self.history.total_steps,
            "history": self.history.rows,
        }

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Load a saved run, and check that it gives the predictions that it was saved with.

        Raises StorageError when the folder holds no run, ModelError when its predictions differ.
        """
        folder = Path(folder)
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            validation = datasets.Dataset(pq.read_table(folder / "validation.parquet"))
        except (OSError, ValueError) as error:
            raise StorageError(f"{folder} holds no run ({error}); expected a folder written by run.save().") from error
        config = RunConfig.from_dict(record["config"])
        task = catalog.handler(catalog.task(config.task))(**record["task"])
        before, after = (_outputs(validation[when][:]) for when in ("before", "after"))
        task.splits = datasets.DatasetDict({"validation": validation.remove_columns(["before", "after"])})
        model, processor = _load(str(folder), task, True, config.seed)
        history = History(record["history"], record["total_steps"])
        run = cls(
            config, task, model, processor, history, before, after, record["seconds"], record["stopped"], None, record
        )
        few = task.splits["validation"].select(range(min(CHECKED, len(validation))))
        _check_same(run._predict(few), after[:CHECKED], task, folder)
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


def _outputs(column: list[Any]) -> Any:
    """Outputs as they were before they were stored: an array again, where they were rows or tables of numbers."""
    first: Any = column[:1]
    while isinstance(first, list) and first:
        first = first[0]
    nested = bool(column) and isinstance(column[0], list)
    return np.array(column, dtype=np.float32) if nested and isinstance(first, float) else column


def _check_same(found: Any, stored: Any, task: Task, folder: Path) -> None:
    """Refuse a loaded run that predicts otherwise than it did when it was saved."""
    if isinstance(stored, np.ndarray) and stored.ndim == 2:
        difference = float(np.abs(found - stored).max())
        same, how = difference <= TOLERANCE, f"by {difference:.3g}"
    else:
        now, then = (task.words(task.decide(outputs)) for outputs in (found, stored))
        others = sum(a != b for a, b in zip(now, then, strict=True))
        same, how = others <= len(now) // CHECKED, f"{others} of {len(now)}"  # a near tie may fall otherwise elsewhere
    if not same:
        raise ModelError(f"The run in {folder} predicts otherwise than when it was saved ({how}).")


def sparkline(values: list[float], width: int = 24) -> str:
    """A curve in one line of text."""
    if not values:
        return ""
    chosen = [values[i] for i in np.linspace(0, len(values) - 1, min(width, len(values))).astype(int)]
    low, span = min(chosen), (max(chosen) - min(chosen)) or 1.0
    return "".join("▁▂▃▄▅▆▇█"[int((value - low) / span * 7)] for value in chosen)


def prepare_folder(folder: str | Path, overwrite: bool = False) -> None:
    """Make an output folder before any work. Raises StorageError when it is not empty or not writable."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = next(folder.iterdir(), None)
        if held and not overwrite:
            what = "a run" if (folder / RECORD).exists() else f"files, such as {held.name!r}"
            raise StorageError(
                f"{folder} already holds {what}; choose another folder, or pass overwrite=True (--overwrite)."
            )
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"Cannot write to {folder}: {error.strerror or error}. Choose another folder.") from error


def fingerprint(splits: datasets.DatasetDict) -> str:
    """A hash of all texts, pictures and labels: equal for equal data, whatever it was read from."""
    digest = hashlib.sha256()
    for name in sorted(splits):
        digest.update(json.dumps([name, _values(splits[name])], sort_keys=True).encode())
    return digest.hexdigest()[:16]


def _values(dataset: datasets.Dataset) -> dict[str, list[Any]]:
    """The columns of a data set, a picture as the hash of its file."""
    pictures = [name for name, kind in dataset.features.items() if isinstance(kind, datasets.Image)]
    hashed = {name: [hashlib.sha256(raw).hexdigest() for raw in stored_images(dataset, name)] for name in pictures}
    return {**dataset.remove_columns(pictures).to_dict(), **hashed}


def versions() -> dict[str, str]:
    """The versions that a result depends on."""
    import importlib.metadata as metadata

    packages = ("finetune-kit", "torch", "transformers", "datasets", "tokenizers", "numpy")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in packages}}


def peak_memory() -> int:
    """The most memory this process has held, in MB: of the GPU where there is one, else of the main memory."""
    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_allocated() / 1e6)
    if sys.platform == "win32":
        import psutil

        return round(psutil.Process().memory_info().peak_wset / 1e6)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, kilobytes on Linux
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6)
