"""The sentence patterns, by topic; importing this package registers them all."""

from . import acts, amounts, clock, doing, origins, people, things, town, wishes

__all__ = ["acts", "amounts", "clock", "doing", "origins", "people", "things", "town", "wishes"]
