"""What the patterns are made of: choices that can be drawn or enumerated, subjects, acts, and the list of patterns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import TypeVar

from . import english, french
from .lexicon import Adjective, Noun, Transitive, lexicon
from .nounphrase import HER, NounPhrase, noun_phrase

T = TypeVar("T")
PRONOUNS = {*english.PERSONS, "she"}
NEGATIONS = ("not", "never", "no longer", "not yet")


class Choices:
    """The decisions that make a sentence: drawn at random, or following a path so as to enumerate them all."""

    def __init__(self, random: Random | None = None, path: Sequence[int] = ()):
        self.random, self.path = random, path
        self.taken: list[tuple[int, int]] = []  # index, number of options

    def of(self, options: Sequence[T]) -> T:
        """One of the options."""
        if self.random is not None:
            return options[int(self.random.random() * len(options))]
        index = self.path[len(self.taken)] if len(self.taken) < len(self.path) else 0
        self.taken.append((index, len(options)))
        return options[index]

    def maybe(self) -> bool:
        """Yes or no."""
        return self.of((False, True))


@dataclass(frozen=True)
class Sentence:
    """A pair of sentences, its pattern, and the pairs of content words whose combination it shows."""

    english: str
    french: str
    pattern: str
    combinations: frozenset[str]


Raw = tuple[str, str, list[tuple[str, str]]] | None  # English, French, combinations; None: these choices do not fit
Pattern = Callable[[Choices], Raw]
PATTERNS: dict[str, Pattern] = {}


def pattern(function: Pattern) -> Pattern:
    """Register a pattern under its function's name."""
    PATTERNS[function.__name__] = function
    return function


def make(name: str, choices: Choices) -> Sentence | None:
    """The sentence of a pattern for these choices, or None when they do not fit together."""
    raw = PATTERNS[name](choices)
    if raw is None:
        return None
    # A pronoun goes with anything: that it was not seen with a word makes no sentence harder.
    combinations = frozenset("+".join(pair) for pair in raw[2] if pair[0] not in PRONOUNS)
    return Sentence(english.sentence(raw[0]), french.sentence(raw[1]), name, combinations)


def enumerate_pattern(name: str) -> Iterator[Sentence]:
    """All sentences of a pattern, in the order of its choices; a few may be alike."""
    path: list[int] = []
    while True:
        choices = Choices(path=path)
        sentence = make(name, choices)
        if sentence:
            yield sentence
        taken = choices.taken
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if not taken:
            return
        path = [index for index, _ in taken[:-1]] + [taken[-1][0] + 1]


