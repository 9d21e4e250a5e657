"""The lists of words, read from the folder `words`: lines "name: item; item", items in the notation of grammar.py."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ...errors import DataError, StorageError
from .grammar import Either, Maybe, Nodes, Pick, parse

FOLDER = Path(__file__).parent
MOST = 6  # times that an item counts at most
MANY = 9  # texts that a pick stands for


def read_lines(path: Path) -> list[tuple[str, str]]:
    """The lines of a file as (key, value); an indented line goes on with the value before it, # begins a comment.

    Raises StorageError when the file cannot be read, DataError for a line without a colon.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise StorageError(f"Cannot read {path}: {error.strerror or error}. Install the kit anew.") from error
    found: list[tuple[str, str]] = []
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] == " " and found:
            found[-1] = found[-1][0], f"{found[-1][1]}{_gap(found[-1][1])}{line.strip()}"
            continue
        key, colon, value = line.partition(":")
        if not colon:
            raise DataError(f"{path.name}: {line!r} has no colon; expected 'key: value'.")
        found.append((key.strip(), value.strip()))
    return found


def _gap(text: str) -> str:
    """What stands between a line and the one that goes on with it: nothing after a bar."""
    return "" if text.endswith(("|", "(")) else " "


def items(value: str) -> list[str]:
    """The texts between semicolons; an empty one counts unless it is the last."""
    parts = [part.strip() for part in value.split(";")]
    return parts[:-1] if len(parts) > 1 and not parts[-1] else parts


@cache
def lists() -> dict[str, tuple[str, ...]]:
    """All lists by name. Raises DataError for a name that stands twice."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((FOLDER / "words").glob("*.txt")):
        for key, value in read_lines(path):
            if key in found:
                raise DataError(f"{path.name}: the list {key!r} is there twice.")
            found[key] = weighted(items(value))
    return found


def weighted(texts: list[str]) -> tuple[str, ...]:
    """The texts, those of which many can be made several times, so that they are drawn more often."""
    return tuple(text for text in texts for _ in range(min(MOST, round(variety(parsed(text)) ** 0.5))))


def variety(nodes: Nodes) -> int:
    """About how many texts the nodes make."""
    made = 1
    for node in nodes:
        if isinstance(node, Pick):
            made *= MANY
        elif isinstance(node, Either):
            made *= sum(variety(option) for option in node.options)
        elif isinstance(node, Maybe):
            made *= 1 + variety(node.nodes)
    return made


def words(name: str) -> tuple[str, ...]:
    """The items of a list."""
    return lists()[name]


@cache
def parsed(item: str) -> Nodes:
    """An item's nodes."""
    return parse(item)
