"""What a record of the catalogue holds, one dataclass a kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TaskRecord:
    """A task: the class that handles it (`module:Class`, imported on use) and its embedded data.

    model, max_length: what a run of it takes where the user says nothing.
    """

    name: str
    handler: str
    dataset: str
    model: str
    description: str
    max_length: int = 128

    @property
    def usual(self) -> dict[str, Any]:
        """The settings of a run of which the user says nothing."""
        return {"model": self.model, "max_length": self.max_length}


@dataclass(frozen=True)
class ObjectiveRecord:
    """An objective of pretraining: its class (`module:Class`) and transformers' mapping of the models made for it."""

    name: str
    handler: str
    mapping: str | None
    description: str


@dataclass(frozen=True)
class ModelRecord:
    """A pretrained model.

    source: a folder under data/models, or a hub id 'owner/name'. family: the architecture.
    parameters: how many weights it has. megabytes (10^6 bytes): of the weights to download,
    in the precision in which they are stored; of an embedded model, with its tokenizer.
    input: what it reads, and how much of it at a time.
    """

    name: str
    source: str
    tasks: tuple[str, ...]
    family: str
    parameters: str
    megabytes: float
    licence: str
    input: str
    description: str

    @property
    def embedded(self) -> bool:
        """Whether it comes with the kit."""
        return "/" not in self.source


@dataclass(frozen=True)
class DatasetRecord:
    """A labelled data set, or text for completion.

    source: a folder of parquet splits under data/datasets, or a hub id 'owner/name'. handler:
    what reads an embedded one out of another package (`module:function`); its folder holds the card alone. config:
    the hub's name for one of several data sets in a repository. columns: what the task needs
    (such as text, label) and the column that holds it, a dotted name for a field of a nested
    one. splits: those that are used, with their rows. licence: as its page states it, be it
    'unknown'. megabytes (10^6 bytes): what is downloaded, all splits together.
    """

    name: str
    source: str
    config: str | None
    task: str
    columns: dict[str, str]
    classes: int | None
    splits: dict[str, int]
    licence: str
    megabytes: float
    description: str
    handler: str = ""

    @property
    def embedded(self) -> bool:
        """Whether it comes with the kit."""
        return "/" not in self.source
