"""Weather, the clock, dates, greetings."""

from __future__ import annotations

from .. import english
from ..grammar import Choices, Raw, anyone, pattern, rows, subjects
from ..nounphrase import possessive
from .people import key


@pattern
def weather(c: Choices) -> Raw:
    """It is raining in Paris today. It was cold yesterday. It will snow tomorrow."""
    row = c.of(rows("weather"))
    where, ou = c.of([("", ""), *[(f"in {a}", f"à {b}") for a, b in rows("cities")]])
    tense = c.of((0, 1, 2))
    times = ([("today", "aujourd'hui"), ("this morning", "ce matin")], rows("times past"), rows("times future far"))[
        tense
    ]
    when, quand = c.of([("", ""), *times] if tense == 0 else list(times))
    pairs = [(row[0], where or "here"), (row[0], when)]
    return f"{row[tense]} {where} {when}".strip() + ".", f"{row[tense + 3]} {ou} {quand}".strip() + ".", pairs


@pattern
def weather_question(c: Choices) -> Raw:
    """Will it be cold tomorrow?"""
    row = c.of(rows("weather"))
    tense, when, quand = c.of(
        ((2, "tomorrow", "demain"), (2, "next week", "la semaine prochaine"), (0, "today", "aujourd'hui"))
    )
    where, ou = c.of([("", ""), *[(f"in {a}", f"à {b}") for a, b in rows("cities")]])
    words = row[tense].split()
    subject = " ".join(words[: 2 if words[0] == "the" else 1])
    verb, *rest = words[2 if words[0] == "the" else 1 :]
    told = english.join(verb, subject, *rest, where, when)
    return f"{told}?", f"est-ce qu'{row[tense + 3]} {ou} {quand}?", [(row[0], where or "here"), (row[0], when)]


@pattern
def weather_if(c: Choices) -> Raw:
    """If it rains tomorrow, we will stay at home."""
    s = c.of([s for s in subjects("people", "names", "groups", "relatives") if s.english != "you"])
    first, second, kind = c.of(rows("weather_if"))
    plan, projet = c.of(rows("weather_plans"))
    outside = plan in ("go to the beach", "eat in the garden", "walk in the park")
    inside = plan in ("stay at home", "take the bus", "play cards", "wear our coats", "watch a film")
    if (outside and kind == "bad") or (inside and kind == "good") or (plan == "wear our coats" and s.person != 3):
        return None
    when, quand = c.of((("tomorrow", "demain"), ("tonight", "ce soir"), ("on Sunday", "dimanche")))
    if when == "tonight" and (first == "it is sunny" or plan in ("visit the museum", "go to the beach")):
        return None
    return (
        f"if {first} {when}, {s.tell(plan, 'will')}.",
        f"si {second} {quand}, {s.say(projet, 'future')}.",
        [(first, plan), (key(s), plan)],
    )


@pattern
def weather_because(c: Choices) -> Raw:
    """We aren't going out because it is raining."""
    s = anyone(c)
    sky = c.of(rows("weather"))
    good = sky[0] in ("it is hot", "it is sunny", "the weather is fine")
    plan, projet, how = c.of(
        (("go", "sortir", "not"), ("stay at home", "rester à la maison", ""), ("take the bus", "prendre le bus", ""))
        if not good
        else (("go to the beach", "aller à la plage", ""), ("eat outside", "manger dehors", ""),
              ("play in the garden", "jouer dans le jardin", ""))
    )  # fmt: skip
    told = s.tell(plan, "progressive", "out" if plan == "go" else "", how)
    return (
        f"{told} because {sky[0]}.",
        f"{s.say(projet, 'present', '', how)} parce que {sky[3]}.",
        [(plan, sky[0]), (key(s), plan)],
    )


