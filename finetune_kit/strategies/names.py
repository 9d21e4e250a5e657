"""Names: every strategy as a short text, and back."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from ..errors import ConfigError, UnknownNameError, unknown_name
from .base import Strategy
from .bitfit import BitFit
from .gradual import GradualUnfreezing
from .head_then_full import HeadThenFull
from .l2_sp import L2SP
from .lora import LoRA
from .plain import FromScratch, Full, HeadOnly, LastLayers

KINDS = (FromScratch, HeadOnly, LastLayers, GradualUnfreezing, HeadThenFull, BitFit, LoRA, L2SP, Full)
FIXED: dict[str, Strategy] = {kind.kind: kind() for kind in KINDS if kind is not LastLayers}
NAME = re.compile(r"([a-z0-9-]+?)(?:-(\d+))?(?:\((.*)\))?")  # lora-4(alpha=32): its kind, a number, settings


def parse(strategy: str | Strategy) -> Strategy:
    """A strategy from its short name.

    scratch, head, last-1, last-2 ..., gradual, head-then-full, bitfit, lora, lora-1 ..., l2-sp, full;
    with settings in brackets, such as `gradual(decay=2)` or `lora-4(alpha=32,targets=query+value)`.
    Raises UnknownNameError for another name, ConfigError for a setting that is not possible.
    """
    if isinstance(strategy, Strategy):
        return strategy
    found = NAME.fullmatch(strategy) if isinstance(strategy, str) else None
    kind = next((kind for kind in KINDS if found and kind.kind == found[1]), None)
    if found is None or kind is None or (found[2] and not kind.counted) or strategy == LastLayers.kind:
        raise _unknown(strategy)
    settings = _settings(found[3] or "", strategy, kind)
    if found[2] and kind.counted:
        if kind.counted in settings:
            raise ConfigError(f"strategy={strategy!r}: expected {kind.counted} once; it is there twice.")
        settings[kind.counted] = int(found[2])
    return kind(**settings)


def _unknown(strategy: object) -> UnknownNameError:
    hint = "last-N takes any number of layers, lora-N any rank."
    return unknown_name("strategy", strategy, [*FIXED, "last-1", "last-2", "lora-4"], hint)


def _settings(text: str, strategy: str, kind: type[Strategy]) -> dict[str, Any]:
    """The settings in brackets: `alpha=32,targets=query+value`."""
    known = [field.name for field in dataclasses.fields(kind)]
    settings: dict[str, Any] = {}
    for pair in text.split(",") if text else []:
        name, equals, value = (piece.strip() for piece in pair.partition("="))
        if not equals or not value:
            raise ConfigError(f"strategy={strategy!r}: expected NAME=VALUE in the brackets, not {pair!r}.")
        if name not in known:
            raise unknown_name(f"setting of the strategy {kind.kind!r}", name, known)
        settings[name] = _read(value)
    return settings


def _read(value: str) -> Any:
    """A setting's value: a number, true, false, none, or names with + between them."""
    words = {"true": True, "false": False, "none": None}
    if value.lower() in words:
        return words[value.lower()]
    for number in (int, float):
        try:
            return number(value)
        except ValueError:
            continue
    return tuple(value.split("+"))
