"""Verb and object told and asked, in all tenses."""

from __future__ import annotations

from .. import french
from ..grammar import Act, Choices, Raw, Subject, act, anyone, asked, pattern, time

RARE = {  # what one may never have done, and to what
    "see": {"wild"}, "drive": {"drive"}, "eat": {"veg", "course"}, "drink": {"wine", "hotdrink"}, "take": {"public"},
    "cook": {"course"}, "write": {"written"}, "plant": {"plant"}, "wear": {"clothes"}, "draw": {"animal"},
}  # fmt: skip
PLEASE = {1: "s'il te plaît", 4: "s'il vous plaît"}


def tell(s: Subject, a: Act, tenses: tuple[str, str], how: str = "", when: tuple[str, str] = ("", "")) -> Raw:
    """Subject, verb, object and time in the English and the French tense."""
    adverb = "not" if how == "not yet" else how
    late = ("yet" if how == "not yet" else "", "")
    first = s.tell(a.english, tenses[0], f"{a.object.english} {late[0]} {when[0]}", adverb)
    second = s.say(a.french, tenses[1], f"{a.complement} {when[1]}", how)
    return first.rstrip() + ".", second.rstrip() + ".", a.combinations


def ask(s: Subject, a: Act, tenses: tuple[str, str], when: tuple[str, str] = ("", ""), words: str = "|") -> Raw:
    """A question about subject, verb and object; words: the question word in English and in French."""
    wh = words.split("|")
    first = s.ask(a.english, tenses[0], f"{a.object.english} {when[0]}")
    second = s.request(a.french, tenses[1], f"{a.complement} {when[1]}", word=wh[1])
    return (
        s.calling(f"{wh[0]} {first}".strip() + "?", 0).replace(" ?", "?"),
        s.calling(second.strip() + "?", 1),
        a.combinations,
    )


@pattern
def past_act(c: Choices) -> Raw:
    """We bought some apples yesterday."""
    s = anyone(c)
    a = act(c, s)
    return tell(s, a, ("past", "past"), when=time(c, "past", a)) if a else None


@pattern
def past_described(c: Choices) -> Raw:
    """She bought a red dress."""
    s = anyone(c)
    a = act(c, s, without="unmeant", adjective=True)
    if a is None:
        return None
    when = time(c, "past", a) if a.english == "read" else ("", "")  # "they read" alone might be the present
    return tell(s, a, ("past", "past"), when=when)


@pattern
def past_not(c: Choices) -> Raw:
    """They didn't buy any bread."""
    s = anyone(c)
    a = act(c, s, how="not")
    return tell(s, a, ("past", "past"), "not") if a else None


@pattern
def perfect_already(c: Choices) -> Raw:
    """I have already read this book."""
    s = anyone(c)
    a = act(c, s, articles="a the this my", without="unmeant")
    return tell(s, a, ("perfect", "past"), "already") if a else None


@pattern
def perfect_not_yet(c: Choices) -> Raw:
    """He hasn't washed the car yet."""
    s = anyone(c)
    a = act(c, s, how="not yet", without="unmeant", articles="the this my")
    return tell(s, a, ("perfect", "past"), "not yet") if a else None


@pattern
def perfect_never(c: Choices) -> Raw:
    """She has never driven a lorry."""
    s = anyone(c)
    a = act(c, s, how="never", articles="a", only=tuple(RARE))
    if a is None or not a.noun.classes & RARE[a.english]:
        return None
    return tell(s, a, ("perfect", "past"), "never")


@pattern
def habit(c: Choices) -> Raw:
    """My father drinks coffee every morning."""
    s = anyone(c)
    a = act(c, s, "often")
    return tell(s, a, ("present", "present"), when=time(c, "habit")) if a else None


@pattern
def habit_often(c: Choices) -> Raw:
    """Julie often eats apples."""
    s = anyone(c)
    a = act(c, s, "often")
    return tell(s, a, ("present", "present"), c.of(("always", "often", "sometimes", "rarely"))) if a else None


@pattern
def habit_not(c: Choices) -> Raw:
    """My sister never eats fish. He no longer drinks wine."""
    s = anyone(c)
    how = c.of(("never", "no longer"))
    a = act(c, s, "often", how)
    return tell(s, a, ("present", "present"), how) if a else None


@pattern
def habit_past(c: Choices) -> Raw:
    """When she was young, Alice wrote letters."""
    s = anyone(c)
    a = act(c, s, "often")
    if a is None:
        return None
    they, ils = s.pronouns
    was = "were" if s.person in (1, 3, 4, 5) else "was"
    young = french.agree("jeune", False, s.agreement[1])
    childhood = french.clause(ils, s.person, "être", "imperfect", young)
    return (
        f"When {they} {was} young, {s.english} often {s.tell(a.english, 'past')[len(s.english) + 1 :]} "
        f"{a.object.english}.",
        f"quand {childhood}, {s.say(a.french, 'imperfect', a.complement, 'often')}.",
        a.combinations,
    )


@pattern
def now(c: Choices) -> Raw:
    """Thomas is washing the car."""
    s = anyone(c)
    a = act(c, s, without="momentary unmeant")
    if a is None:
        return None
    doing = f"en train de {s.infinitive(a.french, a.complement)}"
    return (
        s.tell(a.english, "progressive", a.object.english) + ".",
        s.say("être", "present", doing) + ".",
        a.combinations,
    )


@pattern
def going_to(c: Choices) -> Raw:
    """We are going to paint the kitchen tomorrow."""
    s = anyone(c)
    a = act(c, s, without="unmeant", articles="a the my")
    if a is None:
        return None
    when = time(c, "future", a)
    return (
        s.tell(a.english, "going", f"{a.object.english} {when[0]}") + ".",
        s.say("aller", "present", f"{s.infinitive(a.french, a.complement)} {when[1]}") + ".",
        a.combinations,
    )


@pattern
def will(c: Choices) -> Raw:
    """You will receive a letter next week."""
    s = anyone(c)
    a = act(c, s, articles="a the this my", without="unmeant")
    return tell(s, a, ("will", "future"), when=time(c, "future", a)) if a else None


@pattern
def will_not(c: Choices) -> Raw:
    """I won't sell my bike."""
    s = anyone(c)
    a = act(c, s, how="not", without="unmeant")
    return tell(s, a, ("will", "future"), "not") if a else None


@pattern
def past_question(c: Choices) -> Raw:
    """Did you find your keys?"""
    s = asked(c)
    a = act(c, s, how="?")
    return ask(s, a, ("past", "past")) if a else None


@pattern
def habit_question(c: Choices) -> Raw:
    """Do you often drink tea?"""
    s = asked(c)
    a = act(c, s, "often")
    return ask(s, a, ("present", "present"), time(c, "habit")) if a else None


@pattern
def where_question(c: Choices) -> Raw:
    """Where did you buy this bread?"""
    s = asked(c)
    a = act(c, s, articles="this my", only=("buy", "find", "hide", "meet", "plant", "borrow"))
    return ask(s, a, ("past", "past"), words="where|où") if a else None


@pattern
def why_question(c: Choices) -> Raw:
    """Why did he sell his car?"""
    s = asked(c)
    a = act(c, s, articles="this the my")
    return ask(s, a, ("past", "past"), words="why|pourquoi") if a else None


@pattern
def who_question(c: Choices) -> Raw:
    """Who broke the window?"""
    s = Subject("who", "qui", 2)
    a = act(c, s, articles="a this the")
    if a is None:
        return None
    return (
        s.tell(a.english, "past", a.object.english) + "?",
        s.say(a.french, "past", a.complement) + "?",
        a.combinations,
    )
