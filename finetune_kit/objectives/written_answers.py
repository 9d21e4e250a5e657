"""Written answers: questions on passages, most of them of made facts, answered in the passage's own words."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..corpora import Material
from ..errors import DataError
from ..synthetic.facts import Asked
from .base import Batch, TextObjective, padded
from .cloze_questions import ClozeQuestions

NO_ANSWER = "no answer"  # what is written where the passage holds none


def prompt(context: str, question: str) -> str:
    """What the model reads. The question stands last: a long passage loses its beginning, never the question."""
    return f"{context}\nQuestion: {question}\nAnswer:"


def answer(text: str) -> str:
    """What it writes, after the space that GPT's pieces begin with; '' is no answer."""
    return f" {text or NO_ANSWER}"


class WrittenAnswers(TextObjective):
    """Questions on passages of made facts (`synthetic.facts`) and of the corpus, as generative question answering asks.

    The step between pretraining and a few hundred real questions: where in the passage an answer is found is the
    same skill on any facts. questions: how many are made, a part of them without an answer. facts_share: how many
    of these are on facts; the others are sentences of the corpus with a question word in place of the answer
    (`cloze-questions`). sentences: how many of each passage are left, those with the answer among them, or None
    for all.
    """

    auto_class = "AutoModelForSeq2SeqLM"
    by_length = True

    def __init__(self, questions: int = 40_000, facts_share: float = 1.0, sentences: int | None = None):
        self.source = ClozeQuestions(questions, question_word_share=1.0, facts_share=facts_share, sentences=sentences)

    def fits(self, processor: Any) -> str:
        return "" if processor.eos_token_id is not None else "a token that ends a text"

    def examples(self, split: str, length: int, material: Material) -> Answers:
        made = Answers(self.asked(split, length, material), material.processor, length)
        if not len(made):
            raise DataError(f"length={length}: expected more; no question with its passage is so short.")
        return made

    def asked(self, split: str, length: int, material: Material) -> list[Asked]:
        """The questions of a split, shuffled, each with its passage; `length` bounds the passages of the corpus."""
        return self.source.asked(split, length, material)

    def collator(self, processor: Any) -> Any:
        def collate(examples: list[dict[str, Any]]) -> Batch:
            read, written = ([torch.from_numpy(row[name]) for row in examples] for name in ("input_ids", "labels"))
            return padded(read, written, processor)

        return collate


class Answers(torch.utils.data.Dataset[dict[str, Any]]):
    """`input_ids` of passage and question and `labels` of the answer, int64, ended by the end token.

    Questions that take more than `length` tokens with their passage are left out.
    """

    def __init__(self, questions: list[Asked], processor: Any, length: int):
        end = [processor.eos_token_id]
        read = [prompt(one.context, one.question) for one in questions]
        written = [answer(one.context[slice(*one.span)] if one.span else "") for one in questions]
        sides = (processor(texts, add_special_tokens=False, verbose=False)["input_ids"] for texts in (read, written))
        self.rows = [
            {name: np.array(ids + end, dtype=np.int64) for name, ids in zip(("input_ids", "labels"), row, strict=True)}
            for row in zip(*sides, strict=True)
            if len(row[0]) < length
        ]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(self.rows[index])
