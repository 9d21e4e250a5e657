"""Training: a thin transformers.Trainer that writes a history, can be stopped and keeps the best weights."""

from __future__ import annotations

import contextlib
import math
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

import datasets
import numpy as np
import torch
import transformers

from .checkpoints import quiet
from .config import RunConfig
from .history import History
from .strategies import hold_frozen
from .tasks import Task

EVALUATIONS = 4  # of the validation split during a run: enough for a curve and for the best weights
BF16_BATCH = 16  # from this batch size on bf16 autocast gains on a CPU that multiplies in it (benchmarks/speed.py)


class KitTrainer(transformers.Trainer):
    """A Trainer that holds frozen layer groups in evaluation mode while the rest trains."""

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if model.training:
            hold_frozen(model)
        return super().compute_loss(model, inputs, *args, **kwargs)

    def _get_eval_sampler(self, eval_dataset: Any) -> Any:
        # The validation split comes sorted by length; grouping by length would shuffle it again.
        return torch.utils.data.SequentialSampler(eval_dataset)


class HistoryCallback(transformers.TrainerCallback):
    """Writes what the Trainer logs into a History, and stops it when the event is set."""

    def __init__(self, history: History, stop: threading.Event):
        self.history, self.stop = history, stop

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.history.start(state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.history.advance(state.global_step)
        if self.stop.is_set():
            control.should_training_stop = control.should_log = control.should_evaluate = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **kwargs: Any) -> None:
        if "loss" in logs:
            values = {"train_loss": logs["loss"], "learning_rate": logs["learning_rate"]}
            self.history.log(state.global_step, state.epoch, **values)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **kwargs: Any) -> None:
        values = {k.replace("eval_", "validation_"): v for k, v in metrics.items() if not k.endswith(PACE)}
        if state.global_step:
            self.history.log(state.global_step, state.epoch, **{k: v for k, v in values.items() if k != "epoch"})


PACE = ("_runtime", "_per_second")


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


def arguments(config: RunConfig, task: Task, examples: int, folder: str) -> transformers.TrainingArguments:
    """The Trainer's arguments for a configuration whose epochs and learning rate are set."""
    assert config.epochs is not None and config.learning_rate is not None
    steps = max(1, round(config.epochs * math.ceil(examples / config.batch_size)))
    every = max(1, math.ceil(steps / EVALUATIONS))
    return transformers.TrainingArguments(
        output_dir=folder,
        max_steps=steps,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=max(64, config.batch_size),
        learning_rate=config.learning_rate,
        weight_decay=0.01,
        warmup_steps=round(0.1 * steps),
        lr_scheduler_type="linear",
        train_sampling_strategy="group_by_length",
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="best",
        save_total_limit=1,
        save_only_model=True,
        load_best_model_at_end=True,
        metric_for_best_model=task.metric.name,
        greater_is_better=task.metric.higher_is_better,
        logging_steps=max(1, steps // 40),
        logging_nan_inf_filter=False,
        seed=config.seed,
        dataloader_pin_memory=torch.cuda.is_available(),
        use_cpu=on_cpu(),  # else the Trainer refuses bf16 without a GPU
        disable_tqdm=True,
        report_to="none",
        **precision(config.precision, config.batch_size),
    )


def trainer(
    model: Any,
    processor: Any,
    task: Task,
    config: RunConfig,
    train: datasets.Dataset,
    validation: datasets.Dataset,
    history: History,
    stop: threading.Event,
    folder: str,
) -> KitTrainer:
    """A Trainer over encoded splits, ready to train and to predict; it writes to `history` alone."""

    def measure(prediction: transformers.EvalPrediction) -> dict[str, float]:
        return task.measure(prediction.predictions, prediction.label_ids)

    made = KitTrainer(
        model,
        arguments(config, task, len(train), folder),
        train_dataset=train,
        eval_dataset=validation.select(by_length(validation)),
        data_collator=task.collator(processor),
        processing_class=processor,
        compute_metrics=measure,
        callbacks=[HistoryCallback(history, stop)],
    )
    made.remove_callback(transformers.PrinterCallback)
    return made


def fit(trainer: KitTrainer, stop: threading.Event) -> bool:
    """Train in place and leave the best weights in the model; whether it was stopped early.

    Ctrl-C, or the runtime's interrupt in Colab, stops like a click does; a second one interrupts.
    """
    with _interrupt_stops(stop), quiet():
        if not stop.is_set():
            trainer.train()
    return stop.is_set()


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


def predict(model: Any, processor: Any, task: Task, encoded: datasets.Dataset) -> np.ndarray:
    """The model's outputs for encoded examples, in full precision: (examples, classes) float32."""
    order = by_length(encoded)
    with temporary_folder() as folder:
        args = transformers.TrainingArguments(
            output_dir=folder,
            per_device_eval_batch_size=64,
            dataloader_pin_memory=torch.cuda.is_available(),
            disable_tqdm=True,
            report_to="none",
        )
        predictor = transformers.Trainer(model, args, data_collator=task.collator(processor))
        predictor.remove_callback(transformers.PrinterCallback)
        sorted_outputs = predictor.predict(encoded.select(order)).predictions
    outputs: np.ndarray = np.empty_like(sorted_outputs)
    outputs[order] = sorted_outputs
    return outputs


def by_length(encoded: datasets.Dataset) -> np.ndarray:
    """The order that puts inputs of like length side by side, so that little of a batch is padding."""
    name = next((name for name in encoded.column_names if name != "labels"), None)
    return np.argsort([len(row) for row in encoded[name][:]], kind="stable")


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Where checkpoints lie while a run trains."""
    return tempfile.TemporaryDirectory(prefix="finetune-kit-", ignore_cleanup_errors=True)
