"""Training: a thin transformers.Trainer that writes a history, can be stopped and keeps the best weights."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
import transformers
from safetensors import SafetensorError

from .checkpoints import quiet
from .config import RunConfig
from .errors import FinetuneKitError, StorageError
from .history import History
from .metrics import LOSS, Criterion, Metric
from .objectives import Learnable
from .strategies import hold_frozen
from .tasks import Task

EVALUATION_BATCH = 64  # examples at least: without gradients there is room
EVALUATIONS = 4  # of the validation split during a run: enough for a curve and for the best weights
BF16_BATCH = 16  # from this batch size on bf16 autocast gains on a CPU that multiplies in it (benchmarks/speed.py)


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train: what a fine-tuning run and a stage of pretraining both come down to.

    evaluate_every: in steps. best_by: the metric that chooses the weights kept at the end;
    None keeps the last ones. save_every: steps between checkpoints to resume from, None for
    none. tokens_a_step: for the pace, 0 where there are no tokens. measures: whether the
    evaluation looks at the model's outputs, or at the loss alone.
    """

    steps: int
    batch_size: int
    eval_batch_size: int
    learning_rate: float
    warmup_steps: int
    evaluate_every: int
    seed: int
    schedule: str = "linear"
    weight_decay: float = 0.01
    beta2: float = 0.999
    precision: str = "auto"
    best_by: Metric | Criterion | None = None
    by_length: bool = False
    save_every: int | None = None
    tokens_a_step: int = 0
    measures: bool = True


class KitTrainer(transformers.Trainer):
    """A Trainer that minimises an objective's loss and holds frozen layer groups in evaluation mode."""

    learnable: Learnable

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **kwargs: Any) -> Any:
        if model.training:
            hold_frozen(model)
        # The Trainer's mixed precision wraps `model.forward`, which an objective's loss need not call.
        with self.accelerator.autocast():
            loss, outputs = self.learnable.loss(model, inputs)
        return (loss, outputs) if return_outputs else loss

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        with self.data_collator.measuring():
            return dict(super().evaluate(*args, **kwargs))

    def _get_eval_sampler(self, eval_dataset: Any) -> Any:
        # The validation split comes sorted by length; grouping by length would shuffle it again.
        return torch.utils.data.SequentialSampler(eval_dataset)


class NumberedCollator:
    """A collator whose random draws depend on the number of the batch alone.

    So a resumed training hides the words that an uninterrupted one would have hidden, and
    every evaluation hides the same.
    """

    def __init__(self, collate: Callable[[list[Any]], Any], seed: int):
        self.collate, self.seed, self.number = collate, seed, 0

    def __call__(self, examples: list[Any]) -> Any:
        self.number += 1
        with torch.random.fork_rng():  # the generators of GPUs too, which manual_seed sets
            torch.manual_seed((self.seed << 32) + self.number)
            return self.collate(examples)

    @contextlib.contextmanager
    def measuring(self) -> Iterator[None]:
        """Count from 0 for one evaluation, and go on afterwards where training was."""
        training, self.number = self.number, 0
        try:
            yield
        finally:
            self.number = training


class HistoryCallback(transformers.TrainerCallback):
    """Writes what the Trainer logs into a History, and stops it when the event is set."""

    def __init__(self, history: History, stop: threading.Event, plan: Plan, read: Callable[[float], dict[str, float]]):
        self.history, self.stop, self.plan, self.read = history, stop, plan, read
        self.base = 0  # steps that earlier stages have taken

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.base = self.history.start(state.max_steps, state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.history.advance(self.base + state.global_step)
        if self.stop.is_set():
            control.should_training_stop = control.should_log = control.should_evaluate = True
            control.should_save = self.plan.save_every is not None
        if self.plan.save_every and state.global_step == state.max_steps:
            control.should_save = False  # the caller saves what is finished

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **kwargs: Any) -> None:
        if "loss" in logs:
            values = {"train_loss": logs["loss"], "learning_rate": logs["learning_rate"]}
            if self.plan.tokens_a_step:
                values["tokens_per_second"] = self.plan.tokens_a_step * self.history.pace
            self._write(state, values)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **kwargs: Any) -> None:
        if self.history.phase != "training":
            return  # measured before or after it
        values = {k.replace("eval_", "validation_"): v for k, v in metrics.items() if not k.endswith(PACE)}
        values |= {f"validation_{k}": v for k, v in self.read(values["validation_loss"]).items()}
        if state.global_step:
            self._write(state, {k: v for k, v in values.items() if k != "epoch"})

    def _write(self, state: Any, values: dict[str, float]) -> None:
        self.history.log(self.base + state.global_step, state.epoch, **values)