def clock(c: Choices) -> tuple[str, str, list[tuple[str, str]]]:
    """A time of the clock: "ten past three", « trois heures dix »."""
    hours = rows("hours")
    index = c.of(range(len(hours)))
    before, after, kind = c.of(rows("fractions"))
    if kind == "next" and index == 0:
        first, second = "one", "une heure"
    else:
        first, second = hours[index]
    return (
        f"{before} {first}" if before else f"{first} o'clock",
        f"{second} {after}".strip(),
        [(first, before or "o'clock")],
    )


@pattern
def time_is(c: Choices) -> Raw:
    """It is ten past three."""
    first, second, pairs = clock(c)
    already, deja = c.of((("", ""), ("already", "déjà")))
    return f"it is {already} {first}.", f"il est {deja} {second}.", pairs


@pattern
def leaves_at(c: Choices) -> Raw:
    """The train for Lyon leaves at half past eight."""
    what, quoi = c.of((("train", "le train"), ("bus", "le bus"), ("plane", "le avion"), ("boat", "le bateau")))
    city, ville = c.of(rows("cities"))
    if what == "boat" and city not in ("Athens", "Lisbon", "Marseille", "London"):
        return None
    first, second, pairs = clock(c)
    kind = c.of(("to", "from"))
    if kind == "to":
        return (
            f"the {what} for {city} leaves at {first}.",
            f"{quoi} pour {ville} part à {second}.",
            [*pairs, (what, city), (city, first)],
        )
    return (
        f"the {what} from {city} arrives at {first}.",
        f"{quoi} de {ville} arrive à {second}.",
        [*pairs, (what, city), (city, first)],
    )


@pattern
def date(c: Choices) -> Raw:
    """My birthday is on the third of May. The exam is on Monday."""
    what, quoi = c.of(
        (("my birthday", "mon anniversaire"), ("your birthday", "ton anniversaire"), ("the exam", "le examen"),
         ("Marie's birthday", "le anniversaire de Marie"), ("the concert", "le concert"), ("the match", "le match"),
         ("our holiday", "nos vacances"), ("the party", "la fête"))
    )  # fmt: skip
    nth, jour = c.of(rows("dates"))
    month, mois = c.of(rows("months"))
    if nth == "thirtieth" and month == "February":
        return None
    pairs = [(nth, month), (what, month)]
    if what == "our holiday":
        return f"our holiday begins on the {nth} of {month}.", f"nos vacances commencent le {jour} {mois}.", pairs
    return f"{what} is on the {nth} of {month}.", f"{quoi} est le {jour} {mois}.", pairs


@pattern
def today(c: Choices) -> Raw:
    """Today is Monday the third of May."""
    day, jour = c.of(rows("days"))
    nth, nombre = c.of(rows("dates"))
    month, mois = c.of(rows("months"))
    if nth == "thirtieth" and month == "February":
        return None
    return (
        f"today is {day} the {nth} of {month}.",
        f"aujourd'hui, nous sommes le {jour} {nombre} {mois}.",
        [(day, month), (nth, month)],
    )


GREETINGS = (("good morning", "bonjour"), ("good evening", "bonsoir"), ("hello", "bonjour"))
INQUIRIES = (
    ("how are you?", "comment vas-tu?", "comment allez-vous?"),
    ("how are you today?", "comment vas-tu aujourd'hui?", "comment allez-vous aujourd'hui?"),
    ("did you sleep well?", "as-tu bien dormi?", "avez-vous bien dormi?"),
    ("where are you going?", "où vas-tu?", "où allez-vous?"),
    ("what are you doing?", "qu'est-ce que tu fais?", "que faites-vous?"),
    ("would you like some coffee?", "veux-tu du café?", "voulez-vous du café?"),
    ("would you like some tea?", "veux-tu du thé?", "voulez-vous du thé?"),
    ("do you live here?", "est-ce que tu habites ici?", "habitez-vous ici?"),
)


