"""Panels for notebooks, built on what ipywidgets 7.7 and 8 share. They edit a config and listen to a history."""

from .browser import DataBrowser, data_browser
from .live import LivePanel
from .pretraining import PretrainingPanel, pretrain_panel
from .studio import Studio, studio

__all__ = ["DataBrowser", "LivePanel", "PretrainingPanel", "Studio", "data_browser", "pretrain_panel", "studio"]
