"""What things are like, compared and admired; whose they are."""

from __future__ import annotations

from functools import cache

from .. import english, french
from ..grammar import Choices, Raw, adjectives, nouns, numbers, pattern, rows, subjects
from ..lexicon import Adjective, Noun, lexicon
from ..nounphrase import NounPhrase, noun_phrase

DEGREES = {  # what may be too or very so
    "too": ("big", "small", "expensive", "heavy", "hot", "cold", "long", "old", "difficult", "slow", "noisy",
            "dangerous"),
    "very": ("big", "small", "beautiful", "old", "pretty", "good", "long", "expensive", "clean", "dirty", "hot", "cold",
             "interesting", "boring", "funny", "sad", "difficult", "easy", "comfortable", "modern", "heavy", "light",
             "dangerous", "fast", "slow", "noisy", "famous", "polite", "kind", "young", "fresh", "original"),
}  # fmt: skip
COMPARED = (
    "own",
    "public",
    "fierce",
    "device",
    "home",
    "clothes",
    "pair",
    "course",
    "chair armchair sofa",
    "read",
    "watched",
)
OWNED = "own small-scissors clothes-ladies-gents pair device home dog cat book borrow"


@cache
def qualities(noun: Noun) -> tuple[Adjective, ...]:
    """The adjectives that may be said of the noun."""
    return tuple(a for a in lexicon().adjectives if noun.lemma in a.said_of and "attr" not in a.options)


def thing(c: Choices, articles: tuple[str, ...] = ("the", "this", "my")) -> tuple[NounPhrase, Adjective, Noun] | None:
    """A noun phrase as subject with a quality of it."""
    noun = c.of([n for n in lexicon().nouns if qualities(n)])
    article = c.of(articles)
    owned = noun.classes & {"own", "small", "wear", "device", "home", "inhouse", "pet", "furniture", "container"}
    if article == "my" and not owned:
        return None
    plural = c.of(numbers(noun, article)) if "person" not in noun.classes else c.maybe() and "one" not in noun.classes
    return noun_phrase(noun, article, plural), c.of(qualities(noun)), noun


def be(thing: NounPhrase, tense: str, first: str, second: str, how: str = "") -> tuple[str, str]:
    """Both clauses that say something of a thing."""
    past = {"present": "present", "past": "imperfect"}[tense]
    return (
        english.clause(thing.english, thing.english_person, "be", tense, first, how) + ".",
        french.clause(thing.french, thing.french_person, "être", past, second, how) + ".",
    )


@pattern
def is_like(c: Choices) -> Raw:
    """These apples are very expensive."""
    t = thing(c)
    if t is None:
        return None
    phrase, adjective, noun = t
    very, tres = c.of((("", ""), ("very", "très"), ("too", "trop")))
    if very and adjective.english not in DEGREES[very]:
        return None
    second = adjective.french(*phrase.agreement)
    both = be(phrase, "present", f"{very} {adjective.english}", f"{tres} {second}")
    return *both, [(noun.lemma, adjective.english)]


@pattern
def is_not_like(c: Choices) -> Raw:
    """My room isn't big. The shop is no longer open."""
    t = thing(c)
    if t is None:
        return None
    phrase, adjective, noun = t
    tense = c.of(("present", "past"))
    both = be(phrase, tense, adjective.english, adjective.french(*phrase.agreement), "not")
    return *both, [(noun.lemma, adjective.english)]


@pattern
def was_like(c: Choices) -> Raw:
    """The film was boring."""
    t = thing(c, ("the", "my"))
    if t is None:
        return None
    phrase, adjective, noun = t
    both = be(phrase, "past", adjective.english, adjective.french(*phrase.agreement))
    return *both, [(noun.lemma, adjective.english)]


@pattern
def is_it_like(c: Choices) -> Raw:
    """Is this exercise difficult?"""
    t = thing(c, ("the", "this"))
    if t is None:
        return None
    phrase, adjective, noun = t
    first = english.question(phrase.english, phrase.english_person, "be", "present", adjective.english)
    second = french.clause(
        phrase.french, phrase.french_person, "être", "present", adjective.french(*phrase.agreement)
    )  # fmt: skip
    return f"{first}?", f"est-ce que {second}?", [(noun.lemma, adjective.english)]


@pattern
def than(c: Choices) -> Raw:
    """The train is faster than the bus."""
    kind = nouns(c.of(COMPARED))
    first, second = c.of(kind), c.of(kind)
    fitting = [
        a for a in qualities(first)
        if a in qualities(second) and not a.options & {"nocompare", "colour"} and a.english not in ("clean", "dirty")
    ]  # fmt: skip
    if first == second or not fitting:
        return None
    a = c.of(fitting)
    article = c.of(("the", "this"))
    one, two = noun_phrase(first, article), noun_phrase(second, article)
    degree, plus = c.of(((f"{a.comparative} than", "plus"), (f"as {a.english} as", "aussi")))
    said = f"{plus} {a.french(*one.agreement)} que {two.french}"
    pairs = [(first.lemma, a.english), (second.lemma, a.english)]
    return *be(one, "present", f"{degree} {two.english}", said), pairs


