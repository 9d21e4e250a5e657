"""Advice on pictures: what in a task's pictures is worth a look before training, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from .media_advice import empty, leaks, places, uneven

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
    common = [*empty(seen.splits), *uneven(seen.classes, "objects" if seen.boxed else "pictures")]
    rest = [*_flat(seen), *_repeated(seen)] if seen.checked else [_unchecked(seen)]
    return [*common, *_varied(seen), *_tiny(seen), *rest]


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
        yield f"Pictures of hardly more than one shade: {places(flat)}. The order 'least contrast' shows them."


def _repeated(seen: PictureInspection) -> Iterator[str]:
    yield from leaks(seen.repeats, "Pictures", ", the same or nearly so")
    yield from _contradictions(seen)
    yield from _within(seen)


def _contradictions(seen: PictureInspection) -> Iterator[str]:
    for exact, what in ((True, "the same pixels"), (False, "nearly the same pixels")):
        found = [one.again for one in seen.repeats if one.contradicts and one.exact is exact]
        if found:
            yield f"Pictures that have {what} as another one but another label: {places(found)}. Which is right?"


def _within(seen: PictureInspection) -> Iterator[str]:
    found = [one.again for one in seen.repeats if not one.leaks]
    if found:
        yield f"Pictures that repeat one of their own split, pixel by pixel or nearly so: {places(found)}."


def _unchecked(seen: PictureInspection) -> str:
    total = sum(map(len, seen.splits.values()))
    return (
        f"Repeats and blank pictures among {total:,} pictures take long to find: the tab Repeats does it, "
        "or inspection.repeats in code."
    )
