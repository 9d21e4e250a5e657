"""Sentence denoising: write out a sentence whose words were moved about and partly cut out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..config import require, require_number
from ..corpora import Material
from ..errors import DataError
from .base import Batch, padded
from .cloze_questions import SENTENCE
from .span_corruption import SpanCorruption, sentinels

SHORTEST = 4  # tokens of a sentence, its end included: of less nothing is left to read
MEASURED = 2_000  # sentences of the validation split


class SentenceDenoising(SpanCorruption):
    """Single sentences, with spans cut out and the rest stirred, to be written as they were.

    The noise of Lample et al. 2018, "Unsupervised Machine Translation Using Monolingual Corpora Only", with
    spans in place of single words: the decoder learns to put words in the order of their language, as a
    translation asks of it, on texts as long as those that one translates. noise_share and mean_span: as in
    span corruption. moved: a token moves by at most so many places. sentences: how many of the corpus are read,
    spread evenly over it; those of more tokens than the stage's length are left out. works: only those works are
    read whose names begin so, such as "phrases" for the sentences of the kit's grammar.
    """

    by_length = True

    def __init__(
        self,
        noise_share: float = 0.25,
        mean_span: float = 2.0,
        moved: int = 2,
        sentences: int = 500_000,
        works: str = "",
    ):
        super().__init__(noise_share, mean_span, whole=True)
        require(isinstance(works, str), "works", works, "what the names of the works begin with")
        require_number("moved", moved, int, 0, "by how many places a token moves at most, 0 or more")
        require_number("sentences", sentences, int, 1, "how many sentences are read at most, 1 or more")
        self.moved, self.sentences, self.works = moved, sentences, works

    def examples(self, split: str, length: int, material: Material) -> Sentences:
        self._check(length, len(sentinels(material.processor)))
        passages = (text for work, text in material.passages(split) if work.startswith(self.works))
        found = [sentence for text in passages for sentence in SENTENCE.split(text)]
        wanted = min(self.sentences if split == "train" else MEASURED, len(found))
        spread = np.linspace(0, len(found) - 1, wanted).astype(int)
        made = Sentences([found[place] for place in spread], material.processor, length)
        if not len(made):
            raise DataError(
                f"The {split} part of the corpus has no sentence of {SHORTEST} to {length} tokens among {wanted:,}"
                f"{f' of works={self.works!r}' * bool(self.works)}. Take a larger corpus or another length."
            )
        return made

    def collator(self, processor: Any) -> Any:
        marks, end = sentinels(processor), processor.eos_token_id

        def collate(examples: list[Batch]) -> Batch:
            pairs = [self.stirred(example["input_ids"].numpy()[:-1], marks, end) for example in examples]
            sources, targets = ([torch.from_numpy(ids) for ids in part] for part in zip(*pairs, strict=True))
            return padded(sources, targets, processor)

        return collate

    def stirred(self, ids: np.ndarray, marks: list[int], end: int) -> tuple[np.ndarray, np.ndarray]:
        """One sentence as (input, target), both int64 and ended by `end`; draws from torch's generator."""
        source, target = self.corrupt(ids, marks, end)
        kept = source[:-1]
        # Sorted by place plus noise, a token passes only those that are nearer than the noise is wide.
        order = np.argsort(np.arange(len(kept)) + (self.moved + 1) * torch.rand(len(kept)).numpy())
        return np.append(kept[order], end), target


class Sentences(torch.utils.data.Dataset[Batch]):
    """`input_ids` of one sentence each, int64, the end included: those of `SHORTEST` to `length` tokens."""

    def __init__(self, texts: Sequence[str], processor: Any, length: int):
        encoded = processor(list(texts), add_special_tokens=False, verbose=False)["input_ids"] if texts else []
        end = [processor.eos_token_id]
        self.ids = [np.array(ids + end, dtype=np.int32) for ids in encoded if SHORTEST <= len(ids) + 1 <= length]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Batch:
        return {"input_ids": torch.from_numpy(self.ids[index].astype(np.int64))}
