"""Predicting: a model's outputs for examples, in the order in which they were asked for."""

from __future__ import annotations

from typing import Any

import datasets
import numpy as np
import torch

from ..tasks import Task
from .plans import EVALUATION_BATCH


def predict(model: Any, processor: Any, task: Task, dataset: datasets.Dataset, max_length: int) -> Any:
    """The model's outputs for examples, in full precision: one an example, an array where the task gives arrays."""
    outputs, encoded = predict_rows(model, processor, task, dataset, max_length)
    return task.gather(np.stack(outputs) if isinstance(outputs[0], np.ndarray) else outputs, encoded, dataset)


def predict_rows(
    model: Any, processor: Any, task: Task, dataset: datasets.Dataset, max_length: int
) -> tuple[list[Any], datasets.Dataset]:
    """The outputs of all that the model reads, and its encoded rows: of a long text there may be several."""
    encoded = task.encode(task.questions(dataset), processor, max_length, model.config)
    order = reading_order(encoded, task)
    device = next(model.parameters()).device
    loader = torch.utils.data.DataLoader(encoded.select(order), EVALUATION_BATCH, collate_fn=task.collator(processor))
    model.eval()
    found: list[Any] = []
    with torch.inference_mode():
        for batch in loader:
            found.extend(task.outputs(model, processor, {name: value.to(device) for name, value in batch.items()}))
    return [found[place] for place in np.argsort(order)], encoded


def reading_order(encoded: datasets.Dataset, task: Task) -> np.ndarray:
    """The order that puts inputs of like length side by side, if they differ, so that little of a batch is padding."""
    if not task.by_length:
        return np.arange(len(encoded))
    if "length" in encoded.column_names:
        return np.argsort(encoded["length"][:], kind="stable")
    name = next((name for name in encoded.column_names if name != "labels"), None)
    return np.argsort([len(row) for row in encoded[name][:]], kind="stable")