@pattern
def most(c: Choices) -> Raw:
    """It is the most beautiful house in the village."""
    noun = c.of(nouns("house garden tree dog horse film book novel car bike boat picture"))
    a = c.of(
        [x for x in qualities(noun) if not x.options & {"nocompare", "colour"} and x.english not in ("clean", "dirty")]
    )
    where, ou, gender = c.of(rows("superlatives"))
    if where not in ("world", "country") and noun.classes & {"film", "read"}:
        return None
    form = a.french(noun.feminine, False)
    le = "la" if noun.feminine else "le"
    said = f"{le} plus {form} {noun.french}" if "before" in a.options else f"{le} {noun.french} {le} plus {form}"
    of = "de la" if gender == "f" else "de le"
    return (
        f"it is the {a.superlative} {noun.english} in the {where}.",
        f"c'est {said} {of} {ou}.",
        [(noun.lemma, a.english), (noun.lemma, where)],
    )


@pattern
def what_a(c: Choices) -> Raw:
    """What a beautiful house! What pretty flowers!"""
    noun = c.of([n for n in lexicon().nouns if n.french and any("before" in a.options for a in adjectives(n, False))])
    plural = c.of(numbers(noun, "bare")) or "many" in noun.classes
    if plural and not noun.counted:
        return None
    a = c.of([x for x in adjectives(noun, plural) if "before" in x.options and x.english != "new"] or [None])
    if a is None:
        return None
    first = noun_phrase(noun, "bare", plural, a)
    second = noun_phrase(noun, "", plural, a)
    quel = french.agree("quel", False, plural) if not noun.feminine else "quelles" if plural else "quelle"
    return f"what {first.english}!", f"{quel} {second.french}!", [(noun.lemma, a.english)]


@pattern
def which(c: Choices) -> Raw:
    """Which book do you prefer? Which shoes did Emma choose?"""
    s = c.of([s for s in subjects("people", "called", "names") if s.person not in (0, 3)])
    noun = c.of(
        nouns("clothes-ladies-gents-trousers-jeans-uniform pair read own furniture ring present flower film song cake")
    )
    phrase = noun_phrase(noun, "")
    quel = ("quelle" if noun.feminine else "quel") + ("s" if phrase.french_plural else "")
    verb, preferer, tense = c.of(
        (("prefer", "préférer", "present"), ("choose", "choisir", "past"), ("buy", "acheter", "future"))
    )
    if s.english != "you" and tense == "present":
        second = f"{quel} {phrase.french} est-ce que {s.say(preferer, tense)}?"
    elif tense == "present":
        second = f"{quel} {phrase.french} {french.inverted(s.french, s.person, preferer, tense)}?"
    elif s.person == 4:
        return None  # the participle would have to agree before the verb: kept for the statements
    else:
        said = s.say(preferer, tense, object_agrees=phrase.agreement)
        second = f"{quel} {phrase.french} est-ce que {said}?"
    tense = {"present": "present", "past": "past", "future": "will"}[tense]
    told = f"which {phrase.english} {s.ask(verb, tense)}?"
    return s.calling(told, 0), s.calling(second, 1), [(verb, noun.lemma), ("which", noun.lemma)]


@pattern
def what_colour(c: Choices) -> Raw:
    """What colour is your car?"""
    s = c.of([s for s in subjects("people", "called", "names", "relatives") if s.person != 0 and not s.several])
    noun = c.of(nouns("clothes-ladies-gents pair own container-drawer house umbrella bedroom sofa"))
    phrase = noun_phrase(noun, "my", owner=s.owner)
    if s.named:
        phrase = noun_phrase(noun, "the")
        owner = (f"{s.english}'s {phrase.english[4:]}", f"{phrase.french} de {s.french}")
        if s.person == 5:
            return None
    else:
        owner = (phrase.english, phrase.french)
    second = french.verb("être").present[phrase.french_person]
    return (
        s.calling(f"what colour {english.be(phrase.english_person)} {owner[0]}?", 0),
        s.calling(f"de quelle couleur {second} {owner[1]}?", 1),
        [("colour", noun.lemma), (s.call[0] or s.english, noun.lemma)],
    )


@pattern
def of_whom(c: Choices) -> Raw:
    """This is my neighbour's car. These are Paul's gloves."""
    s = c.of([s for s in subjects("names", "relatives") if s.person == 2])
    noun = c.of(nouns(OWNED))
    plural = c.of(numbers(noun, "the"))
    phrase = noun_phrase(noun, "the", plural)
    is_ = "these are" if phrase.english_plural else "this is"
    cest = "ce sont" if phrase.french_plural else "c'est"
    return (
        f"{is_} {s.english}'s {phrase.english[4:]}.",
        f"{cest} {phrase.french} de {s.french}.",
        [(s.english, noun.lemma)],
    )


@pattern
def whose(c: Choices) -> Raw:
    """Whose keys are these? This umbrella is mine."""
    noun = c.of(nouns(OWNED))
    plural = c.of(numbers(noun, "the"))
    phrase = noun_phrase(noun, "this", plural)
    verb = french.verb("être").present[phrase.french_person]
    is_ = english.be(phrase.english_person)
    who, qui, tail = c.of(
        (("whose", "", "whose"), ("mine", "moi", ""), ("yours", "toi", ""), ("his", "lui", ""), ("hers", "elle", ""),
         ("ours", "nous", ""), ("theirs", "eux", ""), ("Paul's", "Paul", ""), ("Emma's", "Emma", ""))
    )  # fmt: skip
    if tail:
        these = "these" if phrase.english_plural else "this"
        bare = phrase.english.partition(" ")[2]
        return f"whose {bare} {is_} {these}?", f"à qui {verb} {phrase.french}?", [("whose", noun.lemma)]
    return f"{phrase.english} {is_} {who}.", f"{phrase.french} {verb} à {qui}.", [(who, noun.lemma)]
