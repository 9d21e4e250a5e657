"""The words of the grammar, read from `data/datasets/phrases/lexicon.yaml`, and the classes that they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...catalog import data_folder
from ...errors import DataError, StorageError

Row = tuple[str, ...]


@dataclass(frozen=True)
class Noun:
    """A noun in both languages. A missing singular or plural is None: "bread" has no plural, "shoes" no singular."""

    lemma: str
    english: str | None
    english_plural: str | None
    french: str | None
    french_plural: str | None
    feminine: bool
    classes: frozenset[str]

    @property
    def counted(self) -> bool:
        """Whether both languages have both numbers."""
        return None not in (self.english, self.english_plural, self.french, self.french_plural)


@dataclass(frozen=True)
class Adjective:
    """An adjective: English forms, French masculine, feminine and the masculine before a vowel; options."""

    english: str
    comparative: str
    superlative: str
    masculine: str
    feminine: str
    before_vowel: str
    beside: frozenset[str]  # lemmas of the nouns it may stand beside
    said_of: frozenset[str]  # lemmas of the nouns it may be said of
    options: frozenset[str]

    def french(self, feminine: bool, plural: bool) -> str:
        """The form that agrees."""
        word = self.feminine if feminine else self.masculine
        return word if not plural or self.options & {"inv"} or " " in word else french_plural(word)


@dataclass(frozen=True)
class Transitive:
    """A verb with the nouns that may be its object, each with the articles for one act and for a habit."""

    english: str
    french: str
    once: tuple[tuple[Noun, Row], ...]
    often: tuple[tuple[Noun, Row], ...]


@dataclass(frozen=True)
class Lexicon:
    """Everything in the file; `rows` holds the lists that need no treatment, by name."""

    nouns: tuple[Noun, ...]
    adjectives: tuple[Adjective, ...]
    moods: tuple[tuple[Adjective, str], ...]
    transitive: tuple[Transitive, ...]
    english: dict[str, str]
    french: dict[str, str]
    rows: dict[str, tuple[Row, ...]]
    ways: dict[str, Row]

    def select(self, expression: str) -> tuple[Noun, ...]:
        """The nouns of an expression such as "food-spice read": classes or lemmas joined, others taken out.

        Raises DataError for a class that no noun has.
        """
        chosen: dict[str, Noun] = {}
        for term in expression.split():
            plus, *minus = term.split("-")
            for name in (plus, *minus):
                if not any(name in noun.classes for noun in self.nouns):
                    raise DataError(f"The lexicon speaks of {name!r} in {expression!r}, but no noun is of that class.")
            for noun in self.nouns:
                if plus in noun.classes and not noun.classes.intersection(minus):
                    chosen[noun.lemma] = noun
        return tuple(chosen.values())


def french_plural(word: str) -> str:
    """The plural of a French noun or adjective by the rules; the exceptions stand in the lexicon."""
    if word.endswith(("s", "x", "z")):
        return word
    if word.endswith(("eau", "eu")) and word not in ("bleu",):
        return word + "x"
    return word[:-2] + "aux" if word.endswith("al") else word + "s"


def _forms(text: str, pluralise: Any) -> tuple[str | None, str | None]:
    singular, slash, plural = text.partition("/")
    if not slash:
        return singular, pluralise(singular)
    return (None if singular == "-" else singular), (None if plural == "-" else plural)


def _noun(classes: str, row: list[str]) -> Noun:
    from .english import add_s

    english, english_plural = _forms(row[0], add_s)
    french, plural = _forms(row[1], french_plural)
    lemma = (english or english_plural or "").replace(" ", "_")
    names = [*classes.split(), *"".join(row[3:]).split(), lemma]
    return Noun(lemma, english, english_plural, french, plural, row[2] == "f", frozenset(names))


def _comparison(text: str) -> tuple[str, str, str]:
    first, *rest = text.split("/")
    more, most = (rest + [""] * 2)[:2]
    return first, more or f"more {first}", most or f"most {first}"


def _adjective(row: list[str], beside: Iterable[Noun], also: Iterable[Noun], options: str) -> Adjective:
    masculine, feminine, *vowel = row[1].split("/")
    near = frozenset(noun.lemma for noun in beside)
    far = near | {noun.lemma for noun in also}
    before_vowel = vowel[0] if vowel else masculine
    return Adjective(*_comparison(row[0]), masculine, feminine, before_vowel, near, far, frozenset(options.split()))


def _articles(lexicon: Lexicon, text: str, nouns: tuple[Noun, ...]) -> tuple[tuple[Noun, Row], ...]:
    """Each noun with its articles: "a this" goes to all of them, "my:garden" to one class."""
    out = []
    for noun in nouns:
        own = []
        for term in text.split():
            article, colon, classes = term.partition(":")
            if not colon or noun in lexicon.select(classes):
                own.append(article)
        if own:
            out.append((noun, tuple(own)))
    return tuple(out)


def _transitive(lexicon: Lexicon, row: list[str]) -> Transitive:
    english, french, classes, once, often = row[:5]
    nouns = lexicon.select(classes)
    habits = tuple(dict.fromkeys(n for t in often.split() if ":" in t for n in lexicon.select(t.partition(":")[2])))
    often_nouns = nouns if any(":" not in t for t in often.split()) else habits
    return Transitive(english, french, _articles(lexicon, once, nouns), _articles(lexicon, often, often_nouns))


def _rows(value: list[list[Any]]) -> tuple[Row, ...]:
    return tuple(tuple(str(cell) for cell in row) for row in value)


def _build(file: dict[str, Any]) -> Lexicon:
    nouns = tuple(_noun(classes, row) for classes, rows in file["nouns"].items() for row in rows)
    simple = {name: _rows(value) for name, value in file.items() if isinstance(value, list)}
    simple |= {f"times {name}": _rows(value) for name, value in file["times"].items()}
    ways = {name: tuple(row) for part in ("ways", "manners") for name, row in file[part].items()}
    empty: tuple[Any, ...] = ()
    plain = Lexicon(nouns, empty, empty, empty, file["english"], file["french"], simple, ways)
    adjectives = tuple(
        _adjective(row, plain.select(row[2]), plain.select(row[3]), "".join(row[4:])) for row in file["adjectives"]
    )
    moods = tuple((_adjective(row, (), (), ""), row[2]) for row in file["moods"])
    transitive = tuple(_transitive(plain, row) for row in file["transitive"])
    return Lexicon(nouns, adjectives, moods, transitive, file["english"], file["french"], simple, ways)


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once. Raises StorageError when its file cannot be read, DataError when it is wrong."""
    import yaml

    path = data_folder() / "datasets" / "phrases" / "lexicon.yaml"
    try:
        return _build(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise StorageError(f"Cannot read {path}: {error.strerror or error}. Install the kit anew.") from error
