"""Questions made from facts: the notation by hand, what a passage promises, and what would make them too easy."""

import os
import re
import string
import subprocess
import sys
from collections import Counter
from itertools import groupby, islice

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from finetune_kit.errors import ConfigError, DataError, StorageError
from finetune_kit.synthetic import facts
from finetune_kit.synthetic.facts import lexicon, makers, passages, sheets, values
from finetune_kit.synthetic.facts import plan as planning
from finetune_kit.synthetic.facts.draw import Draw
from finetune_kit.synthetic.facts.grammar import Slot, parse, slots
from finetune_kit.synthetic.facts.page import Page
from finetune_kit.synthetic.facts.scribe import spell
from finetune_kit.synthetic.facts.tell import Stuck, Taken

COUNT = 6_000
DATE = re.compile(
    r"\d{4}|\d+\.\d\d|\b(January|February|March|April|May|June|July|August|September|October|November|December|spring|"
    r"summer|autumn|winter|\w+day|Easter|Christmas|Whitsun|\w+mas|Midsummer|solstice|moon|New Year|o'clock|past|to|"
    r"dawn|noon|midnight|sunset|nightfall|sunrise|before|after|when|end|beginning|days?|time|funerals|weddings|christenings|"
    r"Shrovetide|eve|Sundays)\b",
    re.IGNORECASE,
)
NUMBER = re.compile(
    r"\d[\d,]*|(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|"
    r"seventy|eighty|ninety)(-\w+)?|(nearly |about )?(a|half|an|once|twice|every|only|on|three|two)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def asked():
    return list(facts.make(COUNT, 3))


@pytest.fixture(scope="module")
def contexts(asked):
    return list(dict.fromkeys(one.context for one in asked))


@pytest.fixture(scope="module")
def answered(asked):
    return [(one.question, answer(one), one) for one in asked if one.span]


def answer(one):
    return one.context[slice(*one.span)]


def words(text):
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def sentences(context):
    """The first and last position of each sentence; a semicolon or colon ends one too."""
    starts = [0, *(gap.end() for gap in re.finditer(r"[.!?:;]['\")]?\s+", context))]
    return list(zip(starts, [*starts[1:], len(context)], strict=True))


# --- the door ----------------------------------------------------------------------------------------------------


def test_a_smaller_count_gives_the_first_of_a_larger():
    assert list(facts.make(50, 8)) == list(islice(facts.make(400, 8), 50))


def test_seeds_differ():
    assert next(facts.make(1, 1)) != next(facts.make(1, 2))


def test_the_same_whatever_the_order_of_sets():
    code = "from finetune_kit.synthetic.facts import make; print(list(make(60, 5)))"
    made = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert made[0] == made[1]


@pytest.mark.parametrize("count", [0, -1, 2.5, True, "10"])
def test_a_wrong_count(count):
    with pytest.raises(ConfigError, match="count"):
        facts.make(count, 1)


def test_a_wrong_seed():
    with pytest.raises(ConfigError, match="seed"):
        facts.make(1, -1)


# --- variety -----------------------------------------------------------------------------------------------------


def test_relations():
    relations = facts.relations()
    assert len({relation.field for relation in relations}) >= 20
    assert sum(relation.role == "X" or relation.statements >= 3 <= relation.questions for relation in relations) >= 600
    assert sum(relation.statements >= 3 <= relation.questions for relation in relations) >= 500


def test_ways_to_tell_and_to_ask():
    events = [event for sheet in sheets.fields() for event in sheet.events.values()]
    assert len(events) >= 200
    assert all(len(event.says) >= 3 for event in events)
    assert len({say.nodes for event in events for say in event.says}) >= 1_000
    assert len({ask.nodes for event in events for ask in event.asks}) >= 2_000


def test_sentences_that_answer_nothing():
    general = [item for name in ("fill", "fill_news", "fill_letter") for item in set(lexicon.words(name))]
    assert len(general) >= 60
    assert all(len(sheet.fills) >= 6 and len(sheet.opens) >= 6 for sheet in sheets.fields())


def test_names_hardly_ever_come_again(contexts):
    names = Counter(name for text in contexts for name in set(re.findall(r"[a-z,] ([A-Z][a-z]+ [A-Z][a-z]+)\b", text)))
    assert len(names) > 4_000 and names.most_common(1)[0][1] < 0.02 * len(contexts)


def test_few_sentences_come_again(contexts):
    told = [text[slice(*span)] for text in contexts for span in sentences(text)]
    assert len(set(told)) > 0.85 * len(told)


# --- what a passage is like --------------------------------------------------------------------------------------


def test_length_of_passages(contexts):
    lengths = [len(text.split()) for text in contexts]
    assert min(lengths) >= 40 and max(lengths) <= 130 and 80 < np.mean(lengths) < 105
    assert np.mean([4 <= len(re.findall(r"[.!?]['\"]?(?= [A-Z\"\d]|$)", text)) <= 10 for text in contexts]) > 0.97


def test_two_to_four_questions_a_passage(asked):
    counts = [len(list(group)) for _, group in groupby(one.context for one in asked)][:-1]
    assert set(counts) == {2, 3, 4}


def test_no_question_twice_on_a_passage(asked):
    assert len({(one.question, one.context) for one in asked}) == len(asked)


def test_plain_sentences(asked, contexts):
    texts = contexts + [one.question for one in asked]
    assert all(text.isascii() and text == " ".join(text.split()) for text in texts)
    wrong = re.compile(
        r"[{}<>|\[\]^()]|\ba (?!one|once|eu)[aeio]\w|\ban [bcdfgjklmnpqrstvwxyz]|\ba (8|11\b|18\b)|[.,;:]{2}|"
        r" [.,;:!?]|\b(?!that|had)([a-z]+) \2\b|[.!?] [a-z]|'s's"
    )
    assert [found[0] for found in map(wrong.search, texts) if found] == []


def test_questions_are_questions(asked):
    assert all(re.fullmatch(r"[A-Z][^?]+\?", one.question) for one in asked)


# --- answers -----------------------------------------------------------------------------------------------------


def test_answers_are_whole_words_without_outer_punctuation(answered):
    for _, text, one in answered:
        start, end = one.span
        assert text and text == text.strip(string.punctuation + string.whitespace)
        assert not one.context[max(0, start - 1) : start].isalnum() and not one.context[end : end + 1].isalnum()


def test_answers_have_one_to_eight_words(answered):
    lengths = [len(text.split()) for _, text, _ in answered]
    assert max(lengths) <= 8 and 2 < np.mean(lengths) < 3.5


def test_an_answer_stands_once_unless_it_is_the_name_of_what_is_told_of(answered):
    for question, text, one in answered:
        if len(re.findall(rf"(?<!\w){re.escape(text)}(?!\w)", one.context, re.IGNORECASE)) != 1:
            assert re.search(r"\b(which|what|who|whose|whom)\b", question, re.IGNORECASE)
            assert text.lower().startswith("the ") or text[0].isupper()


def test_different_questions_have_different_answers_or_the_same_span(asked):
    for _, group in groupby(asked, key=lambda one: one.context):
        found = {}
        for one in group:
            if one.span:
                text = answer(one)
                named = text[0].isupper() or text.startswith("the ")
                assert found.setdefault(text.lower(), one.span) == one.span or named


@pytest.mark.parametrize(
    ("begin", "kind", "share"),
    [
        ("When ", DATE, 0.99),
        (r"(In|During) (what|which) year ", re.compile(r"\d{4}$"), 1),
        ("(In (what|which) month|On (what|which) (date|day)|At (what|which) (hour|time)) ", DATE, 0.99),
        ("How (many|much|old|far|heavy|high|wide|tall|long) ", NUMBER, 0.99),
        ("How often ", NUMBER, 0.98),
        (r"(Who|Whom) ", re.compile(r"[A-Z]|(a|an|the|his|her|two|eight)\b|\w+(s|men)\b|\w+ \w+"), 1),
        (
            "Where ",
            re.compile(r".*[A-Z]|(the|a|an|in|on|under|behind|beside|between|opposite|above|below|by|near)\b"),
            0.9,
        ),
        ("Why ", re.compile(r"\w+ \w+ \w+"), 0.95),
    ],
)
def test_the_answer_is_of_the_kind_that_is_asked_for(answered, begin, kind, share):
    found = [(question, text) for question, text, _ in answered if re.match(begin, question)]
    wrong = [pair for pair in found if not kind.search(pair[1])]
    assert len(found) >= 10 and len(wrong) <= (1 - share) * len(found), wrong


def test_there_are_other_dates_where_a_date_is_asked_for(answered):
    years = [len(set(re.findall(r"\d{4}", one.context))) for _, text, one in answered if re.fullmatch(r"1\d{3}", text)]
    assert np.mean([count > 1 for count in years]) > 0.6


def test_answers_stand_everywhere(answered):
    places = [3 * one.span[0] // len(one.context) for _, _, one in answered]
    assert (np.bincount(places, minlength=3) / len(places) >= 0.2).all()


# --- no answer ---------------------------------------------------------------------------------------------------


def test_a_fifth_have_no_answer(asked):
    assert 0.15 < np.mean([one.span is None for one in asked]) < 0.25


def test_question_words(asked):
    first = Counter(one.question.split()[0] for one in asked)
    shares = {word: count / len(asked) for word, count in first.items()}
    assert {word for word, share in shares.items() if share > 0.015} >= {
        *("What", "How", "Who", "When", "Which", "Where", "Why", "Whose", "For", "In", "By", "From", "To")
    }
    assert {"At", "With", "On", "Of", "Whom", "Since", "As", "Into", "Under", "Without"} <= set(shares)
    assert max(shares.values()) < 0.4


def test_the_question_alone_does_not_tell_whether_there_is_an_answer(asked):
    questions, empty = [one.question for one in asked], np.array([one.span is None for one in asked])
    guess = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=3, class_weight="balanced"))
    guess.fit(questions[:4_500], empty[:4_500])
    assert roc_auc_score(empty[4_500:], guess.predict_proba(questions[4_500:])[:, 1]) < 0.6


