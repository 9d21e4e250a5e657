"""Answer words: guess the words of an answer from the question alone, without a passage to look them up in.

Nobody can know the answer to a question on an invented town; but of "Who ...?" it is a name, of "How long ...?" a
number and a unit. What a question is after is what this teaches, and it stands where a classifier reads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from ..config import require_number
from ..corpora import Material
from ..synthetic import quiz
from .base import IGNORED, VALIDATION, Batch
from .cloze_questions import ClozeQuestions
from .masked_words import last_hidden, word_head, words_loss
from .sentence_distillation import SentenceDistillation, pooled

QUESTION = 64  # tokens of a question that are read
QUIZ_HELD_OUT = 500  # quiz questions that measure


class AnswerWords(SentenceDistillation):
    """Of questions the words of the answer, of other texts the teacher's vector, and masked words in both.

    The answer's words are guessed from what a classifier reads, by the head that guesses masked words. questions: how
    many; facts_share: how many of them are on passages made of facts (`synthetic.facts`), the rest being clozes of
    the corpus as in `cloze-questions`. quiz: how many quiz questions beside them (`synthetic.quiz`), whose answers
    begin with the kind of thing that is asked for. answer_weight: of their cross-entropy, in nats a word piece. The
    further settings are those of `sentence-distillation`.
    """

    def __init__(
        self,
        teacher: str,
        questions: int = 40_000,
        facts_share: float = 0.5,
        quiz: int = 0,
        answer_weight: float = 1.0,
        width: int = 256,
        texts: int = 200_000,
        question_share: float = 0.25,
        words_share: float = 0.0,
        masked_share: float = 0.15,
        weight: float = 5.0,
    ):
        super().__init__(teacher, width, texts, question_share, words_share, masked_share, weight)
        require_number("answer_weight", answer_weight, (int, float), 0, "a number, 0 or more")  # type: ignore[arg-type]
        require_number("quiz", quiz, int, 0, "a whole number, 0 or more")
        self.asker = ClozeQuestions(questions, no_answer_share=0.0, facts_share=facts_share)
        self.quiz, self.answer_weight = quiz, answer_weight

    def examples(self, split: str, length: int, material: Material) -> Any:
        texts = super().examples(split, length, material)
        return torch.utils.data.ConcatDataset([texts, self._questions(split, length, material)])

    def _questions(self, split: str, length: int, material: Material) -> AnsweredQuestions:
        asked = self.asker.asked(split, length, material)
        pairs = [(one.question, one.context[slice(*one.span)]) for one in asked if one.span]
        if self.quiz:
            count, seed = (self.quiz, 0) if split == "train" else (min(QUIZ_HELD_OUT, self.quiz), VALIDATION)
            pairs += quiz.make(count, material.seed + seed)
        return AnsweredQuestions([q for q, _ in pairs], [a for _, a in pairs], material.processor)

    def collator(self, processor: Any) -> Any:
        mask = super().collator(processor)
        nothing = np.zeros(self.width, np.float32)

        def collate(examples: list[dict[str, Any]]) -> Batch:
            taught = [{"target": nothing, **example} for example in examples]
            answers = [torch.tensor(example.get("answer", [IGNORED])) for example in examples]
            padded = torch.nn.utils.rnn.pad_sequence(answers, batch_first=True, padding_value=IGNORED)
            return {**mask(taught), "answers": padded}  # (batch, longest answer)

        return collate

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        """Cross-entropy of masked words, of the answers' words, and the cosine distance to the teacher's vectors."""
        hidden = last_hidden(model, inputs)
        words, outputs = words_loss(model, hidden, inputs["labels"])
        read = pooled(model, hidden, inputs["attention_mask"])
        taught = inputs["targets"].any(dim=-1)
        distance = 1 - F.cosine_similarity(read[taught].float(), inputs["targets"][taught], dim=-1)
        loss = words + self.weight * distance.sum() / max(int(taught.sum()), 1)
        loss = loss + self.answer_weight * answer_loss(model, read[~taught], inputs["answers"][~taught])
        return loss, {**outputs, "loss": loss}


class AnsweredQuestions(torch.utils.data.Dataset[dict[str, Any]]):
    """Questions as `input_ids`, each with the word pieces of its `answer`."""

    def __init__(self, questions: list[str], answers: list[str], processor: Any):
        self.ids = processor(questions, truncation=True, max_length=QUESTION)["input_ids"]
        self.answers = processor(answers, add_special_tokens=False)["input_ids"]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_ids": self.ids[index], "answer": self.answers[index]}


def answer_loss(model: Any, read: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """The mean over questions of the mean cross-entropy of the answer's pieces, in nats; 0 where there is no question.

    read: (questions, width); answers: (questions, longest answer) int64, IGNORED beyond the end of each.
    """
    head = word_head(model)
    assert head is not None
    if not len(read):
        return read.sum()
    guesses = F.log_softmax(head(read).float(), dim=-1)
    counted = answers != IGNORED
    found = guesses.gather(1, answers.clamp(min=0)) * counted
    return -(found.sum(1) / counted.sum(1)).mean()
