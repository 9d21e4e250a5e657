"""What a passage is about: its names, its nouns and its years, and how it is called in statements and in questions."""

from __future__ import annotations

from dataclasses import dataclass

from ..phrases.english import add_s
from . import names
from .draw import Draw
from .grammar import Slot
from .page import Page
from .scribe import Scribe
from .sheets import Field
from .values import Owner

PLURALS = {"goose": "geese", "salesman": "salesmen"}
COMMON = frozenset(
    ("The", "Old", "New", "Saint", "Upper", "Lower", "Great", "Little", "North", "South", "East", "West", "Port")
)


@dataclass
class Subject:
    """One subject of a passage.

    nouns: its own noun and more general ones. described: how it is called without its name ("the mill"), as far as
    the passage has said that it is one; "" if it has not, or if this would fit another subject too.
    """

    full: str
    short: str
    nouns: tuple[str, ...]
    adjective: str
    owner: Owner
    number: int = 0
    unnamed: bool = False
    described: str = ""
    told: bool = False  # whether the passage has named it
    known: bool = False  # whether the passage has said what it is

    @property
    def noun(self) -> str:
        """Its own noun."""
        return self.nouns[0]

    @property
    def explained(self) -> bool:
        """Whether the name itself says what it is."""
        return self.unnamed or self.noun.lower() in self.full.lower()

    @property
    def keys(self) -> tuple[str, ...]:
        """What no other value of the passage may hold: the name and the words in it that are a name."""
        own = self.noun.lower().split(" ")
        words = [word.removesuffix("'s") for word in self.full.split(" ")]
        proper = [word.lower() for word in words if word[0].isupper() and word not in COMMON]
        return (self.full.lower(), *(word for word in proper if word not in own))


def subject(draw: Draw, sheet: Field, noun: tuple[str, ...] | None = None) -> Subject:
    """A subject of a field; `noun`: of this kind."""
    gender, *nouns = noun or draw.of(sheet.nouns)
    pronoun = draw.of(("she", "he")) if gender == "person" else gender
    first, last, span = sheet.era
    owner = Owner(pronoun, draw.between(first, last), span)
    adjective = draw.of(sheet.adjectives)
    who = names.person(draw, pronoun == "she")
    page = Page()

    def fill(slot: Slot) -> None:
        word = nouns[0]
        page.put({"noun": word, "Noun": word.title(), "person": who.full, "first": who.first}[slot.name])

    scribe = Scribe(draw, sheet.lists, page)
    chosen = draw.of(sheet.names)
    if chosen == ("-",):
        return Subject(f"the {nouns[0]}", f"the {nouns[0]}", tuple(nouns), adjective, owner, unnamed=True)
    scribe.write(chosen, fill)
    short = page.text
    if page.text == who.full:
        short = draw.of((who.last, who.first))
    return Subject(page.text, short, tuple(nouns), adjective, owner)


def describe(draw: Draw, subjects: list[Subject], pairs: tuple[str, ...]) -> tuple[str, str] | None:
    """Set in place how the subjects are called without their names; two of a kind get qualifiers, or None is given."""
    same = len(subjects) == 2 and subjects[0].noun == subjects[1].noun
    for one in subjects:
        one.described = "" if same else f"the {one.noun}"
    if not same or draw.chance(0.5):
        return None
    first, _, second = draw.of(pairs).partition("/")
    pair = first, second
    for one, qualifier in zip(subjects, pair, strict=True):
        one.described = f"the {qualifier} {one.noun}"
    return pair


def plural(noun: str) -> str:
    """The plural of a noun, of which the last word changes."""
    return PLURALS.get(noun) or add_s(noun)