def test_the_sentence_with_most_shared_words_is_often_the_wrong_one(answered):
    found = []
    for question, _, one in answered[:2_000]:
        start, end = max(
            sentences(one.context), key=lambda span: len(words(question) & words(one.context[slice(*span)]))
        )
        found.append(start <= one.span[0] < end)
    assert 0.3 < np.mean(found) < 0.65


def plans(count):
    """Plans of passages with their subjects, as passages.py makes them."""
    for number in range(count):
        draw, taken = Draw(f"plan {number}"), Taken()
        sheet = draw.of(sheets.fields())
        try:
            made = planning.plan(draw, sheet, passages._subjects(draw, sheet, taken, 1 + number % 2))
        except Stuck:
            continue
        if made:
            yield made


def test_what_has_no_answer_is_not_told():
    lacks = Counter()
    for made in plans(1_500):
        for target in made.targets:
            lacks[target.lack] += 1
            key, role = (target.subject, target.event.name), target.ask.role
            if target.lack in ("absent", "other"):
                assert key not in made.facts
            elif target.lack == "omitted":
                assert role in made.facts[key].ban
            elif not target.lack:
                assert {role, *target.ask.needs} - {"X"} <= made.facts[key].must
            if target.lack == "other":
                assert role in made.facts[1 - target.subject, target.event.name].must and target.ask.about
    assert min(lacks[lack] for lack in ("absent", "other", "omitted", "stranger", "altered")) > 30


