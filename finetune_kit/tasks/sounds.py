"""Sounds: how the tasks over audio encode it, and take new recordings from the user."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import torch

from ..config import require, require_number
from ..data import sounding, sounds
from ..data.files import BATCH, each_stored
from ..data.rows import tell
from ..errors import DataError
from ..sound_augmentation import RATIOS, SoundAugmentation
from .base import Task

SHORTEST, LONGEST = 0.25, 60.0  # seconds: wav2vec2 hides ten of its frames of 20 ms in training, and must have more
# What becomes of a sound that is longer than a model is given, in the words of the message that tells it.
LONG = {
    "middle": "only their middle is used",
    "start": "only their start is used",
    "windows": "they are read in windows that overlap by half or more, whose outputs are averaged",
}


class Sounds(Task):
    """A task whose examples have a column `audio`, decoded when a batch is made and never all at once.

    seconds: how much of a sound a model is given at a time; `long`, one of LONG, says what becomes
    of longer ones. Of the windows of one, training and its curves see each as an example of its
    own. augment: names of `sound_augmentation.WAYS`, carried out on the training split alone, anew
    for every step; ratios: between which signal-to-noise ratios in dB its way `noise` draws.
    """

    fields = ("audio",)

    def __init__(
        self,
        seconds: float = 2.5,
        long: str = "middle",
        augment: tuple[str, ...] | list[str] = (),
        ratios: tuple[float, float] = RATIOS,
    ):
        expected = f"a number of seconds from {SHORTEST} to {LONGEST:g}"
        require_number("seconds", seconds, (int, float), SHORTEST, expected)  # type: ignore[arg-type]
        require(seconds <= LONGEST, "seconds", seconds, expected)
        require(long in LONG, "long", long, f"one of {', '.join(LONG)}")
        self.seconds, self.long = seconds, long
        self.augment = SoundAugmentation(augment, tuple(ratios) if isinstance(ratios, list) else ratios)

    @property
    def settings(self) -> dict[str, Any]:
        chosen = {"seconds": self.seconds, "long": self.long}
        return {**super().settings, **chosen, "augment": self.augment.ways, "ratios": list(self.augment.ratios)}

    def encode(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        """The sounds as they are stored, with the part of each that is read; `max_length` is of no use here.

        A row is a window of a sound: columns example (the row that it is of), start and length in
        samples at the rate that the model reads, and whether it is augmented.
        """
        return self._windows(dataset, processor, augmented=False)

    def encode_training(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        return self._windows(dataset, processor, augmented=True)

    def _windows(self, dataset: datasets.Dataset, processor: Any, augmented: bool) -> datasets.Dataset:
        extractor = extractor_of(processor)
        most = reach(extractor)
        require(self.seconds <= most, "seconds", self.seconds, f"{most:g} at most, which this model reads at a time")
        limit = round(self.seconds * extractor.sampling_rate)
        lengths = [round(sounds.seconds(raw) * extractor.sampling_rate) for raw in each_stored(dataset, "audio")]
        self._tell_long(sum(length > limit for length in lengths), len(lengths))
        windows = [
            (row, start, min(length, limit))
            for row, length in enumerate(lengths)
            for start in self._starts(length, limit)
        ]
        rows, starts, sizes = (list(column) for column in zip(*windows, strict=True)) if windows else ([], [], [])
        chosen = dataset.select(rows) if len(rows) > len(dataset) else dataset
        more = {"example": rows, "start": starts, "length": sizes, "augmented": [augmented] * len(rows)}
        return _beside(chosen, more)

    def _starts(self, length: int, limit: int) -> Iterator[int]:
        """Where the windows of a sound begin, in samples."""
        spare = max(0, length - limit)
        if self.long == "windows" and spare:
            yield from np.linspace(0, spare, math.ceil(2 * spare / limit) + 1).round().astype(int).tolist()
        else:
            yield spare // 2 if self.long == "middle" else 0

    def _tell_long(self, count: int, of: int) -> None:
        if count:
            longer = f"{count} of {of} sounds are longer than seconds={self.seconds:g}"
            tell(f"{longer}; {LONG[self.long]} (long={self.long!r}).")

    def collator(self, processor: Any) -> Callable[[list[Any]], dict[str, torch.Tensor]]:
        """Sounds to what the model's feature extractor makes of them, and where they are known to `labels`.

        That is `input_values`, float32 (batch, samples), with `attention_mask`; or `input_values`
        or `input_features`, float32, of the spectrograms that the model reads.
        """
        extractor = extractor_of(processor)

        def collate(examples: list[Any]) -> dict[str, torch.Tensor]:
            batch = features(extractor, [self.clip(e, extractor.sampling_rate) for e in examples], self.seconds)
            if "label" in examples[0]:
                batch["labels"] = torch.tensor([e["label"] for e in examples])
            return batch

        return collate

    def clip(self, example: Any, rate: int) -> np.ndarray:
        """The samples of an encoded example, as a model is given them: float32 (samples,)."""
        start, length = example["start"], example["length"]
        clip = sounds.samples(example["audio"]["bytes"], rate)[start : start + length]
        if example["augmented"]:
            clip = self.augment(clip)[: round(self.seconds * rate)]
        return np.pad(clip, (0, max(0, round(SHORTEST * rate) - len(clip))))

    def gather(self, outputs: Any, encoded: datasets.Dataset, dataset: datasets.Dataset) -> Any:
        """The mean of the outputs of each sound's windows."""
        owners = np.array(encoded["example"][:], int)
        if len(owners) == len(dataset):
            return outputs
        total = np.zeros((len(dataset), *outputs.shape[1:]), np.float64)
        np.add.at(total, owners, outputs)
        counts = np.bincount(owners, minlength=len(dataset))
        return (total / counts[:, None]).astype(outputs.dtype)

    def inputs(self, examples: Any) -> datasets.Dataset:
        """Sounds from the user: a path, bytes, or (array, rate) of samples with their sampling rate; or several."""
        single = sounds.is_pair(examples) or not isinstance(examples, (list, tuple))
        several = [examples] if single else list(examples)
        if not several:
            raise DataError("Found no sound; expected a path, bytes, (array, rate), or a list of these.")
        names = [_name(one) or f"Sound {number} of {len(several)}" for number, one in enumerate(several, 1)]
        found = [sounds.sound(one, name=name) for one, name in zip(several, names, strict=True)]
        sounding.tell_faint(found, names)
        stored = [{"bytes": one.raw, "path": name} for one, name in zip(found, names, strict=True)]
        return datasets.Dataset.from_dict({"audio": stored}).cast_column("audio", datasets.Audio(decode=False))


