"""Panels for notebooks, built on what ipywidgets 7.7 and 8 share. They edit a config and listen to a history."""

from .studio import Studio, studio

__all__ = ["Studio", "studio"]
