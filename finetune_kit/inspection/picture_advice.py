"""Advice on pictures: what in a task's pictures is worth a look before training, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..data.repeats import Place
from ..data.rows import listed
from .advice import UNEVEN

if TYPE_CHECKING:
    from .pictures import PictureInspection

VARIED = 16.0  # times as many pixels in the largest picture as in the smallest, from which there is a warning
TINY = 0.001  # of the picture's area, below which an object is small
FLAT = 0.02  # contrast below which a picture shows next to nothing


def summary(seen: PictureInspection) -> str:
    """How many pictures, objects and classes there are, and which sizes."""
    counts = ", ".join(f"{len(found):,} {name}" for name, found in seen.sizes.items())
    every = np.concatenate(list(seen.sizes.values()))
    every = every[np.argsort(every.prod(axis=1), kind="stable")]
    small, large = every[0], every[-1]
    sizes = f"all of {small[0]} x {small[1]} pixels"
    if (every != small).any():
        sizes = f"from {small[0]} x {small[1]} to {large[0]} x {large[1]} pixels"
    if not seen.boxed:
        return f"{counts} pictures of {len(seen.names)} classes, {sizes}."
    numbers = [len(ids) for rows in seen.class_ids.values() for ids in rows]
    none = f", and none in {numbers.count(0):,} pictures" if 0 in numbers else ""
    return (
        f"{counts} pictures, {sizes}, with {sum(numbers):,} objects of {len(seen.names)} classes: "
        f"{np.mean(numbers):.1f} a picture, {max(numbers)} at most{none}."
    )


def warnings(seen: PictureInspection) -> list[str]:
    """What to look into: empty splits, classes, sizes, small objects; where it is checked blank pictures, repeats."""
    rest = [*_flat(seen), *_leaks(seen), *_contradictions(seen), *_within(seen)] if seen.checked else [_unchecked(seen)]
    return [*_empty(seen), *_uneven(seen), *_varied(seen), *_tiny(seen), *rest]


def _empty(seen: PictureInspection) -> Iterator[str]:
    for split, part in seen.splits.items():
        if not len(part):
            yield f"The {split} split is empty."


def _uneven(seen: PictureInspection) -> Iterator[str]:
    noun = "objects" if seen.boxed else "pictures"
    for split, classes in seen.classes.items():
        missing = [name for name, count in classes.items() if not count]
        if missing and any(classes.values()):
            yield f"The {split} split has no {noun} of {listed([repr(name) for name in missing])}."
    present = {name: count for name, count in seen.classes.get("train", {}).items() if count}
    if present:
        most, least = max(present, key=present.__getitem__), min(present, key=present.__getitem__)
        if present[most] >= UNEVEN * present[least]:
            yield (
                f"The class {most!r} has {present[most]:,} {noun} to train on and {least!r} {present[least]:,}: "
                "a good score can come from the large ones alone, so look at each class."
            )


def _varied(seen: PictureInspection) -> Iterator[str]:
    pixels = np.concatenate([found.prod(axis=1) for found in seen.sizes.values()])
    if pixels.max() >= VARIED * pixels.min():
        yield (
            f"The largest picture has {pixels.max() / pixels.min():.0f} times as many pixels as the smallest: a model "
            "sees all at one size, and small ones blurred. The order 'smallest' shows them."
        )


def _tiny(seen: PictureInspection) -> Iterator[str]:
    areas = [share for rows in seen.areas.values() for row in rows for share in row]
    tiny = sum(share < TINY for share in areas)
    if tiny:
        yield (
            f"{tiny:,} of {len(areas):,} objects cover less than a thousandth of their picture, which at 128 x 128 "
            "pixels is 4 x 4 at most: hard to find. The order 'smallest object' shows them."
        )


def _flat(seen: PictureInspection) -> Iterator[str]:
    flat = [(split, int(row)) for split, found in seen.looks.items() for row in np.flatnonzero(found.contrast < FLAT)]
    if flat:
        yield f"Pictures of hardly more than one shade: {_places(flat)}. The order 'least contrast' shows them."


def _leaks(seen: PictureInspection) -> Iterator[str]:
    leaks: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for one in seen.repeats:
        if one.leaks:
            leaks[one.first[0], one.again[0]].append(one.again)
    for (first, again), found in leaks.items():
        yield (
            f"Pictures of the {again} split that stand in the {first} split too, the same or nearly so: "
            f"{_places(found)}. Scores on them are too good."
        )


def _contradictions(seen: PictureInspection) -> Iterator[str]:
    for exact, what in ((True, "the same pixels"), (False, "nearly the same pixels")):
        found = [one.again for one in seen.repeats if one.contradicts and one.exact is exact]
        if found:
            yield f"Pictures that have {what} as another one but another label: {_places(found)}. Which is right?"


def _within(seen: PictureInspection) -> Iterator[str]:
    found = [one.again for one in seen.repeats if not one.leaks]
    if found:
        yield f"Pictures that repeat one of their own split, pixel by pixel or nearly so: {_places(found)}."


def _unchecked(seen: PictureInspection) -> str:
    total = sum(map(len, seen.splits.values()))
    return (
        f"Repeats and blank pictures among {total:,} pictures take long to find: the tab Repeats does it, "
        "or inspection.repeats in code."
    )


def _places(found: list[Place]) -> str:
    """How many, and the first places."""
    return f"{len(found):,} ({listed([f'{split}[{row}]' for split, row in found])})"