@dataclass(frozen=True)
class Subject:
    """Who acts. person: 0 (I) to 5 (they); `call` is what the sentence begins with to show that "you" is vous."""

    english: str
    french: str
    person: int
    feminine: bool = False
    several: bool = False
    call: tuple[str, str] = field(default=("", ""))

    @property
    def agreement(self) -> tuple[bool, bool]:
        """Whether feminine, whether plural."""
        return self.feminine, self.person in (3, 5) or self.several

    @property
    def owner(self) -> int:
        """For noun_phrase: whose."""
        return HER if self.person == 2 and self.feminine else self.person

    @property
    def pronouns(self) -> tuple[str, str]:
        """The pronoun for the same person, in both languages."""
        she = self.person == 2 and self.feminine
        elles = ("elle" if self.person == 2 else "elles") if self.feminine and self.person in (2, 5) else ""
        return "she" if she else english.PERSONS[self.person], elles or french.PERSONS[self.person]

    @property
    def named(self) -> bool:
        """Whether a name or a noun, not a pronoun."""
        return self.pronouns[1] != self.french

    def calling(self, spoken: str, language: int) -> str:
        """The sentence with the call before it."""
        return f"{self.call[language]}, {spoken}" if self.call[language] else spoken

    def say(
        self, verb: str, tense: str, rest: str = "", how: str = "", clitic: str = "",
        object_agrees: tuple[bool, bool] = (False, False),
    ) -> str:  # fmt: skip
        """The French clause of this subject."""
        return french.clause(
            self.french, self.person, verb, tense, rest, how, clitic, self.agreement, object_agrees
        )  # fmt: skip

    def request(self, verb: str, tense: str, rest: str = "", how: str = "", word: str = "") -> str:
        """The French question, with its question word: est-ce que, but inversion for the polite vous."""
        if self.person != 4:
            return french.join(word, "est-ce que", self.say(verb, tense, rest, how))
        form = french.verb(verb)
        own = "vous" if form.reflexive else ""
        if tense != "past":
            return french.join(word, own, french.inverted("vous", 4, form.infinitive, tense, how), form.tail, rest)
        with_etre = form.reflexive or form.infinitive in french.WITH_ETRE
        participle = french.agree(form.participle, *self.agreement) if with_etre else form.participle
        asked = french.inverted("vous", 4, "être" if with_etre else "avoir", "present", how)
        return french.join(word, own, asked, french.ADVERBS.get(how, ""), participle, form.tail, rest)

    def infinitive(self, verb: str, rest: str = "") -> str:
        """The French infinitive with this subject's reflexive pronoun."""
        return french.infinitive(verb, self.person, rest)

    def would_like(self, rest: str) -> str:
        """The French conditional of wanting: je voudrais, nous voudrions."""
        return f"{self.french} voudr{french.IMPERFECT[self.person]} {rest}"

    def tell(self, verb: str, tense: str, rest: str = "", how: str = "") -> str:
        """The English clause of this subject."""
        return english.clause(self.english, self.person, verb, tense, rest, how)

    def ask(self, verb: str, tense: str, rest: str = "", how: str = "") -> str:
        """The English question of this subject."""
        return english.question(self.english, self.person, verb, tense, rest, how)


@cache
def subjects(*lists: str) -> tuple[Subject, ...]:
    """The subjects of some of the lexicon's lists: people, names, groups, relatives, called."""
    out = []
    for name in lists:
        for first, second, code in lexicon().rows[name]:
            person = ("1s", "2s", "3s", "1p", "2p", "3p").index(code[:2])
            feminine, several = "f" in code, "+" in code
            if name == "called":
                out.append(Subject("you", "vous", person, feminine, several, (first, second)))
            else:
                out.append(Subject(first, second, person, feminine))
    return tuple(out)


def anyone(c: Choices) -> Subject:
    """Anyone of whom something may be told."""
    return c.of(subjects("people")) if c.maybe() else c.of(subjects("names", "groups", "relatives"))


def other(c: Choices) -> Subject:
    """Someone with a name or a noun."""
    return c.of(subjects("names", "groups", "relatives"))


def asked(c: Choices) -> Subject:
    """Anyone of whom something may be asked: not I or we."""
    lists = c.of((("people",), ("called",), ("names", "relatives")))
    return c.of(tuple(s for s in subjects(*lists) if s.person not in (0, 3)))


def opposite(c: Choices) -> Subject:
    """The person spoken to: tu, or vous with a call."""
    return c.of(tuple(s for s in subjects(c.of(("people", "called"))) if s.person in (1, 4)))


@dataclass(frozen=True)
class Act:
    """A verb with its object in both languages."""

    english: str
    french: str
    object: NounPhrase
    noun: Noun
    combinations: list[tuple[str, str]]

    @property
    def complement(self) -> str:
        """The object in French with its preposition."""
        return french.join(french.verb(self.french).preposition, self.object.french)

    @property
    def infinitive(self) -> str:
        """The English infinitive with its object."""
        return f"{self.english} {self.object.english}"


MINORS = ("children", "girls", "daughter")
ELDERS = ("grandmother", "grandfather", "parents", "mother", "father", "aunt", "uncle", "boss", "teacher")
YOUNG = ("son", "daughter", "children", "colleague", "boss")


def fits(subject: Subject, noun: Noun) -> bool:
    """Whether the noun suits the subject: no wine for children, no grandmother of a grandmother."""
    head = (subject.call[0] or subject.english).rpartition(" ")[2]
    if head in MINORS and noun.classes & {"wine", "drive"}:
        return False
    if not noun.classes & {"kin", "owned"}:
        return True
    if head in ("grandmother", "grandfather") and noun.lemma in ELDERS:
        return False
    return not (head in (*MINORS, "sisters") and noun.lemma in YOUNG) and noun.lemma != head


