"""Comparisons: the same data, order, seeds and budget under several strategies, label counts or learning rates."""

from .comparison import Comparison
from .labels import LabelCurve, Saved, label_curve
from .methods import compare
from .pairs import paired
from .rates import LearningRates, lr_range
from .results import BASELINE, Result
from .statistics import Interval
from .storing import cache_folder
from .sweeping import Sweep, sweep
from .trials import OnRun

__all__ = [
    "BASELINE",
    "Comparison",
    "Interval",
    "LabelCurve",
    "LearningRates",
    "OnRun",
    "Result",
    "Saved",
    "Sweep",
    "cache_folder",
    "compare",
    "label_curve",
    "lr_range",
    "paired",
    "sweep",
]
