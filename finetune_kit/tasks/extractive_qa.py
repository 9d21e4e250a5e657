"""Extractive question answering: the answer is a span of the passage, found by its first and its last token."""

from __future__ import annotations

import math
from typing import Any

import datasets
import numpy as np
import torch
import transformers

from ..errors import ConfigError, DataError, ModelError
from ..metrics import LOSS, Criterion
from ..objectives.base import Batch
from .question_answering import SILENCE, QuestionAnswering
from .texts import tell_cut

LONGEST_ANSWER = 30  # tokens
CANDIDATES = 20  # first and last tokens that are tried with each other
KEPT = 5  # answers kept of an example
FARTHEST = 1e6  # that a threshold lies from 0, also where there is nothing to answer with
Span = tuple[int, int]  # of a passage's characters: the first, and the one behind the last
OUTSIDE = (-1, -1)  # the offsets of a token that is not of the passage


class ExtractiveQA(QuestionAnswering):
    """Find the answer in the passage, or say that it is not there; data as in `QuestionAnswering`.

    A passage longer than the model's window is read in windows that overlap by `stride` tokens,
    a quarter of the window at most; what is found is mapped back to its characters. An output
    is a list of the best answers, each with text, start (in characters), score and probability;
    an empty text stands for no answer (Devlin et al. 2019, section 4.3). threshold: how much an
    answer's score must exceed that of no answer.
    """

    record = "question-answering"
    auto_class = "AutoModelForQuestionAnswering"
    labels = ("start_positions", "end_positions")

    def __init__(self, *args: Any, stride: int = 64, threshold: float = 0.0, **settings: Any):
        super().__init__(*args, **settings)
        if isinstance(stride, bool) or not isinstance(stride, int) or stride < 0:
            raise ConfigError(f"stride={stride!r}: expected a whole number of tokens, 0 or more.")
        if isinstance(threshold, bool) or not isinstance(threshold, (int, float)) or math.isnan(threshold):
            raise ConfigError(f"threshold={threshold!r}: expected a number.")
        self.stride, self.threshold = stride, threshold

    @property
    def settings(self) -> dict[str, Any]:
        return {"stride": self.stride, "threshold": self.threshold}

    @property
    def chooses(self) -> Criterion:
        return LOSS

    def encode(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        """One row a window: its inputs, the `example` it is of, each token's `offsets` and, with answers, positions.

        Half of a window at most is the question's; of a longer one the end is cut off. How many
        questions lose theirs is told, and how many answers are too long to be learnt or found.
        """
        if not getattr(processor, "is_fast", False) or processor.cls_token_id is None:
            raise ModelError(
                "Extractive question answering needs a fast tokenizer with a [CLS] token, which this model has not. "
                + self.fitting
            )
        longest = max_length // 2  # of a question
        room = max_length - longest - processor.num_special_tokens_to_add(pair=True)
        questions, contexts = dataset["question"][:], dataset["context"][:]
        beginnings = _beginnings(questions, processor, longest)
        cut = sum(kept != whole for kept, whole in zip(beginnings, questions, strict=True))
        half = f"questions are longer than half of max_length={max_length}"
        tell_cut(cut, len(questions), half, "their end is left out")
        windows = processor(
            beginnings,
            contexts,
            truncation="only_second",
            max_length=max_length,
            stride=min(self.stride, room // 2),
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        if any(processor.cls_token_id not in ids for ids in windows["input_ids"]):
            raise ModelError(
                "This tokenizer puts no [CLS] token before a pair of texts, which marks that there is no answer."
            )
        rows = windows.pop("overflow_to_sample_mapping")
        offsets = windows.pop("offset_mapping")
        encoded: dict[str, list[Any]] = {**windows, "example": rows, "offsets": []}
        for number, spans in enumerate(offsets):
            parts = windows.sequence_ids(number)
            encoded["offsets"].append(
                [tuple(span) if part == 1 else OUTSIDE for span, part in zip(spans, parts, strict=True)]
            )
        encoded["offsets"] = _whole_letters(encoded["offsets"], rows, contexts)
        if "answers" in dataset.column_names:
            answers = dataset["answers"][:]
            marks = [ids.index(processor.cls_token_id) for ids in encoded["input_ids"]]
            places = [
                _place(answers[row], spans, mark)
                for row, spans, mark in zip(rows, encoded["offsets"], marks, strict=True)
            ]
            encoded["start_positions"], encoded["end_positions"] = map(list, zip(*places, strict=True))
            _tell_missed(answers, rows, places, marks, max_length)
        return datasets.Dataset.from_dict(encoded)

    def collator(self, processor: Any) -> Any:
        pad = transformers.DataCollatorWithPadding(processor)

        def collate(examples: list[dict[str, Any]]) -> Batch:
            kept = [{k: v for k, v in example.items() if k not in ("example", "offsets")} for example in examples]
            return dict(pad(kept))

        return collate

    def outputs(self, model: Any, processor: Any, batch: dict[str, torch.Tensor]) -> list[dict[str, np.ndarray]]:
        """The scores of each token as the first and as the last of the answer, and the place of [CLS]."""
        found = model(**batch)
        marks = (batch["input_ids"] == processor.cls_token_id).int().argmax(dim=1).tolist()
        starts, ends = (logits.float().cpu().numpy() for logits in (found.start_logits, found.end_logits))
        return [{"start": s, "end": e, "cls": mark} for s, e, mark in zip(starts, ends, marks, strict=True)]

    def gather(self, outputs: Any, encoded: datasets.Dataset, dataset: datasets.Dataset) -> list[list[dict[str, Any]]]:
        """The best answers of each example over all windows of its passage."""
        found: list[list[dict[str, Any]]] = [[] for _ in range(len(dataset))]
        nothing = [math.inf] * len(dataset)
        contexts = dataset["context"][:]
        for scores, row, spans in zip(outputs, encoded["example"][:], encoded["offsets"][:], strict=True):
            found[row] += _spans(scores, spans, contexts[row])
            # The window least sure that the answer is not in it decides.
            nothing[row] = min(nothing[row], float(scores["start"][scores["cls"]] + scores["end"][scores["cls"]]))
        return [_best(spans, none) for spans, none in zip(found, nothing, strict=True)]

    def decide(self, outputs: list[list[dict[str, Any]]]) -> list[str]:
        return [self._decide(answers) for answers in outputs]

    def _decide(self, answers: list[dict[str, Any]]) -> str:
        text, margin = _surest(answers)
        return text if margin > self.threshold else ""

    def best_threshold(self, outputs: list[list[dict[str, Any]]], truth: list[list[str]]) -> float:
        """The threshold with the highest mean F1 on these outputs; of equally good ones that of the most answers.

        As SQuAD 2's own evaluation chooses it (Rajpurkar et al. 2018, arXiv 1806.03822). It is a choice like any
        other: make it on the validation split, and set `threshold` to it. Raises DataError where there are no outputs.
        """
        if not outputs:
            raise DataError("Found no outputs; expected those of a split, such as run.outputs().")
        texts, margins = zip(*map(_surest, outputs), strict=True)
        gains = self.quality(list(texts), truth) - self.quality([""] * len(texts), truth)
        order = np.argsort([-margin for margin in margins], kind="stable")  # the surest answer first
        edges = np.clip(np.array(margins)[order], -FARTHEST, FARTHEST)
        edges = np.concatenate([[edges[0] + 1], edges, [edges[-1] - 1]])
        total = np.concatenate([[0.0], gains[order].cumsum()])  # by how many answers are given
        total[edges[:-1] == edges[1:]] = -np.inf  # no threshold parts answers that are equally sure
        given = np.flatnonzero(total >= total.max() - 1e-9)[-1]  # sums of like parts differ by rounding
        return float(edges[given : given + 2].mean())

    def show(self, examples: datasets.Dataset, outputs: list[list[dict[str, Any]]]) -> Any:
        """context, question, prediction, its start in characters (-1 for none), probability, and the other answers."""
        import pandas as pd

        rows = []
        for context, question, answers in zip(examples["context"], examples["question"], outputs, strict=True):
            text = self._decide(answers)
            chosen = next(answer for answer in answers if answer["text"] == text)
            others = [f"{a['text'] or SILENCE} {a['probability']:.0%}" for a in answers if a is not chosen]
            rows.append(
                {
                    "context": context,
                    "question": question,
                    "prediction": text or SILENCE,
                    "start": chosen["start"],
                    "probability": round(chosen["probability"], 4),
                    "others": ", ".join(others),
                }
            )
        return pd.DataFrame(rows)


def _surest(answers: list[dict[str, Any]]) -> tuple[str, float]:
    """The best answer of an example that has a text, and how far its score exceeds that of no answer."""
    nothing = next(answer["score"] for answer in answers if not answer["text"])
    best = next((answer for answer in answers if answer["text"]), None)
    return (str(best["text"]), best["score"] - nothing) if best else ("", -math.inf)


def _beginnings(texts: list[str], processor: Any, tokens: int) -> list[str]:
    """Of each text as much as its first `tokens` tokens are of."""
    spans = processor(texts, add_special_tokens=False, return_offsets_mapping=True, verbose=False)["offset_mapping"]
    pairs = zip(texts, spans, strict=True)
    return [text[: found[tokens - 1][1]] if len(found) > tokens else text for text, found in pairs]


def _whole_letters(windows: list[list[Span]], rows: list[int], contexts: list[str]) -> list[list[Span]]:
    """The offsets of windows, with what the tokenizer drops, such as accents and marks of direction, beside its letter.

    rows: which of the contexts each window is of. What no token covers, and is no white space,
    goes to the token before it, and where white space parts them to the one behind it.
    """
    spans: dict[int, set[Span]] = {row: set() for row in rows}
    for row, offsets in zip(rows, windows, strict=True):
        if not contexts[row].isascii():
            spans[row].update(offsets)
    wider = {row: _widened(sorted(found - {OUTSIDE}), contexts[row]) for row, found in spans.items()}
    return [[wider[row].get(span, span) for span in offsets] for row, offsets in zip(rows, windows, strict=True)]


def _widened(spans: list[Span], context: str) -> dict[Span, Span]:
    """The spans of a passage's tokens, in order, and what each becomes."""
    made: dict[Span, Span] = {}
    covered = 0
    for number, (start, end) in enumerate(spans):
        first, last = start, end
        before = spans[number + 1][0] if number + 1 < len(spans) else len(context)
        while first > covered and not context[first - 1].isspace():
            first -= 1
        while last < before and not context[last].isspace():
            last += 1
        made[start, end] = first, last
        covered = max(covered, last)
    return made


def _tell_missed(
    answers: list[dict[str, Any]], rows: list[int], places: list[tuple[int, int]], marks: list[int], length: int
) -> None:
    """Say how many answers no window holds whole, which teaches that there is none, and how many are never found."""
    placed: dict[int, int] = {}  # by example: the tokens of its answer
    for row, (first, last), mark in zip(rows, places, marks, strict=True):
        if first != mark:
            placed[row] = last - first + 1
    asked = [row for row, found in enumerate(answers) if len(found["text"])]
    missed = sum(row not in placed for row in asked)
    whole = f"answers stand whole in no window of max_length={length}"
    tell_cut(missed, len(asked), whole, "their passages are learnt as without an answer")
    long = sum(tokens > LONGEST_ANSWER for tokens in placed.values())
    tell_cut(long, len(asked), f"answers have more than {LONGEST_ANSWER} tokens", "none so long is given", "")


def _place(answers: dict[str, Any], offsets: list[Span], mark: int) -> tuple[int, int]:
    """The first and last token of the first answer in this window; [CLS] where it is not wholly there."""
    if not len(answers["text"]):
        return mark, mark
    text = answers["text"][0]
    first = int(answers["answer_start"][0]) + len(text) - len(text.lstrip())  # no token need hold the white space
    last = first + len(text.strip())
    inside = [i for i, (start, end) in enumerate(offsets) if start != -1 and start < last and end > first]
    if not inside or offsets[inside[0]][0] > first or offsets[inside[-1]][1] < last:
        return mark, mark
    return inside[0], inside[-1]


def _spans(scores: dict[str, Any], offsets: list[list[int]], context: str) -> list[dict[str, Any]]:
    """Answers of one window: spans of the passage between likely first and last tokens."""
    inside = np.array([i for i, (start, _) in enumerate(offsets) if start != -1], dtype=int)
    starts = inside[np.argsort(-scores["start"][inside], kind="stable")[:CANDIDATES]]
    ends = inside[np.argsort(-scores["end"][inside], kind="stable")[:CANDIDATES]]
    found = []
    for first in starts:
        for last in ends:
            if first <= last < first + LONGEST_ANSWER:
                span = context[offsets[first][0] : offsets[last][1]]
                text = span.strip()  # the pieces of some tokenizers begin with the space before a word
                begin = offsets[first][0] + len(span) - len(span.lstrip())
                score = float(scores["start"][first] + scores["end"][last])
                if text:
                    found.append({"text": text, "start": int(begin), "score": score})
    return found


def _best(spans: list[dict[str, Any]], nothing: float) -> list[dict[str, Any]]:
    """The KEPT best answers, no answer among them, the best first, with probabilities (softmax over those tried)."""
    none = {"text": "", "start": -1, "score": nothing}
    ranked = sorted([*spans, none], key=lambda answer: -answer["score"])
    distinct = list({(answer["start"], answer["text"]): answer for answer in reversed(ranked)}.values())
    ranked = sorted(distinct, key=lambda answer: -answer["score"])
    odds = np.exp([answer["score"] - ranked[0]["score"] for answer in ranked])
    for answer, share in zip(ranked, odds / odds.sum(), strict=True):
        answer["probability"] = float(share)
    kept = ranked[:KEPT]
    return kept if none in kept else [*kept[:-1], none]
