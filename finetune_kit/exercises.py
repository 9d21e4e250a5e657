"""Exercises: a learner's guess against the learner's own result."""

from __future__ import annotations

from .errors import ConfigError


def check_guess(guess: float, result: float, within: float = 5.0) -> str:
    """Compare a guess with a measured result, both on a scale of 0 to 100.

    Raises ConfigError for a guess that is no number from 0 to 100.
    """
    if isinstance(guess, bool) or not isinstance(guess, (int, float)) or not 0 <= guess <= 100:
        raise ConfigError(f"guess={guess!r}: expected a number from 0 to 100.")
    off = guess - result
    if abs(off) <= within:
        return f"Well guessed: you said {guess:g}, it is {result:.1f}."
    return f"You said {guess:g}, it is {result:.1f}: you were {abs(off):.1f} too {'high' if off > 0 else 'low'}."
