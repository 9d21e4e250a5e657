"""What people do, can do, like to do and must do."""

from __future__ import annotations

from .. import french
from ..grammar import Choices, Raw, Subject, anyone, asked, opposite, pattern, rows, time
from ..lexicon import lexicon
from .acts import PLEASE
from .people import key, mood

ADULT = ("pay the rent", "speak to the boss", "go to the bank", "call the doctor", "wash the car")


def deed(c: Choices, s: Subject) -> tuple[str, str, tuple[str, str]] | None:
    """A verb without an object and how or where it is done; "together" needs several."""
    first, second, ways = c.of(rows("intransitive"))
    way = c.of(ways.split())
    if way == "together" and s.person not in (3, 5):
        return None
    manner = lexicon().ways[way]
    how = french.agree("seul", *s.agreement) if way == "alone" else manner[1]
    return first, second, (manner[0], how)


@pattern
def deed_habit(c: Choices) -> Raw:
    """My grandfather often walks in the park."""
    s = anyone(c)
    d = deed(c, s)
    if d is None:
        return None
    first, second, how = d
    often = c.of(("always", "often", "never", "rarely", "not"))
    if often in ("rarely", "always") and how[0] in ("a lot", "too much", "fast", "too fast"):
        return None
    return (
        s.tell(first, "present", how[0], often) + ".",
        s.say(second, "present", how[1], often) + ".",
        [(first, how[0])],
    )


@pattern
def deed_past(c: Choices) -> Raw:
    """The children played in the garden yesterday."""
    s = anyone(c)
    d = deed(c, s)
    if d is None:
        return None
    first, second, how = d
    if first == "travel":
        return None
    when = time(c, "past")
    adverb_early = how[1] in ("bien", "mal", "beaucoup", "trop")  # these stand before the participle
    said = s.say(second, "past", f"{'' if adverb_early else how[1]} {when[1]}")
    if adverb_early:
        participle = french.verb(second).participle
        said = said.replace(f" {participle}", f" {how[1]} {participle}", 1)
    return s.tell(first, "past", f"{how[0]} {when[0]}") + ".", said + ".", [(first, how[0])]


@pattern
def deed_now(c: Choices) -> Raw:
    """The girls are dancing together."""
    s = anyone(c)
    d = deed(c, s)
    if d is None or d[2][0] in ("a lot", "well", "badly", "too much", "fast", "too fast"):
        return None
    first, second, how = d
    doing = s.infinitive(second, how[1])
    return (
        s.tell(first, "progressive", how[0]) + ".",
        s.say("être", "present", f"en train de {doing}") + ".",
        [(first, how[0])],
    )


@pattern
def while_(c: Choices) -> Raw:
    """It was raining when Paul arrived."""
    s = anyone(c)
    first, second = c.of(rows("motion"))
    sky = c.of(rows("weather"))
    return (
        f"{sky[1]} when {s.tell(first, 'past')}.",
        f"{sky[4]} quand {s.say(second, 'past')}.",
        [(sky[0], first), (key(s), first)],
    )


@pattern
def moved(c: Choices) -> Raw:
    """My aunt arrived yesterday. They didn't go out last night."""
    s = anyone(c)
    first, second = c.of(rows("motion"))
    when = time(c, "past")
    how = c.of(("", "not"))
    return (
        s.tell(first, "past", when[0], how) + ".",
        s.say(second, "past", when[1], how) + ".",
        [(first, when[0]), (key(s), first)],
    )


@pattern
def will_move(c: Choices) -> Raw:
    """When will your parents arrive? We will leave tomorrow."""
    s = anyone(c)
    first, second = c.of(rows("motion"))
    if c.maybe() and s.person not in (0, 3) and not (s.person == 1 and s.named):
        word = c.of((("when", "quand"), ("why", "pourquoi")))
        if word[0] == "why":
            told, said = s.ask(first, "past"), s.request(second, "past", word="pourquoi")
        else:
            told, said = s.ask(first, "will"), s.request(second, "future", word="quand")
        return f"{word[0]} {told}?", f"{said}?", [(first, word[0]), (key(s), first)]
    when = time(c, "future far")
    return s.tell(first, "will", when[0]) + ".", s.say(second, "future", when[1]) + ".", [(first, when[0])]


