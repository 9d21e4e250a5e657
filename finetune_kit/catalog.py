"""The catalogue: records of tasks, models and data sets, and where the embedded ones lie."""

from __future__ import annotations

import fnmatch
import importlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import unknown_name


@dataclass(frozen=True)
class TaskRecord:
    """A task: the class that handles it (`module:Class`, imported on use) and its embedded data set, if any."""

    name: str
    handler: str
    dataset: str | None
    description: str


@dataclass(frozen=True)
class ObjectiveRecord:
    """An objective of pretraining: its class (`module:Class`) and transformers' mapping of the models made for it."""

    name: str
    handler: str
    mapping: str | None
    description: str


@dataclass(frozen=True)
class ModelRecord:
    """A pretrained model. `source` is a folder under data/models, or a hub id; sizes are those of the download."""

    name: str
    source: str
    embedded: bool
    tasks: tuple[str, ...]
    parameters: str
    megabytes: float
    licence: str
    description: str


@dataclass(frozen=True)
class DatasetRecord:
    """An embedded data set: a folder of parquet splits under data/datasets, and its columns."""

    name: str
    text: str
    label: str
    licence: str
    description: str


TASKS = (
    TaskRecord(
        "sentiment",
        "finetune_kit.tasks.text_classification:TextClassification",
        "reviews",
        "Is a short review positive or negative?",
    ),
    TaskRecord(
        "text-classification",
        "finetune_kit.tasks.text_classification:TextClassification",
        None,
        "Your own texts in classes of your own",
    ),
)
OBJECTIVES = (
    ObjectiveRecord(
        "masked-words", "finetune_kit.objectives.masked_words:MaskedWords", "MODEL_FOR_MASKED_LM_MAPPING",
        "Guess hidden words from both sides (BERT)",
    ),
    ObjectiveRecord(
        "span-corruption", "finetune_kit.objectives.span_corruption:SpanCorruption",
        "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING", "Write out the spans cut from a text (T5)",
    ),
    ObjectiveRecord(
        "next-word", "finetune_kit.objectives.next_word:NextWord", "MODEL_FOR_CAUSAL_LM_MAPPING",
        "Guess each word from those before it (GPT)",
    ),
    ObjectiveRecord(
        "sentence-distillation", "finetune_kit.objectives.sentence_distillation:SentenceDistillation", None,
        "Masked words, and a larger model's sentence vectors (BERT)",
    ),
)  # fmt: skip
MODELS = (
    ModelRecord(
        "pocket-bert", "pocket-bert", True, ("sentiment", "text-classification"), "4.7 M", 9.5, "Apache-2.0",
        "BERT, 4 layers of 256; pretrained by this kit on public-domain English",
    ),
)  # fmt: skip
DATASETS = (
    DatasetRecord(
        "reviews", "text", "label", "CC0-1.0",
        "1,800 short English reviews of ten kinds of thing, positive and negative",
    ),
)  # fmt: skip


def data_folder() -> Path:
    """The folder of embedded models and data sets: `embedded/` in an installed wheel, `data/` in a checkout."""
    package = Path(__file__).parent
    installed = package / "embedded"
    return installed if installed.is_dir() else package.parent / "data"


def _find(kind: str, records: tuple[Any, ...], name: str) -> Any:
    for record in records:
        if record.name == name:
            return record
    raise unknown_name(kind, name, [record.name for record in records], f"`finetune-kit list {kind}s` shows them all.")


def task(name: str) -> TaskRecord:
    """The record of a task. Raises UnknownNameError."""
    return _find("task", TASKS, name)  # type: ignore[no-any-return]


def objective(name: str) -> ObjectiveRecord:
    """The record of an objective. Raises UnknownNameError."""
    return _find("objective", OBJECTIVES, name)  # type: ignore[no-any-return]


def model(name: str) -> ModelRecord:
    """The record of a model. Raises UnknownNameError."""
    return _find("model", MODELS, name)  # type: ignore[no-any-return]


def dataset(name: str) -> DatasetRecord:
    """The record of a data set. Raises UnknownNameError."""
    return _find("dataset", DATASETS, name)  # type: ignore[no-any-return]


def handler(record: TaskRecord | ObjectiveRecord) -> Any:
    """The class behind a task or an objective, imported now."""
    module, _, name = record.handler.partition(":")
    return getattr(importlib.import_module(module), name)


def table(kind: str, pattern: str = "*") -> Any:
    """The records of one kind whose name or task matches a wildcard, as a pandas DataFrame.

    kind: 'tasks', 'objectives', 'models' or 'datasets'. Raises UnknownNameError for another kind.
    """
    import pandas as pd

    kinds: dict[str, tuple[Any, ...]] = {
        "tasks": TASKS, "objectives": OBJECTIVES, "models": MODELS, "datasets": DATASETS,
    }  # fmt: skip
    if kind not in kinds:
        raise unknown_name("catalogue", kind, kinds)
    matching = [
        asdict(record)
        for record in kinds[kind]
        if any(fnmatch.fnmatch(n, pattern) for n in (record.name, *getattr(record, "tasks", ())))
    ]
    hidden = ["handler", "source", "mapping"]
    return pd.DataFrame(matching).drop(columns=hidden, errors="ignore")
