"""Panels for notebooks, built on what ipywidgets 7.7 and 8 share. They edit a config and listen to a history."""

from .browser import DataBrowser, data_browser
from .cleaning import CleaningPanel, clean_panel
from .compare_panel import ComparePanel, compare_panel
from .listening import ListeningPanel, listen_panel
from .live import LivePanel
from .picture_browser import PictureBrowser
from .pretraining import PretrainingPanel, pretrain_panel
from .sound_browser import SoundBrowser
from .studio import Studio, studio
from .your_data import DataPanel, data_panel

__all__ = [
    "CleaningPanel",
    "ComparePanel",
    "DataBrowser",
    "DataPanel",
    "ListeningPanel",
    "LivePanel",
    "PictureBrowser",
    "PretrainingPanel",
    "SoundBrowser",
    "Studio",
    "clean_panel",
    "compare_panel",
    "data_browser",
    "data_panel",
    "listen_panel",
    "pretrain_panel",
    "studio",
]