@pattern
def plays(c: Choices) -> Raw:
    """Louis plays the piano. We play cards on Sundays."""
    s = anyone(c)
    if c.maybe():
        first, second = c.of(rows("sports"))
        second = f"à {second}"
    else:
        first, second = c.of(rows("instruments"))
        first, second = f"the {first}", f"de {second}"
    pairs = [("play", first), (key(s), first)]
    kind = c.of(("habit", "past", "not", "never"))
    if kind == "habit":
        when = time(c, "habit")
        told, said = s.tell("play", "present", f"{first} {when[0]}"), s.say("jouer", "present", f"{second} {when[1]}")
    elif kind == "past":
        when = time(c, "past")
        told, said = s.tell("play", "past", f"{first} {when[0]}"), s.say("jouer", "past", f"{second} {when[1]}")
    else:
        told, said = s.tell("play", "present", first, kind), s.say("jouer", "present", second, kind)
    return told + ".", said + ".", pairs


def activity(c: Choices, skill: bool = False) -> tuple[str, str]:
    """An activity in both languages."""
    first, second, _ = c.of([row for row in rows("activities") if row[2] == "skill" or not skill])
    return first, second


@pattern
def can(c: Choices) -> Raw:
    """My sister can swim. He can't drive."""
    s = anyone(c)
    first, second = activity(c, skill=True)
    how = c.of(("", "not"))
    told = f"{s.english} {'cannot' if how else 'can'} {first}"
    return told + ".", s.say("savoir", "present", s.infinitive(second), how) + ".", [("can", first), (key(s), first)]


@pattern
def can_ask(c: Choices) -> Raw:
    """Can Emma ride a bike?"""
    s = asked(c)
    first, second = activity(c, skill=True)
    return (
        s.calling(f"can {s.english} {first}?", 0),
        s.calling(s.request("savoir", "present", s.infinitive(second)) + "?", 1),
        [("can", first), (key(s), first)],
    )


@pattern
def would_like(c: Choices) -> Raw:
    """We would like to go to the beach tomorrow."""
    s = anyone(c)
    first, second = activity(c)
    when = time(c, "future")
    if first in ("ski", "ride a bike", "ride a horse") and when[0] == "tonight":
        return None
    if first.startswith("speak") or first in ("swim", "draw", "sleep late", "live in the country"):
        return None
    return (
        f"{s.english} would like to {first} {when[0]}.",
        s.would_like(f"{s.infinitive(second)} {when[1]}."),
        [("would like", first), (first, when[0])],
    )


@pattern
def enjoys(c: Choices) -> Raw:
    """They like to travel by train. Claire prefers to read."""
    s = anyone(c)
    first, second = activity(c)
    verb, aimer, how = c.of(
        (("like", "aimer", ""), ("like", "aimer", "not"), ("prefer", "préférer", ""), ("hate", "détester", ""))
    )
    return (
        s.tell(verb, "present", f"to {first}", how) + ".",
        s.say(aimer, "present", s.infinitive(second), how) + ".",
        [(verb, first), (key(s), first)],
    )


@pattern
def duty(c: Choices) -> Raw:
    """You must pay the rent tomorrow."""
    s = anyone(c)
    first, second = c.of(rows("duties"))
    if s.english in ("the children", "the girls") and first in ADULT:
        return None
    when = time(c, "future")
    if first == "get up early" and not when[0].startswith("tomorrow"):
        return None
    must = c.of(("must", "is going", "need"))
    if must == "must":
        told, said = f"{s.english} must {first}", s.say("devoir", "present", s.infinitive(second))
    elif must == "need":
        told = s.tell("need", "present", f"to {first}")
        said = s.say("avoir", "present", f"besoin de {s.infinitive(second)}")
    else:
        told, said = s.tell(first, "going"), s.say("aller", "present", s.infinitive(second))
    return f"{told} {when[0]}.", f"{said} {when[1]}.", [(must, first), (first, when[0])]


