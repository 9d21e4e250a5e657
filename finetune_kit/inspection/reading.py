"""Reading: the examples of a task as a model reads them, and what a bound on their length cuts off."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any

import datasets
import numpy as np

from ..data.splitting import text_column
from ..objectives.base import IGNORED
from ..tasks import Task
from ..tasks.text_to_text import TextToText
from .pieces import Piece, cut, own_texts, spoken, words

WHOLE = 10**9  # a max_length that cuts nothing
CHUNK = 1000  # examples that are cut into pieces at a time, so that memory stays small
SHATTERED = 3  # pieces from which on a word counts as shattered
SPECIALS = 2  # special tokens at the end of a sequence, at most
ALIKE = 16  # tokens by which the place is known where a shortened sequence goes on

Place = tuple[str, int]  # a split, and a row of it counted from 0
Sequence = dict[str, list[int]]  # the token ids of what is `read` and, where it stands apart, of the `answer`


@dataclass(frozen=True)
class Passage:
    """A text of an example in pieces.

    unread: the first piece that is cut off, and the first behind it that is not. border: the
    piece before which the first of several windows ends, or None.
    """

    name: str
    text: str
    pieces: list[Piece]
    unread: tuple[int, int] = (0, 0)
    border: int | None = None


@dataclass(frozen=True)
class Example:
    """An example as the model reads it.

    truth: as people read it; '' where a passage says it. windows: in how many sequences it is read.
    """

    place: Place
    passages: list[Passage]
    truth: str
    windows: int


@dataclass(frozen=True, eq=False)
class Reading:
    """A split as a tokenizer cuts it. The arrays hold an int64 an example.

    lengths: tokens, special ones too and nothing cut off: those that the model reads, with those
    that it shall write where both are one sequence. pieces, words, unknown: of the texts alone;
    words are what white space parts. fates: how many examples are 'too long' for the bound, and
    what becomes of them: they lose their 'beginning', their 'end' or the end of their 'answer',
    or are read in 'windows'. unknown_words: how often something without a piece occurs.
    shattered: how often a word occurs that falls into 3 pieces or more, by the word and its cuts.
    """

    lengths: np.ndarray
    pieces: np.ndarray
    words: np.ndarray
    unknown: np.ndarray
    fates: Counter[str]
    unknown_words: Counter[str]
    shattered: Counter[tuple[str, str]]


class Reader:
    """Reads the examples of a task with a tokenizer, for a model of a configuration, `max_length` tokens at once."""

    def __init__(self, task: Task, processor: Any, config: Any, max_length: int):
        self.task, self.processor, self.config, self.max_length = task, processor, config, max_length
        self.writes = isinstance(task, TextToText)
        self.apart = self.writes and config.is_encoder_decoder  # whether what is written has a sequence of its own

    def texts(self, row: dict[str, Any]) -> dict[str, str]:
        """The texts of an example that the model reads and writes, by name."""
        if isinstance(self.task, TextToText):
            between = "" if self.apart else self.task.between
            return {"prompt": self.task.prompt(row) + between, "answer": self.task.answer(row)}
        fields = [name for name in self.task.fields if name in row]
        return {name: row[name] for name in fields or [text_column(self.task.splits["train"])]}

    # --- a whole split, counted

    def split(self, part: datasets.Dataset) -> Reading:
        """Everything that is counted over a split."""
        lengths: list[int] = []
        counts: list[tuple[int, int, int]] = []
        fates: Counter[str] = Counter()
        unknown: Counter[str] = Counter()
        shattered: Counter[tuple[str, str]] = Counter()
        for start in range(0, len(part), CHUNK):
            chunk = part.select(range(start, min(start + CHUNK, len(part))))
            whole = [windows[0] for windows in self._sequences(chunk, WHOLE)]
            lengths += [len(one["read"]) + (0 if self.apart else len(one["answer"])) for one in whole]
            fates.update(fate for found in self._fates(chunk, whole) for fate in found)
            for read in self._cut(chunk):
                missing = [text[piece.start : piece.end] for text, cuts in read for piece in cuts if not piece.known]
                words_here = sum(len(text.split()) for text, _ in read)
                counts.append((sum(len(cuts) for _, cuts in read), words_here, len(missing)))
                unknown.update(missing)
                shattered.update(word for text, cuts in read for word in _shattered(text, cuts))
        pieces, spaced, strange = np.array(counts, dtype=np.int64).reshape(-1, 3).T
        return Reading(np.array(lengths, np.int64), pieces, spaced, strange, fates, unknown, shattered)

    def _fates(self, chunk: datasets.Dataset, whole: list[Sequence]) -> list[list[str]]:
        """What becomes of each example that does not fit. whole: the tokens of all of them without a bound."""
        # A question or an answer gets half of the room at most, so that only what is shorter is sure to fit.
        sizes = [len(one["read"]) + len(one["answer"]) for one in whole]
        rows = [row for row, size in enumerate(sizes) if size > self.max_length // 2]
        if not rows:
            return []
        kept = self._sequences(chunk.select(rows), self.max_length)
        return [_fate(whole[row], windows) for row, windows in zip(rows, kept, strict=True)]

    def _cut(self, chunk: datasets.Dataset) -> list[list[tuple[str, list[Piece]]]]:
        """The texts of each example with their pieces."""
        texts = [list(self.texts(row).values()) for row in chunk.to_list()]
        pieces = iter(cut(self.processor, [text for row in texts for text in row]))
        return [[(text, next(pieces)) for text in row] for row in texts]

    # --- single examples, in full

    def examples(self, split: str, part: datasets.Dataset, rows: list[int]) -> list[Example]:
        """Some examples of a split in pieces, with what is cut off of them."""
        if not rows:
            return []
        chunk = part.select(rows)
        whole, kept = (self._sequences(chunk, length) for length in (WHOLE, self.max_length))
        hidden = self.task.truth_columns and not self.writes
        truths = self.task.words(self.task.truth(chunk)) if hidden else [""] * len(rows)
        names = [list(self.texts(row)) for row in chunk.to_list()]
        found = []
        for i, read in enumerate(self._cut(chunk)):
            named = zip(names[i], read, strict=True)
            passages = [_passage(name, text, pieces, whole[i][0], kept[i]) for name, (text, pieces) in named]
            found.append(Example((split, rows[i]), passages, truths[i], len(kept[i])))
        return found

    def _sequences(self, chunk: datasets.Dataset, max_length: int) -> list[list[Sequence]]:
        """Of each example the sequences that the model reads it in: one, or several windows."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the task tells what it cuts off, which is told here already
            encoded = self.task.encode(chunk, self.processor, max_length, self.config)
        owners = encoded["example"][:] if "example" in encoded.column_names else range(len(encoded))
        written = encoded["labels"][:] if self.writes else [[]] * len(encoded)
        found: list[list[Sequence]] = [[] for _ in range(len(chunk))]
        for owner, read, labels in zip(owners, encoded["input_ids"][:], written, strict=True):
            answer = [token for token in labels if token != IGNORED]
            alone = read if self.apart else read[: len(read) - len(answer)]
            found[owner].append({"read": alone, "answer": answer})
        return found


