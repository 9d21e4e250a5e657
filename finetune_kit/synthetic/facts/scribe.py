"""Writes the nodes of a text to a page: draws among alternatives, fills the slots and the picks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import names
from .draw import Draw
from .grammar import Either, Mark, Nodes, Pick, Slot
from .lexicon import parsed
from .makers import MAKERS
from .page import Page

Fill = Callable[[Slot], None]
NUMBERS = ("number", "money", "year")
OPTIONAL = 0.5  # of the optional parts, how many are written
Roles = frozenset[str]
NONE: Roles = frozenset()


def nothing(slot: Slot) -> None:
    """Fill no slot: for texts that have none."""
    raise KeyError(f"There is nothing for the slot {slot.name!r} here.")


class Scribe:
    """Writes to `page`. marks: where a ^ stood; numbers: where a maker put a number (start, end)."""

    def __init__(self, draw: Draw, lists: Mapping[str, tuple[str, ...]], page: Page):
        self.draw, self.lists, self.page = draw, lists, page
        self.marks: list[int] = []
        self.numbers: list[tuple[int, int]] = []

    def write(self, nodes: Nodes, fill: Fill = nothing, must: Roles = NONE, ban: Roles = NONE) -> None:
        """Write the nodes; of the optional parts those with a slot in `must`, none with one in `ban`."""
        put = self.page.put
        for node in nodes:
            if isinstance(node, str):
                put(node)
            elif isinstance(node, Slot):
                fill(node)
            elif isinstance(node, Pick):
                self.pick(node, fill)
            elif isinstance(node, Either):
                self.write(self.draw.of(node.options), fill, must, ban)
            elif isinstance(node, Mark):
                self.marks.append(self.page.length)
            elif not node.roles & ban and (node.roles & must or self.draw.chance(OPTIONAL)):
                self.write(node.nodes, fill, must, ban)

    def pick(self, node: Pick, fill: Fill) -> None:
        """Write one of a list, or what a maker makes."""
        items = self.lists.get(node.name)
        if items is not None:
            self.write(parsed(self.draw.of(items)), fill)
            return
        made = MAKERS[node.name](self.draw, *node.numbers) if node.name in MAKERS else self.name(node.name)
        start = self.page.put(made)
        if node.name in NUMBERS:
            self.numbers.append((start, start + len(made.split(" ")[0])))

    def name(self, kind: str) -> str:
        """The name of a person, or a place."""
        return names.place(self.draw) if kind == "place" else names.person(self.draw).full


def spell(draw: Draw, lists: Mapping[str, tuple[str, ...]], nodes: Nodes, fill: Fill = nothing) -> str:
    """The nodes as a text of its own."""
    page = Page()
    Scribe(draw, lists, page).write(nodes, fill)
    return page.text