PACE = ("_runtime", "_per_second", "_preparation_time")


def default_epochs(examples: int, batch_size: int) -> float:
    """Passes over the training set when the user names none: 2.5, and more of a small set, for 40 steps at least.

    40 steps do as well as 60 on the validation split of `reviews` at 32 labels (benchmarks/defaults.py);
    2.5 passes keep the demo within two minutes.
    """
    return max(2.5, math.ceil(40 / math.ceil(examples / batch_size)))


def precision(wanted: str, batch_size: int) -> dict[str, bool]:
    """The Trainer's precision flags. 'auto' takes bf16 where the device computes it fast, fp16 on an older GPU."""
    if wanted != "auto":
        return {"bf16": wanted == "bf16", "fp16": wanted == "fp16"}
    if torch.cuda.is_available():
        bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        return {"bf16": bf16, "fp16": not bf16}
    return {"bf16": on_cpu() and batch_size >= BF16_BATCH and _fast_bf16_cpu(), "fp16": False}


def on_cpu() -> bool:
    """Whether there is neither a CUDA nor an Apple GPU."""
    return not torch.cuda.is_available() and not torch.backends.mps.is_available()


def _fast_bf16_cpu() -> bool:
    """Whether the processor multiplies in bf16; one that does not gets slower by it."""
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)


def plan_for(config: RunConfig, task: Task, examples: int) -> Plan:
    """The plan of a fine-tuning run whose epochs and learning rate are set."""
    assert config.epochs is not None and config.learning_rate is not None
    steps = max(1, round(config.epochs * math.ceil(examples / config.batch_size)))
    return Plan(
        steps=steps,
        batch_size=config.batch_size,
        eval_batch_size=max(EVALUATION_BATCH, config.batch_size),
        learning_rate=config.learning_rate,
        warmup_steps=round(0.1 * steps),
        evaluate_every=max(1, math.ceil(steps / EVALUATIONS)),
        seed=config.seed,
        precision=config.precision,
        best_by=task.chooses,
        by_length=task.by_length,
        measures=task.chooses is not LOSS,
    )


