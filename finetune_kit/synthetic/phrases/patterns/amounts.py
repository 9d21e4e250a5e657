"""Where things are, how many and how much of them, what they cost."""

from __future__ import annotations

from .. import english, french
from ..grammar import Choices, Raw, adjectives, anyone, fits, nouns, numbers, opposite, pattern, rows
from ..lexicon import Noun
from ..nounphrase import noun_phrase
from .acts import PLEASE
from .things import be

SMALL = "small-ticket-ball book newspaper letter plate cup glass hammer candle box-basket towel"


def place(c: Choices) -> tuple[str, str, Noun]:
    """A place at a thing: "under the table", « sous la table »."""
    first, second, kinds = c.of(rows("prepositions"))
    noun = c.of(nouns(kinds))
    where = noun_phrase(noun, "the")
    return f"{first} {where.english}", f"{second} {where.french}", noun


def movable(c: Choices, where: Noun) -> Noun | None:
    """Something small enough to be in, on or under the thing."""
    noun = c.of(nouns(f"{SMALL} cat ball"))
    if noun == where or (noun.lemma in ("suitcase", "bag") and "inside" in where.classes):
        return None
    return noun


@pattern
def where_is(c: Choices) -> Raw:
    """Where are my keys? They are on the table."""
    first, second, there = place(c)
    noun = movable(c, there)
    if noun is None:
        return None
    mine = noun_phrase(noun, c.of(("the", "my")), c.of(numbers(noun, "the")))
    il = mine.french_pronoun
    verb = french.verb("être").present[mine.french_person]
    is_ = english.be(mine.english_person)
    return (
        f"where {is_} {mine.english}? {mine.english_pronoun} {is_} {first}.",
        f"où {verb} {mine.french}? {il} {verb} {second}.",
        [(noun.lemma, first)],
    )


@pattern
def it_is_there(c: Choices) -> Raw:
    """Your glasses aren't on the desk."""
    first, second, there = place(c)
    noun = movable(c, there)
    if noun is None:
        return None
    phrase = noun_phrase(noun, c.of(("the", "my")), c.of(numbers(noun, "the")), owner=c.of((0, 1)))
    how = c.of(("", "not", "no longer"))
    return *be(phrase, "present", first, second, how), [(noun.lemma, first)]


@pattern
def there_is(c: Choices) -> Raw:
    """There is a cat under the table. There aren't any glasses in the cupboard."""
    first, second, there = place(c)
    noun = movable(c, there)
    if noun is None or not noun.counted:
        return None
    kind = c.of(("", "number", "not", "?"))
    if kind == "number":
        number, nombre, _ = c.of(rows("numbers")[:5])
        phrase = noun_phrase(noun, "all", True)
        return (
            f"there are {number} {phrase.english} {first}.",
            f"il y a {nombre} {phrase.french.partition(' ')[2]} {second}.",
            [(noun.lemma, first), (noun.lemma, number)],
        )
    phrase = noun_phrase(noun, {"": "a", "not": "neg", "?": "a"}[kind], "many" in noun.classes and kind != "")
    if kind == "?" and phrase.english_plural:
        phrase = noun_phrase(noun, "some?", True)
    is_ = english.be(phrase.english_person)
    told, said = {
        "": (f"there {is_} {phrase.english} {first}.", f"il y a {phrase.french} {second}."),
        "not": (f"there {is_}n't {phrase.english} {first}.", f"il n'y a pas {phrase.french} {second}."),
        "?": (f"{is_} there {phrase.english} {first}?", f"est-ce qu'il y a {phrase.french} {second}?"),
    }[kind]
    return told, said, [(noun.lemma, first)]


@pattern
def any_left(c: Choices) -> Raw:
    """There is no milk left in the kitchen. Is there any bread?"""
    noun = c.of(nouns("staple drink fruit-lemon veg egg biscuit yoghurt"))
    where, ou = c.of(
        (
            ("in the kitchen", "dans la cuisine"),
            ("on the table", "sur la table"),
            ("in the fridge", "dans le frigo"),
            ("at home", "à la maison"),
        )
    )
    kind = c.of(("some", "any", "left"))
    phrase = noun_phrase(noun, {"some": "a", "any": "some?", "left": "none"}[kind], True)
    is_ = english.be(phrase.english_person)
    told, said = {
        "some": (f"there {is_} {phrase.english} {where}.", f"il y a {phrase.french} {ou}."),
        "any": (f"{is_} there {phrase.english} {where}?", f"est-ce qu'il y a {phrase.french} {ou}?"),
        "left": (f"there {is_} no {phrase.english} left {where}.", f"il n'y a plus {phrase.french} {ou}."),
    }[kind]
    return told, said, [(noun.lemma, where), ("there", noun.lemma)]


@pattern
def has(c: Choices) -> Raw:
    """My aunt has an old car. Thomas doesn't have a dog."""
    s = anyone(c)
    noun = c.of(nouns("own pet-tortoise device tool home furniture wear-uniform container-drawer umbrella watch ring"))
    chosen = c.of((None, *adjectives(noun, False)))
    if noun.classes & {"ladies", "gents"}:
        return None
    how = c.of(("", "not")) if chosen is None else ""
    phrase = noun_phrase(noun, "neg" if how else "a", False, chosen)
    pairs = [("have", noun.lemma)] + ([(noun.lemma, chosen.english)] if chosen else [])
    return (
        s.tell("have", "present", phrase.english, how) + ".",
        s.say("avoir", "present", phrase.french, how) + ".",
        pairs,
    )


