"""Sounding: a column of sounds, checked one by one, becomes a Dataset of them, with a class for each."""

from __future__ import annotations

from collections.abc import Sequence

import datasets
import pandas as pd

from . import media
from .labelling import class_label, label_names
from .media import Medium
from .rows import WHOLE, of_split, places, tell
from .sounds import Sound, sound

AUDIO = Medium("audio", datasets.Audio(decode=False), sound)
# What may be meant and may be a fault, by the attribute of a Sound.
FAINT = {
    "silent": "silent throughout, below -60 dB of full scale",
    "clipped": "clipped, a thousandth of the samples or more at full scale",
}


def sounded(
    frames: dict[str, pd.DataFrame], audio: str = "audio", label: str = "label", drop_bad_rows: bool = False
) -> datasets.DatasetDict:
    """Check the columns and return splits with `audio` (Audio, of which nothing is decoded) and `label` (ClassLabel).

    The cells of the audio column are what `sounds.sound` takes; each is decoded once to be
    checked, and kept as it was given: {bytes, path}, which `sounds.samples` reads. Where every row
    comes from a file, or the frames have a column `file`, its name is in the column `file`
    (string). Rows with a sound that is missing, empty, damaged, too long or none, or with no label
    or a list of them, are an error that counts and names them, unless `drop_bad_rows`. Sounds that
    are silent or clipped are kept and told. Raises UnknownNameError for a missing column and
    DataError for labels with fractions, one class only or no rows.
    """
    parts = {}
    for split, found in media.checked(frames, {"audio": audio, "label": label}, AUDIO).items():
        tell_faint(found.found, found.files, split)
        found.rows["label"], problems = label_names(found.rows["label"], label)
        parts[split] = found.kept(problems, {}, drop_bad_rows)
    classes = class_label((part["label"] for part in parts.values()), label)
    return media.as_datasets(parts, {"label": classes}, AUDIO)


def tell_faint(found: Sequence[Sound | None], files: Sequence[str | None], split: str = WHOLE) -> None:
    """Tell which sounds are silent throughout and which are clipped; they are used all the same."""
    for mark, what in FAINT.items():
        rows = pd.Series([one is not None and getattr(one, mark) for one in found], dtype=bool)
        if rows.any():
            count = f"{rows.sum()} of {len(rows)} sounds{of_split(split)}"
            tell(f"{count}: {what}. They are kept ({places(rows, files)}).")
