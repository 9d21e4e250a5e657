"""Scenes with several drawn objects and their boxes: what a detector learns to find before it sees a photograph.

Objects of several kinds, filled with cloudy colours, lie turned, stretched and partly over one another on soft
grounds. KINDS are for pretraining; NEW_KINDS, none of which is among them, are the objects that a pretrained
detector is specialised to.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from ..errors import ConfigError, unknown_name
from . import glyphs
from .glyphs import check_request, clouds, random_colours, soft_ground

Points = list[tuple[float, float]]
Scenes = tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]

SHAPES = ("ellipse", "box", "triangle", "ring", "star", "cross", "hexagon", "half-disc", "corner", "wedge")
CHARACTERS = ("A", "B", "E", "K", "R", "S", "W", "2", "4", "5", "8", "&", "?", "#")
KINDS: tuple[str, ...] = (*SHAPES, *CHARACTERS)
NEW_KINDS: tuple[str, ...] = ("arrow", "house", "crescent", "heart", "bolt")

FINE = 128  # pixels a side of a kind's finest mask
BLOCK = 32  # scenes whose grounds are made together
HIDDEN = 0.35  # the share of an object that a later one may cover, by their boxes


def _circle(points: int, radius: float = 1.0, start: float = 0.0, end: float = 360.0) -> Points:
    angles = np.radians(np.linspace(start, end, points))
    return [(float(radius * np.cos(a)), float(radius * np.sin(a))) for a in angles]


def _star() -> Points:
    outer, inner = _circle(6, 1.0, -90, 270), _circle(6, 0.42, -54, 306)
    return [point for pair in zip(outer, inner, strict=True) for point in pair][:10]


def _heart() -> Points:
    t = np.linspace(0, 2 * np.pi, 80)
    x, y = 16 * np.sin(t) ** 3, 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return list(zip((x / 16).tolist(), (-(y + 2.5) / 14.5).tolist(), strict=True))


def _cross(arm: float) -> Points:
    corner = [(arm, -1.0), (arm, -arm), (1.0, -arm)]  # the upper right quarter; the others are its turns
    return [_quarters(x, y, turns) for turns in range(4) for x, y in corner]


def _quarters(x: float, y: float, turns: int) -> tuple[float, float]:
    """A point after so many quarter turns."""
    return (x, y) if turns == 0 else _quarters(-y, x, turns - 1)


def _outlines() -> dict[str, tuple[Points, ...]]:
    """Each kind's outline in the square from -1 to 1, y downwards; a second outline is cut out of the first."""
    return {
        "ellipse": (_circle(60),),
        "box": ([(-1, -1), (1, -1), (1, 1), (-1, 1)],),
        "triangle": ([(0, -1), (1, 1), (-1, 1)],),
        "ring": (_circle(60), _circle(60, 0.55)),
        "star": (_star(),),
        "cross": (_cross(0.35),),
        "hexagon": (_circle(7),),
        "half-disc": ([(x, 2 * y - 1) for x, y in _circle(30, 1.0, 0, 180)],),
        "corner": ([(-1, -1), (-0.3, -1), (-0.3, 0.3), (1, 0.3), (1, 1), (-1, 1)],),
        "wedge": ([(-1, -1), *[(x - 0.1, y) for x, y in _circle(30, 1.0, 40, 320)][::-1], (0, 0)][1:],),
        "arrow": ([(-1, -0.3), (0.1, -0.3), (0.1, -0.9), (1, 0), (0.1, 0.9), (0.1, 0.3), (-1, 0.3)],),
        "house": ([(0, -1), (1, -0.1), (0.8, -0.1), (0.8, 1), (-0.8, 1), (-0.8, -0.1), (-1, -0.1)],),
        "crescent": (_circle(60), [(x + 0.5, y) for x, y in _circle(60, 0.8)]),
        "heart": (_heart(),),
        "bolt": ([(0.2, -1), (-0.7, 0.15), (-0.05, 0.15), (-0.25, 1), (0.7, -0.25), (0.05, -0.25), (0.6, -1)],),
    }


@cache
def masks(kind: str) -> tuple[Image.Image, ...]:
    """A kind's masks, mode L, of 128, 64, 32 and 16 pixels a side; a character in each of its fonts comes in turn."""
    if kind in CHARACTERS:
        stack, owners = glyphs.masks()
        mine = stack[owners == glyphs.NAMES.index(kind)]
        fine = [
            Image.fromarray((m * 255).astype(np.uint8)).resize((FINE, FINE), Image.Resampling.BICUBIC) for m in mine
        ]
    else:
        large = Image.new("L", (FINE * 4, FINE * 4))
        for fill, outline in zip((255, 0), _outlines()[kind], strict=False):
            ImageDraw.Draw(large).polygon([((x + 1) * FINE * 2, (y + 1) * FINE * 2) for x, y in outline], fill=fill)
        fine = [large.resize((FINE, FINE), Image.Resampling.BOX)]
    return tuple(m if s == FINE else m.resize((s, s), Image.Resampling.BOX) for m in fine for s in (128, 64, 32, 16))


