"""Metrics as `evaluate.Metric` objects that need no network; each says which way is better."""

from __future__ import annotations

import math
import re
import string
import tempfile
from collections import Counter
from dataclasses import dataclass
from typing import Any

import datasets
import evaluate
import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from . import boxes

ROWS = datasets.Sequence(datasets.Sequence(datasets.Value("float64")))
INTEGER, REAL, TEXT = (datasets.Value(kind) for kind in ("int64", "float64", "string"))


@dataclass(frozen=True)
class Criterion:
    """A number that training itself gives, by which the best weights are chosen."""

    name: str
    higher_is_better: bool


LOSS = Criterion("loss", False)  # of the validation split


class Metric(evaluate.Metric):  # type: ignore[misc]
    """Base of the metrics: `predictions` and `references`, one an example, of the types named here."""

    name = ""
    higher_is_better = True
    is_share = True  # of something, from 0 to 1, and shown in percent
    predictions: Any = INTEGER
    references: Any = INTEGER

    def __init__(self, **settings: Any):
        # In memory, and no cache folder made in the user's home.
        super().__init__(keep_in_memory=True, cache_dir=tempfile.gettempdir(), **settings)

    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features({"predictions": self.predictions, "references": self.references})
        return evaluate.MetricInfo(description=self.__doc__ or "", citation="", features=features)


def shown(metrics: tuple[Metric, ...], name: str, value: float) -> str:
    """A score as people read it: a share in percent, any other number with one decimal."""
    share = all(metric.is_share for metric in metrics if metric.name == name)
    return f"{value:.1%}" if share else f"{value:,.1f}"


class Accuracy(Metric):
    """The share of examples whose predicted class is the true one."""

    name = "accuracy"

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        return {self.name: float(accuracy_score(references, predictions))}


class MacroF1(Metric):
    """The mean over classes of the harmonic mean of precision and recall; a class never predicted counts 0."""

    name = "macro_f1"

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        return {self.name: float(f1_score(references, predictions, average="macro", zero_division=0))}


class ExactMatch(Metric):
    """The share of answers that equal one of the accepted ones, case, punctuation and articles aside.

    An empty prediction is right where no answer is accepted. Rajpurkar et al. 2016 and 2018, "SQuAD".
    """

    name = "exact_match"
    predictions = TEXT
    references = datasets.Sequence(TEXT)

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, float]:
        pairs = zip(predictions, references, strict=True)
        return {self.name: float(np.mean([exact_match(found, accepted) for found, accepted in pairs]))}


class AnswerF1(Metric):
    """The mean overlap in words, as F1, of each answer with the accepted one it is nearest to (the same papers)."""

    name = "f1"
    predictions = TEXT
    references = datasets.Sequence(TEXT)

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, float]:
        pairs = zip(predictions, references, strict=True)
        return {self.name: float(np.mean([answer_f1(found, accepted) for found, accepted in pairs]))}


class HasAnswerF1(AnswerF1):
    """The same over the questions that have an answer, where silence gets nothing; left out where there are none.

    SQuAD 2.0 breaks its scores down in this way, for one number hides a model that never answers.
    """

    name = "has_answer_f1"
    answerable = True

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, float]:
        kept = [i for i, accepted in enumerate(references) if bool(accepted) is self.answerable]
        return super()._compute([predictions[i] for i in kept], [references[i] for i in kept]) if kept else {}


class NoAnswerF1(HasAnswerF1):
    """The share of silence among the questions that have no answer."""

    name = "no_answer_f1"
    answerable = False


class Bleu(Metric):
    """Corpus BLEU in percent: matching runs of one to four words, and a penalty for brevity (sacrebleu, Post 2018)."""

    name = "bleu"
    is_share = False
    predictions = TEXT
    references = TEXT

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        import sacrebleu

        return {self.name: float(sacrebleu.corpus_bleu(predictions, [references]).score)}


class ChrF(Metric):
    """Corpus chrF in percent: matching runs of one to six characters (Popovic 2015, by sacrebleu)."""

    name = "chrf"
    is_share = False
    predictions = TEXT
    references = TEXT

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        import sacrebleu

        return {self.name: float(sacrebleu.corpus_chrf(predictions, [references]).score)}


class Perplexity(Metric):
    """e to the mean loss a token; predictions are each text's loss in nats, references its tokens."""

    name = "perplexity"
    is_share = False
    higher_is_better = False
    predictions = REAL
    references = INTEGER

    def _compute(self, predictions: list[float], references: list[int]) -> dict[str, float]:
        return {self.name: math.exp(min(float(np.sum(predictions)) / max(int(np.sum(references)), 1), 50.0))}


class NextWordAccuracy(Metric):
    """The share of tokens guessed right; predictions are each text's hits, references its tokens."""

    name = "next_word_accuracy"
    predictions = INTEGER
    references = INTEGER

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        return {self.name: float(np.sum(predictions)) / max(int(np.sum(references)), 1)}


class Ap50(Metric):
    """The mean over classes of the average precision of boxes that overlap a true one by half (Lin et al. 2014).

    A prediction is a picture's detections, surest first, rows of score, class id and four
    corners; a reference its objects, rows of class id and four corners.
    """

    name = "ap50"
    predictions = ROWS
    references = ROWS
    overlaps: tuple[float, ...] = (0.5,)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        found, true = (
            [np.asarray(row, float).reshape(-1, n) for row in rows] for rows, n in ((predictions, 6), (references, 5))
        )
        return {self.name: float(np.mean([boxes.average_precision(found, true, least) for least in self.overlaps]))}


class AveragePrecision(Ap50):
    """The same, averaged over ten overlaps from 0.5 to 0.95: how well the boxes fit counts too (COCO's own AP)."""

    name = "ap"
    overlaps = tuple((0.5 + 0.05 * np.arange(10)).tolist())


def answer_words(answer: str) -> list[str]:
    """The words of an answer that count: lower case, without punctuation and articles, as SQuAD compares them."""
    kept = "".join(letter for letter in answer.lower() if letter not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", kept).split()


def exact_match(found: str, accepted: list[str]) -> float:
    """1.0 if `found` equals one of the accepted answers; if none is accepted, only the empty one is right."""
    return float(any(answer_words(found) == answer_words(answer) for answer in _accepted(accepted)))


def answer_f1(found: str, accepted: list[str]) -> float:
    """The best F1 of words in common with an accepted answer; if none is accepted, only the empty one is right."""
    return max(_overlap(answer_words(found), answer_words(answer)) for answer in _accepted(accepted))


def _accepted(answers: list[str]) -> list[str]:
    """The accepted answers that hold a word that counts; the empty one if there is none."""
    return [answer for answer in answers if answer_words(answer)] or [""]


def _overlap(found: list[str], answer: list[str]) -> float:
    if not found or not answer:
        return float(found == answer)
    common = sum((Counter(found) & Counter(answer)).values())
    return 2 * common / (len(found) + len(answer))


def compute(metrics: tuple[Metric, ...], predictions: Any, references: Any) -> dict[str, float]:
    """All metrics over one set of predictions, as one dict."""
    values: dict[str, float] = {}
    for metric in metrics:
        values |= metric.compute(predictions=predictions, references=references)
    return values
