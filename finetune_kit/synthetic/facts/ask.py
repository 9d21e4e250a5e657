"""Writes the questions of a plan, and finds the characters of their answers."""

from __future__ import annotations

from collections.abc import Mapping

from .draw import Draw
from .grammar import Slot
from .names import PRONOUNS
from .narrator import Span
from .page import Page
from .plan import NONE, Fact, Target
from .scribe import Scribe
from .sheets import Field
from .subjects import Subject
from .tell import Stuck, Teller, Told
from .values import CASES, Value

GENERAL = 0.15  # questions about "the building" where the passage has but one subject, a mill


class Asker:
    """Writes questions on what a teller has told."""

    def __init__(self, draw: Draw, sheet: Field, subjects: list[Subject], stranger: Subject, teller: Teller):
        self.draw, self.sheet, self.subjects, self.stranger, self.teller = draw, sheet, subjects, stranger, teller

    def ask(self, target: Target) -> str:
        """The text of a question."""
        page = Page()
        page.capital = True
        subject = self.stranger if target.lack == "stranger" else self.subjects[target.subject]
        values = self._values(target)
        called = ""

        def fill(slot: Slot) -> None:
            nonlocal called
            if slot.name == "X":
                if called:
                    page.put(PRONOUNS[subject.owner.pronoun][CASES.get(slot.form, 0)])
                    return
                called = self._called(subject)
                page.put(called + ("'s" if slot.form == "s" else ""))
            elif slot.name in ("noun", "sort"):
                page.put(self._noun(subject, slot.name == "sort"))
            else:
                value = values.get(slot.name) or self._drawn(target, slot.name)
                page.put(value.bare if slot.form == "bare" else value.asked)
                page.put("'s" if slot.form == "s" else "")

        stated = frozenset(values) if not target.lack else target.ask.may
        Scribe(self.draw, self.sheet.lists, page).write(target.ask.nodes, fill, NONE, target.ask.may - stated)
        page.put("?")
        return page.text

    def _values(self, target: Target) -> Mapping[str, Value]:
        """The values that a question may hold: those that the passage tells, unless it asks for others."""
        at = 1 - target.subject if target.lack == "other" else target.subject
        told = self.teller.told.get((at, target.event.name), Told())
        shown = {role: value for role, value in told.values.items() if role in told.spans}
        return {} if target.lack in ("altered", "absent") else shown

    def _drawn(self, target: Target, role: str) -> Value:
        """A value that the passage does not hold."""
        return self.teller.fresh(Fact(target.subject, target.event), role)

    def _called(self, subject: Subject) -> str:
        nouns = [subject.described] * 2 if subject.described and subject.known else []
        if nouns and len(self.subjects) == 1 and subject.nouns[1:] and self.draw.chance(GENERAL):
            return f"the {self.draw.of(subject.nouns[1:])}"
        return self.draw.of([subject.full, subject.short, *nouns])

    def _noun(self, subject: Subject, general: bool) -> str:
        """A noun for the subject; `general`: one that fits all subjects."""
        fitting = [noun for noun in subject.nouns if all(noun in other.nouns for other in self.subjects)]
        return (fitting or [subject.nouns[-1]])[0] if general else subject.noun

    def answer(self, target: Target) -> Span | None:
        """The characters of the answer. Raises Stuck where it was not written."""
        if target.lack:
            return None
        told = self.teller.told[target.subject, target.event.name]
        spans = told.parts if target.ask.part else told.spans
        if target.ask.role not in spans:
            raise Stuck
        return spans[target.ask.role]
