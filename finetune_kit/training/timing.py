"""Timing: how long a step and an evaluation take, what a step keeps in memory, and how many steps fit into seconds."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..checkpoints import quiet
from ..strategies import unfreeze
from .plans import EVALUATION_BATCH
from .trainer import KitTrainer

STEPS = 8  # that are timed in all; at least two for each time at which other weights begin to train
MEASURING = 0.25  # the share of a budget in seconds that evaluations count for at most


@dataclass(frozen=True)
class Timing:
    """step: mean seconds of a training step over the whole run. evaluation: seconds of one on the validation split.

    activations: bytes that the forward pass over the first batch, the longest, keeps for the
    backward pass; weights are not among them.
    """

    step: float
    evaluation: float
    activations: int

    def steps_in(self, seconds: float, evaluations: int) -> int:
        """How many steps fit into so many seconds beside so many evaluations, which count for a quarter of it at most.

        So slow evaluations leave steps; what they take beyond the quarter is beyond the seconds too.
        """
        return int((seconds - min(evaluations * self.evaluation, MEASURING * seconds)) / self.step)

    def evaluations_in(self, seconds: float, most: int) -> int:
        """How many evaluations fit into a quarter of so many seconds: 1 at least, `most` at most."""
        return min(max(int(MEASURING * seconds / self.evaluation), 1), most)


def timed(trainer: KitTrainer) -> Timing:
    """Take a few training steps, which change the model, at each of the times at which other weights train."""
    trainer.create_optimizer()
    times = sorted({part.since for part in trainer.parts} | {0.0})
    batches = _some_batches(trainer, max(2, STEPS // len(times)))
    step, activations = 0.0, 0
    with quiet():
        for begin, end in itertools.pairwise([*times, 1.0]):
            if trainer.parts:
                unfreeze(trainer.model, trainer.parts, begin)
            activations = max(activations, _activations(trainer, batches))  # also the first step, slower than the rest
            step += (end - begin) * _seconds(trainer, batches)
        return Timing(step, _evaluation(trainer), activations)


def _some_batches(trainer: KitTrainer, count: int) -> list[list[int]]:
    """Rows of the training set: some of the batches of an epoch, the first among them, at even distances."""
    rows, size = list(trainer._get_train_sampler()), trainer.args.train_batch_size
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [batches[place] for place in np.linspace(0, len(batches) - 1, count).astype(int)]


def _loader(trainer: KitTrainer, batches: list[list[int]]) -> Any:
    data = trainer.train_dataset
    return torch.utils.data.DataLoader(data, batch_sampler=batches, collate_fn=trainer.data_collator)


def _seconds(trainer: KitTrainer, batches: list[list[int]]) -> float:
    """Mean seconds of a step, the making of its batch included."""
    start = time.perf_counter()
    for batch in _loader(trainer, batches):
        _step(trainer, batch)
    return (time.perf_counter() - start) / len(batches)


def _step(trainer: KitTrainer, batch: Any) -> None:
    model = trainer.model.train()
    loss = trainer.compute_loss(model, {name: value.to(model.device) for name, value in batch.items()})
    trainer.accelerator.backward(loss)
    torch.nn.utils.clip_grad_norm_(model.parameters(), trainer.args.max_grad_norm)
    trainer.optimizer.step()
    model.zero_grad()
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def _activations(trainer: KitTrainer, batches: list[list[int]]) -> int:
    """Bytes that a step on the first batch keeps for its backward pass, by torch's own hooks on what it saves."""
    weights = {p.untyped_storage().data_ptr() for p in trainer.model.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        for batch in _loader(trainer, batches[:1]):
            _step(trainer, batch)
    return sum(kept.values())


def _evaluation(trainer: KitTrainer) -> float:
    """Seconds of an evaluation, read off one batch of rows from all over the validation split."""
    whole = trainer.eval_dataset
    rows = np.unique(np.linspace(0, len(whole) - 1, EVALUATION_BATCH).astype(int))
    few, some = (torch.utils.data.Subset(whole, chosen.tolist()) for chosen in (rows[:2], rows))
    trainer.evaluate(few)  # the first one prepares the model
    start = time.perf_counter()
    trainer.evaluate(some)
    return (time.perf_counter() - start) * len(whole) / len(rows)
