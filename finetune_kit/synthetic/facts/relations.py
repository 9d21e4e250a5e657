"""What can be asked: the askable roles of all events of all fields."""

from __future__ import annotations

from dataclasses import dataclass

from .sheets import fields


@dataclass(frozen=True)
class Relation:
    """What a field can be asked: a role of an event, with how many statements tell it and how many questions ask it."""

    field: str
    event: str
    role: str
    statements: int
    questions: int


def relations() -> list[Relation]:
    """All relations; the role X stands for the subject itself."""
    found = []
    for sheet in fields():
        for event in sheet.events.values():
            for role in sorted({ask.role for ask in event.asks}):
                asks = [ask for ask in event.asks if ask.role == role]
                says = [say for say in event.says if role == "X" or role in say.may]
                found.append(Relation(sheet.name, event.name, role, len(says), len(asks)))
    return found
