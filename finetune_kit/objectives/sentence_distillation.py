"""Sentence distillation: give a sentence the place among others that a larger model gives it.

A student learns a teacher's sentence vectors from unlabelled text (Reimers and Gurevych 2020,
"Making Monolingual Sentence Embeddings Multilingual using Knowledge Distillation"), and goes
on guessing masked words in the same sentences. The teacher's weights are not copied.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch.nn import functional as F

from .. import checkpoints, heads
from ..config import require_number, require_share
from ..corpora import Material
from ..errors import ConfigError, DataError, ModelError
from ..teaching import Teacher
from .base import Batch
from .masked_words import MaskedWords, last_hidden, words_loss

SHORTEST, LONGEST = 4, 70  # words of a text that the teacher reads
SAVE_EVERY = 4096  # texts between two savings of what the teacher has said
HELD_OUT = 2000  # texts that measure


class SentenceDistillation(MaskedWords):
    """What a classifier reads learns the teacher's vector of the unmasked text; masked words go on beside it.

    That is the pooler's output at [CLS] in a BERT, which gets a pooler here, and in a ModernBERT that pools by the
    mean this mean after the word head's dense layer: what is learnt is what fine-tuning starts from.
    teacher: a folder or a hub id, of an encoder whose mean hidden state is a sentence vector.
    width: the student's, to which the teacher's vectors are reduced by principal components.
    texts: how many sentences and paragraphs to learn from; question_share: how many of them are
    questions, rare in prose and common in tasks. words_share: how many are a few words drawn
    from the teacher's vocabulary, so that those which the corpus lacks are learnt too. weight: of the
    cosine distance, in nats.
    """

    by_length = True

    def __init__(
        self,
        teacher: str,
        width: int = 256,
        texts: int = 200_000,
        question_share: float = 0.25,
        words_share: float = 0.0,
        masked_share: float = 0.15,
        weight: float = 5.0,
    ):
        super().__init__(masked_share)
        require_number("width", width, int, 1, "a whole number, 1 or more")
        require_number("texts", texts, int, 2, "a whole number, 2 or more")
        require_share("question_share", question_share, 0.5)
        require_share("words_share", words_share, 0.5)
        require_number("weight", weight, (int, float), 0, "a number, 0 or more")  # type: ignore[arg-type]
        self.teacher, self.width, self.texts = teacher, width, texts
        self.question_share, self.words_share, self.weight = question_share, words_share, weight

    def examples(self, split: str, length: int, material: Material) -> Any:
        texts, vectors = self._taught(split, material)
        reduce = self._components(material)
        targets = vectors.astype(np.float32) @ reduce
        targets /= np.linalg.norm(targets, axis=1, keepdims=True)
        return TaughtTexts(texts, targets, material.processor, length)

    def equip(self, model: Any) -> None:
        """Give a BERT without a pooler a new one. Raises ModelError for other kinds."""
        if model.config.model_type == "bert":
            if model.bert.pooler is None:
                heads.add_pooler(model)
        elif getattr(model.config, "classifier_pooling", None) != "mean":
            raise ModelError(
                f"A {model.config.model_type} model cannot learn sentence vectors: expected a bert, or a modernbert of "
                "the shape classifier_pooling: mean, whose classifiers read what is taught here."
            )

    def collator(self, processor: Any) -> Any:
        mask = transformers.DataCollatorForLanguageModeling(processor, mlm_probability=self.masked_share)

        def collate(examples: list[dict[str, Any]]) -> Batch:
            targets = torch.stack([torch.from_numpy(example["target"]) for example in examples])  # (batch, width)
            batch = mask([{"input_ids": example["input_ids"]} for example in examples])
            return {**batch, "targets": targets}

        return collate

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        """Cross-entropy of the masked words plus `weight` times one minus the cosine to the teacher's vector."""
        hidden = last_hidden(model, inputs)
        words, outputs = words_loss(model, hidden, inputs["labels"])
        read = pooled(model, hidden, inputs["attention_mask"])
        distance = (1 - F.cosine_similarity(read.float(), inputs["targets"], dim=-1)).mean()
        loss = words + self.weight * distance
        return loss, {**outputs, "loss": loss}

    def read(self, loss: float) -> dict[str, float]:
        return {}  # a sum of two losses is no perplexity

    # --- the teacher

    def _components(self, material: Material) -> np.ndarray:
        """The teacher's principal components: (teacher's width, width)."""
        from sklearn.decomposition import PCA

        _, vectors = self._taught("train", material)
        if vectors.shape[1] < self.width:
            raise ConfigError(f"width={self.width}: expected at most {vectors.shape[1]}, the teacher's.")
        if len(vectors) < self.width:
            raise DataError(f"The corpus gives {len(vectors)} texts, fewer than width={self.width}; take a larger one.")
        sample = vectors[:50_000].astype(np.float32)
        return PCA(self.width, random_state=material.seed).fit(sample).components_.T  # type: ignore[no-any-return]

    def _taught(self, split: str, material: Material) -> tuple[list[str], np.ndarray]:
        """Texts and the teacher's vectors of them, (texts, teacher's width) float16; kept in the material's folder."""
        count = self.texts if split == "train" else min(HELD_OUT, self.texts)
        # Stages of one recipe may ask different teachers of different texts.
        settings = repr((self.teacher, count, self.question_share, self.words_share))
        asked = hashlib.sha256(settings.encode()).hexdigest()[:16]
        chosen, said = (material.folder / f"taught-{split}-{asked}.{kind}" for kind in ("json", "npy"))
        if not chosen.exists():
            chosen.write_text(json.dumps(self._choose(split, count, material)), encoding="utf-8")
        texts = json.loads(chosen.read_text(encoding="utf-8"))
        vectors = np.load(said) if said.exists() else np.zeros((0, 0), np.float16)
        if len(vectors) < len(texts):
            vectors = self._ask(texts, vectors, said)
        return texts, vectors

    def _ask(self, texts: list[str], vectors: np.ndarray, said: Path) -> np.ndarray:
        teacher = Teacher(self.teacher)
        for start in range(len(vectors), len(texts), SAVE_EVERY):
            new = teacher.vectors(texts[start : start + SAVE_EVERY])
            vectors = np.concatenate([vectors.reshape(-1, new.shape[1]), new.astype(np.float16)])
            np.save(said, vectors)
        return vectors

    def _choose(self, split: str, count: int, material: Material) -> list[str]:
        """Questions, other sentences and whole paragraphs of the split, shuffled."""
        kinds: dict[str, dict[str, str]] = {"question": {}, "sentence": {}, "paragraph": {}}
        for work, text in material.passages(split):
            for kind, piece in _pieces(text):
                kinds[kind][piece] = work
        draw = random.Random(material.seed)
        salads = _salads(checkpoints.processor(self.teacher), round(self.words_share * count), draw)
        count -= len(salads)
        questions = round(self.question_share * count)
        wanted = {"question": questions, "paragraph": questions, "sentence": count - 2 * questions}
        chosen = [text for kind, many in wanted.items() for text in _evenly(kinds[kind], many, draw)]
        if not chosen:
            raise DataError(f"The {split} part of the corpus has no sentence of {SHORTEST} to {LONGEST} words.")
        chosen += salads
        draw.shuffle(chosen)
        return chosen


