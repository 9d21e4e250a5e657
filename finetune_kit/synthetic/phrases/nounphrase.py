"""Noun phrases: article or possessive, adjective before or after, noun, in both languages at once."""

from __future__ import annotations

from dataclasses import dataclass

from . import english, french
from .lexicon import Adjective, Noun

POSSESSIVES = (("mon", "ma", "mes"), ("ton", "ta", "tes"), ("son", "sa", "ses"))
HER = 6  # an owner like 2 (his), for English alone
SHARED = (("notre", "nos"), ("votre", "vos"), ("leur", "leurs"))


@dataclass(frozen=True)
class NounPhrase:
    """A noun phrase in both languages, with what agrees with it: numbers and gender."""

    english: str
    french: str
    english_plural: bool
    french_plural: bool
    feminine: bool

    @property
    def english_person(self) -> int:
        """2 (it) or 5 (they)."""
        return 5 if self.english_plural else 2

    @property
    def french_person(self) -> int:
        """2 (il, elle) or 5 (ils, elles)."""
        return 5 if self.french_plural else 2

    @property
    def agreement(self) -> tuple[bool, bool]:
        """Whether feminine, whether plural, in French."""
        return self.feminine, self.french_plural

    @property
    def french_pronoun(self) -> str:
        """Il, elle, ils or elles."""
        return ("elle" if self.feminine else "il") + ("s" if self.french_plural else "")

    @property
    def english_pronoun(self) -> str:
        """It or they."""
        return "they" if self.english_plural else "it"

    @property
    def english_object(self) -> str:
        """It or them."""
        return "them" if self.english_plural else "it"


def _english(noun: Noun, article: str, plural: bool, adjective: str, owner: int) -> tuple[str, bool]:
    many = noun.english is None or (plural and noun.english_plural is not None)
    word = (noun.english_plural if many else noun.english) or ""
    phrase = english.join(adjective, word)
    countless = many or noun.english_plural is None
    determiner = {
        "a": "some" if countless else english.article(phrase),
        "the": "the",
        "this": "these" if many else "this",
        "my": english.OWNERS[owner],
        "neg": "any" if countless else english.article(phrase),
        "some?": "any" if countless else english.article(phrase),
        "none": "" if countless else english.article(phrase),
        "bare": "" if countless else english.article(phrase),
        "all": "",
        "of": "",
    }.get(article, article)
    return english.join(determiner, phrase), many


def possessive(owner: int, feminine: bool, plural: bool, following: str) -> str:
    """Mon, ma, mes ... leurs; mon, ton, son also before a feminine that begins with a vowel."""
    owner = 2 if owner == HER else owner
    if owner >= 3:
        return SHARED[owner - 3][plural]
    return POSSESSIVES[owner][2 if plural else int(feminine and not french.vowel(following))]


def _determiner(article: str, feminine: bool, many: bool, mass: bool, owner: int, rest: str, early: bool) -> str:
    """The French article before `rest`; `early` says that an adjective comes first ("de beaux arbres")."""
    if article == "my":
        return possessive(owner, feminine, many, rest)
    if article in ("the", "all"):
        return "les" if many else "la" if feminine else "le"
    if article == "this":
        return "ces" if many else "cette" if feminine else "cet" if french.vowel(rest) else "ce"
    if article in ("neg", "none", "of"):
        return "de"
    if article in ("a", "bare", "some?"):
        if many:
            return "de" if early else "des"
        return ("de la" if feminine else "de le") if mass else ("une" if feminine else "un")
    return article


def noun_phrase(
    noun: Noun, article: str, plural: bool = False, adjective: Adjective | None = None, owner: int = 0
) -> NounPhrase:
    """A noun phrase.

    article: 'a' (some), 'the', 'this', 'my' (of the person `owner`, 0 to 5, or HER), 'neg' (any, pas de), 'none'
    (apples, pas de pommes), 'some?' (any, du), 'bare' (apples, des pommes), 'all' (apples, les pommes), 'of' (kilo
    of apples, kilo de pommes), '' (none at all). A noun without the number that is asked for takes the one it has.
    """
    phrase, english_many = _english(noun, article, plural, adjective.english if adjective else "", owner)
    many = noun.french is None or (plural and noun.french_plural is not None)
    word = (noun.french_plural if many else noun.french) or ""
    early = adjective is not None and "before" in adjective.options
    if adjective:
        form = adjective.french(noun.feminine, many)
        if early and not many and not noun.feminine and french.vowel(word):
            form = adjective.before_vowel
        word = f"{form} {word}" if early else f"{word} {form}"
    determiner = _determiner(article, noun.feminine, many, noun.french_plural is None, owner, word, early)
    return NounPhrase(phrase, f"{determiner} {word}", english_many, many, noun.feminine)
