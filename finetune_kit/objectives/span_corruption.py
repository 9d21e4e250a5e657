"""Span corruption: write out the spans that were cut from a text (Raffel et al. 2020, "T5")."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..corpora import Material
from ..errors import ConfigError
from .base import Batch, TextObjective
from .blocks import TokenBlocks, blocks


class SpanCorruption(TextObjective):
    """Spans of words give way to sentinels; the target names each sentinel and the words that it stands for.

    As in the paper's figure 2: 'Thank you <X> me to your party <Y> week .' is to give
    '<X> for inviting <Y> last <Z>'. noise_share: the share of the tokens cut out; mean_span:
    their mean length in tokens. whole: the target is the whole text in place of the spans alone
    (Lewis et al. 2020, "BART"), so that most of it is to be read off the source: a small model
    that only ever writes what is missing learns to write without reading.
    """

    auto_class = "AutoModelForSeq2SeqLM"

    def __init__(self, noise_share: float = 0.15, mean_span: float = 3.0, whole: bool = False):
        if not isinstance(noise_share, float) or not 0 < noise_share < 0.8:
            raise ConfigError(f"noise_share={noise_share!r}: expected a share between 0 and 0.8.")
        if not isinstance(mean_span, (int, float)) or mean_span < 1:
            raise ConfigError(f"mean_span={mean_span!r}: expected a mean number of tokens, 1 or more.")
        if not isinstance(whole, bool):
            raise ConfigError(f"whole={whole!r}: expected true or false.")
        self.noise_share, self.mean_span, self.whole = noise_share, mean_span, whole

    def fits(self, processor: Any) -> str:
        return "" if sentinels(processor) else "the sentinels <extra_id_0>, <extra_id_1> ..."

    def examples(self, split: str, length: int, material: Material) -> TokenBlocks:
        self._check(length, len(sentinels(material.processor)))
        return blocks(split, length, material, shortest=4)

    def collator(self, processor: Any) -> Any:
        marks, end = sentinels(processor), processor.eos_token_id

        def collate(examples: list[Batch]) -> Batch:
            pairs = [self.corrupt(example["input_ids"].numpy(), marks, end) for example in examples]
            # Sequences of one length have as many spans each, so nothing needs padding.
            inputs, targets = (torch.from_numpy(np.stack(part)) for part in zip(*pairs, strict=True))
            return {"input_ids": inputs, "attention_mask": torch.ones_like(inputs), "labels": targets}

        return collate

    def _check(self, length: int, known: int) -> None:
        spans = self.spans(length)[1]
        if spans + 1 > known:
            raise ConfigError(
                f"length={length}: expected at most {known - 1} spans, for the tokenizer has {known} sentinels; "
                f"at mean_span={self.mean_span} there are {spans}. Take a larger mean_span or a smaller length."
            )

    def corrupt(self, ids: np.ndarray, marks: list[int], end: int) -> tuple[np.ndarray, np.ndarray]:
        """One sequence of token ids as (input, target), both int64 and ended by `end`.

        Draws from torch's generator, which the Trainer seeds and a checkpoint restores.
        """
        self._check(len(ids), len(marks))
        noise = self.noise_mask(len(ids))
        starts = np.flatnonzero(noise & ~np.r_[False, noise[:-1]])
        ends = np.flatnonzero(noise & ~np.r_[noise[1:], False]) + 1
        source: list[int] = []
        target: list[int] = []
        place: Any = 0
        for mark, start, stop in zip(marks, starts, ends, strict=False):
            source += [*ids[place:start], mark]
            target += [mark, *ids[start:stop]]
            place = stop
        source += [*ids[place:], end]
        target = [*ids, end] if self.whole else [*target, marks[len(starts)], end]
        return np.array(source, dtype=np.int64), np.array(target, dtype=np.int64)

    def spans(self, length: int) -> tuple[int, int]:
        """How many tokens of a sequence are cut out, and in how many spans."""
        noise = min(max(round(length * self.noise_share), 1), max(length - 1, 1))
        return noise, max(min(round(noise / self.mean_span), length - noise), 1)

    def noise_mask(self, length: int) -> np.ndarray:
        """Which tokens are cut out, (length,) bool: noise_share of them, in spans that start after a kept token."""
        noise, spans = self.spans(length)
        kept = _parts(length - noise, spans)
        cut = _parts(noise, spans)
        lengths = np.stack([kept, cut], axis=1).ravel()  # kept, cut, kept, cut ...
        return np.repeat(np.tile([False, True], spans), lengths)


def _parts(total: int, parts: int) -> np.ndarray:
    """`total` as a sum of `parts` positive numbers, every such sum equally likely."""
    cuts = torch.randperm(total - 1)[: parts - 1].sort().values.numpy() + 1
    return np.diff(np.r_[0, cuts, total])


def sentinels(processor: Any) -> list[int]:
    """The ids of <extra_id_0>, <extra_id_1> ... as far as the tokenizer has them."""
    known = processor.get_vocab()
    names = (f"<extra_id_{i}>" for i in range(len(known)))
    found = []
    for name in names:
        if name not in known:
            break
        found.append(known[name])
    return found
