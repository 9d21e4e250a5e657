"""Places: going there, being there, finding the way."""

from __future__ import annotations

from .. import english, french
from ..grammar import Choices, Raw, anyone, opposite, pattern, rows, time
from .amounts import place
from .clock import clock
from .people import key


def the_place(c: Choices) -> tuple[str, str]:
    """A place in town with its article, in both languages."""
    row = c.of(rows("places"))
    return f"the {row[0]}", f"{'la' if row[2] == 'f' else 'le'} {row[1]}"


@pattern
def opens_at(c: Choices) -> Raw:
    """What time does the bakery open? The museum closes at six o'clock."""
    first, second = the_place(c)
    if first in (
        "the beach",
        "the station",
        "the airport",
        "the hospital",
        "the church",
        "the harbour",
        "the town hall",
    ):
        return None
    verb, ouvrir = c.of((("open", "ouvrir"), ("close", "fermer")))
    form = french.verb(ouvrir).present[2]
    if c.maybe():
        return f"what time does {first} {verb}?", f"à quelle heure {form} {second}?", [(verb, first)]
    hour, heure, pairs = clock(c)
    if pairs[0][0] not in (("seven", "eight", "nine", "ten") if verb == "open" else ("five", "six", "seven", "eight")):
        return None
    return f"{first} {verb}s at {hour}.", f"{second} {form} à {heure}.", [*pairs, (verb, first), (first, hour)]


DAYTIME = ("school", "bank", "post office", "bakery", "town hall", "market", "library", "pharmacy", "zoo", "museum")


def closed(name: str, when: str) -> bool:
    """Whether nobody would be at the place at that time."""
    return name in DAYTIME and when in ("last night", "tonight", "every evening")


def to_place(c: Choices) -> tuple[str, str, str, str, str]:
    """A place: its name, "to the market", "at the market", « à le marché », « de le marché »."""
    row = c.of(rows("places"))
    to, at = (row[3], row[4]) if len(row) > 3 else (f"to the {row[0]}", f"at the {row[0]}")
    where = f"{'la' if row[2] == 'f' else 'le'} {row[1]}"
    return row[0], to, at, f"à {where}", f"de {where}"


@pattern
def goes(c: Choices) -> Raw:
    """My grandmother goes to the market every Saturday."""
    s = anyone(c)
    name, to, _, ou, _ = to_place(c)
    how = c.of(("habit", "often", "never", "not"))
    when, quand = time(c, "habit") if how == "habit" else ("", "")
    how = "" if how == "habit" else how
    if closed(name, when):
        return None
    return (
        s.tell("go", "present", f"{to} {when}".strip(), how) + ".",
        s.say("aller", "present", f"{ou} {quand}".strip(), how) + ".",
        [("go", name), (key(s), name)],
    )


@pattern
def went(c: Choices) -> Raw:
    """Julie went to the swimming pool yesterday."""
    s = anyone(c)
    name, to, _, ou, _ = to_place(c)
    how = c.of(("", "not"))
    when, quand = time(c, "past")
    if closed(name, when):
        return None
    return (
        s.tell("go", "past", f"{to} {when}", how) + ".",
        s.say("aller", "past", f"{ou} {quand}", how) + ".",
        [("go", name), (key(s), name)],
    )


@pattern
def will_go(c: Choices) -> Raw:
    """We will go to the museum tomorrow."""
    s = anyone(c)
    name, to, _, ou, _ = to_place(c)
    when, quand = time(c, "future")
    if closed(name, when):
        return None
    tense, temps = c.of((("will", "future"), ("going", "near")))
    said = (
        s.say("aller", "future", f"{ou} {quand}")
        if temps == "future"
        else s.say("aller", "present", f"aller {ou} {quand}")
    )
    return s.tell("go", tense, f"{to} {when}") + ".", said + ".", [("go", name), (key(s), name)]


@pattern
def is_at(c: Choices) -> Raw:
    """My father is at the office. Is Claire at school?"""
    s = anyone(c)
    name, _, at, ou, _ = to_place(c)
    kind = c.of(("", "not", "?", "was"))
    pairs = [("be at", name), (key(s), name)]
    if kind == "?":
        if s.person in (0, 3):
            return None
        return s.ask("be", "present", at) + "?", s.request("être", "present", ou) + "?", pairs
    if kind == "was":
        when, quand = time(c, "past")
        if closed(name, when):
            return None
        return s.tell("be", "past", f"{at} {when}") + ".", s.say("être", "imperfect", f"{ou} {quand}") + ".", pairs
    return s.tell("be", "present", at, kind) + ".", s.say("être", "present", ou, kind) + ".", pairs


