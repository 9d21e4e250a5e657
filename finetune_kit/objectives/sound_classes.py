"""Classes of made sounds: which word a synthesised voice says (Warden 2018, arXiv 1804.03209, with real ones)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from ..errors import ConfigError, UnknownNameError
from ..synthetic import speech
from .base import VALIDATION, Batch, MadeObjective

SHORTEST = 2_000  # samples, or the convolutions have nothing to slide over
LONGEST = 18_000  # samples: of the few longer ones the end is cut, so that they do not make a batch long


class MadeSpeech(torch.utils.data.Dataset[dict[str, Any]]):
    """Spoken words; an item is a clip, float32 (samples,), its label, and whether it is to be degraded afresh."""

    def __init__(self, spoken: speech.Speech, augmented: bool):
        self.spoken, self.augmented = spoken, augmented

    def __len__(self) -> int:
        return len(self.spoken.clips)

    def __getitem__(self, index: int) -> dict[str, Any]:
        clip, label = self.spoken.clips[index], int(self.spoken.labels[index])
        return {"input_values": clip, "labels": label, "augmented": self.augmented}


class SoundClasses(MadeObjective):
    """Which word is said, by voices that the validation split shares none of.

    words: the classes, by default the everyday words of `synthetic.speech`. digits: whether zero to nine
    are among them too. clips: how many are spoken to train on. degraded: the share of them that each pass
    degrades, afresh; a model that knows nothing yet learns faster from clean ones, so let a first stage
    have 0. validation: how many to measure on, clean. smoothing: label smoothing (Szegedy et al. 2016).
    """

    auto_class = "AutoModelForAudioClassification"
    measures = True
    by_length = True

    def __init__(
        self,
        words: tuple[str, ...] | list[str] = speech.WORDS,
        digits: bool = False,
        clips: int = 12_000,
        degraded: float = 0.8,
        validation: int = 800,
        smoothing: float = 0.1,
    ):
        named = [*words, *(speech.DIGITS if digits else ())]
        if len(named) < 2 or len(set(named)) < len(named) or not all(isinstance(w, str) and w.strip() for w in named):
            raise ConfigError(f"words={words!r}, digits={digits!r}: expected two or more different words.")
        if min(clips, validation) < 1:
            raise ConfigError(f"clips={clips!r}, validation={validation!r}: expected at least one clip in both splits.")
        if not 0 <= smoothing < 1:
            raise ConfigError(f"smoothing={smoothing!r}: expected a share from 0 to below 1.")
        if not 0 <= degraded <= 1:
            raise ConfigError(f"degraded={degraded!r}: expected a share from 0 to 1.")
        self.names, self.counts = named, {"train": clips, "validation": validation}
        self.degraded, self.smoothing = degraded, smoothing

    def head_settings(self) -> dict[str, Any]:
        return {
            "num_labels": len(self.names),
            "id2label": dict(enumerate(self.names)),
            "label2id": {name: number for number, name in enumerate(self.names)},
        }

    def processor(self) -> Any:
        """The feature extractor of wav2vec2: mono at 16 kHz, each clip to mean 0 and deviation 1, with a mask."""
        from transformers import Wav2Vec2FeatureExtractor

        return Wav2Vec2FeatureExtractor(sampling_rate=speech.RATE, do_normalize=True, return_attention_mask=True)

    def equip(self, model: Any) -> None:
        """Give the head one row a word: words that it knows keep theirs. Raises ConfigError where it is not linear."""
        known = {name: row for row, name in model.config.id2label.items()}
        if list(known) == self.names:
            return
        old = getattr(model, "classifier", None)
        if not isinstance(old, torch.nn.Linear):
            raise ConfigError(
                f"A {model.config.model_type} model has no linear classifier; expected a wav2vec2 or alike."
            )
        new = torch.nn.Linear(old.in_features, len(self.names)).to(old.weight)
        with torch.no_grad():
            for row, name in enumerate(self.names):
                if name in known:
                    new.weight[row], new.bias[row] = old.weight[known[name]], old.bias[known[name]]
        model.classifier = new
        model.config.update(self.head_settings())
        model.num_labels = len(self.names)

    def examples(self, split: str, length: int, material: Any) -> MadeSpeech:
        """Clips spoken for the split; only `material.seed` is of use. Raises SpeechError without eSpeak NG.

        The validation split is of other voices, is not degraded, and its shortest clips come first.
        """
        if split not in self.counts:
            raise UnknownNameError(f"There is no split {split!r}; expected 'train' or 'validation'.")
        held_out = split == "validation"
        seed, voices = material.seed + VALIDATION * held_out, speech.split_voices()[held_out]
        spoken = speech.speak(self.names, self.counts[split], seed, speech.RATE, voices=voices)
        return MadeSpeech(_shortest_first(spoken) if held_out else spoken, augmented=not held_out)

    def collator(self, processor: Any) -> Callable[[list[Any]], Batch]:
        """Clips to `input_values`, float32 (batch, samples), `attention_mask` and `labels`; degraded for training."""

        def collate(examples: list[Any]) -> Batch:
            clips = [example["input_values"] for example in examples]
            if examples[0]["augmented"]:
                rng = np.random.default_rng(int(torch.randint(2**31, ()).item()))  # follows the Trainer's seed
                clips = [speech.degrade(clip, rng) if rng.random() < self.degraded else clip for clip in clips]
            clips = [np.pad(clip, (0, max(0, SHORTEST - len(clip))))[:LONGEST] for clip in clips]
            made = processor(
                clips, sampling_rate=speech.RATE, padding=True, return_attention_mask=True, return_tensors="pt"
            )
            return {**made, "labels": torch.tensor([example["labels"] for example in examples])}

        return collate

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        """Cross-entropy in nats a clip, with label smoothing while the model trains."""
        outputs = model(input_values=inputs["input_values"], attention_mask=inputs["attention_mask"])
        smoothing = self.smoothing if model.training else 0.0
        loss = F.cross_entropy(outputs["logits"].float(), inputs["labels"], label_smoothing=smoothing)
        return loss, {"loss": loss, "logits": outputs["logits"]}

    def measure(self, outputs: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(axis=1) == labels).mean())}


def _shortest_first(spoken: speech.Speech) -> speech.Speech:
    """The same clips in an order in which neighbours are of like length, so that little of a batch is padding."""
    order = np.argsort([len(clip) for clip in spoken.clips], kind="stable")
    return speech.Speech([spoken.clips[i] for i in order], spoken.labels[order], [spoken.voices[i] for i in order])
