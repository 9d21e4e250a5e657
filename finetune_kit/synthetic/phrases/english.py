"""English clauses: agreement, tenses, do-support, the articles a and an."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from .lexicon import lexicon

CONTRACTED = {"am": "am not", "can": "can't", "will": "won't", "could": "couldn't"}
PERSONS = ("I", "you", "he", "we", "you", "they")
OWNERS = ("my", "your", "his", "our", "your", "their", "her")
A_BEFORE_VOWEL = re.compile(r"(uni|euro|use)", re.IGNORECASE)
AN_BEFORE_CONSONANT = re.compile(r"(hour|honest)", re.IGNORECASE)
VOWEL = re.compile(r"[aeiouÉ]", re.IGNORECASE)


def article(following: str) -> str:
    """'a' or 'an', by the sound that begins the following word."""
    vowel = VOWEL.match(following) and not A_BEFORE_VOWEL.match(following)
    return "an" if vowel or AN_BEFORE_CONSONANT.match(following) else "a"


def add_s(word: str) -> str:
    """The regular plural of a noun, or third person of a verb."""
    if re.search(r"([sxz]|ch|sh)$", word):
        return word + "es"
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + "s"


def not_(auxiliary: str) -> str:
    """The auxiliary with its negation, contracted except after I."""
    return CONTRACTED.get(auxiliary, auxiliary + "n't")


@dataclass(frozen=True)
class Verb:
    """A verb's forms; `particle` is what follows it in every form ("look" + "for")."""

    base: str
    third: str
    past: str
    participle: str
    gerund: str
    particle: str = ""


@cache
def verb(phrase: str) -> Verb:
    """The forms of a verb given by its infinitive without "to", such as "look for"."""
    base, _, particle = phrase.partition(" ")
    irregular = lexicon().english.get(base)
    if irregular:
        past, participle, gerund = irregular.split()
    else:
        stem = base[:-1] if base.endswith("e") else base
        past = participle = stem + "ed" if not re.search(r"[^aeiou]y$", base) else base[:-1] + "ied"
        gerund = stem + "ing"
    third = {"have": "has", "do": "does", "go": "goes"}.get(base) or add_s(base)
    return Verb(base, third, past, participle, gerund, particle)


def be(person: int, past: bool = False) -> str:
    """The form of to be for a person, 0 (I) to 5 (they)."""
    if past:
        return "was" if person in (0, 2) else "were"
    return "am" if person == 0 else "is" if person == 2 else "are"


def join(*parts: str) -> str:
    """The parts that are not empty, a space between."""
    return " ".join(part for part in parts if part)


def _parts(phrase: str, tense: str, person: int) -> tuple[str, str, str]:
    """The auxiliary, the main word with its particle after the auxiliary, and the main word without one.

    A simple tense has an auxiliary only in questions and negations.
    """
    form = verb(phrase)
    third = person == 2
    table = {
        "present": ("does" if third else "do", form.base, form.third if third else form.base),
        "past": ("did", form.base, form.past),
        "progressive": (be(person), form.gerund, ""),
        "going": (be(person), join("going to", form.base), ""),
        "will": ("will", form.base, ""),
        "can": ("can", form.base, ""),
        "could": ("could", form.base, ""),
        "perfect": ("has" if third else "have", form.participle, ""),
    }
    if phrase == "be" and tense in ("present", "past"):
        return be(person, tense == "past"), "", ""
    auxiliary, main, alone = table[tense]
    return auxiliary, join(main, form.particle), alone and join(alone, form.particle)


def clause(subject: str, person: int, phrase: str, tense: str, rest: str = "", how: str = "") -> str:
    """A statement. `how`: '', 'not', or an adverb of the middle such as 'never', 'already', 'often'."""
    auxiliary, main, alone = _parts(phrase, tense, person)
    if how == "not":
        return join(subject, not_(auxiliary), main, rest)
    if alone:
        return join(subject, how, alone, rest)
    return join(subject, auxiliary, how, main, rest)


def question(subject: str, person: int, phrase: str, tense: str, rest: str = "", how: str = "") -> str:
    """A question without its question word and mark: the auxiliary comes first."""
    auxiliary, main, _ = _parts(phrase, tense, person)
    return join(auxiliary, subject, how, main, rest)


def sentence(text: str) -> str:
    """The text with a capital at each beginning of a sentence."""
    return re.sub(r"(^|[.!?] )(\w)", lambda m: m[1] + m[2].upper(), " ".join(text.split()))
