"""Coloured pictures of single characters, drawn from the fonts that matplotlib's package carries.

Reading them is a pretraining task that needs no photograph: the characters are bent, blurred and
coloured at random on soft coloured grounds, and the label is the character.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np

from ..errors import ConfigError, StorageError

# Left out: what looks like another one once size, font and slant are random (c and C, 0 and O, l and I).
LATIN = "123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghimnqrty"
GREEK = "ΓΔΘΛΞΠΣΦΨΩαβγδεζθλμξπφψω"
SIGNS = "!#$%&*+=?@<>/∂"
MATHS = "∞∇√∫≈≠∈∀∃⊕⊗"
NAMES: tuple[str, ...] = tuple(LATIN + GREEK + SIGNS + MATHS)

UPRIGHT_FONTS = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol")),
)
SLANTED_FONTS = ("STIXGeneralItalic", "STIXGeneralBolIta")  # without mathematical signs
LATIN_FONTS = ("cmr10", "cmb10", "cmss10", "cmti10", "cmtt10")  # no Greek, and signs at places of their own
NEW_FONTS = ("cmti10",)  # came with matplotlib 3.11; with an older one the characters are drawn without
INK = 48  # pixels a side of a character's mask
BLOCK = 256  # images drawn together; image i of a seed is the same whatever the count


def font_files() -> dict[str, Path]:
    """The fonts by name, in the package of matplotlib, which is found without importing it. Raises StorageError."""
    spec = importlib.util.find_spec("matplotlib")
    places = list(spec.submodule_search_locations or []) if spec else []
    folder = Path(places[0]) / "mpl-data" / "fonts" / "ttf" if places else Path("mpl-data")
    files = {name: folder / f"{name}.ttf" for name in UPRIGHT_FONTS + SLANTED_FONTS + LATIN_FONTS}
    lacking = [name for name, file in files.items() if not file.is_file() and name not in NEW_FONTS]
    if lacking:
        raise StorageError(f"No font {lacking[0]} at {folder}; matplotlib 3.9 or later brings it.")
    return {name: file for name, file in files.items() if file.is_file()}


def fonts_of(character: str) -> tuple[str, ...]:
    """The names of the fonts that have this one of NAMES."""
    return UPRIGHT_FONTS + SLANTED_FONTS * (character not in MATHS) + LATIN_FONTS * (character in LATIN)


@cache
def masks() -> tuple[np.ndarray, np.ndarray]:
    """Every character in every font that has it, each filling its square.

    Returns masks, float32 (n, 48, 48) from 0 to 1, and their class ids, int64 (n,), ascending.
    """
    from PIL import Image, ImageDraw, ImageFont

    drawn, labels = [], []
    fonts = {
        name: ImageFont.truetype(str(file), 40, layout_engine=ImageFont.Layout.BASIC)
        for name, file in font_files().items()
    }
    for label, character in enumerate(NAMES):
        for name in filter(fonts.__contains__, fonts_of(character)):
            left, top, right, bottom = fonts[name].getbbox(character)
            side = int(max(right - left, bottom - top)) + 4
            image = Image.new("L", (side, side))
            place = ((side - right - left) / 2, (side - bottom - top) / 2)
            ImageDraw.Draw(image).text(place, character, fill=255, font=fonts[name])
            drawn.append(np.asarray(image.resize((INK, INK), Image.Resampling.BILINEAR)))
            labels.append(label)
    return np.stack(drawn).astype(np.float32) / 255, np.asarray(labels, dtype=np.int64)


def _bent_grid(rng: np.random.Generator, count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Where in a mask each pixel looks: rotated, stretched, sheared, shifted, bent by two waves; -1 to 1 is inside."""

    def between(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (count, 1, 1))

    line = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = line[None, None, :] - between(-0.2, 0.2), line[None, :, None] - between(-0.2, 0.2)
    angle, scale = between(-0.35, 0.35), np.exp(between(-0.5, 0.2))
    stretch, shear = np.exp(between(-0.3, 0.3)), between(-0.3, 0.3)
    u = (np.cos(angle) * x + np.sin(angle) * y) / (scale * stretch)
    v = (-np.sin(angle) * x + np.cos(angle) * y) / scale * stretch
    u = u + shear * v
    bent = u + between(0, 0.12) * np.sin(between(1, 5) * v + between(0, 6.3))
    return bent, v + between(0, 0.12) * np.sin(between(1, 5) * bent + between(0, 6.3))


