"""Heads: what a checkpoint holds above its backbone, and how much of it a model of another task keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME, cached_file

from .layers import layer_groups

POOLER, QA_OUTPUTS = "bert.pooler.dense", "qa_outputs"  # as transformers names them in a file


def keep_beside(model: Any, where: str, keys: set[str]) -> None:
    """Put back the weights of a file, among its unexpected `keys`, that pretraining goes on with or hands on, in place.

    where: the folder or hub id of the checkpoint.
    """
    names = add_beside(model, keys)
    if names:
        model.load_state_dict(_read(where, names), strict=False)


def add_beside(model: Any, keys: Iterable[str]) -> list[str]:
    """Give a model of masked words the parts beside its head that have weights among `keys`; their names."""
    known = set(keys)
    names = []
    for part, add in ((POOLER, add_pooler), (QA_OUTPUTS, add_qa_outputs)):
        if f"{part}.weight" in known:
            add(model)
            names += [f"{part}.weight", f"{part}.bias"]
    return names


def add_pooler(model: Any) -> None:
    """Give a BERT of masked words a new pooler, which BERTs have for other heads."""
    from transformers.models.bert.modeling_bert import BertPooler

    model.bert.pooler = BertPooler(model.config).to(model.device)
    torch.nn.init.normal_(model.bert.pooler.dense.weight, std=model.config.initializer_range)
    torch.nn.init.zeros_(model.bert.pooler.dense.bias)


def add_qa_outputs(model: Any) -> None:
    """Give a model the two outputs of question answering, start and end of an answer, under a BERT's name for them."""
    model.qa_outputs = torch.nn.Linear(model.config.hidden_size, 2).to(model.device)
    torch.nn.init.normal_(model.qa_outputs.weight, std=0.02)
    torch.nn.init.zeros_(model.qa_outputs.bias)


def keep_known_classes(model: Any, where: str, held: dict[int, str]) -> None:
    """Give a classifier the rows of its checkpoint's head for its classes, in place, if that knows all of them.

    where: the folder or hub id of the checkpoint; held: its head's classes by number.
    """
    rows = known_classes(list(model.config.id2label.values()), held)
    if rows == list(range(len(held))):
        return  # the very head that is there
    head = [name for name in layer_groups(model)[-1].parameters if len(model.get_parameter(name)) == len(rows)]
    if not rows or not head:
        return
    last = [name for name in head if name.rpartition(".")[0] == head[-1].rpartition(".")[0]]
    found = {name: weight for name, weight in _read(where, last).items() if len(weight) == len(held)}
    model.load_state_dict({name: weight[rows] for name, weight in found.items()}, strict=False)


def known_classes(wanted: list[str], held: dict[int, str]) -> list[int]:
    """The number of each wanted class among those that a head holds, in any case of letters; [] if it lacks one."""
    numbers = {str(name).casefold(): number for number, name in held.items()}
    numbers |= {str(name): number for number, name in held.items()}  # 'a' and 'A' may be two
    found = [numbers.get(name, numbers.get(name.casefold(), -1)) for name in map(str, wanted)]
    return [] if -1 in found or len(set(found)) < len(found) else found


def _read(where: str, names: list[str]) -> dict[str, torch.Tensor]:
    """Weights of a checkpoint by their names, in float32; without those that it does not hold."""
    found: dict[str, torch.Tensor] = {}
    for file in _files(where, names):
        with safe_open(file, "pt") as held:
            found |= {name: held.get_tensor(name).float() for name in set(names) & set(held.keys())}
    return found


def _files(where: str, names: list[str]) -> list[str]:
    """The files of a checkpoint that hold these weights: the only one, or those that its index names."""
    one, index = (
        cached_file(where, name, _raise_exceptions_for_missing_entries=False)
        for name in (SAFE_WEIGHTS_NAME, SAFE_WEIGHTS_INDEX_NAME)
    )
    if one is not None or index is None:
        return [one] if one else []
    held = json.loads(Path(index).read_text(encoding="utf-8"))["weight_map"]
    return [cached_file(where, file) for file in sorted({held[name] for name in names if name in held})]
