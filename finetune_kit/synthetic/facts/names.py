"""People and places: names put together from lists, so that a name says nothing of what is told of its bearer."""

from __future__ import annotations

from dataclasses import dataclass

from .draw import Draw
from .lexicon import words

PRONOUNS = {
    "she": ("she", "her", "her", "herself"),
    "he": ("he", "him", "his", "himself"),
    "it": ("it", "it", "its", "itself"),
}


@dataclass(frozen=True)
class Person:
    """A name in its parts."""

    first: str
    last: str
    female: bool

    @property
    def full(self) -> str:
        """First name and surname."""
        return f"{self.first} {self.last}"

    @property
    def titled(self) -> str:
        """The surname with Mr or Mrs."""
        return f"{'Mrs' if self.female else 'Mr'} {self.last}"


def person(draw: Draw, female: bool | None = None) -> Person:
    """Somebody, of the sex that is asked for or of any."""
    if female is None:
        female = draw.chance(0.5)
    return Person(draw.of(words("female" if female else "male")), draw.of(words("surname")), female)


def place(draw: Draw) -> str:
    """A name of two or three syllables for a town."""
    name = draw.of(words("town_head")) + draw.of(words("town_middle")) + draw.of(words("town_tail"))
    for letter in "lnrs":  # Hallland
        name = name.replace(3 * letter, 2 * letter)
    return name
