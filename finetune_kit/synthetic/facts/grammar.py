"""The notation of the sheets: text with alternatives (a|b), optional parts [c], slots {name:form} and picks <list>.

A slot is filled from the fact that is told, a pick from a list of words or a maker of numbers, names and dates.
The mark ^ stands before the first character of an answer, when words come before it that are no part of it
("in ^a barn"), and behind its last one, when words follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ...errors import DataError

TOKEN = re.compile(r"[()\[\]|^]|\{[A-Za-z]+(?::[a-z]+)?\}|<[a-z_]+(?: \d+)*>|[^()\[\]|^{}<>]+|.")
OPEN = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Slot:
    """A place for a value of the fact, or for what the fact is about (X); `form` says in which form."""

    name: str
    form: str = ""


@dataclass(frozen=True)
class Pick:
    """A place for one of a list, or for what a maker of this name makes with these numbers."""

    name: str
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Either:
    """One of several texts."""

    options: tuple[Nodes, ...]

    @cached_property
    def roles(self) -> frozenset[str]:
        """The slots in it."""
        return frozenset().union(*(slots(option) for option in self.options))


@dataclass(frozen=True)
class Maybe:
    """A text that may be left out."""

    nodes: Nodes

    @cached_property
    def roles(self) -> frozenset[str]:
        """The slots in it."""
        return slots(self.nodes)


class Mark:
    """An end of the answer within a value."""


MARK = Mark()
Node = str | Slot | Pick | Either | Maybe | Mark
Nodes = tuple[Node, ...]


def parse(text: str) -> Nodes:
    """The nodes of a text. Raises DataError, which quotes the text, where its notation is wrong."""
    tokens = TOKEN.findall(text)
    options, rest = _options(tokens, 0, "", text)
    if rest != len(tokens) or len(options) != 1:
        raise DataError(f"{text!r}: a bar or a bracket stands outside of brackets.")
    return options[0]


def _options(tokens: list[str], at: int, close: str, text: str) -> tuple[list[Nodes], int]:
    """The texts between bars from token `at` to the bracket `close` or the end, and the place behind."""
    options: list[list[Node]] = [[]]
    while at < len(tokens) and tokens[at] != close:
        token = tokens[at]
        if token == "|":
            options.append([])
        elif token in OPEN:
            inner, at = _options(tokens, at + 1, OPEN[token], text)
            made = Either(tuple(inner)) if len(inner) > 1 else None
            if token == "[":
                options[-1].append(Maybe((made,) if made else inner[0]))
            elif made:
                options[-1].append(made)
            else:
                raise DataError(f"{text!r}: round brackets hold alternatives with a bar between.")
        else:
            options[-1].append(_node(token, text))
        at += 1
    if close and at >= len(tokens):
        raise DataError(f"{text!r}: the bracket {close!r} is missing.")
    return [tuple(option) for option in options], at


def _node(token: str, text: str) -> Node:
    if token == "^":
        return MARK
    if token[0] == "{" and len(token) > 1:
        name, _, form = token[1:-1].partition(":")
        return Slot(name, form)
    if token[0] == "<" and len(token) > 1:
        name, *numbers = token[1:-1].split()
        return Pick(name, tuple(map(int, numbers)))
    if token in ")]{}<>":
        raise DataError(f"{text!r}: {token!r} is out of place.")
    return token


def slots(nodes: Nodes, optional: bool = True) -> frozenset[str]:
    """The names of the slots; `optional`: also of those that may be left out."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Slot):
            found.add(node.name)
        elif isinstance(node, Either) or (isinstance(node, Maybe) and optional):
            found |= node.roles
    return frozenset(found)


def picks(nodes: Nodes) -> set[str]:
    """The names of all picks."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Pick):
            found.add(node.name)
        elif isinstance(node, Either):
            found = found.union(*(picks(option) for option in node.options))
        elif isinstance(node, Maybe):
            found |= picks(node.nodes)
    return found