def test_every_planned_fact_can_be_told():
    for made in plans(300):
        assert len(made.facts) >= 4
        for fact in made.facts.values():
            says = fact.event.fitting(fact.must, fact.ban)
            assert says and all(fact.must <= say.may and not fact.ban & say.needs for say in says)


# --- the notation ------------------------------------------------------------------------------------------------


def test_parse():
    nodes = parse("{X} was (built|put up) [in {year}]<tool>")
    assert slots(nodes) == {"X", "year"} and slots(nodes, optional=False) == {"X"}
    assert nodes[0] == Slot("X") and parse("{X:o}")[0] == Slot("X", "o")


@pytest.mark.parametrize("text", ["(a", "a)", "[a", "a|b", "(a)", "{a b}", "<A>", "a]"])
def test_wrong_notation(text):
    with pytest.raises(DataError, match=re.escape(repr(text))):
        parse(text)


def test_alternatives_are_all_drawn():
    made = {spell(Draw(str(seed)), {"metal": ("tin", "lead")}, parse("(a|b)[c] <metal>")) for seed in range(200)}
    assert made == {f"{first}{second} {metal}" for first in "ab" for second in ("", "c") for metal in ("tin", "lead")}


@pytest.mark.parametrize(
    ("text", "rest", "participle"),
    [
        ("{X} was built in {y}", "was built in ", "built in "),
        ("{X} was (put up|sold) in {y}", "was  in ", None),
        ("{X} was a ship of {y}", "was a ship of ", ""),
        ("in {y}, {X} was built", "", ""),
        ("{X} was built, they say, in {y}", "", ""),
        ("{X} and {y} met", "", ""),
    ],
)
def test_statements_that_can_be_joined(text, rest, participle):
    say = sheets.Say(parse(text))
    assert "".join(node for node in say.rest if isinstance(node, str)) == rest
    assert bool(say.participle) == (participle != "")
    if participle:
        assert say.participle[0] == participle


