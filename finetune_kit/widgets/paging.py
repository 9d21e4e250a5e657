"""Paging: buttons to the previous and the next page, and where the present one stands among all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets as ipw

from . import parts


class PageTurner(ipw.HBox):  # type: ignore[misc]
    """The buttons. first: the place of the first thing on the page, of `total` in all.

    size: things a page. draw: called when the page was turned; who draws a page calls `tell` in the end.
    beside: widgets that stand to the right. order: what is said of the order of the things.
    """

    def __init__(self, size: int, draw: Callable[[], None], beside: Iterable[Any] = (), order: str = ""):
        self.size, self.first, self.total = size, 0, 0
        self._draw, self._order = draw, order
        narrow = ipw.Layout(width="auto")
        self.back = ipw.Button(description="Previous", icon="arrow-left", layout=narrow)
        self.forth = ipw.Button(description="Next", icon="arrow-right", layout=narrow)
        self.back.on_click(lambda _: self._turn(-size))
        self.forth.on_click(lambda _: self._turn(size))
        self.position = ipw.HTML()
        layout = ipw.Layout(flex_flow="row wrap", align_items="center")
        super().__init__([self.back, self.forth, self.position, *beside], layout=layout)

    @property
    def page(self) -> slice:
        """The things on the page."""
        return slice(self.first, self.first + self.size)

    def begin(self, total: int) -> None:
        """Go to the first page of so many things; it is not drawn yet."""
        self.first, self.total = 0, total

    def tell(self) -> None:
        """Say which things are on the page, and let only those buttons be pressed that lead to others."""
        last = min(self.first + self.size, self.total)
        said = f"{self.first + 1:,} to {last:,} of {self.total:,}{self._order}" if self.total else "None"
        self.position.value = parts.message(said)
        self.back.disabled, self.forth.disabled = self.first == 0, last >= self.total

    def _turn(self, by: int) -> None:
        if 0 <= self.first + by < self.total:
            self.first += by
            self._draw()
