"""What is checked before hours are spent: the folder, its recipe, the disk, the tokenizer."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import checkpoints, corpora, probes, training
from ..config import PretrainingRecipe
from ..errors import ConfigError, DataError, ModelError, StorageError
from ..runs import prepare_folder

RECIPE, PENDING = "recipe.yaml", "recipe.pending.yaml"
START = "start"  # the folder of the model before its first step


@contextlib.contextmanager
def folder_for(out: str | Path | None) -> Iterator[Path]:
    """The folder that the user named, made and writable; or one that is gone afterwards."""
    if out is None:
        with training.temporary_folder() as folder:
            yield Path(folder)
        return
    prepare_folder(out, overwrite=True)
    yield Path(out)


def save_whole(target: Path, *parts: Any) -> None:
    """Write a model and what goes with it into the new folder `target`, which appears only when it is complete."""
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with checkpoints.quiet(), training.writing(target):
        for part in parts:
            part.save_pretrained(partial)
        partial.rename(target)


def check_recipe(recipe: PretrainingRecipe, folder: Path) -> None:
    """Refuse a folder that another recipe has begun; clear what a start that was broken off has left.

    The recipe counts as begun when its model stands before its first step (`begin`).
    """
    held, pending = folder / RECIPE, folder / PENDING
    if held.exists():
        differences = PretrainingRecipe.from_yaml(held).differences(recipe)
        if differences:
            raise ConfigError(
                f"{folder} holds a pretraining with another recipe: {'; '.join(differences[:6])}. Choose another "
                f"folder, or go back to the settings in {held}."
            )
        return
    if pending.exists():  # so what lies here is ours
        for name in ("train.npy", "validation.npy", corpora.COUNTS):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / START, ignore_errors=True)
    with training.writing(folder):
        recipe.to_yaml(pending)


def begin(folder: Path) -> None:
    """Note that the model stands and all checks have passed: from now on the folder is this recipe's."""
    if (folder / PENDING).exists():
        with training.writing(folder):
            (folder / PENDING).replace(folder / RECIPE)


def check_sentences(sentences: list[str], processor: Any) -> None:
    """Refuse a sentence to be watched that a model of masked words could make nothing of."""
    if getattr(processor, "mask_token", None):
        for sentence in sentences:
            if not probes.has_mask(processor, sentence):
                raise DataError(f"{sentence!r} has no [MASK]; put it in place of the word to guess.")


def check_length(length: int, model: Any) -> None:
    """Refuse sequences longer than the model's positions."""
    longest = checkpoints.longest(model.config)
    if length > longest:
        raise ConfigError(f"length={length}: expected at most {longest}, the longest that the model takes.")


def check_disk(folder: Path, model: Any) -> None:
    """Two checkpoints of weights and both of AdamW's moments in fp32 at a time, and the finished model."""
    needed = 8 * 4 * sum(p.numel() for p in model.parameters())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{folder} has {free / 1e6:,.0f} MB free; checkpoints of this model need {needed / 1e6:,.0f} MB. "
            "Make room, or choose a folder on another disk."
        )


def check_fit(model: Any, processor: Any, name: str) -> None:
    """Refuse a tokenizer with more pieces than the model has embeddings."""
    rows = model.get_input_embeddings().weight.shape[0] if hasattr(processor, "get_vocab") else None
    if rows is not None and len(processor) > rows:
        raise ModelError(
            f"The tokenizer of {name!r} has {len(processor):,} pieces and its model {rows:,} embeddings: "
            "they are not of one checkpoint."
        )
