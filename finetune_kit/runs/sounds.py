"""Sounds: what the model of a run hears in a recording of any length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.special import softmax

from .. import listening
from ..errors import ConfigError, DataError
from ..spotting import Detection
from ..tasks.sounds import Sounds, extractor_of, features

if TYPE_CHECKING:
    from .run import Run


def listen(run: Run, source: Any, window: float | None = None, **settings: Any) -> Iterator[Detection]:
    """As `Run.listen` says."""
    task, extractor = run.task, extractor_of(run.processor)
    if not isinstance(task, Sounds) or not task.classes:
        raise DataError(f"The task {run.config.task!r} does not classify sounds; expected one of audio classification.")
    seconds = task.seconds
    window = min(listening.WINDOW, seconds) if window is None else window
    if isinstance(window, (int, float)) and window > seconds:
        raise ConfigError(f"{window=!r}: expected {seconds:g} seconds at most, which this run's task reads at a time.")

    def classify(clips: list[np.ndarray]) -> np.ndarray:
        batch = {name: value.to(run.model.device) for name, value in features(extractor, clips, seconds).items()}
        run.model.eval()
        with torch.inference_mode():
            shares: np.ndarray = softmax(task.outputs(run.model, run.processor, batch), axis=-1)
        return shares

    return listening.listen(classify, task.classes, source, window=window, rate=extractor.sampling_rate, **settings)
