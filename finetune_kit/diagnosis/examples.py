"""Examples: what is wrong with the data that a run learnt from and was measured on."""

from __future__ import annotations

from collections import Counter

from .facts import Facts
from .findings import Finding

LEAKED, GRAVE = 0.01, 0.1  # of a split's examples that stand in another: worth telling, worse
CONTRARY = 0.005  # of all examples that come again under another label
REPEATED = 0.1  # of the training examples that are there already
SHORTENED = 0.05, 0.25  # of the examples that are not read whole: worth telling, worse
STRANGE = 0.02, 0.1  # of the pieces that the tokenizer does not know


def leakage(facts: Facts) -> Finding | None:
    """Examples of one split that are in another too."""
    leaks = Counter((copy.again[0], copy.first[0]) for copy in facts.copies if copy.again[0] != copy.first[0])
    shares = {(here, there): count / len(facts.splits[here]) for (here, there), count in leaks.items()}
    many = [pair for pair, share in shares.items() if share >= LEAKED]
    if not many:
        return None
    told = [f"{leaks[pair]:,} {pair[0]} examples ({shares[pair]:.1%}) are in the {pair[1]} split too" for pair in many]
    return Finding(
        "leakage between splits",
        "high" if max(shares.values()) >= GRAVE else "medium",
        "The same examples stand in two splits: scores on them measure memory and are too good.",
        f"{'; '.join(told)}.",
        "Give the data in one piece, so that the kit divides it and keeps equal examples together, or take the copies "
        "out; ftk.data_browser lists them.",
    )


def contradictions(facts: Facts) -> Finding | None:
    """Equal examples under unlike labels."""
    count = sum(copy.contradicts for copy in facts.copies)
    total = sum(map(len, facts.splits.values()))
    if count < 2 or count < CONTRARY * total:
        return None
    first = next(copy for copy in facts.copies if copy.contradicts)
    places = " and ".join(f"row {row} of {split}" for split, row in (first.first, first.again))
    return Finding(
        "contradictory labels",
        "medium",
        "Equal examples have unlike labels: one of the two must be wrong, and no model can learn both.",
        f"{count:,} of {total:,} examples come again under another label, such as {places}.",
        "Settle the labels: ftk.top_losses finds the doubtful ones, ftk.clean corrects them or leaves them out.",
    )


def duplicates(facts: Facts) -> Finding | None:
    """Training examples that are there several times."""
    train = facts.splits.get("train")
    count = sum(copy.first[0] == copy.again[0] == "train" for copy in facts.copies)
    if train is None or count < max(2, REPEATED * len(train)):
        return None
    return Finding(
        "duplicated examples",
        "low",
        "Many training examples are copies: the model sees fewer different ones than their number says.",
        f"{count:,} of {len(train):,} training examples ({count / len(train):.1%}) repeat another one.",
        "Take the copies out, or count the distinct examples when you judge how many labels it took.",
    )


def truncation(facts: Facts) -> Finding | None:
    """Examples that are not read whole."""
    if facts.cut is None or not facts.cut.of:
        return None
    lost, of, setting = facts.cut
    some, many = SHORTENED
    if lost < some * of:
        return None
    name = setting.partition("=")[0]
    return Finding(
        "truncation",
        "high" if lost >= many * of else "medium",
        "Part of the examples is cut off: what stands there the model never sees.",
        f"{lost:,} of {of:,} examples ({lost / of:.1%}) are longer than {setting}.",
        f"A larger {name}, as far as the model goes; else shorter examples, cut so that what matters is kept.",
    )


def unknown_words(facts: Facts) -> Finding | None:
    """Words for which the tokenizer has no piece."""
    unknown, pieces = (sum(int(getattr(one, name).sum()) for one in facts.readings) for name in ("unknown", "pieces"))
    some, many = STRANGE
    if not unknown or unknown < some * pieces:
        return None
    words: Counter[str] = sum((one.unknown_words for one in facts.readings), Counter())
    commonest = ", ".join(repr(word[:20]) for word, _ in words.most_common(3))
    return Finding(
        "unknown words",
        "high" if unknown >= many * pieces else "medium",
        "The tokenizer does not know part of these texts: the model reads the same mark for all of it.",
        f"{unknown:,} of {pieces:,} pieces ({unknown / pieces:.1%}) are unknown, most often {commonest}.",
        "A checkpoint pretrained on this language and kind of text; ftk.inspect shows how its tokenizer cuts them.",
    )