def _beside(dataset: datasets.Dataset, more: dict[str, list[Any]]) -> datasets.Dataset:
    """The data set with further columns; its own `add_column` would show a bar for each that it copies."""
    pieces = dataset.with_format("arrow").iter(batch_size=BATCH)
    table = pa.concat_tables([*pieces, dataset.features.arrow_schema.empty_table()])
    types = {"augmented": pa.bool_()}
    for name, values in more.items():
        table = table.append_column(name, pa.array(values, types.get(name, pa.int64())))
    added = {name: datasets.Value(str(types.get(name, pa.int64()))) for name in more}
    return datasets.Dataset(table, info=datasets.DatasetInfo(features=datasets.Features({**dataset.features, **added})))


def _name(sound: Any) -> str:
    """The name of the file that a sound is read from, or ''."""
    found = sound.get("path") if isinstance(sound, dict) else sound
    return Path(found).name if isinstance(found, (str, Path)) else ""


def extractor_of(processor: Any) -> Any:
    """The feature extractor, alone or in a processor that has a tokenizer beside it."""
    return getattr(processor, "feature_extractor", processor)


def reach(extractor: Any) -> float:
    """How many seconds of sound a model reads at a time: of a spectrogram that is padded to one size, else LONGEST."""
    from transformers import ASTFeatureExtractor, WhisperFeatureExtractor

    if isinstance(extractor, ASTFeatureExtractor):
        return float(extractor.max_length) * 0.01  # a frame every 10 ms
    return float(extractor.chunk_length) if isinstance(extractor, WhisperFeatureExtractor) else LONGEST


def features(extractor: Any, clips: list[np.ndarray], seconds: float) -> dict[str, torch.Tensor]:
    """Clips as a batch of the model's inputs, such that what it makes of one depends on no other.

    An extractor of spectrograms pads them to its own size. One of samples pads them to the longest
    of the batch where it gives a mask, and else to `seconds`: models that were trained without a
    mask take their statistics over the padding too.
    """
    from transformers import ASTFeatureExtractor, WhisperFeatureExtractor

    rate = extractor.sampling_rate
    if isinstance(extractor, (ASTFeatureExtractor, WhisperFeatureExtractor)):
        padding: dict[str, Any] = {}
    elif extractor.return_attention_mask:
        padding = {"padding": True, "return_attention_mask": True}
    else:
        padding = {"padding": "max_length", "max_length": round(seconds * rate), "return_attention_mask": False}
    return dict(extractor(clips, sampling_rate=rate, return_tensors="pt", **padding))
