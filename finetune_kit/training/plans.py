"""Plans: how long and how fast to train, in which precision."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from ..config import RunConfig
from ..metrics import LOSS, Criterion, Metric
from ..tasks import Task

EVALUATION_BATCH = 64  # examples at least: without gradients there is room
EVALUATIONS = 4  # of the validation split during a run: enough for a curve and for the best weights
BF16_BATCH = 16  # from this batch size on bf16 autocast gains on a CPU that multiplies in it (benchmarks/speed.py)

WARMUP_SHARE = 0.1  # of a fine-tuning's steps, or of those of each of its phases


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


def plan_for(config: RunConfig, task: Task, examples: int) -> Plan:
    """The plan of a fine-tuning run whose epochs and learning rate are set."""
    assert config.epochs is not None and config.learning_rate is not None
    steps = max(1, round(config.epochs * math.ceil(examples / config.batch_size)))
    return Plan(
        steps=steps,
        batch_size=config.batch_size,
        eval_batch_size=max(EVALUATION_BATCH, config.batch_size),
        learning_rate=config.learning_rate,
        warmup_steps=round(WARMUP_SHARE * steps),
        evaluate_every=max(1, math.ceil(steps / EVALUATIONS)),
        seed=config.seed,
        precision=config.precision,
        best_by=task.chooses,
        by_length=task.by_length,
        measures=task.chooses is not LOSS,
    )


def default_epochs(examples: int, batch_size: int) -> float:
    """Passes over the training set when the user names none: 2.5, and more of a small set, for 40 steps at least.

    40 steps do as well as 60 on the validation split of `reviews` at 32 labels (benchmarks/strategy_defaults.py);
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
