"""Panels for notebooks, built on what ipywidgets 7.7 and 8 share. They edit a config and listen to a history."""

from .browser import DataBrowser, data_browser
from .cleaning import CleaningPanel, clean_panel
from .live import LivePanel
from .picture_browser import PictureBrowser
from .pretraining import PretrainingPanel, pretrain_panel
from .studio import Studio, studio

__all__ = [
    "CleaningPanel",
    "DataBrowser",
    "LivePanel",
    "PictureBrowser",
    "PretrainingPanel",
    "Studio",
    "clean_panel",
    "data_browser",
    "pretrain_panel",
    "studio",
]
