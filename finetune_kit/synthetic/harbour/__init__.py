"""Drawn harbours with ships, sailing boats, cranes, buoys and gulls: what a detector of streets is specialised to.

None of these is in `synthetic.street` or `synthetic.scenes`. By day, at dusk and in mist; what is nearer is larger.
Hills, towns, sheds, containers, a lighthouse and wind turbines stand around and are of no class.
"""

from __future__ import annotations

import numpy as np

from ...errors import ConfigError
from .. import weather
from ..drawing import SIZE, Cutout, Sheet, bounds, boxes_of, hazed, lay, mirrored, pick
from ..scenes import Scenes, covered
from ..weather import Light
from . import fixtures, vessels
from .waterfront import Waterfront, foam

NAMES: tuple[str, ...] = ("ship", "sailboat", "crane", "buoy", "gull")
SHARES = (0.22, 0.2, 0.2, 0.18, 0.2)  # of the classes among what is placed
MOST = 8
TRIES = 12  # places that are tried for an object

Standing = tuple[float, Cutout]  # the row on which a thing stands, by which things hide one another


def draw_object(
    rng: np.random.Generator, kind: str, x: float, y: float, scale: float, light: Light, variety: str = ""
) -> Cutout:
    """One object of NAMES with its foot at (x, y), `scale` pixels a metre, or for a gull half its span.

    variety: which ship (a key of `vessels.LENGTHS`) and which pose of a gull; not used for the others.
    """
    if kind == "ship":
        sheet = Sheet(x, y, scale, (-29, 29, -1, 24), light.tint)
        vessels.ship(sheet, rng, variety, light.dark)
    elif kind == "sailboat":
        sheet = Sheet(x, y, scale, (-9, 9, -1, 14), light.tint)
        vessels.sailboat(sheet, rng)
    elif kind == "crane":
        sheet = Sheet(x, y, scale, (-26, 26, -1, 36), light.tint)
        fixtures.crane(sheet, rng)
    elif kind == "buoy":
        sheet = Sheet(x, y, scale, (-2.5, 2.5, -1, 5), light.tint)
        fixtures.buoy(sheet, rng, light.dark)
    else:
        sheet = Sheet(x, y, scale, (-1.3, 1.3, -1.3, 1.3), light.tint)
        fixtures.gull(sheet, rng, variety)
    return sheet.cutout(kind, shade=0.1)


def _placed(rng: np.random.Generator, kind: str, place: Waterfront, bollards: list[float]) -> Standing:
    """An object of this kind where it belongs; a crane needs a harbour with a far quay."""
    x, low = float(rng.uniform(0, SIZE)), (place.near or SIZE) - 4.0
    if kind == "crane" and place.quay is not None:
        x = float(rng.uniform(max(place.span[0], 4), min(place.span[1], SIZE - 4)))
        scale = place.scale(place.quay) * float(rng.uniform(1.0, 1.5))
        return place.quay, draw_object(rng, kind, x, place.quay + 0.5, scale, place.light)
    if kind == "gull":
        return _gull(rng, place, bollards)
    variety = pick(rng, tuple(vessels.LENGTHS)) if kind == "ship" else ""
    top = (place.quay or place.horizon) + 5.0
    if kind == "ship":  # large ones keep away from the viewer
        longest = float(rng.uniform(34, 92))
        y = min(place.horizon + place.height * longest / vessels.LENGTHS[variety], low)
        y = max(y, top)
    else:
        y = top + (low - top) * float(rng.random()) ** 1.3
    scale = place.scale(y) * (1.25 if kind == "buoy" else 0.9)
    if kind == "buoy":
        scale = max(scale, 3.4)
    return y, draw_object(rng, kind, x, y, scale, place.light, variety)


