"""Strategies: how much of a model trains, when and how fast, from which start. Each is a value."""

from .base import Part, Strategy, hold_frozen, trainable_share, unfreeze
from .bitfit import BitFit
from .gradual import GradualUnfreezing
from .head_then_full import HeadThenFull
from .l2_sp import L2SP
from .lora import Adapter, LoRA, merge, unmerge
from .names import FIXED, parse
from .plain import FromScratch, Full, HeadOnly, LastLayers

__all__ = [
    "FIXED",
    "L2SP",
    "Adapter",
    "BitFit",
    "FromScratch",
    "Full",
    "GradualUnfreezing",
    "HeadOnly",
    "HeadThenFull",
    "LastLayers",
    "LoRA",
    "Part",
    "Strategy",
    "hold_frozen",
    "merge",
    "parse",
    "trainable_share",
    "unfreeze",
    "unmerge",
]
