"""French clauses: conjugation, agreement of participles, negation, inversion, elision and contraction.

Words are joined raw ("à le arbre", "je ai") and `sentence` elides and contracts at the end. Two marks serve until
then: an asterisk before an aspirated h ("le *hibou"), and an underscore before a pronoun that must not contract
with the preposition before it ("de _le voir").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from .lexicon import lexicon

PERSONS = ("je", "tu", "il", "nous", "vous", "ils")
REFLEXIVE = ("me", "te", "se", "nous", "vous", "se")
DISJUNCTIVE = ("moi", "toi", "lui", "nous", "vous", "eux")
NEGATION = {"not": "pas", "never": "jamais", "no longer": "plus", "not yet": "pas encore", "": ""}
ADVERBS = {"always": "toujours", "often": "souvent", "already": "déjà", "sometimes": "parfois", "rarely": "rarement"}
IMPERFECT = ("ais", "ais", "ait", "ions", "iez", "aient")
FUTURE = ("ai", "as", "a", "ons", "ez", "ont")
WITH_ETRE = ("aller", "venir", "revenir", "arriver", "partir", "sortir", "rentrer", "rester", "tomber", "entrer")
VOWEL = re.compile(r"[aeiouhàâéèêëîïôùûœæ]|y\b|[AEIOUHÉ]")
ELIDED = ("le", "la", "de", "je", "ne", "que", "me", "te", "se", "_le", "_la")


def vowel(text: str) -> bool:
    """Whether the text begins with a vowel sound, a mute h included."""
    return VOWEL.match(text) is not None


def join(*parts: str) -> str:
    """The parts that are not empty, a space between."""
    return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Verb:
    """A verb's forms: six of the present, the participle's masculine, the stems of the future and the imperfect.

    `tail` follows the verb ("à le cinéma"); `preposition` is what it takes before its object.
    """

    infinitive: str
    present: tuple[str, ...]
    participle: str
    future: str
    imperfect: str
    reflexive: bool = False
    preposition: str = ""
    tail: str = ""


def _regular(infinitive: str) -> tuple[tuple[str, ...], str, str]:
    stem = infinitive[:-2]
    if infinitive.endswith("er"):
        soft = {"g": stem + "e", "c": stem[:-1] + "ç"}.get(stem[-1], stem)  # nous mangeons, nous commençons
        forms = tuple((soft if end == "ons" else stem) + end for end in ("e", "es", "e", "ons", "ez", "ent"))
        return forms, stem + "é", infinitive
    if infinitive.endswith("ir"):
        return tuple(stem + end for end in ("is", "is", "it", "issons", "issez", "issent")), stem + "i", infinitive
    return tuple(stem + end for end in ("s", "s", "", "ons", "ez", "ent")), stem + "u", infinitive[:-1]


@cache
def verb(phrase: str) -> Verb:
    """The forms of a verb given by its infinitive, with "se", a preposition or a complement if it has them."""
    bare = re.sub(r"^(se |s')", "", phrase)
    infinitive, _, tail = bare.partition(" ")
    irregular = lexicon().french.get(infinitive)
    if irregular:
        forms, participle, future = (part.strip() for part in irregular.split(","))
        present = tuple(forms.split())
    else:
        present, participle, future = _regular(infinitive)
    imperfect = "ét" if infinitive == "être" else present[3][:-3]
    preposition, tail = (tail, "") if tail in ("à", "de") else ("", tail)
    return Verb(infinitive, present, participle, future, imperfect, bare != phrase, preposition, tail)


def _simple(form: Verb, tense: str, person: int) -> str:
    if tense == "present":
        return form.present[person]
    if tense == "future":
        return form.future + FUTURE[person]
    stem = form.imperfect
    if person in (3, 4):  # mangions, commencions: the softened consonant goes before an i
        stem = re.sub("ç$", "c", re.sub("ge$", "g", stem))
    return stem + IMPERFECT[person]


def agree(word: str, feminine: bool, plural: bool) -> str:
    """A participle or a regular adjective, given in the masculine singular, made to agree."""
    word += "e" if feminine else ""
    return word + ("s" if plural and not word.endswith("s") else "")


def pronoun(feminine: bool, plural: bool) -> str:
    """The object pronoun le, la or les, kept from contracting."""
    return "_les" if plural else "_la" if feminine else "_le"


def clause(
    subject: str,
    person: int,
    phrase: str,
    tense: str,
    rest: str = "",
    how: str = "",
    clitic: str = "",
    subject_agrees: tuple[bool, bool] = (False, False),
    object_agrees: tuple[bool, bool] = (False, False),
) -> str:
    """A statement. `how`: a key of NEGATION or of ADVERBS. The pairs say whether feminine, whether plural.

    tense: present, past (passé composé), imperfect or future. subject_agrees is used with être; object_agrees is
    that of an object that stands before the participle.
    """
    form = verb(phrase)
    negation = NEGATION.get(how, "")
    adverb = ADVERBS.get(how, "")
    before = join("ne" if negation else "", REFLEXIVE[person] if form.reflexive else "", clitic)
    if tense == "past":
        with_etre = form.reflexive or form.infinitive in WITH_ETRE
        finite = verb("être" if with_etre else "avoir").present[person]
        after = agree(form.participle, *(subject_agrees if with_etre else object_agrees))
    else:
        finite, after = _simple(form, tense, person), ""
    return join(subject, before, finite, negation, adverb, after, form.tail, rest)


def infinitive(phrase: str, person: int, rest: str = "", clitic: str = "", negative: bool = False) -> str:
    """The infinitive with its pronouns, for a subject of that person."""
    form = verb(phrase)
    return join(
        "ne pas" if negative else "", REFLEXIVE[person] if form.reflexive else "", clitic,
        form.infinitive, form.tail, rest,
    )  # fmt: skip


def inverted(subject: str, person: int, phrase: str, tense: str, how: str = "") -> str:
    """Verb and pronoun of a question: "as-tu", "va-t-il", "n'as-tu pas". The subject is a pronoun."""
    form = _simple(verb(phrase), tense, person)
    link = "-t-" if person == 2 and form[-1] in "aec" else "-"
    return join("ne" if how == "not" else "", form + link + subject, NEGATION.get(how, ""))


def imperative(phrase: str, person: int, rest: str = "", clitic: str = "", negative: bool = False) -> str:
    """A command to tu (1), nous (3) or vous (4)."""
    form = verb(phrase)
    finite = form.present[person]
    if person == 1 and re.search("[ae]s$", finite):  # mange, ouvre, va; but finis, prends
        finite = finite[:-1]
    if negative:
        own = REFLEXIVE[person] if form.reflexive else ""
        return join("ne", own, clitic, finite, "pas", form.tail, rest)
    attached = {1: "-toi", 3: "-nous", 4: "-vous"}[person] if form.reflexive else ""
    return join(finite + attached + (f"-{clitic.lstrip('_')}" if clitic else ""), form.tail, rest)


def _contract(text: str) -> str:
    text = re.sub(r"\b(à|de) les (?=\S)", lambda m: "aux " if m[1] == "à" else "des ", text)
    return re.sub(
        r"\b(à|de) le (\S+)",
        lambda m: m[0] if vowel(m[2]) else f"{'au' if m[1] == 'à' else 'du'} {m[2]}",
        text,
    )


def _elide(text: str) -> str:
    words = text.split()
    out = ""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        bare = word.lower()
        if (bare in ELIDED and vowel(following)) or (bare == "si" and following in ("il", "ils")):
            out += word[:-1] + "'"
        else:
            out += word + " "
    return out.strip()


def sentence(text: str) -> str:
    """The raw words elided, contracted, freed of marks, with capitals and a space before ? and !."""
    text = _elide(_contract(" ".join(text.split()))).replace("*", "").replace("_", "")
    text = re.sub(r" ?([?!])", r" \1", text)
    return re.sub(r"(^|[.!?] )(\w)", lambda m: m[1] + m[2].upper(), text)