@pattern
def forgot(c: Choices) -> Raw:
    """My father has forgotten to close the windows."""
    s = anyone(c)
    first, second = c.of(rows("duties")[:-2])
    if first == "rest":
        return None
    said = f"de {s.infinitive(second)}"
    verb = c.of(("forget", "refuse", "try"))
    oublier = {"forget": "oublier", "refuse": "refuser", "try": "essayer"}[verb]
    return (
        s.tell(verb, "past", f"to {first}") + ".",
        s.say(oublier, "past", said) + ".",
        [(verb, first), (key(s), first)],
    )


@pattern
def remember(c: Choices) -> Raw:
    """Don't forget to lock the door, please. Hurry!"""
    s = opposite(c)
    first, second = c.of(rows("duties"))
    if s.several and first in ADULT:
        return None
    kind = c.of(("order", "not", "please"))
    if kind == "order" and first == "get up early":
        return None
    if kind == "order":
        return (
            s.calling(f"{first}!", 0), s.calling(french.imperative(second, s.person) + "!", 1),
            [("order", first), (key(s), first)],
        )  # fmt: skip
    if kind == "not":
        order = french.imperative("oublier", s.person, f"de {s.infinitive(second)}", negative=True)
        return (
            s.calling(f"don't forget to {first}.", 0), s.calling(f"{order}.", 1),
            [("forget", first), (key(s), first)],
        )  # fmt: skip
    request = french.inverted(s.french, s.person, "pouvoir", "present")
    return (
        s.calling(f"could you {first}, please?", 0),
        s.calling(f"{request.replace('peux', 'pourrais').replace('pouvez', 'pourriez')} {s.infinitive(second)}, "
                  f"{PLEASE[s.person]}?", 1),
        [("could", first), (key(s), first)],
    )  # fmt: skip


@pattern
def because(c: Choices) -> Raw:
    """My sisters are staying at home because they are ill."""
    s = anyone(c)
    first, second, _ = mood(c, "now", s)
    reason, motif = c.of(
        (("is staying at home", "rester à la maison"), ("is crying", "pleurer"), ("is going to bed", "se coucher"),
         ("is smiling", "sourire"), ("is hurrying", "se dépêcher"), ("is leaving", "partir"))
    )  # fmt: skip
    fitting = {
        "is staying at home": "tired ill alone sad busy", "is crying": "sad tired disappointed worried alone",
        "is going to bed": "tired ill", "is smiling": "happy pleased", "is hurrying": "late busy nervous",
        "is leaving": "late tired angry ill disappointed ready",
    }  # fmt: skip
    if first not in fitting[reason].split():
        return None
    they, ils = s.pronouns
    is_ = Subject(they, ils, s.person, s.feminine)
    verb = reason.split()[1]
    told = reason.replace("is", "am" if s.person == 0 else "is" if s.person == 2 else "are", 1)
    return (
        f"{s.english} {told} because {is_.tell('be', 'present', first)}.",
        f"{s.say(motif, 'present')} parce que {is_.say('être', 'present', second)}.",
        [(verb, first), (key(s), first)],
    )


@pattern
def thinks(c: Choices) -> Raw:
    """I think that Alice is ill. He knows that you are tired."""
    s, t = anyone(c), anyone(c)
    if s.english.split()[-1] in t.english.split() or t.english.split()[-1] in s.english.split():
        return None
    first, second, _ = mood(c, "now", t)
    verb, penser = c.of((("think", "penser"), ("know", "savoir"), ("say", "dire"), ("hope", "espérer")))
    if verb == "hope" and first not in ("happy", "ready", "pleased"):
        return None
    return (
        s.tell(verb, "present", f"that {t.tell('be', 'present', first)}") + ".",
        s.say(penser, "present", f"que {t.say('être', 'present', second)}") + ".",
        [(verb, first), (key(t), first)],
    )
