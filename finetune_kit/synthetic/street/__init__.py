"""Drawn streets with cars, people and bicycles, and their boxes: what a detector is tried on without a photograph.

By day, at dusk and in rain, seen across or along the street; what is nearer is larger and hides what is behind it.
Houses, trees, lamps, signs and benches stand around and are of no class.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...errors import ConfigError
from .. import weather
from ..drawing import Cutout, Sheet, bounds, boxes_of, hazed, lay, mirrored, pick, shadow
from ..scenes import Scenes, covered
from ..weather import Light
from . import bicycles, cars, people, scenery
from .layouts import Across, Along, Spot

NAMES: tuple[str, ...] = ("car", "person", "bicycle")
SHARES = (0.36, 0.32, 0.32)  # of the classes among what is placed; riders come on top
RIDDEN = 0.55  # the share of bicycles with a rider
MOST = 8
TRIES = 12  # spots that are tried for an object

CLUTTER: dict[str, tuple[Callable[[Sheet, np.random.Generator], None], tuple[float, float, float, float]]] = {
    "tree": (scenery.tree, (-2.2, 2.2, -0.1, 6.5)),
    "sign": (scenery.sign, (-0.6, 0.6, -0.1, 3.1)),
    "traffic light": (scenery.traffic_light, (-0.4, 0.4, -0.1, 3.4)),
    "bench": (scenery.bench, (-1.0, 1.0, -0.1, 1.0)),
    "bin": (scenery.bin_, (-0.5, 0.5, -0.1, 1.2)),
    "planter": (scenery.planter, (-0.8, 0.8, -0.1, 1.5)),
    "bollards": (scenery.bollards, (-1.3, 1.3, -0.1, 1.0)),
}
Standing = tuple[Spot, list[Cutout]]  # what stands on a spot, the farther cutout first


def draw_object(
    rng: np.random.Generator, kind: str, layout: Across | Along, spot: Spot, light: Light, ridden: bool = False
) -> list[Cutout]:
    """The cutouts of one object of NAMES on a spot; a bicycle that is `ridden` brings its rider."""
    scale = spot.scale
    if kind == "car":
        sheet = Sheet(spot.x, spot.y, scale, (-3.2, 3.2, -2.4, 3.4), light.tint)
        cars.car(sheet, rng, spot.yaw, layout.above(scale), light.dark)
        return [sheet.cutout("car", shade=0.2)]
    if kind == "person":
        tall = float(rng.uniform(1.56, 1.92) if rng.random() < 0.85 else rng.uniform(1.2, 1.45))
        sheet = Sheet(spot.x, spot.y, scale * tall, (-0.6, 0.6, -0.1, 1.35), light.tint)
        people.person(sheet, rng, people.looks(rng, pick(rng, (1, 1, -1, -1, 0, 2))), light.wet)
        return [sheet.cutout("person")]
    bike = bicycles.bicycle(rng, pick(rng, (1, -1)), float(1 - 0.45 * rng.random() ** 2))
    sheet = Sheet(spot.x, spot.y, scale, (-1.2, 1.2, -0.1, 1.4), light.tint)
    bicycles.draw_bicycle(sheet, bike)
    parts = [sheet.cutout("bicycle", shade=0)]
    if ridden:
        sheet = Sheet(spot.x, spot.y, scale, (-1.2, 1.2, -0.1, 2.1), light.tint)
        bicycles.draw_rider(sheet, rng, bike, people.looks(rng, bike.facing))
        parts.append(sheet.cutout("person"))
    return parts


def _objects(rng: np.random.Generator, layout: Across | Along, light: Light, most: int) -> list[Standing]:
    """Objects that may hide one another, but do not stand in one another."""
    wanted, placed = int(rng.integers(1, most + 1)), list[Standing]()
    hiding = float(rng.uniform(0.1, 0.85))  # how much of each other things of this scene hide at the most
    while (left := wanted - sum(len(parts) for _, parts in placed)) > 0:
        kind = NAMES[int(rng.choice(len(NAMES), p=SHARES))]
        ridden = kind == "bicycle" and left > 1 and rng.random() < RIDDEN
        for _ in range(TRIES):
            spot = getattr(layout, kind)()
            parts = draw_object(rng, kind, layout, spot, light, ridden)
            beside = [p for other, p in placed if abs(other.y - spot.y) < 0.35 * spot.scale]
            if _shared(parts, [p for _, p in placed]) <= hiding and _shared(parts, beside) <= 0.1:
                placed.append((spot, parts))
                break
        else:
            break  # the street is full
    return placed


def _shared(parts: list[Cutout], others: list[list[Cutout]]) -> float:
    """The largest share of one of two things that is in both, over all others, by their boxes."""
    return covered(bounds(parts), np.array([bounds(other) for other in others]))


def _clutter(rng: np.random.Generator, layout: Across | Along, light: Light) -> list[Standing]:
    standing = list[Standing]()
    for _ in range(int(rng.integers(2, 8))):
        kind = pick(rng, ("tree", "tree", "lamp", "lamp", *CLUTTER))
        spot = layout.clutter(kind)
        if kind == "lamp":
            sheet = Sheet(spot.x, spot.y, spot.scale, (-1.2, 1.2, -0.1, 4.5), light.tint)
            scenery.lamp(sheet, rng, light.dark)
        else:
            drawer, reach = CLUTTER[kind]
            sheet = Sheet(spot.x, spot.y, spot.scale, reach, light.tint)
            drawer(sheet, rng)
        standing.append((spot, [sheet.cutout(shade=0.15)]))
    return standing


def _scene(rng: np.random.Generator, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture, uint8, its boxes and its class ids; drawn anew until one object at least can be seen."""
    light = weather.light(rng, pick(rng, ("day", "day", "day", "dusk", "rain")))
    layout = Across(rng) if rng.random() < 0.55 else Along(rng)
    picture = weather.sky(rng, light, layout.horizon + 10)
    lay(picture, [hazed(layout.background(light).cutout(shade=0), light.low, light.haze * 0.45)])
    standing = _objects(rng, layout, light, most) + _clutter(rng, layout, light)
    standing.sort(key=lambda thing: thing[0].y)
    cutouts = []
    for spot, parts in standing:
        far = light.haze * float(np.clip((16 - spot.scale) / 20, 0, 0.4))
        parts = [hazed(part, light.low, far) for part in parts]
        _on_the_ground(picture, spot, parts, light)
        cutouts += parts
    lay(picture, cutouts)
    boxes, labels = boxes_of(cutouts, NAMES)
    if not len(boxes):
        return _scene(rng, most)
    if light.wet:
        weather.rain(rng, picture)
    return weather.finished(rng, picture), boxes, labels


