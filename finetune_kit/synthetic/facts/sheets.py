"""The sheets of the folder `fields`, one a field of life: what a passage can be about, what is told of it and asked.

The keys of a sheet:
    it, he, she, person   the nouns of what it is about, each with more general ones behind slashes, and the pronoun
    name                  how it is called; {noun} and {Noun} are its noun; "-" has no name but "the" with its noun
    adj                   adjectives for it
    pairs                 what tells two of the same noun apart ("upper/lower")
    era                   the first and the last year in which it may begin, and how many years its dates span
    forms                 the forms that its passages may have; without it all of passages.FORMS
    open                  first sentences, which answer nothing
    fill                  other sentences that answer nothing
    list NAME             items for picks and roles of this sheet alone
    event NAME            its roles, "role=type"; the says and asks below it belong to it
    say                   a statement, in which {X} is what it is about and {role} a value; {X:o} is it as an object
                          (her), {X:s} the possessive (her, Holm's), {X:n} never a pronoun
    hide ROLE             sentences that the role is not known, for a passage that does not tell it
    ask ROLE              questions for the role; "ROLE#" asks for the number or the year within the value, X for {X}
The type of a role is "date S" or "year S" (S from 0 to 9: how late in the span), "person", or a text with picks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

from ...errors import DataError
from .grammar import Either, Nodes, Slot, parse, picks, slots
from .lexicon import FOLDER, items, lists, parsed, read_lines, weighted
from .makers import MAKERS

GENDERS = ("it", "he", "she", "person")
IRREGULAR = re.compile(
    "(bought|brought|built|caught|cut|dug|drawn|driven|eaten|fed|found|given|held|hidden|hit|kept|laid|led|left|lost|made|"
    "paid|put|read|run|seen|sent|set|shut|sold|spent|stolen|struck|taken|taught|thrown|told|won|woven|written)$"
)
PAIRS = "plainer/finer; better-known/lesser-known; more popular/less popular"
OWN = frozenset({"X", "sort", "noun", "Noun", "adj"})  # slots that are no roles


@dataclass(frozen=True)
class Say:
    """A statement. needs, may: the roles that it holds in any case, and at most."""

    nodes: Nodes

    @cached_property
    def needs(self) -> frozenset[str]:
        """The roles that it always tells."""
        return slots(self.nodes, optional=False) - OWN

    @cached_property
    def may(self) -> frozenset[str]:
        """The roles that it tells at most."""
        return slots(self.nodes) - OWN

    @cached_property
    def opens(self) -> bool:
        """Whether it begins with its subject."""
        return self.nodes[0] == Slot("X")

    @cached_property
    def rest(self) -> Nodes:
        """What follows the subject and a space; nothing if it cannot be joined to another statement."""
        second = self.nodes[1] if self.opens and len(self.nodes) > 1 else None
        if not isinstance(second, str) or second.startswith(" and ") or re.search(r"[,;.:]", _literals(self.nodes)):
            return ()
        return (second.removeprefix(" "), *self.nodes[2:])

    @cached_property
    def participle(self) -> Nodes:
        """The rest without "was" where it goes on with a participle, which may then stand before the subject."""
        rest = self.rest
        if not rest or not isinstance(rest[0], str) or not rest[0].startswith("was "):
            return ()
        after = rest[0].removeprefix("was ")
        made = (after, *rest[1:]) if after else rest[1:]
        first = made[0] if made else ""
        options = [o[0] for o in first.options if o] if isinstance(first, Either) else [first]
        return made if all(isinstance(option, str) and _is_participle(option) for option in options) else ()


@dataclass(frozen=True)
class Ask:
    """A question for a role, or for the part of it that is a number."""

    role: str
    part: bool
    nodes: Nodes

    @cached_property
    def needs(self) -> frozenset[str]:
        """The roles whose values it always holds."""
        return slots(self.nodes, optional=False) - OWN

    @cached_property
    def may(self) -> frozenset[str]:
        """The roles whose values it holds at most."""
        return slots(self.nodes) - OWN

    @cached_property
    def about(self) -> bool:
        """Whether it says what it is about, so that it cannot be answered by what is told of another."""
        return any(
            node.name == "X" if isinstance(node, Slot)
            else isinstance(node, Either) and all("X" in slots(option) for option in node.options)
            for node in self.nodes
        )  # fmt: skip

    @cached_property
    def first(self) -> str:
        """Its first word, in lower case."""
        return str(self.nodes[0] if isinstance(self.nodes[0], str) else "").split(" ")[0].lower()


@dataclass(frozen=True)
class Event:
    """Something that can be told: its roles with their types, the statements and the questions."""

    name: str
    roles: Mapping[str, str]
    says: tuple[Say, ...] = ()
    asks: tuple[Ask, ...] = ()
    hides: Mapping[str, tuple[Nodes, ...]] = field(default_factory=dict)

    def fitting(self, must: frozenset[str], ban: frozenset[str]) -> list[Say]:
        """The statements that can tell the roles `must` and leave out the roles `ban`."""
        return [say for say in self.says if must <= say.may and not ban & say.needs]


@dataclass(frozen=True)
class Field:
    """A field of life."""

    name: str
    nouns: tuple[tuple[str, ...], ...]  # gender, noun, more general nouns
    names: tuple[Nodes, ...]
    adjectives: tuple[str, ...]
    pairs: tuple[str, ...]
    era: tuple[int, int, int]
    opens: tuple[Nodes, ...]
    fills: tuple[Nodes, ...]
    lists: Mapping[str, tuple[str, ...]]
    forms: frozenset[str] = frozenset()
    events: Mapping[str, Event] = field(default_factory=dict)


def _literals(nodes: Nodes) -> str:
    """All plain text, of all options."""
    found = []
    for node in nodes:
        if isinstance(node, str):
            found.append(node)
        elif isinstance(node, Either):
            found += [_literals(option) for option in node.options]
        elif hasattr(node, "nodes"):
            found.append(_literals(node.nodes))
    return " ".join(found)


def _is_participle(text: str) -> bool:
    word = text.split(" ")[0]
    return word.endswith("ed") or bool(IRREGULAR.match(word))


def _roles(value: str) -> dict[str, str]:
    """The roles of an event from "role=type; role=type"."""
    pairs = (item.partition("=") for item in items(value))
    return {name.strip(): kind.strip() for name, _, kind in pairs}


def _read(path: Path) -> Field:
    """A sheet. Raises DataError where it does not fit together."""
    plain: dict[str, str] = {"era": "1750 1900 100", "name": "-", "adj": "", "forms": "", "pairs": PAIRS}
    nouns: list[tuple[str, ...]] = []
    own, events = dict(lists()), dict[str, Event]()
    told: dict[str, list[Nodes]] = {"open": [], "fill": []}
    event = Event("", {})
    for key, value in read_lines(path):
        word, _, name = key.partition(" ")
        if word in GENDERS:
            nouns += [(word, *item.split("/")) for item in items(value)]
        elif word in told:
            told[word].append(parse(value))
        elif word == "list":
            own[name] = weighted(items(value))
        elif word == "event":
            event = Event(name, _roles(value))
        elif word == "say":
            event = replace(event, says=(*event.says, Say(parse(value))))
        elif word == "hide":
            event = replace(event, hides={**event.hides, name: tuple(parse(item) for item in items(value))})
        elif word == "ask":
            asked = (Ask(name.rstrip("#"), name.endswith("#"), parse(item)) for item in items(value))
            event = replace(event, asks=(*event.asks, *asked))
        elif word in plain:
            plain[word] = value
        else:
            raise DataError(f"{path.name}: there is no key {word!r}.")
        if event.name:
            events[event.name] = event
    first, last, span = map(int, plain["era"].split())
    names = tuple(parse(item) for item in items(plain["name"]))
    made = Field(
        path.stem, tuple(nouns), names, tuple(items(plain["adj"])), tuple(items(plain["pairs"])), (first, last, span),
        tuple(told["open"]), tuple(told["fill"]), own, frozenset(plain["forms"].split()), events,
    )  # fmt: skip
    for one in events.values():
        _check(made, one)
    return made


def _check(sheet: Field, event: Event) -> None:
    """Raise DataError unless each question can be answered and each name is known."""
    where = f"{sheet.name}, event {event.name}"
    for say in event.says:
        _known(where, say.nodes, say.may, event, sheet)
        if any(isinstance(node, Either) and node.roles - OWN for node in say.nodes):
            raise DataError(f"{where}: a role stands between bars in {_literals(say.nodes)!r}; only [] may hold one.")
    for ask in event.asks:
        _known(where, ask.nodes, ask.may | ({ask.role} - OWN), event, sheet)
        if not event.fitting(ask.needs | ({ask.role} - OWN), frozenset()):
            raise DataError(f"{where}: no statement answers {_literals(ask.nodes)!r}.")
    for kind in event.roles.values():
        if kind.split(" ")[0] not in ("date", "year", "person"):
            _known(where, parsed(kind), frozenset(), event, sheet)


def _known(where: str, nodes: Nodes, roles: frozenset[str], event: Event, sheet: Field) -> None:
    unknown = {*(roles - set(event.roles)), *(picks(nodes) - set(sheet.lists) - set(MAKERS))}
    if unknown:
        raise DataError(f"{where}: {sorted(unknown)} is neither a role of it nor a list nor a maker.")


@cache
def fields() -> tuple[Field, ...]:
    """All fields, in the order of their names."""
    return tuple(_read(path) for path in sorted((FOLDER / "fields").glob("*.txt")))
