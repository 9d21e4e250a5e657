"""Statistics of paired scores: how sure a difference is, over few seeds and the test examples that they share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

DRAWS = 2000  # of the bootstrap: what it calls 95 % is then 94.3 to 95.7
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A number with the ends of its 95 % interval; nan where nothing is known of its spread.

    seeds: how many runs a side it rests on. examples: over how many test examples it was
    resampled too; 0 where only over the seeds.
    """

    value: float
    low: float
    high: float
    seeds: int
    examples: int = 0

    @property
    def known(self) -> bool:
        """Whether there is an interval: it takes two seeds, or scores of single examples."""
        return not (np.isnan(self.low) or np.isnan(self.high))

    def excludes(self, number: float) -> bool:
        """Whether `number` lies outside the interval; False where there is none."""
        return self.known and not self.low <= number <= self.high

    @property
    def basis(self) -> str:
        """What the interval was resampled over, in words."""
        seeds = f"{self.seeds} seed{'s' * (self.seeds != 1)}"
        return f"{seeds} and {self.examples:,} test examples" if self.examples else seeds


def resampled(seeds: np.ndarray, examples: np.ndarray | None = None, draws: int = DRAWS) -> np.ndarray:
    """Means that the same experiment could have given, had it drawn other seeds and other test examples.

    seeds: (seeds, cells) float, the score of each cell with each seed; a cell is a method at a number of
    labels. examples: (cells, examples) float, the quality of each test example, averaged over the seeds;
    None where the score is no mean over examples. Returns (draws, cells) float.

    Test examples are drawn with replacement, the same for every cell (Efron's bootstrap, paired). Of
    three seeds that would give ten different samples and intervals far too narrow, so the deviations
    of the seeds get Gaussian weights instead (the multiplier bootstrap; Mammen 1993, "Bootstrap and wild
    bootstrap for high dimensional linear models") and Student's heavier tails for as few as they are:
    over the seeds alone the interval of a mean is Student's own. What the examples add is added as if
    independent, which is on the safe side (Owen 2007, "The pigeonhole bootstrap", arXiv 0712.1111).
    """
    draw = np.random.default_rng(0)
    count = len(seeds)
    found = np.tile(seeds.mean(axis=0), (draws, 1))
    if count > 1:
        weights = draw.standard_normal((draws, count)) / np.sqrt(count * (count - 1))
        tails = np.sqrt(draw.chisquare(count - 1, (draws, 1)) / (count - 1))
        found += weights @ (seeds - seeds.mean(axis=0)) / tails
    if examples is not None:
        centred = (examples - examples.mean(axis=1, keepdims=True)).T  # (examples, cells)
        parts = np.array_split(_samples(len(centred), draws), 20)  # a few rows at a time as float64
        found += np.concatenate([counts @ centred for counts in parts]) / len(centred)
    return found


@functools.lru_cache(maxsize=1)
def _samples(number: int, draws: int) -> np.ndarray:
    """How often each of `number` examples is in each sample drawn with replacement: (draws, number) uint8."""
    draw = np.random.default_rng(1)
    return np.stack([np.bincount(draw.integers(0, number, number), minlength=number) for _ in range(draws)]).astype(
        np.uint8
    )


def interval(
    statistic: Callable[[np.ndarray], np.ndarray], seeds: np.ndarray, examples: np.ndarray | None = None
) -> Interval:
    """A statistic of cell means, (n, cells) -> (n,), with its percentile interval over `resampled` means."""
    value = float(statistic(seeds.mean(axis=0, keepdims=True))[0])
    low = high = np.nan
    if len(seeds) > 1 or examples is not None:
        found = statistic(resampled(seeds, examples))
        # Nearest ranks: between a number and infinity there is no mean.
        low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="nearest")
    return Interval(value, float(low), float(high), len(seeds), 0 if examples is None else examples.shape[1])


def difference(seeds: np.ndarray, examples: np.ndarray | None = None) -> Interval:
    """How far the second of two cells is above the first: see `resampled` for the arguments, of two cells."""
    return interval(lambda means: means[:, 1] - means[:, 0], seeds, examples)