@pattern
def needs(c: Choices) -> Raw:
    """I need a new pen. We don't need any bread."""
    s = anyone(c)
    noun = c.of(
        nouns(
            "small-toy-photo-ball-present-ring tool own device food-spice-fruit drink-wine soft lamp box bag suitcase"
        )
    )
    plural = c.of(numbers(noun, "bare")) and "food" in noun.classes
    fitting = [a for a in adjectives(noun, plural) if a.english in ("new", "big", "small", "good")]
    chosen = c.of([None, *fitting])
    how = c.of(("", "not")) if chosen is None else ""
    phrase = noun_phrase(noun, "neg" if how else "a", plural, chosen)
    bare = noun_phrase(noun, "a", plural, chosen).french
    if not bare.startswith(("un ", "une ")):
        bare = noun_phrase(noun, "of", plural, chosen).french.removeprefix("de ")
    elif how:
        bare = bare.partition(" ")[2]
    pairs = [("need", noun.lemma)] + ([(noun.lemma, chosen.english)] if chosen else [])
    return (
        s.tell("need", "present", phrase.english, how) + ".",
        s.say("avoir", "present", f"besoin de {bare}", how) + ".",
        pairs,
    )


def amount(c: Choices) -> tuple[str, str, Noun, str]:
    """A quantity of something: "a kilo of apples"."""
    first, second, kinds = c.of(rows("quantities"))
    noun = c.of(nouns(kinds))
    phrase = noun_phrase(noun, "all", True)
    many = noun_phrase(noun, "of", True).french.removeprefix("de ")
    return f"{first} {phrase.english}", f"{second} {many}", noun, first


@pattern
def order(c: Choices) -> Raw:
    """I would like a kilo of tomatoes, please."""
    first, second, noun, measure = amount(c)
    kind = c.of(("like", "give", "bought", "want"))
    pairs = [(measure, noun.lemma), (kind, noun.lemma)]
    if kind == "like":
        return f"I would like {first}, please.", f"je voudrais {second}, s'il vous plaît.", pairs
    if kind == "give":
        o = opposite(c)
        given = french.imperative("donner", o.person) + "-moi"
        return (
            o.calling(f"give me {first}, please.", 0),
            o.calling(f"{given} {second}, {PLEASE[o.person]}.", 1),
            pairs,
        )
    s = anyone(c)
    if kind == "bought" and measure.split()[1] in ("cup", "glass", "plate", "piece", "little"):
        return None
    if kind == "want":
        return f"{s.english} would like {first}.", s.would_like(f"{second}."), pairs
    return s.tell("buy", "past", first) + ".", s.say("acheter", "past", second) + ".", pairs


@pattern
def too_much(c: Choices) -> Raw:
    """Lucas eats too much chocolate. We don't drink enough water."""
    s = anyone(c)
    verb, manger, noun = c.of([("eat", "manger", n) for n in nouns("food-spice-course")]
                              + [("drink", "boire", n) for n in nouns("drink")])  # fmt: skip
    if not fits(s, noun):
        return None
    phrase = noun_phrase(noun, "all", True)
    bare = noun_phrase(noun, "of", True).french
    much = "many" if phrase.english_plural else "much"
    first, second, how = c.of(
        ((f"too {much}", "trop", ""), ("a lot of", "beaucoup", ""), ("enough", "assez", ""), ("enough", "assez", "not"))
    )
    return (
        s.tell(verb, "present", f"{first} {phrase.english}", how) + ".",
        s.say(manger, "present", f"{second} {bare}", how) + ".",
        [(verb, noun.lemma), (first, noun.lemma)],
    )


PRICES = (
    ("course hotdrink wine paper book", 2, 16),
    ("wear soft tableware umbrella ball", 10, 99),
    ("furniture device-computer-washing_machine bike", 40, 200),
)


@pattern
def price(c: Choices) -> Raw:
    """This shirt costs twenty euros. How much do these shoes cost?"""
    kinds, low, high = c.of(PRICES)
    noun = c.of(nouns(kinds))
    article = c.of(("the", "this"))
    phrase = noun_phrase(noun, article, c.of(numbers(noun, "the")) and "tableware" in noun.classes)
    if c.maybe():
        first = f"how much {'do' if phrase.english_plural else 'does'} {phrase.english} cost?"
        verb = french.verb("coûter").present[phrase.french_person]
        return first, f"combien {verb} {phrase.french}?", [("how much", noun.lemma)]
    number, nombre, value = c.of(rows("numbers"))
    if not low <= int(value) <= high:
        return None
    return (
        english.clause(phrase.english, phrase.english_person, "cost", "present", f"{number} euros") + ".",
        french.clause(phrase.french, phrase.french_person, "coûter", "present", f"{nombre} euros") + ".",
        [(noun.lemma, number), (noun.lemma, "euro")],
    )


@pattern
def kin(c: Choices) -> Raw:
    """Marie has two brothers. How many sisters do you have?"""
    s = anyone(c)
    noun = c.of(nouns("sister brother aunt uncle daughter son friend"))
    phrase = noun_phrase(noun, "all", True)
    bare = phrase.french.partition(" ")[2]
    if s.person in (1, 2, 5) and c.maybe() and not s.named:
        told = f"how many {phrase.english} {s.ask('have', 'present')}?"
        return (
            told,
            f"combien de {bare} {french.inverted(s.french, s.person, 'avoir', 'present')}?",
            [("how many", noun.lemma)],
        )
    if s.english.split()[-1] in ("grandmother", "grandfather", "children", "girls", "daughter", "parents"):
        return None
    number, nombre, _ = c.of(rows("numbers")[:4])
    return (
        s.tell("have", "present", f"{number} {phrase.english}") + ".",
        s.say("avoir", "present", f"{nombre} {bare}") + ".",
        [("have", noun.lemma), (number, noun.lemma), (s.english, noun.lemma)],
    )
