"""Quiz questions: their form, that the kind of the answer can be told from them, and that the answer cannot."""

import re
from collections import Counter, defaultdict
from itertools import islice

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from finetune_kit.errors import ConfigError, DataError
from finetune_kit.synthetic import quiz
from finetune_kit.synthetic.facts.grammar import picks
from finetune_kit.synthetic.facts.makers import MAKERS


@pytest.fixture(scope="module")
def asked():
    return list(quiz.make(6000, 1))


def test_a_seed_gives_the_same_questions_and_fewer_are_the_first_of_them(asked):
    assert list(quiz.make(50, 1)) == asked[:50]
    assert list(islice(quiz.make(50, 2), 50)) != asked[:50]


def test_questions_and_answers_are_plain_text(asked):
    for question, answer in asked:
        assert re.fullmatch(r"[A-Z].*[?.]", question), question
        kind, _, thing = answer.partition(": ")
        assert kind and thing.strip() == thing and thing, answer
        for text in (question, answer):
            assert not re.search(r"[<>\[\]{}|()^]|  | [?.]| an? an? | the the ", text), text


def test_each_kind_is_asked_for_as_often_in_many_ways(asked):
    kinds, _ = quiz.sheet()
    counts = Counter(answer.partition(":")[0] for _, answer in asked)
    assert set(counts) == {kind.name for kind in kinds} and len(counts) > 30
    assert min(counts.values()) > 0.6 * len(asked) / len(kinds)
    assert len({question for question, _ in asked}) > 0.8 * len(asked)


def test_every_list_that_a_text_picks_from_is_there():
    kinds, words = quiz.sheet()
    texts = [text for kind in kinds for text in (*kind.answers, *kind.questions)]
    texts += [text for items in words.values() for text in items]
    named = {name for text in texts for name in picks(quiz.parsed(text))}
    assert named <= {*words, *MAKERS, "person", "place"}


def test_the_kind_can_be_told_from_new_questions_and_the_thing_cannot(asked):
    questions, answers = zip(*asked, strict=True)
    kinds = [answer.partition(":")[0] for answer in answers]
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 3)), LogisticRegression(C=100, max_iter=300))
    assert model.fit(questions[:4000], kinds[:4000]).score(questions[4000:], kinds[4000:]) > 0.9
    again = defaultdict(set)
    for question, answer in asked:
        again[question].add(answer)
    several = [given for given in again.values() if len(given) > 1]
    repeated = sum(len(given) == 1 and questions.count(question) > 1 for question, given in again.items())
    assert len(several) > 5 * repeated


def test_a_line_out_of_place_is_named(tmp_path, monkeypatch):
    sheet = tmp_path / "quiz.txt"
    monkeypatch.setattr(quiz, "SHEET", sheet)
    for text, wrong in (("ask: Who?", "ask"), ("kind: x\nanswer: a\nanswer: b", "answer"), ("sort: y", "sort")):
        sheet.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=wrong):
            quiz.sheet.__wrapped__()


@pytest.mark.parametrize(("count", "seed"), [(0, 1), (-3, 1), (2.5, 1), (3, "x")])
def test_a_count_or_a_seed_that_is_none_is_refused(count, seed):
    with pytest.raises(ConfigError):
        next(quiz.make(count, seed))
