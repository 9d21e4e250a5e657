"""Writes the statements of a plan as sentences: alone, in somebody's mouth, joined or contrasted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .draw import Draw
from .grammar import Nodes, Slot
from .lexicon import parsed
from .narrator import Narrator, Span
from .plan import Fact
from .sheets import Field, Say
from .subjects import Subject
from .values import Value, make

QUOTED = 0.06  # statements that stand in somebody's mouth
CONNECTED = 0.2  # statements with a connective
PARTICIPLE, RELATIVE, AND = 0.4, 0.35, 0.4  # of two statements that can be joined so
CONTRAST_FIRST = 0.3  # contrasts that begin with while or whereas
TRIES = 40
INVOLVED = re.compile("(,| and| because| that) ")  # of a clause to which another is not joined by "and" alone


@dataclass
class Told:
    """What stands where: the values of a fact, the characters of each answer and of the part of it."""

    values: dict[str, Value] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    parts: dict[str, Span] = field(default_factory=dict)


class Taken:
    """The keys of all values so far: no value may hold another's."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def take(self, *keys: str) -> bool:
        """Take the keys unless one of them holds a key taken before, or is held by one."""
        padded = [f" {key} " for key in keys]
        if any(new in old or old in new for new in padded for old in self.keys):
            return False
        self.keys += padded
        return True


class Stuck(Exception):  # noqa: N818 - a signal within the package: this draw leads nowhere, the next is tried
    """The draws do not fit together."""


