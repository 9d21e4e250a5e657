"""Puts a passage together: its form, its facts in some order, sentences between them, and its questions."""

from __future__ import annotations

from .ask import Asker
from .asked import Asked
from .draw import Draw
from .grammar import Nodes, Slot
from .lexicon import parsed, words
from .plan import TWO_SUBJECTS, Fact, Plan, plan
from .sheets import Field, fields
from .subjects import Subject, describe, plural, subject
from .tell import Stuck, Taken, Teller

WORDS = 40, 130
SENTENCES = 4, 9
FORMS = ("plain",) * 10 + ("news",) * 3 + ("letter",) * 2 + ("notice", "diary", "entry", "entry")
LONGEST = 8  # words of an answer
TRIES = 20
LETTERS = 7  # of a word with its space, on average
SENTENCE = 90  # letters
ASIDES = 0, 3  # sentences that answer nothing
HIDDEN = 0.3  # untold facts of which the passage says that they are not known
SAME_NOUN = 0.5  # pairs of subjects of one kind
INTRODUCED = 0.5  # passages that begin with what their subject is
SECOND = 0.3  # of these, how many go on with what the other subject is
GROUPED = 0.6  # passages that tell all of one subject before they come to the other
CONTRASTED = 0.35  # facts told of both subjects that stand in one sentence
JOINED = 0.4  # facts that are told in a sentence with the one before


def passage(seed: int, number: int) -> list[Asked]:
    """The questions of a passage; the same for the same seed and number on any platform."""
    attempt = 0
    while True:
        draw = Draw(f"{seed} {number} {attempt}")
        try:
            return _attempt(draw)
        except Stuck:
            attempt += 1


def _attempt(draw: Draw) -> list[Asked]:
    sheet = draw.of(fields())
    taken = Taken()
    subjects = _subjects(draw, sheet, taken, 2 if draw.chance(TWO_SUBJECTS) else 1)
    stranger = _subjects(draw, sheet, taken, 1)[0]
    for one in subjects:
        taken.take(f"the {one.noun}")  # no library beside the library
    made = plan(draw, sheet, subjects)
    if made is None:
        raise Stuck
    teller = Teller(draw, sheet, subjects, taken)
    _write(draw, sheet, made, teller)
    asker = Asker(draw, sheet, subjects, stranger, teller)
    context = teller.page.text
    asked = [Asked(asker.ask(target), context, asker.answer(target)) for target in made.targets]
    _check(made, asked, teller)
    return asked


def _subjects(draw: Draw, sheet: Field, taken: Taken, count: int) -> list[Subject]:
    """New subjects, half of the pairs with the same noun."""
    found: list[Subject] = []
    for _ in range(TRIES):
        if len(found) == count:
            return found
        noun = (
            next((n for n in sheet.nouns if found and n[1] == found[0].noun), None) if draw.chance(SAME_NOUN) else None
        )
        new = subject(draw, sheet, noun)
        if taken.take(*new.keys):
            new.number = len(found)
            found.append(new)
    raise Stuck


# --- the text ----------------------------------------------------------------------------------------------------


def _write(draw: Draw, sheet: Field, made: Plan, teller: Teller) -> None:
    """Write the passage: a beginning, the facts in random order with sentences between them, an end."""
    form = draw.of([form for form in FORMS if not sheet.forms or form in sheet.forms])
    _head(draw, form, teller)
    _introduce(draw, sheet, teller, form)
    groups = _groups(draw, list(made.facts.values()))
    hidden = {draw.between(1, len(groups)): nodes for nodes in _hidden(draw, made)}
    places = {draw.between(1, len(groups)) for _ in range(draw.between(*ASIDES))}
    for number, group in enumerate(groups, 1):
        _tell(draw, group, teller)
        room = WORDS[1] * LETTERS - teller.page.length - SENTENCE * (len(groups) - number)
        if number in hidden:
            teller.say(hidden[number][1], teller.subjects[hidden[number][0]], full=False)
        elif number in places and room > SENTENCE and teller.sentences + len(groups) - number < SENTENCES[1]:
            _fill(draw, sheet, form, teller)
    while teller.sentences < SENTENCES[0] or teller.page.length < WORDS[0] * LETTERS:
        _fill(draw, sheet, form, teller)
    if form == "letter":
        teller.page.put(" ")
        teller.scribe.write(parsed("<letter_tail>"))


