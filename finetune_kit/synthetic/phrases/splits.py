"""The embedded data set: training, validation and test sentences that share words but not their combinations."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path

from ...errors import StorageError
from .corpus import draw
from .grammar import Sentence

SEED = 2024
DRAWN = 30_000
ROWS = {"train": 5000, "validation": 500, "test": 600}
HELD_OUT = {"test": 0.05, "validation": 0.04}  # shares of the combinations of words
A_PATTERN = 14  # test or validation sentences that a pattern may give
SCARCE = 30  # a pattern gives at most one of so many of its sentences to a held-out split


def words(sentence: str) -> list[str]:
    """The lower-case words of a sentence, its punctuation and French elisions apart."""
    return re.findall(r"\w+(?:-\w+)*'?", sentence.lower())


def outlines(sentence: str) -> set[str]:
    """The sentence with no word or one word left out: two that share an outline differ in one word at most."""
    listed = words(sentence)
    return {" ".join(listed), *(" ".join(listed[:i] + listed[i + 1 :]) for i in range(len(listed)))}


def pairs(sentence: str) -> set[tuple[str, str]]:
    """The pairs of words that stand in one sentence."""
    return set(combinations(sorted(set(words(sentence))), 2))


def share_of(combination: str) -> str:
    """The split that a combination of words is kept for: a stable hash decides."""
    position = int(hashlib.sha256(combination.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    if position < HELD_OUT["test"]:
        return "test"
    return "validation" if position < HELD_OUT["test"] + HELD_OUT["validation"] else "train"


def split_of(sentence: Sentence) -> str:
    """The split that the sentence may stand in, by its combinations; '' when it mixes test and validation ones."""
    kinds = {share_of(combination) for combination in sentence.combinations} - {"train"}
    return "train" if not kinds else kinds.pop() if len(kinds) == 1 else ""


def _held_out(drawn: list[Sentence], split: str, taken: set[str]) -> list[Sentence]:
    """Candidates of a held-out split, few from each pattern, none near one of `taken`, to which theirs are added."""
    sizes = Counter(sentence.pattern for sentence in drawn)
    given: Counter[str] = Counter()
    out: list[Sentence] = []
    for sentence in drawn:
        limit = min(A_PATTERN, sizes[sentence.pattern] // SCARCE)
        near = outlines(sentence.english)
        if split_of(sentence) == split and given[sentence.pattern] < limit and not near & taken:
            given[sentence.pattern] += 1
            taken |= near
            out.append(sentence)
    return out


def monolingual(drawn: int, seed: int) -> Iterator[tuple[str, str]]:
    """(language, sentence) of `drawn` sentences of the grammar, first all English ones, then the French ones apart.

    Unlabelled text: no pairs. Sentences with a combination of words that the validation or test
    split is kept for are left out.
    """
    made = [s for s in islice(draw(seed), drawn) if split_of(s) == "train"]
    for language in ("english", "french"):
        for sentence in random.Random(f"{seed} {language}").sample(made, len(made)):
            yield language, getattr(sentence, language)


def make_splits() -> dict[str, list[Sentence]]:
    """The sentences of the three splits, in the order in which they were drawn.

    A test sentence shows at least one combination of words (verb and object, noun and adjective, place and verb ...)
    that no training or validation sentence shows, and two words that never meet in one, though each of its words, in
    both languages, stands in training.
    No two sentences of different splits differ in one word or less, nor have the same translation.
    """
    drawn = list(islice(draw(SEED), DRAWN))
    near: set[str] = set()
    held_out = {split: _held_out(drawn, split, near) for split in ("test", "validation")}
    french = {sentence.french for kept in held_out.values() for sentence in kept}
    train = (s for s in drawn if split_of(s) == "train" and s.french not in french and not outlines(s.english) & near)
    splits = {"train": list(islice(train, ROWS["train"]))}
    english = {word for s in splits["train"] for word in words(s.english)}
    french_words = {word for s in splits["train"] for word in words(s.french)}
    together = {pair for s in splits["train"] for pair in pairs(s.english)}
    told: set[str] = set()
    for split in ("validation", "test"):
        splits[split] = [
            s for s in held_out[split]
            if english.issuperset(words(s.english)) and french_words.issuperset(words(s.french))
            and not pairs(s.english) <= together and s.french not in told
        ][: ROWS[split]]  # fmt: skip
        told |= {s.french for s in splits[split]}
    return splits


def build(folder: str | Path) -> None:
    """Write `train.parquet`, `validation.parquet` and `test.parquet` (columns en, fr, pattern) into the folder.

    Raises StorageError when it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for split, kept in make_splits().items():
            columns = {
                "en": [s.english for s in kept],
                "fr": [s.french for s in kept],
                "pattern": [s.pattern for s in kept],
            }
            pq.write_table(pa.table(columns), folder / f"{split}.parquet", compression="zstd")
    except OSError as error:
        raise StorageError(f"Cannot write to {folder}: {error.strerror or error}. Choose another folder.") from error
