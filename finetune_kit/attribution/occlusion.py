"""Occlusion: what a prediction loses when a word is left out, or a place of a picture is covered."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import require, require_number
from ..errors import DataError
from ..runs import Run

MOST = 200  # words: each costs one prediction
FINEST = 16  # cells a side of a picture


def occlusion(run: Run, text: str) -> Any:
    """How much the predicted class loses when one word is left out, as a DataFrame in the order of the words.

    Columns: word, change (of the probability; above 0 where the word spoke for the prediction).
    Words that say the same thing cover for each other, and a text without a word may be one
    that nobody would write: it shows what the model leans on, not why (Zeiler and Fergus 2014;
    Li et al. 2016, "Understanding Neural Networks through Representation Erasure").
    Raises DataError for a run without classes, and for a text of fewer than 2 or more than 200 words.
    """
    import pandas as pd

    words = text.split() if isinstance(text, str) else []
    if not 2 <= len(words) <= MOST:
        raise DataError(f"Found {len(words)} words; expected a text of 2 to {MOST}, so that one can be left out.")
    changes = _losses(run, [text, *(" ".join(words[:i] + words[i + 1 :]) for i in range(len(words)))])
    return pd.DataFrame({"word": words, "change": changes.round(4).tolist()})


def occlusion_map(run: Run, picture: Any, cells: int = 8) -> np.ndarray:
    """How much the predicted class loses when a cell of a picture is covered: float64 (cells, cells).

    picture: what `run.predict` takes. cells: how many a side; each is covered, with half of its
    neighbours around it, by the picture's mean colour. Above 0 the cell spoke for the prediction.
    Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks". Raises
    DataError for a run without classes, ConfigError for fewer than 2 cells or more than 16.
    """
    require_number("cells", cells, int, 2, f"a whole number from 2 to {FINEST}")
    require(cells <= FINEST, "cells", cells, f"a whole number from 2 to {FINEST}")
    image = run.task.inputs(picture)[0]["image"].convert("RGB")
    covered = [_covered(image, row, column, cells) for row in range(cells) for column in range(cells)]
    return _losses(run, [image, *covered]).reshape(cells, cells)


def _covered(image: Any, row: int, column: int, cells: int) -> Any:
    from PIL import ImageStat

    width, height = image.width / cells, image.height / cells
    corners = ((column - 0.5) * width, (row - 0.5) * height, (column + 1.5) * width, (row + 1.5) * height)
    mean = tuple(round(value) for value in ImageStat.Stat(image).mean)
    hidden = image.copy()
    hidden.paste(mean, tuple(round(min(max(c, 0), image.size[i % 2])) for i, c in enumerate(corners)))
    return hidden


def _losses(run: Run, examples: list[Any]) -> np.ndarray:
    """By how much the class predicted for the first example is less probable in each of the others."""
    table = run.predict(examples)
    column = f"p({table['prediction'][0]})"
    if column not in table:
        raise DataError(
            f"A run of the task {run.config.task!r} gives no probabilities of classes; expected one that does."
        )
    shares = table[column].to_numpy()
    return np.asarray(shares[0] - shares[1:])
