"""How people feel, what they are like, how old they are, what they do for a living."""

from __future__ import annotations

from .. import english, french
from ..grammar import Choices, Raw, Subject, anyone, asked, nouns, other, pattern, rows, subjects, time
from ..lexicon import lexicon
from ..nounphrase import noun_phrase

AGES = {"grandmother": (70, 99), "grandfather": (70, 99), "daughter": (2, 20), "children": (2, 12), "girls": (2, 16)}
GROWN = ("wife", "aunt", "uncle", "mother", "father", "parents", "teacher", "neighbour", "neighbours")


def mood(c: Choices, kind: str, s: Subject) -> tuple[str, str, str]:
    """A state ('now') or a trait: English, French in agreement, comparative."""
    adjective, _ = c.of([m for m in lexicon().moods if m[1] == kind])
    return adjective.english, adjective.french(*s.agreement), adjective.comparative


def key(s: Subject) -> str:
    """The word of the subject that a combination is counted by."""
    return s.call[0] or s.english


@pattern
def feels(c: Choices) -> Raw:
    """My sisters are very tired."""
    s = anyone(c)
    first, second, _ = mood(c, "now", s)
    very, tres = c.of((("", ""), ("very", "très"))) if first not in ("late", "alone", "ready", "angry") else ("", "")
    return (
        s.tell("be", "present", f"{very} {first}") + ".",
        s.say("être", "present", f"{tres} {second}") + ".",
        [(key(s), first)],
    )


@pattern
def feels_not(c: Choices) -> Raw:
    """Marie isn't ready yet."""
    s = anyone(c)
    first, second, _ = mood(c, "now", s)
    how = c.of(("not", "no longer", "never")) if first not in ("ready", "alone") else "not"
    return s.tell("be", "present", first, how) + ".", s.say("être", "present", second, how) + ".", [(key(s), first)]


@pattern
def feels_question(c: Choices) -> Raw:
    """Madam, are you ready?"""
    s = asked(c)
    first, second, _ = mood(c, "now", s)
    return (
        s.calling(s.ask("be", "present", first) + "?", 0),
        s.calling(s.request("être", "present", second) + "?", 1),
        [(key(s), first)],
    )


@pattern
def felt(c: Choices) -> Raw:
    """We were worried last night."""
    s = anyone(c)
    first, second, _ = mood(c, "now", s)
    when = time(c, "past")
    return (
        s.tell("be", "past", f"{first} {when[0]}") + ".",
        s.say("être", "imperfect", f"{second} {when[1]}") + ".",
        [(key(s), first)],
    )


@pattern
def trait(c: Choices) -> Raw:
    """Our neighbours are very kind."""
    s = other(c)
    first, second, _ = mood(c, "trait", s)
    too, trop = c.of((("", ""), ("very", "très"), ("too", "trop"), ("often", "souvent")))
    if too == "too" and first not in ("proud", "shy", "serious", "lazy", "jealous", "generous", "polite", "young"):
        return None
    if too == "often" and first in ("tall", "rich", "strong", "young", "clever", "loyal"):
        return None
    return (
        s.tell("be", "present", f"{too} {first}") + ".",
        s.say("être", "present", f"{trop} {second}") + ".",
        [(key(s), first)],
    )


@pattern
def compared(c: Choices) -> Raw:
    """Alice is taller than her brother."""
    s = other(c)
    first, second, more = mood(c, "trait", s)
    whom = c.of([s2 for s2 in (*subjects("names"), *subjects("people")) if s2.person != 5 or not s2.named])
    me, moi = whom.english, whom.french
    if not whom.named:
        me = {"I": "me", "he": "him", "she": "her", "we": "us", "they": "them"}.get(whom.english, "you")
        moi = "elle" if whom.feminine else french.DISJUNCTIVE[whom.person]
    if me in s.english.split() or (not whom.named and me == s.english):
        return None
    degree, plus = c.of(((f"{more} than", "plus"), (f"less {first} than", "moins"), (f"as {first} as", "aussi")))
    if plus == "moins" and first in ("young", "tall"):
        return None
    return (
        s.tell("be", "present", f"{degree} {me}") + ".",
        s.say("être", "present", f"{plus} {second} que {moi}") + ".",
        [(key(s), first), (first, me)],
    )