def dressed(subject: Subject, noun: Noun) -> bool:
    """Whether the subject would wear it: dresses for her, ties for him."""
    return not noun.classes & {"ladies", "gents"} or ("ladies" in noun.classes) == subject.feminine


def numbers(noun: Noun, article: str) -> tuple[bool, ...]:
    """Whether the noun may be in the plural, in the singular or in either after the article."""
    if article in ("bare", "all") and noun.counted:
        return (True,) if noun.classes & {"many", "animal", "written", "fruit", "food", "borrow"} else (False,)
    if "many" in noun.classes or (article == "my" and noun.lemma in ("friend", "colleague", "sister", "brother")):
        return (False, True)
    return (False,)


@cache
def adjectives(noun: Noun, plural: bool) -> tuple[Adjective, ...]:
    """The adjectives that may stand beside the noun."""
    return tuple(
        a
        for a in lexicon().adjectives
        if noun.lemma in a.beside and not (plural and "noplural" in a.options)
    )  # fmt: skip


@cache
def transitives(style: str, without: str, only: tuple[str, ...]) -> tuple[Transitive, ...]:
    """The verbs with objects for the style ('once' or 'often'), without those of some lists, or `only` those named."""
    left_out = {row[0] for name in without.split() for row in lexicon().rows[name]}
    return tuple(
        t for t in lexicon().transitive
        if getattr(t, style) and t.english not in left_out and (not only or t.english in only)
    )  # fmt: skip


def act(
    c: Choices, subject: Subject, style: str = "once", how: str = "", without: str = "", adjective: bool = False,
    articles: str = "a the this my bare all", only: tuple[str, ...] = (),
) -> Act | None:  # fmt: skip
    """A verb and an object that go together, or None.

    style: 'once' or 'often'. how: the negation, or '?', which decide between some and any. articles: those allowed.
    without: lists of the lexicon whose verbs are left out. only: the verbs allowed, all when empty.
    """
    verb = c.of(transitives(style, without, only))
    noun, fitting = c.of(getattr(verb, style))
    fitting = tuple(a for a in fitting if a in articles.split())
    if not fitting or not fits(subject, noun):
        return None
    article = c.of(fitting)
    if (article == "my" or verb.english in ("wear", "choose")) and not dressed(subject, noun):
        return None
    plural = c.of(numbers(noun, article))
    each = article == "my" and subject.agreement[1] and noun.classes & {"wear", "small"}
    plural = plural or bool(each) or verb.english == "pick"  # they lost their wallets
    combinations = [(verb.english, noun.lemma)]
    chosen = None
    if adjective:
        if not adjectives(noun, plural):
            return None
        chosen = c.of(adjectives(noun, plural))
        combinations.append((noun.lemma, chosen.english))
    if article in ("a", "bare") and how in NEGATIONS:
        article = "neg" if how in ("not", "not yet") else "none"
    elif article == "a" and how == "?":
        article = "some?"
    phrase = noun_phrase(noun, article, plural, chosen, subject.owner)
    return Act(verb.english, verb.french, phrase, noun, combinations)


def time(c: Choices, kind: str, done: Act | None = None) -> tuple[str, str]:
    """A time of the lexicon: 'past', 'future' or 'habit'; years and weeks only for acts of some weight."""
    far = done is not None and done.english in words("weighty") and not done.noun.classes & {"food", "drink"}
    first, second = c.of(lexicon().rows[f"times {kind}{' far' if far else ''}"])
    return first, second


@cache
def words(name: str) -> frozenset[str]:
    """The first column of a list of the lexicon."""
    return frozenset(row[0] for row in lexicon().rows[name])


def nouns(expression: str) -> tuple[Noun, ...]:
    """The nouns of an expression of classes: see `Lexicon.select`."""
    return _select(expression)


@cache
def _select(expression: str) -> tuple[Noun, ...]:
    return lexicon().select(expression)


def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """A list of the lexicon as it stands."""
    return lexicon().rows[name]