def sample(stack: np.ndarray, which: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Read the masks `stack[which]` at (u, v), each (n, h, w) with -1 to 1 inside; bilinear, 0 outside."""
    side = stack.shape[1]
    padded = np.pad(stack, ((0, 0), (1, 2), (1, 2)))
    column = np.clip((u + 1) / 2 * side + 0.5, 0, side + 1)
    row = np.clip((v + 1) / 2 * side + 0.5, 0, side + 1)
    left, top = column.astype(np.int64), row.astype(np.int64)
    right, low = (column - left).astype(np.float32), (row - top).astype(np.float32)
    width = side + 3
    flat, first = padded.reshape(-1), (which[:, None, None] * width + top) * width + left
    upper = flat[first] * (1 - right) + flat[first + 1] * right
    lower = flat[first + width] * (1 - right) + flat[first + width + 1] * right
    return upper * (1 - low) + lower * low


def blurred(masks_: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Each mask of (n, h, w) mixed with a blur of itself, as much as its `share` (n, 1, 1) says."""
    soft = masks_
    for axis in (1, 2):
        before, after = np.roll(soft, 1, axis), np.roll(soft, -1, axis)
        soft = 0.5 * soft + 0.25 * (before + after)
    return masks_ * (1 - share) + soft * share


def _stretch(cells: int, size: int) -> np.ndarray:
    """The matrix, float32 (size, cells), that stretches a line of `cells` values to `size` by linear interpolation."""
    place = np.linspace(0, cells - 1, size, dtype=np.float32)[:, None]
    return np.maximum(0, 1 - np.abs(place - np.arange(cells, dtype=np.float32)[None]))


def clouds(rng: np.random.Generator, count: int, size: int, channels: int, finest: int = 16) -> np.ndarray:
    """Noise of several grains in each picture's own mix, about N(0, 1); float32 (count, size, size, channels)."""
    total = np.zeros((count, size, size, channels), dtype=np.float32)
    roughness = rng.uniform(0.2, 1.0, (count, 1, 1, 1)).astype(np.float32)
    power, cells, weight = np.zeros_like(roughness), 2, np.ones_like(roughness)
    while cells <= min(finest, size):
        grid = rng.standard_normal((count, cells, cells, channels), dtype=np.float32)
        line = _stretch(cells, size)
        rows = np.tensordot(grid, line, axes=(1, 1))  # (count, cells, channels, size)
        total += weight * np.tensordot(rows, line, axes=(1, 1)).transpose(0, 2, 3, 1)
        power, cells, weight = power + weight**2, cells * 2, weight * roughness
    return total / np.sqrt(power)


def random_colours(rng: np.random.Generator, count: int, apart: float = 90.0) -> tuple[np.ndarray, np.ndarray]:
    """Two colours a picture, float32 (count, 3) each from 0 to 255, at least `apart` in the RGB cube."""
    first = rng.uniform(0, 255, (count, 3)).astype(np.float32)
    options = rng.uniform(0, 255, (count, 4, 3)).astype(np.float32)
    distance = np.linalg.norm(options - first[:, None], axis=2)  # (count, 4)
    near_enough = np.where(distance >= apart, rng.random((count, 4)), -1 / (1 + distance))
    return first, options[np.arange(count), near_enough.argmax(axis=1)]


def soft_ground(rng: np.random.Generator, colours: np.ndarray, size: int) -> np.ndarray:
    """Grounds around `colours` (n, 3) with clouds of light and of hue; float32 (n, size, size, 3), unclipped."""
    count = len(colours)
    light = clouds(rng, count, size, 1) * rng.uniform(0, 35, (count, 1, 1, 1)).astype(np.float32)
    hue = clouds(rng, count, size, 3) * rng.uniform(0, 25, (count, 1, 1, 1)).astype(np.float32)
    return colours[:, None, None] + light + hue


def _block(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    stack, owners = masks()
    labels = rng.integers(0, len(NAMES), BLOCK)
    first, after = np.searchsorted(owners, labels), np.searchsorted(owners, labels, side="right")
    which = first + (rng.random(BLOCK) * (after - first)).astype(np.int64)
    ink = sample(stack, which, *_bent_grid(rng, BLOCK, size))
    ink = blurred(ink, rng.random((BLOCK, 1, 1)))[..., None]  # (block, size, size, 1)
    ground, colour = random_colours(rng, BLOCK)
    below = soft_ground(rng, ground, size)
    above = colour[:, None, None] + clouds(rng, BLOCK, size, 3) * rng.uniform(0, 40, (BLOCK, 1, 1, 1))
    picture = below * (1 - ink) + above * ink
    picture += rng.standard_normal(picture.shape, dtype=np.float32) * rng.uniform(0, 10, (BLOCK, 1, 1, 1))
    return np.clip(picture, 0, 255).astype(np.uint8), labels


def draw(count: int, seed: int, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Draw `count` pictures of characters; picture i of a seed is the same whatever the count.

    Returns images, uint8 (count, size, size, 3), and class ids, int64 (count,), indices into NAMES.
    Raises ConfigError for a count below 1 or a size below 8.
    """
    check_request(count, size)
    blocks = [_block(np.random.default_rng([seed, number]), size) for number in range(-(-count // BLOCK))]
    return np.concatenate([b[0] for b in blocks])[:count], np.concatenate([b[1] for b in blocks])[:count]


def check_request(count: int, size: int) -> None:
    """Raise ConfigError unless at least one picture of at least 8 pixels a side is asked for."""
    if count < 1 or size < 8:
        raise ConfigError(f"count={count}, size={size}: expected at least 1 picture of at least 8 pixels a side.")