def turned(mask: Image.Image, width: float, height: float, angle: float) -> np.ndarray:
    """The mask stretched to width x height pixels and turned by `angle` radians; float32, 0 to 1, cut to its ink."""
    side = int(np.ceil(np.hypot(width, height))) + 2
    cosine, sine = np.cos(angle), np.sin(angle)
    across, down = mask.width / width, mask.height / height
    terms = (cosine * across, sine * across, -sine * down, cosine * down)  # from the picture's place to the mask's
    shifts = (mask.width / 2 - (terms[0] + terms[1]) * side / 2, mask.height / 2 - (terms[2] + terms[3]) * side / 2)
    matrix = (terms[0], terms[1], shifts[0], terms[2], terms[3], shifts[1])
    drawn = mask.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    box = drawn.point(lambda value: 255 * (value >= 128)).getbbox()
    cropped = drawn.crop(box) if box else drawn
    return np.asarray(cropped, dtype=np.float32) / 255


def _object(rng: np.random.Generator, kind: str, size: int) -> np.ndarray:
    """A mask of one object of the kind, of random size, stretch and turn."""
    side = size * float(np.exp(rng.uniform(np.log(0.15), np.log(0.6))))
    stretch, angle = float(np.exp(rng.uniform(-0.3, 0.3))), float(rng.uniform(-0.5, 0.5))
    width, height = max(side * stretch, 6), max(side / stretch, 6)
    levels = masks(kind)
    level = int(np.clip(np.floor(np.log2(FINE / max(width, height))), 0, 3))
    font = int(rng.integers(len(levels) // 4))
    return turned(levels[4 * font + level], width, height, angle)


def covered(box: np.ndarray, others: np.ndarray) -> float:
    """The largest share of the smaller of two boxes (x, y, width, height) that is in both, over all `others` (n, 4)."""
    if not len(others):
        return 0.0
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    return float((shared / np.minimum(np.prod(box[2:]), np.prod(others[:, 2:], axis=1))).max())


def _scene(
    rng: np.random.Generator, picture: np.ndarray, cloud: np.ndarray, kinds: tuple[str, ...], most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw objects into `picture`, float32 (size, size, 3), in place; their boxes and class ids."""
    size = len(picture)
    boxes = np.zeros((0, 4), dtype=np.float32)
    labels: list[int] = []
    ground = picture.mean(axis=(0, 1))
    wanted = int(rng.integers(1, most + 1))
    for attempt in range(4 * wanted):
        if len(labels) == wanted:
            break
        label = int(rng.integers(len(kinds)))
        mask = _object(rng, kinds[label], size)
        height, width = mask.shape
        if max(height, width) > size:
            continue
        x, y = int(rng.integers(size - width + 1)), int(rng.integers(size - height + 1))
        box = np.array([x, y, width, height], dtype=np.float32)
        if covered(box, boxes) > HIDDEN and attempt < 4 * wanted - 1:
            continue
        part = picture[y : y + height, x : x + width]
        colour = _colour_apart(rng, ground)
        fill = colour + cloud[y : y + height, x : x + width] * float(rng.uniform(-35, 35))
        part += (fill - part) * mask[..., None]
        boxes, labels = np.vstack([boxes, box]), [*labels, label]
    return boxes, np.array(labels, dtype=np.int64)


def _colour_apart(rng: np.random.Generator, ground: np.ndarray, apart: float = 80.0) -> np.ndarray:
    """A colour, float32 (3,), at least `apart` from the ground's in the RGB cube where ten tries find one."""
    options = rng.uniform(0, 255, (10, 3)).astype(np.float32)
    distance = np.linalg.norm(options - ground, axis=1)
    far = np.flatnonzero(distance >= apart)
    return np.asarray(options[far[0] if len(far) else distance.argmax()])


def _block(
    seed: int, number: int, count: int, size: int, kinds: tuple[str, ...], most: int
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng([seed, number])
    pictures = soft_ground(rng, random_colours(rng, BLOCK)[0], size)
    textures = clouds(rng, BLOCK, size, 3)
    grain = rng.uniform(0, 10, BLOCK)
    boxes, labels = [], []
    for place in range(count):
        own = np.random.default_rng([seed, number, place])
        found = _scene(own, pictures[place], textures[place], kinds, most)
        pictures[place] += own.standard_normal(pictures[place].shape, dtype=np.float32) * float(grain[place])
        boxes.append(found[0])
        labels.append(found[1])
    return np.clip(pictures[:count], 0, 255).astype(np.uint8), boxes, labels


def draw(count: int, seed: int, size: int = 96, kinds: tuple[str, ...] = KINDS, most: int = 5) -> Scenes:
    """Draw `count` scenes of one to `most` objects; scene i of a seed is the same whatever the count.

    Returns images, uint8 (count, size, size, 3); for each scene its boxes, float32 (n, 4) as x, y, width and height
    in pixels; and for each its class ids, int64 (n,), indices into `kinds`. A box goes around the whole object, also
    where a later one hides a part of it. Raises ConfigError for a count below 1, a size below 8, fewer than 1 object
    or no kinds, UnknownNameError for a kind that cannot be drawn.
    """
    check_request(count, size)
    if most < 1 or not kinds:
        raise ConfigError(f"most={most}, kinds={kinds!r}: expected at least one object a scene and one kind.")
    for kind in kinds:
        if kind not in KINDS + NEW_KINDS:
            raise unknown_name("kind of drawn object", kind, KINDS + NEW_KINDS)
    blocks = [
        _block(seed, number, min(BLOCK, count - number * BLOCK), size, tuple(kinds), most)
        for number in range(-(-count // BLOCK))
    ]
    images = np.concatenate([block[0] for block in blocks])
    return images, [b for block in blocks for b in block[1]], [i for block in blocks for i in block[2]]