class Teller(Narrator):
    """Tells facts. `told` holds for each (subject, event) what was written."""

    def __init__(self, draw: Draw, sheet: Field, subjects: list[Subject], taken: Taken):
        super().__init__(draw, sheet, subjects)
        self.taken = taken
        self.told: dict[tuple[int, str], Told] = {}

    def value(self, fact: Fact, role: str) -> Value:
        """The value of a role, drawn when it is first wanted, so that it holds no other's key."""
        told = self.told.setdefault((fact.subject, fact.event.name), Told())
        if role not in told.values:
            told.values[role] = self.fresh(fact, role)
        return told.values[role]

    def fresh(self, fact: Fact, role: str) -> Value:
        """A new value for a role."""
        owner = self.subjects[fact.subject].owner
        for _ in range(TRIES):
            made = make(self.draw, self.sheet.lists, fact.event.roles[role], owner)
            if self.taken.take(*made.keys):
                return made
        raise Stuck

    def clause(self, fact: Fact, nodes: Nodes, pronoun: bool = True, named: bool = False) -> None:
        """Write the nodes of a statement, and note where its values stand.

        pronoun: whether its subject may be one; named: whether it must have its name.
        """
        subject = self.subjects[fact.subject]
        told = self.told.setdefault((fact.subject, fact.event.name), Told())

        def fill(slot: Slot) -> None:
            if slot.name == "X":
                first = not self.within
                self.name(subject, slot.form, pronoun=pronoun, named=named or fact.named)
                if first:
                    told.spans["X"] = self.mentioned
            elif slot.name in ("noun", "sort"):
                self.page.put(subject.noun if slot.name == "noun" else subject.nouns[-1])
            else:
                self._put(told, slot, self.value(fact, slot.name))

        self.scribe.write(nodes, fill, fact.must, fact.ban)

    def _put(self, told: Told, slot: Slot, value: Value) -> None:
        """Write a value: {role} with the words before the answer, {role:bare} without, {role:s} with 's."""
        plain = slot.form == "" and not self.page.capital
        self.others = self.others or value.person
        self.page.put(value.before if plain else "")
        skipped = value.answer[0] if slot.form == "bare" else 0
        start = self.page.put(value.text[skipped:]) - skipped
        told.spans[slot.name] = start + value.answer[0], start + value.answer[1]
        if value.part:
            told.parts[slot.name] = start + value.part[0], start + value.part[1]
        if slot.form == "s":
            self.page.put("'s")
        elif value.after and plain:
            self.page.put(value.after)
            self.page.comma = True

    def choose(self, fact: Fact, joined: bool = False) -> Say | None:
        """A statement that fits; `joined`: one that can be joined to another."""
        fitting = fact.event.fitting(fact.must, fact.ban)
        if joined:
            fitting = [say for say in fitting if say.rest]
        return self.draw.of(fitting) if fitting else None

    def one(self, fact: Fact) -> None:
        """A sentence that tells one fact."""
        say = self.choose(fact)
        assert say
        self.begin()
        if self.draw.chance(QUOTED):
            self._quoted(fact, say)
            return
        if say.opens and self.draw.chance(CONNECTED):
            self.scribe.write(parsed("<connective>"))
            self.page.put(" ")
            self.others = True  # it may name somebody
        self.clause(fact, say.nodes)
        self.end(self.subjects[fact.subject])

    def _quoted(self, fact: Fact, say: Say) -> None:
        """A statement that somebody makes."""
        self.page.capital = False
        self.page.put('"')
        self.page.capital = True
        self.clause(fact, say.nodes)
        self.page.put('," ')
        self.scribe.write(parsed("<speaker>"))
        self.others = True
        self.end(self.subjects[fact.subject])

    def two(self, first: Fact, second: Fact) -> bool:
        """A sentence that tells two facts of one subject, or False where their statements cannot be joined."""
        one, other = self.choose(first, joined=True), self.choose(second, joined=True)
        if not one or not other:
            return False
        subject = self.subjects[first.subject]
        self.begin()
        if one.participle and self.draw.chance(PARTICIPLE):
            self._participle(first, one, second, other)
        else:
            self._joined(first, one, second, other)
        self.end(subject)
        return True

    def _participle(self, first: Fact, one: Say, second: Fact, other: Say) -> None:
        """'Built in 1871, the bridge cost 300 pounds'."""
        self.within = True
        self.clause(first, one.participle)
        self.page.comma = self.within = False
        self.page.put(", ")
        self.clause(second, other.nodes, named=first.named)
        self._same_name(first, second)

    def _joined(self, first: Fact, one: Say, second: Fact, other: Say) -> None:
        """'The bridge, which was built in 1871, cost 300 pounds', or with and."""
        pronoun = self.subjects[first.subject].owner.pronoun
        if self.draw.chance(RELATIVE):
            self.clause(first, one.nodes[:1], pronoun=False, named=second.named)
            self.page.comma = False
            self.page.put(f", {'which' if pronoun == 'it' else 'who'} ")
            self.clause(first, one.rest)
            self.page.comma = True
            self.page.put(" ")
        else:
            start = len(self.page.pieces)
            self.clause(first, one.nodes, named=second.named)
            simple = not INVOLVED.search("".join(self.page.pieces[start:]))
            way = " and " if self.others or (simple and self.draw.chance(AND)) else self.draw.of((", and ", "; "))
            self.page.comma = self.page.comma and way == " and "
            self.page.put(way if way == " and " else f"{way}{pronoun} ")
        self.clause(second, other.rest)
        self._same_name(first, second)

    def _same_name(self, first: Fact, second: Fact) -> None:
        """Both facts have the subject's one mention."""
        for fact in (first, second):
            self.told[fact.subject, fact.event.name].spans["X"] = self.mentioned

    def contrast(self, first: Fact, second: Fact) -> bool:
        """A sentence that tells the same of two subjects, or False where the statements do not allow it."""
        one, other = self.choose(first, joined=True), self.choose(second, joined=True)
        if not one or not other:
            return False
        self.begin()
        before = self.draw.chance(CONTRAST_FIRST)
        if before:
            self.page.put(self.draw.of(("while ", "whereas ")))
        self.clause(first, one.nodes, pronoun=False)
        self.page.comma = self.within = False
        self.page.put(", " if before else self.draw.of((", while ", ", whereas ", ", but ", "; ", ", and ")))
        self.clause(second, other.nodes, pronoun=False)
        self.end(None)
        return True
