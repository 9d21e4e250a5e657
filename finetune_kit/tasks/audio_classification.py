"""Audio classification: one sound in, such as a spoken command, one of a few classes out."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import datasets
import numpy as np

from .. import data, hearing
from ..data import sounds
from ..data.files import each_stored
from ..errors import DataError
from ..sound_augmentation import RATIOS
from ..vectors import RATE
from .base import Baseline
from .classification import Classification, majority_class
from .sounds import Sounds

SLICES = 8  # parts of a sound, of like length, over which a baseline takes means


class AudioClassification(Sounds, Classification):
    """Classify sounds, over any data with an audio and a label column.

    source: a folder with a folder of sound files for each class, an archive of one, a CSV or
    parquet file with a column of paths or of sounds, a pandas frame, a `datasets.Dataset` or
    `DatasetDict`, a hub id or an embedded data set's name; None for a task without data, which can
    only predict and needs `names`, its classes in order. seconds, long: how much of a sound is
    read at a time, and whether of longer ones it is the `middle`, the `start` or, in `windows`,
    all. augment: names of `sound_augmentation.WAYS`, for the training split alone; ratios: between
    which signal-to-noise ratios in dB `noise` draws. Splits that the source lacks are made with
    `seed`, without regard to who speaks. Raises DataError, StorageError, ConfigError or
    UnknownNameError when the data or a setting cannot be used.
    """

    record = "audio-classification"
    auto_class = "AutoModelForAudioClassification"

    def __init__(
        self,
        source: Any = None,
        audio: str = "audio",
        label: str = "label",
        *,
        names: list[str] | None = None,
        seconds: float = 2.5,
        long: str = "middle",
        augment: tuple[str, ...] | list[str] = (),
        ratios: tuple[float, float] = RATIOS,
        drop_bad_rows: bool = False,
        seed: int = 0,
    ):
        Sounds.__init__(self, seconds, long, augment, ratios)
        if source is not None:
            self.splits = data.split(data.sounded(data.read(source), audio, label, drop_bad_rows), seed)
            names = self.splits["train"].features["label"].names
        elif names is None:
            raise DataError("Audio classification needs a source of data; expected a folder, a file or a data set.")
        Classification.__init__(self, names)

    def show(self, examples: datasets.Dataset, outputs: np.ndarray) -> Any:
        """Predictions as a readable table, in which `audio` is the name of the file."""
        table = Classification.show(self, examples, outputs)
        table["audio"] = [cell["path"] for cell in table["audio"]]
        return table

    def baselines(self, processor: Any = None) -> dict[str, Baseline]:
        return {
            "majority class": majority_class,
            "nearest centroid of log-mel means": nearest_centroid,
            "logistic regression on log-mel": logistic_regression,
        }


def nearest_centroid(train: datasets.Dataset, examples: datasets.Dataset) -> np.ndarray:
    """The class whose mean log-mel spectrum is nearest, each band brought to mean 0, deviation 1: (examples,) int64."""
    from sklearn.neighbors import NearestCentroid

    return _learnt(NearestCentroid(), train, examples, slices=1)


def logistic_regression(train: datasets.Dataset, examples: datasets.Dataset) -> np.ndarray:
    """Logistic regression on the log-mel means of SLICES parts, each brought to mean 0, deviation 1: int64."""
    from sklearn.linear_model import LogisticRegression

    return _learnt(LogisticRegression(C=0.1, max_iter=1000), train, examples, slices=SLICES)


def _learnt(method: Any, train: datasets.Dataset, examples: datasets.Dataset, slices: int) -> np.ndarray:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = train["label"][:]
    if len(set(labels)) < 2:
        return majority_class(train, examples)
    learner = make_pipeline(StandardScaler(), method).fit(log_mel_means(train, slices), labels)
    found: np.ndarray = learner.predict(log_mel_means(examples, slices))
    return found


def log_mel_means(dataset: datasets.Dataset, slices: int = 1) -> np.ndarray:
    """The mean log-mel spectrum of each of `slices` parts of every sound: float32 (examples, slices x bands)."""
    return np.stack([_means(sounds.samples(raw, RATE), slices) for raw in each_stored(dataset, "audio")])


def _means(clip: np.ndarray, slices: int) -> np.ndarray:
    frames = hearing.log_mel(clip, RATE)  # (frames, bands)
    edges = (np.arange(slices + 1) * len(frames) / slices).astype(int)
    parts = [frames[low : max(low + 1, high)] for low, high in pairwise(edges)]
    return np.concatenate([part.mean(axis=0) for part in parts])