@pattern
def state(c: Choices) -> Raw:
    """The children are hungry. Paul isn't cold."""
    s = anyone(c)
    first, second = c.of(rows("states"))
    how = c.of(("", "not", "always", "never"))
    if first in ("right", "wrong", "lucky") and how == "not":
        second = second.replace("de la", "de")
    if how == "never" and first == "lucky":
        second = "de chance"
    return s.tell("be", "present", first, how) + ".", s.say("avoir", "present", second, how) + ".", [(key(s), first)]


@pattern
def state_question(c: Choices) -> Raw:
    """Are you thirsty?"""
    s = asked(c)
    first, second = c.of(rows("states")[:6])
    return (
        s.calling(s.ask("be", "present", first) + "?", 0),
        s.calling(s.request("avoir", "present", second) + "?", 1),
        [(key(s), first)],
    )


@pattern
def afraid(c: Choices) -> Raw:
    """My daughter is afraid of dogs."""
    s = anyone(c)
    first, second = c.of(rows("feared"))
    how = c.of(("", "not", "no longer"))
    return (
        s.tell("be", "present", f"afraid of {first}", how) + ".",
        s.say("avoir", "present", f"peur de {second}", how) + ".",
        [(key(s), first)],
    )


@pattern
def ache(c: Choices) -> Raw:
    """My back hurts. Claire's feet hurt."""
    s = c.of([s for s in subjects("people", "names", "relatives") if s.person < 3])
    part = noun_phrase(c.of(nouns("ache")), "my", owner=s.owner)
    whose = f"{s.english}'s {part.english.partition(' ')[2]}" if s.named else part.english
    with_article = f"{'les' if part.french_plural else 'la' if part.feminine else 'le'} {part.french.partition(' ')[2]}"
    how, today, now = c.of((("", "", ""), ("not", "", ""), ("", "today", "aujourd'hui")))
    return (
        english.clause(whose, part.english_person, "hurt", "present", today, how) + ".",
        s.say("avoir", "present", f"mal à {with_article} {now}", how).strip() + ".",
        [("hurt", part.english.partition(" ")[2]), (key(s), part.english.partition(" ")[2])],
    )


@pattern
def age(c: Choices) -> Raw:
    """My brother is twelve years old."""
    s = anyone(c)
    head = s.english.rpartition(" ")[2]
    low, high = AGES.get(head, (30, 72) if head in GROWN else (6, 60))
    first, second, value = c.of(rows("numbers"))
    if not low <= int(value) <= high:
        return None
    return (
        s.tell("be", "present", f"{first} years old") + ".",
        s.say("avoir", "present", f"{second} ans") + ".",
        [(key(s), first)],
    )


@pattern
def age_question(c: Choices) -> Raw:
    """How old is your brother?"""
    s = asked(c)
    a = english.be(s.person)
    if s.named:
        second = f"quel âge {french.verb('avoir').present[s.person]} {s.french}?"
    else:
        second = f"quel âge {french.inverted(s.french, s.person, 'avoir', 'present')}?"
    return s.calling(f"how old {a} {s.english}?", 0), s.calling(second, 1), [("old", key(s))]


@pattern
def profession(c: Choices) -> Raw:
    """My aunt is a baker. They would like to become pilots."""
    s = anyone(c)
    first, masculine, feminine = c.of(rows("professions"))
    many = s.agreement[1]
    second = feminine if s.feminine else masculine
    first = english.add_s(first) if many else f"{english.article(first)} {first}"
    second += "s" if many else ""
    if c.maybe():
        told = f"{s.english} would like to become {first}."
        return told, s.would_like(f"devenir {second}."), [(key(s), masculine)]
    if s.english in ("the children", "the girls", "the teacher"):
        return None
    return s.tell("be", "present", first) + ".", s.say("être", "present", second) + ".", [(key(s), masculine)]


@pattern
def named(c: Choices) -> Raw:
    """My sister's name is Julie."""
    s = c.of([s for s in subjects("relatives") if s.person == 2])
    name = c.of([n for n in subjects("names") if n.feminine == s.feminine])
    return (
        f"{s.english}'s name is {name.english}.",
        f"{s.french} s'appelle {name.french}.",
        [(key(s), name.english)],
    )