def test_page():
    page = Page()
    page.capital = True
    for piece in ("a ", "old mill", ", a ", "ruin"):
        page.put(piece)
    page.comma = True
    for piece in (" near a ", "8-sided", " a ", "uniform", " a ", "hour"):
        page.put(piece)
    assert page.text == "A old mill, a ruin, near an 8-sided a uniform an hour".replace("A old", "An old")
    assert page.length == len(page.text)


def test_a_comma_does_not_precede_a_full_stop():
    page = Page()
    page.put("Ada, a cook")
    page.comma = True
    page.put(".")
    assert page.text == "Ada, a cook."


@pytest.mark.parametrize(("number", "text"), [(0, "zero"), (13, "thirteen"), (20, "twenty"), (47, "forty-seven")])
def test_numbers_in_words(number, text):
    assert makers.spelt(number) == text


def test_numbers_lie_within_their_bounds():
    draw = Draw("numbers")
    spelt = {makers.spelt(number): number for number in range(100)}
    for low, high in ((3, 12), (13, 99), (200, 9_000)):
        made = [makers.number(draw, low, high) for _ in range(300)]
        found = [spelt.get(text) or int(text.replace(",", "")) for text in made]
        assert low <= min(found) < max(found) <= high


def test_dates_follow_each_other():
    owner = values.Owner("it", 1800, 100)
    for seed in range(100):
        draw = Draw(str(seed))
        first, last = (values.make(draw, {}, f"date {stage}", owner) for stage in (1, 8))
        years = [int(value.text[slice(*value.part)]) for value in (first, last)]
        assert 1810 <= years[0] < 1820 < 1880 <= years[1] < 1890
        assert str(years[0]) in first.bare and first.text.endswith(first.bare)


def test_values_do_not_hold_one_another():
    taken = Taken()
    assert (
        taken.take("six weeks")
        and not taken.take("six")
        and not taken.take("about six weeks")
        and taken.take("weeks ago")
    )


def test_the_words_before_an_answer_are_no_part_of_it():
    value = values.make(Draw("a"), {}, "in ^a barn^ at night", values.Owner("it", 1800, 10))
    assert value.bare == "a barn"


SHEET = """it: mill/building
name: <place> {Noun}
adj: old
open: this is {X}.
fill: It rained.
event built: by=person; cost=<money 5 90>
say: {X} was built by {by}[ for {cost}]
ask by: Who built {X}
"""


def read(tmp_path, text):
    path = tmp_path / "mills.txt"
    path.write_text(text, encoding="utf-8")
    return sheets._read(path)


def test_a_sheet(tmp_path):
    sheet = read(tmp_path, SHEET)
    event = sheet.events["built"]
    assert sheet.name == "mills" and event.says[0].needs == {"by"} and event.says[0].may == {"by", "cost"}
    assert event.fitting(frozenset({"cost"}), frozenset()) and not event.fitting(frozenset(), frozenset({"by"}))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Who built {X}", "Who built {X} in {year}", "year"),
        ("[ for {cost}]", "[ for <nothing_known>]", "nothing_known"),
        ("[ for {cost}]", "( for {cost}| for nothing)", "between bars"),
        ("ask by: Who built {X}", "ask cost: What did {by} pay\nsay: {X} fell", None),
        (
            "say: {X} was built by {by}[ for {cost}]",
            "say: {X} was built by {by}\nask cost: What did {X} cost",
            "answers",
        ),
        ("fill:", "filling:", "filling"),
        ("adj: old", "adj old", "colon"),
    ],
)
def test_a_wrong_sheet(tmp_path, old, new, message):
    assert old in SHEET
    if message is None:
        read(tmp_path, SHEET.replace(old, new))
        return
    with pytest.raises(DataError, match=message):
        read(tmp_path, SHEET.replace(old, new))


def test_a_missing_file(tmp_path):
    with pytest.raises(StorageError, match="Install the kit anew"):
        lexicon.read_lines(tmp_path / "none.txt")


def test_lines_go_on_where_they_are_indented(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("# a comment\na: x;\n  y (1|\n  2)\n\nb: z\n", encoding="utf-8")
    assert lexicon.read_lines(path) == [("a", "x; y (1|2)"), ("b", "z")]
    assert lexicon.items("x; ; y;") == ["x", "", "y"]