def _gull(rng: np.random.Generator, place: Waterfront, bollards: list[float]) -> Standing:
    """A gull in the air, near the viewer; or on a bollard, the near quay or the water."""
    light, chance, x = place.light, float(rng.random()), float(rng.uniform(4, SIZE - 4))
    if chance < 0.62:
        pose, size = pick(rng, ("flying", "gliding")), float(np.exp(rng.uniform(np.log(8), np.log(18))))
        y = float(rng.uniform(8, place.horizon + 18))
        return SIZE + y, draw_object(rng, "gull", x, y, size, light, pose)
    if place.near is not None and chance < 0.9:
        if bollards and rng.random() < 0.5:
            x, y = pick(rng, bollards), place.near - 3.0
        else:
            y = float(rng.uniform(place.near + 3, SIZE - 2))
        return SIZE + y, draw_object(rng, "gull", x, y, float(rng.uniform(9, 15)), light, "standing")
    y = float(rng.uniform(place.horizon + 22, (place.near or SIZE) - 6))
    return y, draw_object(rng, "gull", x, y, 3 + place.scale(y) * 0.9, light, "floating")


def _objects(rng: np.random.Generator, place: Waterfront, bollards: list[float], most: int) -> list[Standing]:
    """Objects that may hide one another, but do not float in one another; the farthest first."""
    wanted, standing = int(rng.integers(1, most + 1)), list[Standing]()
    hiding = float(rng.uniform(0.1, 0.8))  # how much of each other things of this scene hide at the most
    shares = np.array(SHARES) * [1, 1, place.quay is not None, 1, 1]
    for _ in range(wanted):
        kind = NAMES[int(rng.choice(len(NAMES), p=shares / shares.sum()))]
        for _ in range(TRIES):
            y, thing = _placed(rng, kind, place, bollards)
            others = [c for _, c in standing]
            beside = [c for row, c in standing if abs(row - y) < 3]
            if _shared(thing, others) <= hiding and _shared(thing, beside) <= 0.1:
                standing.append((y, thing))
                break
    return sorted(standing, key=lambda one: one[0])


def _shared(thing: Cutout, others: list[Cutout]) -> float:
    """The largest share of one of two things that is in both, over all others, by their boxes."""
    return covered(bounds([thing]), np.array([bounds([other]) for other in others]))


def _scene(rng: np.random.Generator, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture, uint8, its boxes and its class ids; drawn anew until one object at least can be seen."""
    light = weather.light(rng, pick(rng, ("day", "day", "day", "dusk", "mist")))
    place = Waterfront(rng, light)
    picture = weather.sky(rng, light, place.horizon)
    place.paint(picture)
    quay, bollards = place.near_quay() if place.near is not None else (None, list[float]())
    things = _objects(rng, place, bollards, most)
    cutouts = []
    for y, thing in things:
        if y < SIZE and thing.name != "crane":
            _on_the_water(rng, picture, y, thing, light)
        far = light.haze * float(np.clip(1 - (y - place.horizon) / 45, 0, 1)) * 0.75
        cutouts.append(hazed(thing, light.low, far))
    if quay is not None:  # before what floats, behind the gulls that stand on it or fly
        cutouts.insert(sum(y < SIZE for y, _ in things), quay)
    lay(picture, cutouts)
    boxes, labels = boxes_of(cutouts, NAMES)
    if not len(boxes):
        return _scene(rng, most)
    return weather.finished(rng, picture), boxes, labels


def _on_the_water(rng: np.random.Generator, picture: np.ndarray, y: float, thing: Cutout, light: Light) -> None:
    """Reflection and foam of what floats, laid on to the empty water in place."""
    left, _, wide, _ = bounds([thing])
    lay(picture, [mirrored(thing, y, 0.38, 1.2)])
    if thing.name in ("ship", "sailboat"):
        lay(picture, [foam(float(left + wide / 2), y, float(wide) / 2, light, rng)])


def draw(count: int, seed: int, most: int = MOST) -> Scenes:
    """Draw `count` harbours of one to `most` objects; scene i of a seed is the same whatever the count.

    Returns images, uint8 (count, 128, 128, 3); for each scene its boxes, float32 (n, 4) as x, y, width and height in
    pixels; and for each its class ids, int64 (n,), indices into NAMES. A box goes around what can be seen of an
    object; one that is hidden, or out of the picture, by more than 70 % has none. Raises ConfigError for a count or
    a `most` below 1.
    """
    if count < 1 or most < 1:
        raise ConfigError(f"count={count}, most={most}: expected at least 1 scene of at least 1 object.")
    drawn = [_scene(np.random.default_rng([seed, number]), most) for number in range(count)]
    return np.stack([d[0] for d in drawn]), [d[1] for d in drawn], [d[2] for d in drawn]