def arguments(plan: Plan, labels: tuple[str, ...], folder: str) -> transformers.TrainingArguments:
    """The Trainer's arguments for a plan; `labels` names the inputs that a batch must have for a loss."""
    best = plan.best_by
    keeping: dict[str, Any] = {"save_strategy": "no"}
    if best:
        keeping = {"save_strategy": "best", "load_best_model_at_end": True, "save_only_model": True}
        keeping |= {"metric_for_best_model": best.name, "greater_is_better": best.higher_is_better}
    elif plan.save_every:
        keeping = {"save_strategy": "steps", "save_steps": plan.save_every}
    return transformers.TrainingArguments(
        output_dir=folder,
        max_steps=plan.steps,
        per_device_train_batch_size=plan.batch_size,
        per_device_eval_batch_size=plan.eval_batch_size,
        learning_rate=plan.learning_rate,
        weight_decay=plan.weight_decay,
        adam_beta2=plan.beta2,
        warmup_steps=plan.warmup_steps,
        lr_scheduler_type=plan.schedule,
        train_sampling_strategy="group_by_length" if plan.by_length else "random",
        eval_strategy="steps",
        eval_steps=plan.evaluate_every,
        save_total_limit=1,
        logging_steps=max(1, plan.steps // 40),
        logging_nan_inf_filter=False,
        seed=plan.seed,
        dataloader_pin_memory=torch.cuda.is_available(),
        remove_unused_columns=False,
        prediction_loss_only=not plan.measures,
        label_names=list(labels),
        use_cpu=on_cpu(),  # else the Trainer refuses bf16 without a GPU
        disable_tqdm=True,
        report_to="none",
        **keeping,
        **precision(plan.precision, plan.batch_size),
    )


def trainer(
    model: Any,
    processor: Any,
    learnable: Learnable,
    plan: Plan,
    train: Any,
    validation: Any,
    history: History,
    stop: threading.Event,
    folder: str,
) -> KitTrainer:
    """A Trainer over ready splits, to train and to predict; it writes to `history` alone."""

    def measure(prediction: transformers.EvalPrediction) -> dict[str, float]:
        outputs = prediction.predictions  # of a T5, with its hidden states behind the logits
        return learnable.measure(outputs[0] if isinstance(outputs, tuple) else outputs, prediction.label_ids)

    made = KitTrainer(
        model,
        arguments(plan, learnable.labels, folder),
        train_dataset=train,
        eval_dataset=validation,
        data_collator=NumberedCollator(learnable.collator(processor), plan.seed),
        processing_class=processor,
        compute_metrics=measure if plan.measures else None,
        callbacks=[HistoryCallback(history, stop, plan, learnable.read)],
    )
    made.learnable = learnable
    made.remove_callback(transformers.PrinterCallback)
    return made


def fit(trainer: KitTrainer, stop: threading.Event) -> bool:
    """Train in place and leave the plan's weights, best or last, in the model; whether it was stopped early.

    Goes on from the last checkpoint in the trainer's folder, if there is one. Ctrl-C, or the
    runtime's interrupt in Colab, stops like a click does; a second one interrupts. Raises
    StorageError when a checkpoint cannot be written.
    """
    with _interrupt_stops(stop), quiet(), writing(Path(trainer.args.output_dir)):
        latest = _latest_checkpoint(Path(trainer.args.output_dir))
        if stop.is_set():
            return True
        trainer.data_collator.number = int(latest.name.split("-")[1]) if latest else 0
        trainer.train(resume_from_checkpoint=str(latest) if latest else None)
        # Mixed precision has wrapped the model's forward; whoever predicts with it wants the plain one.
        trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return trainer.state.global_step < trainer.args.max_steps


def _latest_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint; those that a crash or a full disk left unfinished are removed."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]), reverse=True)
    for path in found:
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
            return path
        except (OSError, ValueError):
            shutil.rmtree(path, ignore_errors=True)
    return None


@contextlib.contextmanager
def writing(target: Path) -> Iterator[None]:
    """A full disk or a read-only folder as a StorageError."""
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        # torch.save reports a full disk as a RuntimeError of its writer; any other is none of ours
        written = isinstance(error, (OSError, SafetensorError)) or "PytorchStreamWriter" in str(error)
        if isinstance(error, FinetuneKitError) or not written:
            raise
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise StorageError(f"Cannot write {target}: {reason}. All saved before is kept.") from error


@contextlib.contextmanager
def _interrupt_stops(stop: threading.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set a signal handler
        return
    previous: Callable[..., Any] | int | None = signal.getsignal(signal.SIGINT)

    def on_interrupt(number: int, frame: Any) -> None:
        stop.set()
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def predict(model: Any, processor: Any, task: Task, dataset: datasets.Dataset, max_length: int) -> Any:
    """The model's outputs for examples, in full precision: one an example, an array where the task gives arrays."""
    encoded = task.encode(task.questions(dataset), processor, max_length, model.config)
    order = reading_order(encoded, task)
    device = next(model.parameters()).device
    loader = torch.utils.data.DataLoader(encoded.select(order), EVALUATION_BATCH, collate_fn=task.collator(processor))
    model.eval()
    found: list[Any] = []
    with torch.inference_mode():
        for batch in loader:
            found.extend(task.outputs(model, processor, {name: value.to(device) for name, value in batch.items()}))
    outputs = [found[place] for place in np.argsort(order)]
    return task.gather(np.stack(outputs) if isinstance(outputs[0], np.ndarray) else outputs, encoded, dataset)


def reading_order(encoded: datasets.Dataset, task: Task) -> np.ndarray:
    """The order that puts inputs of like length side by side, if they differ, so that little of a batch is padding."""
    if not task.by_length:
        return np.arange(len(encoded))
    name = next((name for name in encoded.column_names if name != "labels"), None)
    return np.argsort([len(row) for row in encoded[name][:]], kind="stable")


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Where checkpoints lie while a run trains."""
    return tempfile.TemporaryDirectory(prefix="finetune-kit-", ignore_cleanup_errors=True)
