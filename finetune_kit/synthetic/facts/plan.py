"""What a passage tells and what is asked of it, settled before a word is written.

The questions come first, and whether each has an answer is drawn apart from what it asks, so that a question by itself
does not give that away. Then follow the facts that answer them, and others, which give further values of the same kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .draw import Draw
from .sheets import Ask, Event, Field
from .subjects import Subject

UNANSWERABLE = 0.2
WHY = 0.5  # of the questions on an event that has a reason, how many ask for it at least
TWO_SUBJECTS = 0.6
ASKED_OF_BOTH = 0.3  # questions that are asked of the other subject too
FACTS = (4, 5, 5, 6, 6, 7, 8)
TRIES = 30
NONE: frozenset[str] = frozenset()
SPANS = ("<hours>", "<days>", "<weeks>", "<months>", "<years>", "<minutes>", "<time_span>")


@dataclass
class Fact:
    """An event of a subject: the roles that must and must not be told, and whether the subject's name must be."""

    subject: int
    event: Event
    must: frozenset[str] = NONE
    ban: frozenset[str] = NONE
    named: bool = False

    @property
    def tellable(self) -> bool:
        """Whether a statement exists for it."""
        return bool(self.event.fitting(self.must, self.ban))


@dataclass(frozen=True)
class Target:
    """A question. lack: why there is no answer, or "".

    other: the event is told of the other subject alone; omitted: without the role; absent: not at all; stranger:
    the question is about somebody who is not in the passage; altered: the question has another value in it.
    """

    subject: int
    event: Event
    ask: Ask
    lack: str = ""


@dataclass
class Plan:
    """The facts by subject and event, the questions, and what may not be told."""

    subjects: list[Subject]
    facts: dict[tuple[int, str], Fact] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    barred: set[tuple[int, str]] = field(default_factory=set)
    distracts: bool = False  # whether a fact beside those asked for has a value of a kind that is asked for

    @property
    def kinds(self) -> set[str]:
        """The kinds of values that are asked for."""
        asked = (target for target in self.targets if target.ask.role != "X")
        return {kind_of(target.event.roles[target.ask.role]) for target in asked}

    def add(self, target: Target) -> bool:
        """Take a question with the fact that it needs, unless that contradicts what is planned."""
        at, event, ask, lack = target.subject, target.event, target.ask, target.lack
        told, role = (1 - at if lack == "other" else at), ask.role
        key, own = (told, event.name), (at, event.name)
        if (lack in ("absent", "other") and own in self.facts) or (lack != "absent" and key in self.barred):
            return False
        if lack != "absent":
            old = self.facts.get(key, Fact(told, event))
            must = ask.needs | ({role} - {"X"}) if lack != "omitted" else NONE
            ban = frozenset({role}) if lack == "omitted" else NONE
            named = old.named or (role == "X" and not lack)
            new = Fact(told, event, old.must | must, old.ban | ban, named)
            if not new.tellable or new.must & new.ban or (lack == "omitted" and key in self.facts):
                return False
            self.facts[key] = new
        if lack in ("absent", "other"):
            self.barred.add(own)
        if lack == "absent" and role == "X":
            self.barred.add((1 - at, event.name))
        self.targets.append(target)
        return True


def plan(draw: Draw, sheet: Field, subjects: list[Subject]) -> Plan | None:
    """The plan of a passage, or None when the draws do not fit together."""
    made = Plan(subjects)
    wanted = draw.between(2, 4)
    for _ in range(TRIES):
        if len(made.targets) >= wanted:
            break
        _ask(draw, sheet, made, wanted)
    made.distracts = not made.kinds
    facts = draw.of(FACTS)
    for _ in range(TRIES):
        if len(made.facts) >= facts and made.distracts:
            break
        _tell(draw, sheet, made)
    return made if len(made.targets) == wanted and len(made.facts) >= FACTS[0] and made.distracts else None


def _ask(draw: Draw, sheet: Field, made: Plan, wanted: int) -> None:
    """Add a question, and sometimes one for the same of the other subject."""
    event = draw.of(tuple(sheet.events.values()))
    if not event.asks or any(target.event is event for target in made.targets):
        return
    roles = sorted({ask.role for ask in event.asks})
    reasons = sorted({ask.role for ask in event.asks if ask.first == "why"})
    role = draw.of(reasons if reasons and draw.chance(WHY) else roles)
    at = draw.between(0, len(made.subjects) - 1)
    asks = [ask for ask in event.asks if ask.role == role]
    taken = _try(draw, made, at, event, draw.of(asks))
    both = taken and len(made.subjects) == 2 and role != "X" and len(made.targets) < wanted
    if both and draw.chance(ASKED_OF_BOTH):
        _try(draw, made, 1 - at, event, draw.of(asks))


def _try(draw: Draw, made: Plan, at: int, event: Event, ask: Ask) -> bool:
    if not draw.chance(UNANSWERABLE):
        return made.add(Target(at, event, ask))
    return any(made.add(Target(at, event, ask, lack)) for lack in draw.shuffled(_lacks(made, event, ask)))


def _lacks(made: Plan, event: Event, ask: Ask) -> list[str]:
    """The ways in which a question can be without an answer."""
    if ask.role == "X":
        return ["altered", "altered", "absent"] if ask.needs else ["absent"]
    ways = ["absent", "omitted", "omitted"]
    if ask.about:
        ways += ["stranger", "other", "other", "other"] if len(made.subjects) == 2 else ["stranger"]
    return [*ways, "altered"] if ask.needs else ways


def _tell(draw: Draw, sheet: Field, made: Plan) -> None:
    """Add a fact that no question asks for: often what is asked of one subject, told of the other.

    As long as the passage has no second value of a kind that is asked for, the fact must give one.
    """
    at = draw.between(0, len(made.subjects) - 1)
    asked = [target.event for target in made.targets]
    event = draw.of(asked) if len(made.subjects) == 2 and draw.chance(0.5) else draw.of(tuple(sheet.events.values()))
    key = at, event.name
    if key in made.facts or key in made.barred:
        return
    like = [role for role, type_ in event.roles.items() if kind_of(type_) in made.kinds]
    fact = Fact(at, event, frozenset() if made.distracts or not like else frozenset({draw.of(like)}))
    if made.distracts or (like and fact.tellable):
        made.facts[key] = fact
        made.distracts = True


def kind_of(type_: str) -> str:
    """The kind of a role's values: dates and years are alike, and so are numbers of all units."""
    if type_.startswith(("date", "year", "<date", "<year")):
        return "date"
    if "<number" in type_ or "<money" in type_ or type_ in SPANS:
        return "number"
    return type_
