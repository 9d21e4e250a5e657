"""Writes sentences to a page, and calls a subject by its name, a noun or a pronoun, as the sentence before allows."""

from __future__ import annotations

from .draw import Draw
from .grammar import Nodes, Slot
from .names import PRONOUNS
from .page import Page
from .scribe import Fill, Scribe
from .sheets import Field
from .subjects import Subject
from .values import CASES

AGAIN = 0.6  # mentions of the subject of the sentence before that are pronouns
ADORNED = 0.7  # first mentions that have an adjective
Span = tuple[int, int]


class Narrator:
    """Writes sentences to `page`.

    last: the only subject of the sentence before, which a pronoun can stand for. within: whether the clause has named
    its subject already. others: whether the sentence names other people, so that "she" might be one of them.
    mentioned: where the subject's latest name or noun stands. asides: what has been said that answers nothing.
    """

    def __init__(self, draw: Draw, sheet: Field, subjects: list[Subject]):
        self.draw, self.sheet, self.subjects = draw, sheet, subjects
        self.page = Page()
        self.scribe = Scribe(draw, sheet.lists, self.page)
        self.last: Subject | None = None
        self.within = self.others = False
        self.mentioned: Span = (0, 0)
        self.sentences = 0
        self.asides: list[Nodes] = []

    def begin(self) -> None:
        """Begin a sentence."""
        if self.page.pieces:
            self.page.put(" ")
        self.page.capital = True
        self.within = self.others = False
        self.sentences += 1

    def end(self, subject: Subject | None) -> None:
        """End a sentence; the next one may have a pronoun for this subject."""
        self.page.put(".")
        human = subject is not None and subject.owner.pronoun != "it"
        self.last = None if human and self.others else subject

    def say(self, nodes: Nodes, subject: Subject | None = None, full: bool = True) -> None:
        """A sentence that answers nothing; about a subject if one is given, with its full name if `full`."""
        self.begin()
        self.scribe.write(nodes, self._free(subject, full))
        if self.page.last[-1] not in ".!?'":
            self.page.put(".")
        self.last = subject

    def _free(self, subject: Subject | None, full: bool) -> Fill:
        def fill(slot: Slot) -> None:
            if slot.name == "X" and subject:
                self.name(subject, slot.form, full)
            elif subject:
                self.page.put({"noun": subject.noun, "adj": subject.adjective, "sort": subject.nouns[-1]}[slot.name])

        return fill

    def name(
        self, subject: Subject, form: str = "", full: bool = False, pronoun: bool = True, named: bool = False
    ) -> None:
        """Write what the subject is called here: a pronoun, its name, or a noun."""
        pronoun = pronoun and not named
        forms = PRONOUNS[subject.owner.pronoun]
        again = self.within or (pronoun and not full and self.last is subject and self.draw.chance(AGAIN))
        if again and form != "n":
            self.page.put(forms[CASES[form]])
            self.within = True
            return
        self.within = True
        words = subject.full if full or not subject.told else self._called(subject, named)
        start = self.page.put(words)
        quotes = words.startswith('"')
        self.mentioned = start + quotes, start + len(words) - quotes
        if form == "s":
            self.page.put("'s")
        elif not subject.told and not subject.explained and not full:
            adjective = f"{subject.adjective} " if subject.adjective and self.draw.chance(ADORNED) else ""
            self.page.put(", a ")
            self.page.put(f"{adjective}{subject.noun}")
            self.page.comma = True
            subject.known = True
        subject.told = True

    def _called(self, subject: Subject, named: bool) -> str:
        known = [subject.described] * 2 if subject.described and subject.known and not named else []
        return self.draw.of([subject.full, subject.short, *known])
