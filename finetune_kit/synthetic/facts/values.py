"""The values of the roles: how each is written in a statement and a question, and which characters are the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from . import names
from .draw import Draw
from .grammar import Slot
from .lexicon import parsed
from .makers import dated
from .page import Page
from .scribe import Fill, Scribe, spell

CASES = {"": 0, "o": 1, "s": 2, "self": 3}
TITLED = 0.1
COMMON = 0.15  # persons told of by what they are: "a retired sailor"
ADORNED = 0.15  # persons told of by both


@dataclass(frozen=True)
class Value:
    """A value. text: with the words before it, such as a preposition; answer, part: characters in the text.

    part is the number or the year within the answer; before and after adorn a statement alone; asked is
    what a question says.
    """

    text: str
    answer: tuple[int, int]
    part: tuple[int, int] | None = None
    before: str = ""
    after: str = ""
    asked: str = ""
    keys: tuple[str, ...] = ()  # what no other value of the passage may hold
    person: bool = False

    @property
    def bare(self) -> str:
        """The answer."""
        return self.text[slice(*self.answer)]


@dataclass(frozen=True)
class Owner:
    """Of whom or of what a value is told: the pronouns for it and its years."""

    pronoun: str
    start: int
    span: int

    def fill(self, page: Page) -> Fill:
        """What puts the pronoun on the page for each {X}."""
        forms = names.PRONOUNS[self.pronoun]

        def put(slot: Slot) -> None:
            page.put(forms[CASES[slot.form]])

        return put


def make(draw: Draw, lists: Mapping[str, tuple[str, ...]], kind: str, owner: Owner) -> Value:
    """A value of a type; see sheets.py for the types."""
    if kind == "person":
        return _person(draw, lists)
    page = Page()
    word, _, stage = kind.partition(" ")
    scribe = Scribe(draw, lists, page)
    if word in ("date", "year"):
        when = owner.start + int((int(stage) + draw.random()) * owner.span / 10)
        scribe.write(parsed(dated(draw, when) if word == "date" else str(when)))
        found = page.text.rfind(str(when))
        scribe.numbers.append((found, found + 4))
    else:
        scribe.write(parsed(kind), owner.fill(page))
    start, end = (*scribe.marks, page.length)[:2] if scribe.marks else (0, page.length)
    part = scribe.numbers[0] if scribe.numbers else None
    asked = page.text if part or draw.chance(0.5) else definite(page.text)
    return Value(page.text, (start, end), part, asked=asked, keys=(page.text[start:end].lower(),))


def definite(text: str) -> str:
    """The text with "the" for an "a" at its beginning, as one speaks of what has been mentioned."""
    return re.sub("^an? (?=.* )", "the ", text)


def _person(draw: Draw, lists: Mapping[str, tuple[str, ...]]) -> Value:
    """Somebody, by a name or by what they are."""

    def picked(name: str) -> str:
        return spell(draw, lists, parsed(f"<{name}>"))

    way = draw.random()
    if way < COMMON:
        text = picked("somebody")
        asked = definite(text)
        return Value(text, (0, len(text)), asked=asked, keys=(text.lower(),), person=True)
    who = names.person(draw)
    text, asked, before, after = who.full, draw.of((who.full, who.last)), "", ""
    if way < COMMON + TITLED:
        text = asked = draw.of((who.titled, f"{draw.of(('Dr', 'Captain', 'Professor', 'Father'))} {who.last}"))
        if text.startswith("Father"):
            text = asked = who.titled
    elif way < COMMON + TITLED + ADORNED:
        if draw.chance(0.5):
            before = f"the {picked('trade')} "
        else:
            after = ", " + spell(draw, lists, parsed("a [young |retired |local |widowed ]<trade> from <town>"))
    return Value(text, (0, len(text)), None, before, after, asked, (who.first.lower(), who.last.lower()), True)