@pattern
def came_back(c: Choices) -> Raw:
    """The children came back from the beach."""
    s = anyone(c)
    name, to, _, _, of = to_place(c)
    when, quand = time(c, "past")
    if closed(name, when):
        return None
    origin = "from " + to.removeprefix("to ")
    return (
        s.tell("come back", "past", f"{origin} {when}") + ".",
        s.say("revenir", "past", f"{of} {quand}") + ".",
        [("come back", name), (key(s), name)],
    )


@pattern
def where_going(c: Choices) -> Raw:
    """Where are you going? I am going to the bank."""
    o = opposite(c)
    name, to, _, ou, _ = to_place(c)
    going = french.inverted(o.french, o.person, "aller", "present")
    i, je, verb = ("we are", "nous", 3) if o.several else ("I am", "je", 0)
    said = french.clause(je, verb, "aller", "present", ou)
    return (
        o.calling(f"where are you going? {i} going {to}.", 0),
        o.calling(f"où {going}? {said}.", 1),
        [("go", name), (key(o), name)],
    )


@pattern
def find_way(c: Choices) -> Raw:
    """Excuse me, where is the post office? The bank is opposite the church."""
    one, un = the_place(c)
    kind = c.of(("where", "way", "far", "side", "side", "side"))
    if kind == "where":
        who, qui = c.of((("Madam", "Madame"), ("Sir", "Monsieur")))
        return f"excuse me, {who}, where is {one}?", f"excusez-moi, {qui}, où est {un}?", [("where", one), (who, one)]
    if kind == "way":
        return f"how do I get to {one}?", f"comment est-ce qu'on va à {un}?", [("get", one)]
    if kind == "far":
        return f"is {one} far from here?", f"est-ce que {un} est loin d'ici?", [("far", one)]
    two, deux = the_place(c)
    side, cote = c.of(rows("directions"))
    if one == two or {one, two} & {"the beach", "the zoo"}:
        return None
    return f"{one} is {side} {two}.", f"{un} est {cote} {deux}.", [(one, two), (side, one)]


@pattern
def near_here(c: Choices) -> Raw:
    """Is there a pharmacy near here?"""
    row = c.of(rows("places"))
    where, ou = c.of(
        (("near here", "près d'ici"), ("in this town", "dans cette ville"), ("in your village", "dans ton village"))
    )
    kind = c.of(("?", "yes", "no"))
    a, un = english.article(row[0]), "une" if row[2] == "f" else "un"
    pairs = [(row[0], where), ("there", row[0])]
    if kind == "?":
        return f"is there {a} {row[0]} {where}?", f"est-ce qu'il y a {un} {row[1]} {ou}?", pairs
    if kind == "yes":
        return f"there is {a} {row[0]} {where}.", f"il y a {un} {row[1]} {ou}.", pairs
    return f"there isn't {a} {row[0]} {where}.", f"il n'y a pas de {row[1]} {ou}.", pairs


@pattern
def meet_at(c: Choices) -> Raw:
    """Let's meet at the station at six o'clock."""
    row = c.of(rows("places"))
    if row[0] in ("hospital", "school"):
        return None
    first, second, pairs = clock(c)
    where = f"{'la' if row[2] == 'f' else 'le'} {row[1]}"
    return (
        f"let's meet at the {row[0]} at {first}.",
        f"retrouvons-nous à {where} à {second}.",
        [*pairs, ("meet", row[0]), (row[0], first)],
    )


@pattern
def nobody(c: Choices) -> Raw:
    """There is nothing in the box. There is nobody in the kitchen."""
    if c.maybe():
        first, second, _ = place(c)
        is_, y_a = c.of((("there is nothing", "il n'y a rien"), ("there was nothing", "il n'y avait rien")))
        return f"{is_} {first}.", f"{y_a} {second}.", [("nothing", first)]
    name, _, at, ou, _ = to_place(c)
    is_, y_a = c.of((("there is nobody", "il n'y a personne"), ("there was nobody", "il n'y avait personne")))
    when, quand = c.of((("this morning", "ce matin"), ("", ""), ("on Sunday", "dimanche")))
    if when == "on Sunday" and is_ == "there is nobody":
        return None
    return f"{is_} {at} {when}".strip() + ".", f"{y_a} {ou} {quand}".strip() + ".", [("nobody", name)]
