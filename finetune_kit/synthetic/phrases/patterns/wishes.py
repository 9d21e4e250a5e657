"""Orders, wishes and duties with an object; pronouns in its place; giving, knowing, liking."""

from __future__ import annotations

from .. import french
from ..grammar import Choices, Raw, Subject, act, anyone, nouns, opposite, other, pattern, subjects, time
from ..lexicon import lexicon
from ..nounphrase import noun_phrase
from .acts import PLEASE

FORBIDDEN = (
    "forget", "lose", "sell", "open", "close", "touch", "hide", "use", "drink", "eat", "throw away", "phone", "call",
)  # fmt: skip
SHOWN = (
    "buy", "find", "choose", "write", "draw", "repair", "receive", "borrow", "finish", "read", "plant", "wash",
)  # fmt: skip


@pattern
def command(c: Choices) -> Raw:
    """Open the window, please."""
    s = opposite(c)
    a = act(c, s, without="unmeant unordered", articles="the this my")
    if a is None:
        return None
    order = french.imperative(a.french, s.person, a.complement)
    return (
        s.calling(f"{a.infinitive}, please.", 0),
        s.calling(f"{order}, {PLEASE[s.person]}.", 1),
        a.combinations,
    )


@pattern
def command_not(c: Choices) -> Raw:
    """Don't touch that plate!"""
    s = opposite(c)
    a = act(c, s, how="not", articles="the this my")
    if a is None or a.english in ("hear", "see", "receive", "understand", "find", "meet"):
        return None
    order = french.imperative(a.french, s.person, a.complement, negative=True)
    return s.calling(f"don't {a.infinitive}!", 0), s.calling(f"{order}!", 1), a.combinations


@pattern
def lets(c: Choices) -> Raw:
    """Let's eat a pizza."""
    a = act(c, Subject("we", "nous", 3), without="unmeant unshared", articles="a the this my")
    if a is None:
        return None
    return f"let's {a.infinitive}.", french.imperative(a.french, 3, a.complement) + ".", a.combinations


@pattern
def want(c: Choices) -> Raw:
    """Emma wants to buy a new bike."""
    s = anyone(c)
    a = act(c, s, without="unmeant", articles="a the this", adjective=True)
    if a is None:
        return None
    return (
        s.tell("want", "present", f"to {a.infinitive}") + ".",
        s.say("vouloir", "present", s.infinitive(a.french, a.complement)) + ".",
        a.combinations,
    )


@pattern
def does_not_want(c: Choices) -> Raw:
    """The children don't want to eat any soup."""
    s = anyone(c)
    a = act(c, s, how="not", without="unmeant")
    if a is None:
        return None
    return (
        s.tell("want", "present", f"to {a.infinitive}", "not") + ".",
        s.say("vouloir", "present", s.infinitive(a.french, a.complement), "not") + ".",
        a.combinations,
    )


@pattern
def can_question(c: Choices) -> Raw:
    """Can you close the door, please?"""
    s = opposite(c)
    a = act(c, s, without="unmeant unordered", articles="the this my")
    if a is None:
        return None
    request = french.inverted(s.french, s.person, "pouvoir", "present")
    return (
        s.calling(f"can you {a.infinitive}, please?", 0),
        s.calling(f"{request} {s.infinitive(a.french, a.complement)}, {PLEASE[s.person]}?", 1),
        a.combinations,
    )


@pattern
def must(c: Choices) -> Raw:
    """Sir, you must finish this letter tonight."""
    s = c.of(subjects("people", "called")) if c.maybe() else c.of(subjects("names", "relatives"))
    a = act(c, s, without="unmeant unordered", articles="the this my")
    if a is None or "wine" in a.noun.classes:
        return None
    when = time(c, "future", a)
    return (
        s.calling(f"{s.english} must {a.infinitive} {when[0]}.", 0),
        s.calling(s.say("devoir", "present", f"{s.infinitive(a.french, a.complement)} {when[1]}") + ".", 1),
        a.combinations,
    )


@pattern
def must_not(c: Choices) -> Raw:
    """You mustn't forget your passport."""
    s = c.of(subjects("people", "called")) if c.maybe() else c.of(subjects("names", "relatives"))
    a = act(c, s, articles="the this my", only=FORBIDDEN)
    if a is None:
        return None
    return (
        s.calling(f"{s.english} mustn't {a.infinitive}.", 0),
        s.calling(s.say("devoir", "present", s.infinitive(a.french, a.complement), "not") + ".", 1),
        a.combinations,
    )


@pattern
def here_it_is(c: Choices) -> Raw:
    """Here is the letter. I wrote it yesterday."""
    s = anyone(c)
    a = act(c, s, articles="the this a", only=SHOWN)
    if a is None or "staple" in a.noun.classes:
        return None
    shown = noun_phrase(a.noun, "the", a.object.english_plural and a.noun.counted)
    when = time(c, "past", a)
    told = s.tell(a.english, "past", f"{shown.english_object} {when[0]}")
    said = s.say(a.french, "past", when[1], clitic=french.pronoun(*shown.agreement), object_agrees=shown.agreement)
    here = "here are" if shown.english_plural else "here is"
    return f"{here} {shown.english}. {told}.", f"voici {shown.french}. {said}.", a.combinations


