"""Plots: arrays in, Axes out; readable on light and dark ground, in grey and to the colour-blind."""

from .attribution import attribution_map, occlusion_map, query_attention
from .comparisons import label_curve, new_and_old, rate_curve, side_by_side, sweep_map, time_and_score
from .confusions import SHADES, confusion, confusion_size
from .curves import loss_curve, metric_curve, perplexity_curve
from .data import BINS, MOST_BARS, class_balance, class_balance_height, object_areas, picture_sizes, token_lengths
from .evaluation import calibration, forgetting
from .layers import layer_map, layer_map_height, learning_rates, movement
from .pictures import Sheet, contact_sheet, objects
from .sounds import sound_lengths, spectrogram, spectrogram_pixels, timeline, timeline_height, waveform
from .spans import span_scores
from .style import WIDTH, png

__all__ = [
    "BINS",
    "MOST_BARS",
    "SHADES",
    "WIDTH",
    "Sheet",
    "attribution_map",
    "calibration",
    "class_balance",
    "class_balance_height",
    "confusion",
    "confusion_size",
    "contact_sheet",
    "forgetting",
    "label_curve",
    "layer_map",
    "layer_map_height",
    "learning_rates",
    "loss_curve",
    "metric_curve",
    "movement",
    "new_and_old",
    "object_areas",
    "objects",
    "occlusion_map",
    "perplexity_curve",
    "picture_sizes",
    "png",
    "query_attention",
    "rate_curve",
    "side_by_side",
    "sound_lengths",
    "span_scores",
    "spectrogram",
    "spectrogram_pixels",
    "sweep_map",
    "time_and_score",
    "timeline",
    "timeline_height",
    "token_lengths",
    "waveform",
]
