"""Advice: what in a task's data is worth a look before training, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import Inspection

STRANGE = 0.005  # from this share of unknown pieces on there is a warning
FINE = 2.0  # from these pieces a word on
UNEVEN = 3.0  # from these examples of the largest class to one of the smallest on
TELLING = 0.9  # from this accuracy of a single word on

FATES = {
    "beginning": "their beginning is cut off",
    "end": "their end is cut off",
    "answer": "the end of what is to be written is cut off",
    "windows": "they are read in several windows, which takes longer",
}


def warnings(inspection: Inspection) -> list[str]:
    """What to look into: empty splits, lengths, strange words, classes, and repeats where the report is at hand."""
    leaks = _repeats(inspection) if inspection.checked else _unchecked(inspection)
    return [*_empty(inspection), *_lengths(inspection), *_strange(inspection), *_uneven(inspection), *leaks]


def _empty(inspection: Inspection) -> Iterator[str]:
    for name, lengths in inspection.lengths.items():
        if not len(lengths):
            yield f"The {name} split is empty."


def _lengths(inspection: Inspection) -> Iterator[str]:
    fates: Counter[str] = sum((reading.fates for reading in inspection.readings.values()), Counter())
    total = sum(map(len, inspection.lengths.values()))
    for fate, becomes in FATES.items():
        if fates[fate]:
            share = f"{fates[fate]:,} of {total:,} examples ({fates[fate] / total:.1%})"
            yield f"{share} do not fit into max_length={inspection.max_length:,}: {becomes}."


def _strange(inspection: Inspection) -> Iterator[str]:
    readings = inspection.readings.values()
    pieces, words, unknown = (sum(getattr(r, n).sum() for r in readings) for n in ("pieces", "words", "unknown"))
    if unknown > STRANGE * pieces:
        table = inspection.words
        commonest = ", ".join(repr(word[:20]) for word in table[table["what"] == "unknown"]["word"][:3])
        yield (
            f"{unknown / pieces:.1%} of the pieces are unknown to this tokenizer, most often {commonest}: "
            "the model reads the same mark for all of them."
        )
    if pieces >= FINE * max(1, words):
        yield (
            f"A word falls into {pieces / max(1, words):.1f} pieces on average: this tokenizer was made from other "
            "texts, or these have no spaces between words."
        )


def _uneven(inspection: Inspection) -> Iterator[str]:
    for split, classes in inspection.classes.items():
        missing = [name for name, count in classes.items() if not count]
        if missing and any(classes.values()):
            yield f"The {split} split has no example of {', '.join(map(repr, missing[:5]))}."
    counts = inspection.classes.get("train", {})
    present = {name: count for name, count in counts.items() if count}
    if present:
        most, least = max(present, key=present.get), min(present, key=present.get)  # type: ignore[arg-type]
        if present[most] >= UNEVEN * present[least]:
            yield (
                f"The class {most!r} has {present[most]:,} training examples and {least!r} {present[least]:,}: "
                "accuracy can look good on the large ones alone, so read macro F1 beside it."
            )


def _repeats(inspection: Inspection) -> Iterator[str]:
    report = inspection.report
    if report.contradiction_count:
        yield f"Texts that come again with another label: {report.contradiction_count:,}. One of the two is wrong."
    if report.near_duplicates:
        yield (
            f"Pairs of the same or nearly the same text in two splits: {len(report.near_duplicates):,}. "
            "Scores on them are too good."
        )
    if report.duplicate_count:
        yield f"Rows that repeat a text: {report.duplicate_count:,}."
    if report.telling_word_accuracy >= TELLING:
        yield (
            f"The word {report.telling_word!r} alone tells the class of {report.telling_word_accuracy:.0%} of the "
            "texts: a model need learn no more than that."
        )


def _unchecked(inspection: Inspection) -> Iterator[str]:
    total = sum(map(len, inspection.lengths.values()))
    yield f"Repeats among {total:,} examples take long to find: the tab Repeats does it, or inspection.report in code."
