"""Notices: the line in which a panel says what it does, and what goes wrong in it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as ipw

from ..errors import FinetuneKitError
from . import parts


def failure(work: Callable[[], None]) -> str:
    """Do some work and return what went wrong, or '': an exception in a callback or a thread is seen by nobody."""
    try:
        work()
    except FinetuneKitError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


class Notice(ipw.HTML):  # type: ignore[misc]
    """The line. error: what went wrong last, or '' when something else was said since."""

    def __init__(self) -> None:
        self.error = ""
        super().__init__()

    def tell(self, text: str, kind: str = "note") -> None:
        """Say something, or with '' nothing. kind: note or error."""
        self.error = text if kind == "error" else ""
        self.value = parts.message(text, kind)

    def guard(self, work: Callable[[], None]) -> None:
        """Do some work, and show what goes wrong."""
        wrong = failure(work)
        if wrong:
            self.tell(wrong, "error")
