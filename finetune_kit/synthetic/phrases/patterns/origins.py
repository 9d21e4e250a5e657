"""Countries and languages; what one does each day with reflexive verbs."""

from __future__ import annotations

from .. import french
from ..grammar import Choices, Raw, anyone, asked, nouns, opposite, pattern, rows, time
from ..lexicon import lexicon
from ..nounphrase import noun_phrase
from .people import key


def country(c: Choices) -> tuple[str, str, str]:
    """A country or a town: English, French with 'in' or 'to', French with 'from'."""
    if c.maybe():
        first, second = c.of(rows("cities"))
        return first, f"à {second}", f"de {second}"
    first, second, kind = c.of(rows("countries"))
    to, of = {"f": ("en ", "de "), "m": ("à le ", "de le "), "p": ("à les ", "de les ")}[kind]
    return first, to + second, of + second


@pattern
def comes_from(c: Choices) -> Raw:
    """My wife comes from Japan. He doesn't come from Spain."""
    s = anyone(c)
    where, _, of = country(c)
    how = c.of(("", "not"))
    return (
        s.tell("come", "present", f"from {where}", how) + ".",
        s.say("venir", "present", of, how) + ".",
        [("come from", where), (key(s), where)],
    )


@pattern
def lives(c: Choices) -> Raw:
    """We live in Geneva. My uncle no longer lives in Canada."""
    s = anyone(c)
    where, to, _ = country(c)
    how = c.of(("", "not", "no longer"))
    return (
        s.tell("live", "present", f"in {where}", how) + ".",
        s.say("habiter", "present", to, how) + ".",
        [("live", where), (key(s), where)],
    )


@pattern
def lived_for(c: Choices) -> Raw:
    """Sophie has lived in Rome for ten years."""
    s = anyone(c)
    where, to, _ = country(c)
    first, second, _ = c.of(rows("numbers")[:9])
    return (
        s.tell("live", "perfect", f"in {where} for {first} years") + ".",
        s.say("habiter", "present", f"{to} depuis {second} ans") + ".",
        [("live", where), (where, first)],
    )


@pattern
def went_abroad(c: Choices) -> Raw:
    """My parents went to Italy last year."""
    s = anyone(c)
    where, to, _ = country(c)
    when = c.of(rows("times past far"))
    return (
        s.tell("go", "past", f"to {where} {when[0]}") + ".",
        s.say("aller", "past", f"{to} {when[1]}") + ".",
        [("go", where), (key(s), where)],
    )


@pattern
def speaks(c: Choices) -> Raw:
    """She speaks German very well."""
    s = anyone(c)
    first, second = c.of(rows("languages"))
    how = c.of(("", "not", "often"))
    well, bien = c.of((("", ""), ("very well", "très bien"))) if how != "often" else ("", "")
    return (
        s.tell("speak", "present", f"{first} {well}", how).strip() + ".",
        s.say("parler", "present", f"{bien} le {second}" if well else second, how) + ".",
        [("speak", first), (key(s), first)],
    )


@pattern
def speaks_question(c: Choices) -> Raw:
    """Sir, do you speak English?"""
    s = asked(c)
    first, second = c.of(rows("languages"))
    return (
        s.calling(s.ask("speak", "present", first) + "?", 0),
        s.calling(s.request("parler", "present", second) + "?", 1),
        [("speak", first), (key(s), first)],
    )


@pattern
def learns(c: Choices) -> Raw:
    """Thomas has been learning Italian for two years."""
    s = anyone(c)
    first, second = c.of(rows("languages"))
    number, nombre, _ = c.of(rows("numbers")[:6])
    period, duree = c.of((("years", "ans"), ("months", "mois"), ("weeks", "semaines")))
    has = "has" if s.person == 2 else "have"
    return (
        f"{s.english} {has} been learning {first} for {number} {period}.",
        s.say("apprendre", "present", f"le {second} depuis {nombre} {duree}") + ".",
        [("learn", first), (number, period)],
    )


def hour(c: Choices) -> tuple[str, str]:
    """A full hour: "at seven o'clock"."""
    first, second = c.of(rows("hours")[4:])
    return f"at {first} o'clock", f"à {second}"


def reflexive_act(c: Choices) -> tuple[str, str, tuple[str, str]]:
    """A reflexive verb in both languages and how, when or where it is done."""
    first, second, ways = c.of(rows("reflexive"))
    way = c.of(ways.split())
    manner = hour(c) if way == "hour" else lexicon().ways[way]
    return first, second, (manner[0], manner[1])


@pattern
def daily(c: Choices) -> Raw:
    """I get up at seven o'clock. My parents never go to bed late."""
    s = anyone(c)
    first, second, how = reflexive_act(c)
    often = c.of(("", "always", "often", "never", "not"))
    return (
        s.tell(first, "present", how[0], often) + ".",
        s.say(second, "present", how[1], often) + ".",
        [(first, how[0]), (key(s), first)],
    )


@pattern
def daily_past(c: Choices) -> Raw:
    """Marie got up early this morning."""
    s = anyone(c)
    first, second, how = reflexive_act(c)
    when = c.of((("yesterday", "hier"), ("on Sunday", "dimanche"), ("two days ago", "il y a deux jours")))
    negation = c.of(("", "not"))
    return (
        s.tell(first, "past", f"{how[0]} {when[0]}", negation) + ".",
        s.say(second, "past", f"{how[1]} {when[1]}", negation) + ".",
        [(first, how[0]), (key(s), first)],
    )


@pattern
def daily_question(c: Choices) -> Raw:
    """Did you get up early?"""
    s = asked(c)
    first, second, how = reflexive_act(c)
    tense, temps = c.of((("past", "past"), ("present", "present"), ("will", "future")))
    return (
        s.calling(s.ask(first, tense, how[0]) + "?", 0),
        s.calling(s.request(second, temps, how[1]) + "?", 1),
        [(first, how[0]), (key(s), first)],
    )


@pattern
def washes(c: Choices) -> Raw:
    """Lucas is washing his hands. Brush your teeth!"""
    noun = c.of(nouns("washed teeth"))
    first, second = ("brush", "se brosser") if noun.lemma == "teeth" else ("wash", "se laver")
    with_article = noun_phrase(noun, "the").french
    pairs = [(first, noun.lemma)]
    if c.maybe():
        s = opposite(c)
        own = noun_phrase(noun, "my", s.several, owner=s.person).english
        order = french.imperative(second, s.person, with_article)
        return s.calling(f"{first} {own}!", 0), s.calling(f"{order}!", 1), pairs
    s = anyone(c)
    own = noun_phrase(noun, "my", s.agreement[1], owner=s.owner).english
    when, quand = time(c, "past")
    told = s.tell(first, "past", f"{own} {when}")
    # The direct object follows, so the participle does not agree: elles se sont lavé les mains.
    said = french.clause(s.french, s.person, second, "past", f"{with_article} {quand}")
    return f"{told}.", f"{said}.", pairs