def _shattered(text: str, pieces: list[Piece]) -> list[tuple[str, str]]:
    """The words that fall into too many pieces, marks around them aside, each with its cuts."""
    found = []
    for word in words(pieces):
        inner = [piece for piece in word if spoken(text[piece.start : piece.end])] if len(word) >= SHATTERED else []
        if len(inner) >= SHATTERED:
            cuts = "|".join(own.strip() or "·" for own in own_texts(text, inner))
            found.append((text[inner[0].start : inner[-1].end].strip(), cuts))
    return found


def _passage(name: str, text: str, pieces: list[Piece], whole: Sequence, windows: list[Sequence]) -> Passage:
    """A text of an example with what a bound cuts off it. whole: the tokens of the example without a bound."""
    kind = "answer" if name == "answer" and whole["answer"] else "read"
    full, kept = whole[kind], windows[0][kind]
    at = _place([piece.id for piece in pieces], full)
    if at is None:  # the text has grown together with a template: where it is cut is not known
        return Passage(name, text, pieces)
    first, again = _gap(full, kept)
    if len(windows) > 1 and len(kept) - first <= SPECIALS:  # the first window ends where the gap begins
        border = first - at if 0 < first - at < len(pieces) else None
        return Passage(name, text, pieces, border=border)
    if len(windows) > 1:  # the gap is before its end, as of a long question
        first, again = _gap(full, kept[:-SPECIALS])
    start, stop = (min(max(place - at, 0), len(pieces)) for place in (first, again))
    return Passage(name, text, pieces, (start, stop) if start < stop else (0, 0))


def _fate(whole: Sequence, windows: list[Sequence]) -> list[str]:
    """What becomes of an example under a bound; nothing where it fits."""
    if len(windows) > 1:
        return ["too long", "windows"]
    lost, kept = [], windows[0]
    if kept["read"] != whole["read"]:
        lost.append("end" if _gap(whole["read"], kept["read"])[0] else "beginning")
    if kept["answer"] != whole["answer"]:
        lost.append("answer")
    return ["too long", *lost] if lost else []


def _place(part: list[int], whole: list[int]) -> int | None:
    """Where a sequence stands in another, or None."""
    return next((i for i in range(len(whole) - len(part) + 1) if whole[i : i + len(part)] == part), None)


def _gap(whole: list[int], kept: list[int]) -> tuple[int, int]:
    """The first token of a sequence that a shortened copy of it lacks, and the first behind it that the copy has."""
    beginning = len(whole) - len(kept)
    if whole[beginning:] == kept:
        return 0, beginning
    pairs = zip(whole, kept, strict=False)
    first = next((i for i, (one, other) in enumerate(pairs) if one != other), len(kept))
    rest = kept[first : first + ALIKE]
    again = (i for i in range(first, len(whole)) if rest and whole[i : i + len(rest)] == rest)
    return first, next(again, len(whole))
