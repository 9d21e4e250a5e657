"""Attribution: which words moved a prediction."""

from __future__ import annotations

from typing import Any

from .errors import DataError
from .runs import Run

MOST = 200  # words: each costs one prediction


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
    without = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
    table = run.predict([text, *without])
    column = f"p({table['prediction'][0]})"
    if column not in table:
        raise DataError(
            f"A run of the task {run.config.task!r} gives no probabilities of classes; expected one that does."
        )
    shares = table[column]
    return pd.DataFrame({"word": words, "change": (shares[0] - shares[1:]).round(4).tolist()})
