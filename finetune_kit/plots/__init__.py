"""Plots: arrays in, Axes out; readable on light and dark ground, in grey and to the colour-blind."""

from .attribution import attribution_map, occlusion_map, query_attention
from .confusions import SHADES, confusion, confusion_size
from .curves import label_curve, loss_curve, metric_curve, perplexity_curve
from .data import BINS, MOST_BARS, class_balance, class_balance_height, object_areas, picture_sizes, token_lengths
from .pictures import Sheet, contact_sheet, objects
from .style import WIDTH, png

__all__ = [
    "BINS",
    "MOST_BARS",
    "SHADES",
    "WIDTH",
    "Sheet",
    "attribution_map",
    "class_balance",
    "class_balance_height",
    "confusion",
    "confusion_size",
    "contact_sheet",
    "label_curve",
    "loss_curve",
    "metric_curve",
    "object_areas",
    "objects",
    "occlusion_map",
    "perplexity_curve",
    "picture_sizes",
    "png",
    "query_attention",
    "token_lengths",
]
