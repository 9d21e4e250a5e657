"""Generative question answering: the model writes the answer, be it a T5 or a GPT kind."""

from __future__ import annotations

from typing import Any

import datasets

from ..objectives import written_answers
from .generation import Generation
from .question_answering import QuestionAnswering
from .text_to_text import TextToText


class GenerativeQA(QuestionAnswering, TextToText):
    """Answer questions on passages in the model's own words; data as in `QuestionAnswering`.

    The question stands after the passage, so that a long passage loses its beginning and never
    the question. generation: how answers are written.
    """

    record = "generative-qa"
    nouns = ("passages with their question", "answers")

    def __init__(self, *args: Any, generation: Generation | dict[str, Any] | None = None, **settings: Any):
        super().__init__(*args, **settings)
        self.generation = Generation.of(generation, new_tokens=24)

    def prompt(self, row: dict[str, Any]) -> str:
        return written_answers.prompt(row["context"], row["question"])

    def answer(self, row: dict[str, Any]) -> str:
        """The first of the accepted answers."""
        texts = row["answers"]["text"]
        return written_answers.answer(texts[0] if len(texts) else "")

    def decide(self, outputs: list[str]) -> list[str]:
        return ["" if text.strip().lower() == written_answers.NO_ANSWER else text for text in outputs]

    def show(self, examples: datasets.Dataset, outputs: list[str]) -> Any:
        import pandas as pd

        predictions = self.words(self.decide(outputs))
        return pd.DataFrame({name: examples[name][:] for name in ("context", "question")} | {"prediction": predictions})
