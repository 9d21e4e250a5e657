"""Repeats: pictures or sounds that stand more than once in a data set, exactly or, of pictures, nearly so."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import datasets
import numpy as np

from .. import boxes as geometry
from .levels import Levels, levels
from .looks import Looks, class_ids, looks, sizes

SHOWN = 100  # repeats, or pairs of texts, that a report lists
BITS = 10  # of 64 in which the hashes of nearly the same pictures differ at most
SHADES = 8.0  # of 255: by less do their thumbnails differ, brightness and tint aside
SHARE = 0.25  # of the contrast of each of the two thumbnails: by less do they differ
OVERLAP = 0.5  # from which two boxes of a class are those of one object

Place = tuple[str, int]  # a split, and a row of it counted from 0
Pair = tuple[str, int, str, int]  # two places


class Repeat(NamedTuple):
    """A picture or a sound that comes again.

    first, again: where it stands first, and where again. exact: whether all pixels or samples are the same,
    not only nearly so. contradicts: whether the labels differ.
    """

    first: Place
    again: Place
    exact: bool
    contradicts: bool

    @property
    def kind(self) -> str:
        """What it is, in words: 'nearly the same, other label'."""
        return f"{'' if self.exact else 'nearly '}the same{', other label' if self.contradicts else ''}"

    @property
    def leaks(self) -> bool:
        """Whether the two stand in different splits."""
        return self.first[0] != self.again[0]

    @property
    def pair(self) -> Pair:
        """Both places in a row: split, row, split, row."""
        return (*self.first, *self.again)


def repeats(splits: datasets.DatasetDict, seen: dict[str, Looks] | None = None) -> list[Repeat]:
    """The pictures that come again within or across splits, each behind the first one that it is like.

    The worst come first: the same before nearly the same, other labels first, then across splits.

    seen: the looks of each split where they are known, else all pictures are decoded. Pictures
    are the same where all pixels are. They are nearly the same where their difference hashes
    differ in 10 bits of 64 at most, and then their thumbnails of 16 x 16 dots, brightness and
    tint aside, by less than 8 of 255 shades and a quarter of their contrast (root mean squares).
    Another label is another class, or objects of which one is missing, of another class or
    overlaps its counterpart by less than half.
    """
    seen = seen if seen is not None else {name: looks(part) for name, part in splits.items()}
    places = [(name, row) for name in splits for row in range(len(seen[name].digests))]
    first, same = _same([digest for name in splits for digest in seen[name].digests])
    distinct = np.array(first, int)
    hashes, thumbnails = (
        np.concatenate([getattr(seen[name], what) for name in splits])[distinct] for what in ("hashes", "thumbnails")
    )
    near = [(int(distinct[a]), int(distinct[b])) for a, b in near_pairs(hashes, thumbnails)]
    agree = _Labels(splits)
    found = [
        Repeat(places[a], places[b], exact, not agree(places[a], places[b]))
        for exact, pairs in ((True, same), (False, near))
        for a, b in pairs
    ]
    return sorted(found, key=_worst)


def repeated_sounds(splits: datasets.DatasetDict, heard: dict[str, Levels] | None = None) -> list[Repeat]:
    """The sounds that come again within or across splits, each behind the first; the worst come first, as in `repeats`.

    heard: the levels of each split where they are known, else all sounds are decoded. Sounds are
    the same where rate and samples are.
    """
    heard = heard if heard is not None else {name: levels(part) for name, part in splits.items()}
    places = [(name, row) for name in splits for row in range(len(heard[name].digests))]
    labels = [label for part in splits.values() for label in part["label"][:]]
    _, same = _same([digest for name in splits for digest in heard[name].digests])
    return sorted((Repeat(places[a], places[b], True, labels[a] != labels[b]) for a, b in same), key=_worst)


def _same(digests: list[bytes]) -> tuple[list[int], list[tuple[int, int]]]:
    """The first row of each digest, and each further row behind the first of its digest."""
    first: dict[bytes, int] = {}
    leaders = [first.setdefault(digest, row) for row, digest in enumerate(digests)]
    return list(first.values()), [(leader, row) for row, leader in enumerate(leaders) if leader != row]


def _worst(one: Repeat) -> tuple[bool, ...]:
    """What to sort by, so that the worst come first."""
    return not one.exact, not one.contradicts, not one.leaks


def near_pairs(hashes: np.ndarray, thumbnails: np.ndarray) -> list[tuple[int, int]]:
    """Each picture that is nearly the same as one before it, behind the first such: pairs of rows.

    hashes: (n,) uint64; thumbnails: (n, height, width, 3) uint8.
    """
    shades = thumbnails.astype(np.float32)
    shades = (shades - shades.mean(axis=(1, 2), keepdims=True)).reshape(len(shades), -1)  # (n, height x width x 3)
    spread = np.square(shades).mean(axis=1)
    most = np.minimum(SHADES**2, SHARE**2 * spread)
    found = []
    for row in range(1, len(hashes)):
        close = np.flatnonzero(np.bitwise_count(hashes[:row] ^ hashes[row]) <= BITS)
        # The mean square of a difference, from those of the two and their product: far quicker than to subtract.
        apart = spread[close] + spread[row] - 2 / shades.shape[1] * (shades[close] @ shades[row])
        alike = close[apart < np.minimum(most[close], most[row])]  # never of blank ones, which have nothing to compare
        if len(alike):
            found.append((int(alike[0]), row))
    return found


class _Labels:
    """Whether the labels of two places agree, for all pictures of a data set."""

    def __init__(self, splits: datasets.DatasetDict):
        self.ids = {name: class_ids(part)[1] for name, part in splits.items()}
        self.boxes = {name: part["boxes"][:] for name, part in splits.items() if "boxes" in part.column_names}
        self.sizes = {name: sizes(splits[name]) for name in self.boxes}

    def __call__(self, one: Place, other: Place) -> bool:
        ids, others = (np.array(self.ids[split][row], int) for split, row in (one, other))
        if Counter(ids.tolist()) != Counter(others.tolist()):
            return False
        return not self.boxes or all(
            (geometry.matches(self._corners(one)[ids == c], self._corners(other)[others == c], OVERLAP) >= 0).all()
            for c in set(ids.tolist())
        )

    def _corners(self, place: Place) -> np.ndarray:
        """The boxes of a picture by corners, as shares of its sides: (n, 4) float64."""
        split, row = place
        given = np.array(self.boxes[split][row], float).reshape(-1, 4)
        return np.concatenate([given[:, :2], given[:, :2] + given[:, 2:]], axis=1) / np.tile(self.sizes[split][row], 2)
