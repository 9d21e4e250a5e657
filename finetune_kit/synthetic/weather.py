"""The light of drawn scenes: day, dusk, rain, mist; their skies, what the air does to far things, and grain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .drawing import SIZE, Colour, mixed, pick, varied
from .glyphs import clouds


@dataclass(frozen=True)
class Light:
    """A scene's light. tint: what colours are multiplied by. haze: the share of air's colour in the farthest things."""

    name: str
    tint: Colour
    high: Colour  # the sky's colour at the top of the picture
    low: Colour  # and at the horizon
    cloud: Colour
    haze: float
    shadow: float

    @property
    def dark(self) -> bool:
        """Whether lamps and windows are lit."""
        return self.name == "dusk"

    @property
    def wet(self) -> bool:
        """Whether it rains."""
        return self.name == "rain"


DAYS = (((92, 158, 220), (206, 228, 240)), ((120, 180, 230), (232, 238, 236)), ((150, 190, 214), (228, 230, 224)))
DUSKS = (((58, 62, 112), (240, 158, 110)), ((40, 52, 100), (214, 128, 140)), ((70, 78, 120), (244, 190, 130)))


def light(rng: np.random.Generator, name: str) -> Light:
    """A light of that name, of random strength and hue: 'day', 'dusk', 'rain' or 'mist'."""
    if name == "dusk":
        high, low = pick(rng, DUSKS)
        level = float(rng.uniform(0.58, 0.74))
        return Light(name, (level, level * 0.9, level * 1.08), high, low, (170, 110, 120), 0.25, 0.16)
    if name in ("rain", "mist"):
        grey = varied(rng, (176, 184, 192), 14)
        level = float(rng.uniform(0.74, 0.88))
        air = 0.35 if name == "rain" else 0.6
        return Light(
            name, (level, level * 1.01, level * 1.04), mixed(grey, (110, 120, 132), 0.4), grey, grey, air, 0.12
        )
    high, low = pick(rng, DAYS)
    level, warm = float(rng.uniform(0.94, 1.06)), float(rng.uniform(0.95, 1.03))
    tint = (level * warm, level, level * (2 - warm))
    return Light("day", tint, varied(rng, high, 8), varied(rng, low, 6), (252, 252, 250), 0.18, 0.3)


def sky(rng: np.random.Generator, air: Light, horizon: float) -> np.ndarray:
    """A sky down to the row `horizon`, and its lowest colour below; float32 (SIZE, SIZE, 3)."""
    down = np.clip(np.arange(SIZE) / max(horizon, 1), 0, 1)[:, None, None].astype(np.float32)
    picture = np.array(air.high) * (1 - down) + np.array(air.low) * down  # (SIZE, 1, 3)
    picture = np.repeat(picture, SIZE, axis=1).astype(np.float32)
    shape = clouds(rng, 1, SIZE, 1, finest=8)[0]
    stretched = shape[np.minimum(np.arange(SIZE) * 2, SIZE - 1)]  # flatter than they are wide
    cover = np.clip(stretched - float(rng.uniform(0.2, 1.2)), 0, 0.8)
    return np.asarray(picture + (np.array(air.cloud, dtype=np.float32) - picture) * cover)


def rain(rng: np.random.Generator, picture: np.ndarray) -> None:
    """Draw falling rain over `picture`, float32 (SIZE, SIZE, 3), in place."""
    slope, strength = float(rng.uniform(-0.3, 0.3)), float(rng.uniform(0.1, 0.22))
    for _ in range(int(rng.integers(60, 130))):
        x, y, length = float(rng.uniform(0, SIZE)), int(rng.integers(-6, SIZE)), int(rng.integers(4, 10))
        rows = np.arange(max(y, 0), min(y + length, SIZE))
        columns = np.clip(np.rint(x + (rows - y) * slope).astype(int), 0, SIZE - 1)
        picture[rows, columns] += (235 - picture[rows, columns]) * strength


def finished(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """The picture with soft unevenness and a little grain, uint8."""
    soft = clouds(rng, 1, SIZE, 1)[0] * float(rng.uniform(0.5, 2.5))
    grain = rng.standard_normal(picture.shape, dtype=np.float32) * float(rng.uniform(0.3, 2.5))
    return np.clip(picture + soft + grain, 0, 255).astype(np.uint8)
