"""Texts: whether a checkpoint's tokenizer and language are those of a task's texts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..diagnosis.examples import truncation, unknown_words
from ..diagnosis.facts import Facts, read_texts
from ..diagnosis.findings import Finding
from ..history import History
from ..inspection.pieces import cut, own_texts, spoken, words
from ..inspection.reading import Reader
from . import familiarity
from .pair import Pair

READ = 500  # examples of a split that are cut into pieces
# Both measured by benchmarks/compatibility.py. Pieces to a word of letters, with the three pocket tokenizers: 1.05 to
# 1.36 on English of every day, 1.47 to 1.69 on documentation of Python; 1.80 and 2.14 on French for those that know
# English alone, 2.4 to 2.9 on German, 2.5 to 3.0 on English words with shuffled letters, 3.8 on capitals where case
# counts.
FINE, FINER = 2.0, 3.0
FEW = 50  # words of letters below which nothing is said of them
# What the order of the words saves of the loss: 15 to 39 % on texts that pocket-bert and pocket-gpt know, 7 % at most
# on French, German and shuffled letters, 8 % on Python itself.
KNOWN, STRANGE = 0.10, 0.04
TRY = (
    "A checkpoint pretrained on this language and kind of text; or this one, once it has gone on pretraining on much "
    "of it (ftk.pretrain)"
)


def findings(pair: Pair, weights: bool, missing: list[str]) -> list[Finding | None]:
    """What speaks against the model, of the texts. What could not be looked at is added to `missing`."""
    if not getattr(pair.processor, "is_fast", False):
        missing.append("how the texts are cut, for the model has no fast tokenizer.")
        return []
    reader = Reader(pair.task, pair.processor, pair.network, pair.max_length)
    facts = _facts(pair, reader)
    found = [unknown_words(facts), truncation(facts)]
    rows = [row for part in pair.parts(READ)[:1] for row in part.to_list()]
    texts = [reader.texts(row) for row in rows]
    sides = {name: [text[name].strip() for text in texts if name in text] for name in (texts[0] if texts else ())}
    for name, said in sides.items():
        where = f" in the {name}" if len(sides) > 1 else ""
        found.append(shattered(pair.processor, said, where))
        found.append(unfamiliar(pair, said, where, missing) if weights else None)
    return found


def _facts(pair: Pair, reader: Reader) -> Facts:
    """What the rules of a diagnosis need that ask of the reading alone."""
    splits = dict(pair.task.splits)
    return Facts(pair.task, History(), splits, None, None, 0.0, 0.0, **read_texts(reader, pair.parts(READ)))


def shattered(processor: Any, texts: list[str], where: str = "") -> Finding | None:
    """Words that fall into many pieces. where: which of several texts of an example they are, in words."""
    cuts = cut_words(processor, texts)
    total, a_word = cuts.total(), pieces_a_word(cuts)
    if total < FEW or a_word < FINE:
        return None
    many = {word: times for word, times in cuts.items() if word[1].count("|") >= 2}
    commonest = ", ".join(shown for (_, shown), _ in Counter(many).most_common(3))
    return Finding(
        "shattered words",
        "high" if a_word >= FINER else "medium",
        f"The tokenizer was made from other texts: it cuts the words{where} into pieces that mean little alone.",
        f"{a_word:.1f} pieces a word (1.1 to 1.7 where tokenizer and text fit); {sum(many.values()) / total:.0%} of "
        f"{total:,} words fall into three or more, such as {commonest}.",
        f"{TRY}; the second keeps these pieces.",
    )


def cut_words(processor: Any, texts: list[str]) -> Counter[tuple[str, str]]:
    """How often each word of letters alone occurs, by the word and its cuts, such as ('jumped', 'jump|ed')."""
    cuts: Counter[tuple[str, str]] = Counter()
    for text, pieces in zip(texts, cut(processor, texts), strict=True):
        for word in words(pieces):
            inner = [piece for piece in word if spoken(text[piece.start : piece.end])]
            written = text[inner[0].start : inner[-1].end].strip() if inner else ""
            if written.isalpha():
                cuts[written, "|".join(own.strip() or "·" for own in own_texts(text, inner))] += 1
    return cuts


def pieces_a_word(cuts: Counter[tuple[str, str]]) -> float:
    """The mean number of pieces of what `cut_words` found: the fertility of Rust et al. 2021, marks left aside."""
    return sum(times * (1 + shown.count("|")) for (_, shown), times in cuts.items()) / max(cuts.total(), 1)


def unfamiliar(pair: Pair, texts: list[str], where: str, missing: list[str]) -> Finding | None:
    """Texts of a language, or in a manner, that the model does not know."""
    measured = familiarity.measure(texts, pair.config.model, pair.network, pair.processor)
    if isinstance(measured, str):
        missing.append(f"whether the model knows the texts{where}: {measured}.")
        return None
    if measured.share >= KNOWN:
        return None
    return Finding(
        "unfamiliar texts",
        "high" if measured.share < STRANGE else "medium",
        f"The model hardly knows the language of the texts{where}: in which order the words stand tells it little.",
        f"A {measured.what} piece costs it {measured.loss:.2f} nats, and {measured.shuffled:.2f} where the words are "
        f"shuffled: their order saves {max(measured.share, 0):.0%}. It is 15 % and more on texts that a model knows.",
        f"{TRY}.",
    )
