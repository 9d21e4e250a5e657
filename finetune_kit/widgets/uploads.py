"""Uploads: the files that a FileUpload holds, in ipywidgets 7 and in 8."""

from __future__ import annotations

from typing import Any


def files(value: Any) -> list[tuple[str, bytes]]:
    """Names and contents of a FileUpload's value: a dict by name in ipywidgets 7, a tuple of dicts in 8."""
    if isinstance(value, dict):
        return [(name, bytes(file["content"])) for name, file in value.items()]
    return [(file["name"], bytes(file["content"])) for file in value]