def _on_the_ground(picture: np.ndarray, spot: Spot, parts: list[Cutout], light: Light) -> None:
    """Shadow and, in rain, reflection of what stands on a spot, laid on to the empty ground in place."""
    box = bounds(parts)
    wide = max(min(float(box[2]) / 2, 2.6 * spot.scale), 1.5)
    middle = float(box[0] + box[2] / 2) if parts[0].name == "car" else spot.x
    lay(picture, [shadow(middle, spot.y, wide * 0.95, max(wide * 0.16, 1.2), light.shadow * 1.4)])
    if light.wet:
        lay(picture, [mirrored(part, spot.y, 0.3) for part in parts])


def draw(count: int, seed: int, most: int = MOST) -> Scenes:
    """Draw `count` streets of one to `most` objects; scene i of a seed is the same whatever the count.

    Returns images, uint8 (count, 128, 128, 3); for each scene its boxes, float32 (n, 4) as x, y, width and height in
    pixels; and for each its class ids, int64 (n,), indices into NAMES. A box goes around what can be seen of an
    object; one that is hidden, or out of the picture, by more than 70 % has none. A rider is a person with a box
    besides the bicycle's. Raises ConfigError for a count or a `most` below 1.
    """
    if count < 1 or most < 1:
        raise ConfigError(f"count={count}, most={most}: expected at least 1 scene of at least 1 object.")
    drawn = [_scene(np.random.default_rng([seed, number]), most) for number in range(count)]
    return np.stack([d[0] for d in drawn]), [d[1] for d in drawn], [d[2] for d in drawn]
