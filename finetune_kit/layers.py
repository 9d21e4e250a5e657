"""Layers: the named groups of any model's weights, from bottom to top."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class LayerGroup:
    """A part of a model: its name and the names of its parameters, bottom to top."""

    name: str
    parameters: tuple[str, ...]
    size: int  # number of weights


def layer_groups(model: nn.Module) -> list[LayerGroup]:
    """The named parts of any transformers model from bottom to top, every parameter in exactly one.

    Found from the stacks of like blocks in the backbone, not from a table of
    architectures. What lies below the first big stack is `embeddings`; its blocks are
    `layer.0`, `layer.1` ... (`stage.0` ... of a ResNet, `encoder.0` ... `decoder.0` ... where
    there are several); a small stack below it is one group under its own name; what lies
    above, and all that is not backbone, is `head`.
    """
    base = getattr(model, "base_model", model)
    prefix = next((f"{name}." for name, module in model.named_modules() if module is base and name), "")
    names = [name for name, _ in base.named_parameters()]
    blocks, small = _blocks(base)
    owner = {name: next((g for path, g in blocks.items() if name.startswith(path)), None) for name in names}
    places = [i for i, name in enumerate(names) if owner[name]]
    first, last = (places[0], places[-1]) if places else (len(names), len(names))
    groups: dict[str, list[str]] = {}
    for i, name in enumerate(names):
        group = owner[name]
        if group is None and i < first:
            group = next((g for path, g in small.items() if name.startswith(path)), "embeddings")
        elif group is None:
            # Between two stacks, such as an encoder's final norm: part of the block before it.
            group = next(reversed(groups)) if i < last else "head"
        groups.setdefault(group, []).append(prefix + name)
    backbone = {prefix + name for name in names}
    head = groups.pop("head", []) + [name for name, _ in model.named_parameters() if name not in backbone]
    # By the last parameter: a stray one before the first convolution does not put `embeddings` below it.
    place = {prefix + name: i for i, name in enumerate(names)}
    upwards = sorted(groups.items(), key=lambda item: place[item[1][-1]])
    size = {name: parameter.numel() for name, parameter in model.named_parameters()}
    return [LayerGroup(g, tuple(n), sum(size[x] for x in n)) for g, n in [*upwards, ("head", head)] if n]


def _blocks(base: nn.Module) -> tuple[dict[str, str], dict[str, str]]:
    """Path prefixes to group names: of the blocks of the big stacks, and of the small stacks as a whole."""
    stacks = _stacks(base)
    if not stacks:
        return {}, {}
    size = {path: sum(p.numel() for p in stack.parameters()) for path, stack in stacks.items()}
    big = [path for path in stacks if size[path] * 2 >= max(size.values())]
    small = {f"{path}.": path.split(".")[0] for path in stacks if path not in big}
    blocks: dict[str, str] = {}
    for path in big:
        kind = "stage" if path.split(".")[-1].startswith("stage") else "layer"
        label = kind if len(big) == 1 else path.split(".")[0]
        blocks |= {f"{path}.{i}.": f"{label}.{i}" for i, _ in stacks[path].named_children()}
    return blocks, small


def _stacks(base: nn.Module) -> dict[str, nn.Module]:
    """The outermost lists of like blocks by path; a list of one counts when no longer one lies inside it."""
    found: dict[str, nn.Module] = {}
    for path, module in base.named_modules():
        inside = any(path.startswith(f"{outer}.") for outer in found)
        if not inside and _alike(module) and (_long(module) or not any(map(_long, module.modules()))):
            found[path] = module
    return found


def _long(module: nn.Module) -> bool:
    return _alike(module) and len(list(module.children())) > 1


def _alike(module: nn.Module) -> bool:
    """Whether it is a list of composite modules with weights, most of them of one class."""
    members = list(module.children())
    if not members or not isinstance(module, (nn.ModuleList, nn.Sequential)):
        return False
    composite = all(list(m.children()) and any(True for _ in m.parameters()) for m in members)
    return composite and Counter(type(m) for m in members).most_common(1)[0][1] * 2 >= len(members)