@pattern
def greeting(c: Choices) -> Raw:
    """Good morning, Marie. How are you today?"""
    s = c.of(subjects("names", "called"))
    hello, bonjour = c.of(GREETINGS)
    what, tu, vous = c.of(INQUIRIES)
    if (s.several and "coffee" in what) or ("sleep" in what and hello != "good morning"):
        return None
    names = s.call if s.call[0] else (s.english, s.french)
    return (
        f"{hello}, {names[0]}. {what}",
        f"{bonjour}, {names[1]}. {vous if s.call[0] else tu}",
        [(names[0], what), (hello, names[0])],
    )


@pattern
def presents(c: Choices) -> Raw:
    """Hello, my name is Paul and I live in Rome."""
    name = c.of(subjects("names"))
    kind = c.of(("live", "age", "profession", "speak"))
    if kind == "live":
        where, ou = c.of(rows("cities"))
        first, second = f"I live in {where}", f"je habite à {ou}"
        pair = (name.english, where)
    elif kind == "age":
        number, nombre, value = c.of(rows("numbers"))
        if not 6 <= int(value) <= 60:
            return None
        first, second, pair = f"I am {number} years old", f"je ai {nombre} ans", (name.english, number)
    elif kind == "speak":
        language, langue = c.of(rows("languages"))
        first, second, pair = f"I speak {language}", f"je parle {langue}", (name.english, language)
    else:
        job, masculine, feminine = c.of(rows("professions"))
        first = f"I am {english.article(job)} {job}"
        second, pair = f"je suis {feminine if name.feminine else masculine}", (name.english, job)
    return f"hello, my name is {name.english} and {first}.", f"bonjour, je m'appelle {name.french} et {second}.", [pair]


RELATIONS = (
    ("brother", "frère", "m"), ("sister", "sœur", "f"), ("friend", "ami", "m"), ("friend", "amie", "f"),
    ("uncle", "oncle", "m"), ("aunt", "tante", "f"), ("neighbour", "voisin", "m"), ("neighbour", "voisine", "f"),
    ("daughter", "fille", "f"), ("son", "fils", "m"), ("husband", "mari", "m"), ("wife", "femme", "f"),
)  # fmt: skip


@pattern
def introduces(c: Choices) -> Raw:
    """This is my friend Alice."""
    name = c.of(subjects("names"))
    relation, lien, _ = c.of([r for r in RELATIONS if (r[2] == "f") == name.feminine])
    owner = c.of((0, 2, 3, 6, 5))
    mon = possessive(owner, name.feminine, False, lien)
    if owner in (3, 5) and relation in ("husband", "wife"):
        return None
    here, voici = c.of((("this is", "voici"), ("do you know", "est-ce que tu connais")))
    mark = "?" if here != "this is" else "."
    return (
        f"{here} {english.OWNERS[owner]} {relation} {name.english}{mark}",
        f"{voici} {mon} {lien} {name.french}{mark}",
        [(relation, name.english)],
    )


THANKS = (
    ("the flowers", "les fleurs"), ("the present", "le cadeau"), ("your letter", "ta lettre"),
    ("the photo", "la photo"),
    ("your help", "ton aide"), ("the cake", "le gâteau"), ("everything", "tout"), ("the books", "les livres"),
    ("your email", "ton e-mail"), ("the good meal", "le bon repas"), ("the advice", "les conseils"),
)  # fmt: skip


@pattern
def thanks(c: Choices) -> Raw:
    """Thank you for the flowers, Marie."""
    s = c.of(subjects("names", "called"))
    what, quoi = c.of(THANKS)
    names = s.call if s.call[0] else (s.english, s.french)
    if s.call[0]:
        quoi = quoi.replace("ta ", "votre ").replace("ton ", "votre ")
    very, beaucoup = c.of((("", ""), ("very much ", "beaucoup ")))
    return f"thank you {very}for {what}, {names[0]}.", f"merci {beaucoup}pour {quoi}, {names[1]}.", [(what, names[0])]