def pooled(model: Any, hidden: torch.Tensor, attention: torch.Tensor) -> torch.Tensor:
    """What the model's classifier reads of the hidden states (batch, length, width): (batch, width)."""
    if model.config.model_type == "bert":
        return model.bert.pooler(hidden)  # type: ignore[no-any-return]
    weight = attention.unsqueeze(-1)
    return model.head((hidden * weight).sum(1) / weight.sum(1))  # type: ignore[no-any-return]


class TaughtTexts(torch.utils.data.Dataset[dict[str, Any]]):
    """Texts as `input_ids` of at most `length` tokens, each with the teacher's `target`, (width,) float32."""

    def __init__(self, texts: list[str], targets: np.ndarray, processor: Any, length: int):
        self.ids = processor(texts, truncation=True, max_length=length)["input_ids"]
        self.targets = targets

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_ids": self.ids[index], "target": self.targets[index]}


def _evenly(works: dict[str, str], count: int, draw: random.Random) -> list[str]:
    """So many texts, equally many of each work, so that long ones do not drown the others; works: the work of each."""
    texts = draw.sample(list(works), len(works))
    seen: Counter[str] = Counter()
    turns = []
    for text in texts:
        seen[works[text]] += 1
        turns.append((seen[works[text]], text))
    return [text for _, text in sorted(turns, key=itemgetter(0))[:count]]


def _salads(processor: Any, count: int, draw: random.Random) -> list[str]:
    """Texts of 2 to 12 whole words of a tokenizer's vocabulary, each word as likely as any other."""
    words = sorted(piece for piece in processor.get_vocab() if piece.isalpha() and len(piece) > 2)
    return [" ".join(draw.sample(words, min(draw.randint(2, 12), len(words)))) for _ in range(count)]


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """The sentences of a paragraph, questions apart, and the paragraph itself when it is short enough."""
    if LONGEST // 2 <= text.count(" ") < LONGEST:
        yield "paragraph", text
    for sentence in re.split(r"(?<=[.!?])[\"')\]’”]*\s+", text):
        sentence = sentence.strip(" \"'“”‘’_")
        if SHORTEST <= sentence.count(" ") + 1 <= LONGEST // 2:
            yield ("question" if sentence.endswith("?") else "sentence"), sentence