@pattern
def lost_it(c: Choices) -> Raw:
    """Paul is looking for his keys. He lost them yesterday."""
    s = anyone(c)
    a = act(c, s, articles="my", only=("lose",))
    if a is None:
        return None
    they, ils = s.pronouns
    when = time(c, "past", a)
    again = Subject(they, ils, s.person, s.feminine)
    told = again.tell("lose", "past", f"{a.object.english_object} {when[0]}")
    agreement = a.object.agreement
    said = again.say("perdre", "past", when[1], clitic=french.pronoun(*agreement), object_agrees=agreement)
    return (
        f"{s.tell('look for', 'progressive', a.object.english)}. {told}.",
        f"{s.say('chercher', 'present', a.object.french)}. {said}.",
        [*a.combinations, ("look for", a.noun.lemma)],
    )


@pattern
def relative(c: Choices) -> Raw:
    """The dress that Marie bought is beautiful."""
    s = anyone(c)
    a = act(c, s, articles="a this the", without="momentary unmeant")
    if (
        a is None
        or a.french[-2:] in (" à", "de")
        or a.english in ("wash", "throw away", "drink", "eat", "sell", "clean")
    ):
        return None
    if a.english == "read" and s.person != 2:  # "that they read" might be the present
        return None
    fitting = [x for x in lexicon().adjectives if a.noun.lemma in x.beside and not x.options & {"colour", "attr"}]
    if not fitting:
        return None
    adjective = c.of(fitting)
    head = noun_phrase(a.noun, "the", a.object.english_plural and a.noun.counted)
    told = f"{head.english} that {s.tell(a.english, 'past')} {'are' if head.english_plural else 'is'}"
    said = s.say(a.french, "past", object_agrees=head.agreement)
    is_ = french.verb("être").present[head.french_person]
    return (
        f"{told} {adjective.english}.",
        f"{head.french} que {said} {is_} {adjective.french(*head.agreement)}.",
        [*a.combinations, (a.noun.lemma, adjective.english)],
    )


@pattern
def gave(c: Choices) -> Raw:
    """I gave the book to my brother. Sophie lent him an umbrella."""
    s = anyone(c)
    verb, donner = c.of((("give", "donner"), ("lend", "prêter"), ("show", "montrer")))
    if c.maybe():
        receiver = other(c)
        if receiver.english in s.english or receiver.english.startswith("your"):
            return None
        to = (f"to {receiver.english}", f"à {receiver.french}", "")
    else:
        me, clitic, not_by = c.of(
            (
                ("me", "me", (0, 3)),
                ("him", "lui", ()),
                ("us", "nous", (0, 3)),
                ("them", "leur", ()),
                ("you", "te", (1,)),
            )
        )
        if s.person in not_by:
            return None
        to = (me, "", clitic)
    noun = c.of(nouns("borrow photo key ticket ring watch computer camera car"))
    phrase = noun_phrase(noun, c.of(("the", "my")), owner=s.owner)
    told = f"{to[0]} {phrase.english}" if to[2] else f"{phrase.english} {to[0]}"
    said = s.say(donner, "past", f"{phrase.french} {to[1]}", clitic=to[2])
    return s.tell(verb, "past", told) + ".", said.strip() + ".", [(verb, noun.lemma)]


@pattern
def know_question(c: Choices) -> Raw:
    """Do you know Marie? Yes, I see her every Saturday."""
    known = c.of(subjects("names", "groups"))
    verb, french_verb, indirect = c.of(
        (("see", "voir", False), ("call", "appeler", False), ("help", "aider", False), ("invite", "inviter", False),
         ("phone", "téléphoner", True), ("write to", "écrire", True), ("speak to", "parler", True))
    )  # fmt: skip
    when = time(c, "habit")
    her = "them" if known.person == 5 else "her" if known.feminine else "him"
    feminine, plural = known.agreement
    clitic = ("leur" if plural else "lui") if indirect else french.pronoun(feminine, plural)
    me = Subject("I", "je", 0)
    return (
        f"do you know {known.english}? Yes, {me.tell(verb, 'present', f'{her} {when[0]}')}.",
        f"est-ce que tu connais {known.french}? Oui, {me.say(french_verb, 'present', when[1], clitic=clitic)}.",
        [(verb, known.english), (verb, when[0])],
    )


@pattern
def like(c: Choices) -> Raw:
    """My aunt likes apples. We don't like fish."""
    s = anyone(c)
    noun = c.of(nouns("food-spice drink animal picked watched holidays"))
    phrase = noun_phrase(noun, "all", True)
    verb, aimer, how = c.of((("like", "aimer bien", ""), ("like", "aimer", "not"), ("hate", "détester", "")))
    return (
        s.tell(verb, "present", phrase.english, how) + ".",
        s.say(aimer, "present", phrase.french, how) + ".",
        [(verb, noun.lemma)],
    )


@pattern
def prefer(c: Choices) -> Raw:
    """My parents prefer tea to coffee."""
    s = anyone(c)
    kind = c.of(("fruit", "veg", "drink", "pet", "picked-flower", "staple-spice"))
    first, second = c.of(nouns(kind)), c.of(nouns(kind))
    if first == second:
        return None
    one, two = noun_phrase(first, "all", True), noun_phrase(second, "all", True)
    return (
        s.tell("prefer", "present", f"{one.english} to {two.english}") + ".",
        s.say("préférer", "present", f"{one.french} à {two.french}") + ".",
        [(first.lemma, second.lemma)],
    )