def _fill(draw: Draw, sheet: Field, form: str, teller: Teller) -> None:
    """A sentence that answers nothing."""
    general = f"fill_{form}" if form in ("news", "letter") and draw.chance(0.5) else "fill"
    while True:
        nodes = draw.of(sheet.fills) if general == "fill" and draw.chance(0.5) else parsed(draw.of(words(general)))
        if nodes not in teller.asides:
            break
    teller.asides.append(nodes)
    teller.say(nodes)


def _hidden(draw: Draw, made: Plan) -> list[tuple[int, Nodes]]:
    """Sentences that what is asked is not known, for some of the questions that have no answer."""
    found = []
    for target in made.targets:
        hides = target.event.hides.get(target.ask.role, ())
        if hides and target.lack in ("absent", "omitted", "other") and draw.chance(HIDDEN):
            found.append((target.subject, draw.of(hides)))
    return found


def _head(draw: Draw, form: str, teller: Teller) -> None:
    if form in ("news", "letter", "notice", "diary"):
        teller.page.capital = True
        teller.scribe.write(parsed(f"<{form}_head>"))


def _introduce(draw: Draw, sheet: Field, teller: Teller, form: str) -> None:
    """Say of the subjects what they are, in a sentence or in none: then their first mention does."""
    pair = describe(draw, teller.subjects, sheet.pairs)
    unnamed = any(one.unnamed for one in teller.subjects)
    if pair:
        teller.begin()
        first, second = teller.subjects
        nodes = parsed("<pair_human>" if first.owner.pronoun != "it" else "<pair>")

        def fill(slot: Slot) -> None:
            teller.page.put({
                "first": first.full, "second": second.full, "one": pair[0], "other": pair[1], "noun": first.noun,
                "nouns": plural(first.noun),
            }[slot.name])  # fmt: skip

        teller.scribe.write(nodes, fill)
        teller.page.put(".")
        teller.last = None
        for one in teller.subjects:
            one.told = one.known = True
    elif form == "entry" and not unnamed and draw.chance(INTRODUCED):
        teller.say(parsed("{X}, a {adj} {noun}"), teller.subjects[0])
        teller.subjects[0].known = True
    elif unnamed or form == "entry" or draw.chance(INTRODUCED):
        opens = draw.shuffled(sheet.opens)
        for one in teller.subjects:
            if one.unnamed or one is teller.subjects[0] or draw.chance(SECOND):
                teller.say(opens[one.number], one)
                one.known = one.told = True
    for one in teller.subjects:
        one.known = one.known or one.explained


def _groups(draw: Draw, facts: list[Fact]) -> list[list[Fact]]:
    """The facts in random order, mostly those of a subject together; some in pairs that a sentence can hold."""
    ordered = draw.shuffled(facts)
    if draw.chance(GROUPED):
        first = ordered[0].subject
        ordered.sort(key=lambda fact: fact.subject != first)
    groups: list[list[Fact]] = []
    while ordered:
        fact = ordered.pop(0)
        same = next((f for f in ordered if f.event is fact.event), None)
        if same and draw.chance(CONTRASTED):
            ordered.remove(same)
            groups.append([fact, same])
        elif ordered and ordered[0].subject == fact.subject and draw.chance(JOINED):
            groups.append([fact, ordered.pop(0)])
        else:
            groups.append([fact])
    return groups


def _tell(draw: Draw, group: list[Fact], teller: Teller) -> None:
    if len(group) == 2:
        joined = teller.two if group[0].subject == group[1].subject else teller.contrast
        if joined(group[0], group[1]):
            return
    for fact in group:
        teller.one(fact)


# --- what a passage must be ----------------------------------------------------------------------------------------


def _check(made: Plan, asked: list[Asked], teller: Teller) -> None:
    """Raise Stuck unless lengths are right, each answer stands once and no question twice."""
    context = asked[0].context
    sentences = teller.sentences
    if not WORDS[0] <= context.count(" ") + 1 <= WORDS[1] or not SENTENCES[0] <= sentences <= SENTENCES[1]:
        raise Stuck
    for target, one in zip(made.targets, asked, strict=True):
        answer = context[slice(*one.span)] if one.span else ""
        if answer.count(" ") >= LONGEST or (target.ask.role != "X" and answer and occurrences(answer, context) != 1):
            raise Stuck
    if len({one.question for one in asked}) < len(asked):
        raise Stuck


def occurrences(answer: str, context: str) -> int:
    """How often the answer stands in the context as whole words, in large or small letters."""
    text, wanted = context.lower(), answer.lower()
    found, at = 0, text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        found += not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum())
        at = text.find(wanted, end)
    return found
