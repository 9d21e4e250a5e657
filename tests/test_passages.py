"""The data check of the embedded `passages`: wrong answers, and what would make its questions too easy."""

import re
import string
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from finetune_kit import catalog, data
from finetune_kit.data.checking import shared_ngrams

FOLDER = catalog.data_folder() / "datasets" / "passages"
PASSAGES = {"train": 128, "validation": 32, "test": 32}
QUESTIONS = {"train": 963, "validation": 237, "test": 239}
UNANSWERABLE = {"train": 186, "validation": 49, "test": 43}
COLUMNS = ["id", "title", "topic", "context", "question", "answers"]
TOPICS = 16


@pytest.fixture(scope="module")
def frames():
    return data.read("passages")


@pytest.fixture(scope="module")
def rows(frames):
    whole = pd.concat([frame.assign(split=name) for name, frame in frames.items()], ignore_index=True)
    texts = [list(answers["text"]) for answers in whole["answers"]]
    return whole.assign(texts=texts, starts=[list(answers["answer_start"]) for answers in whole["answers"]])


@pytest.fixture(scope="module")
def answerable(rows):
    return rows[rows["texts"].map(len) > 0]


@pytest.fixture(scope="module")
def contexts(rows):
    return rows.drop_duplicates("context")


def words(text):
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def sentences(context):
    """The first and last position of each sentence; a semicolon or colon ends one too."""
    starts = [0, *(gap.end() for gap in re.finditer(r"[.!?:;]['\")]?\s+", context))]
    return list(zip(starts, [*starts[1:], len(context)], strict=True))


def most_overlapping(question, context):
    """The sentence that shares most words with the question, the first of several."""
    return max(sentences(context), key=lambda span: len(words(question) & words(context[slice(*span)])))


def test_sizes(frames):
    assert {name: len(frame) for name, frame in frames.items()} == QUESTIONS
    assert {name: frame["context"].nunique() for name, frame in frames.items()} == PASSAGES


def test_the_columns(frames):
    assert all(set(frame.columns) == set(COLUMNS) for frame in frames.values())


@pytest.mark.parametrize("split", PASSAGES)
def test_the_card_gives_these_counts(split):
    counts = f"| `{split}` | {PASSAGES[split]} | {QUESTIONS[split]} | {UNANSWERABLE[split]} |"
    assert counts in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_kit_takes_every_row(frames):
    made = data.answered(frames)
    assert {name: len(part) for name, part in made.items()} == QUESTIONS


def test_ids_are_unique(rows):
    assert rows["id"].is_unique and rows["id"].str.fullmatch(r"passages-\d{4}-[1-8]").all()


def test_plain_ascii(rows):
    held = [*rows[["title", "topic", "context", "question"]].to_numpy().ravel(), *rows["texts"].explode().dropna()]
    assert all(text.isascii() and text == " ".join(text.split()) for text in held)


def test_every_start_points_at_its_text(answerable):
    for row in answerable.itertuples():
        assert len(row.texts) == len(row.starts)
        for text, start in zip(row.texts, row.starts, strict=True):
            assert row.context[start : start + len(text)] == text, row.id


def test_answers_begin_and_end_with_whole_words(answerable):
    for row in answerable.itertuples():
        for text, start in zip(row.texts, row.starts, strict=True):
            assert not row.context[max(0, start - 1) : start].isalnum(), row.id
            assert not row.context[start + len(text) : start + len(text) + 1].isalnum(), row.id


def test_answers_are_short_and_bare(answerable):
    answers = answerable["texts"].explode()
    assert all(text and text == text.strip(string.punctuation + string.whitespace) for text in answers)
    assert answers.map(lambda text: len(text.split())).max() <= 11
    assert (answers.map(lambda text: len(text.split())) <= 8).mean() > 0.95


def test_the_variants_of_an_answer_differ(answerable):
    assert all(len({text.lower() for text in texts}) == len(texts) <= 3 for texts in answerable["texts"])


def test_unanswerable_questions(rows):
    empty = rows["texts"].map(len) == 0
    assert (rows["starts"].map(len) == 0).equals(empty)
    assert empty.groupby(rows["split"]).sum().to_dict() == UNANSWERABLE
    assert empty.groupby(rows["split"]).mean().between(0.15, 0.25).all()
    assert set(empty.groupby(rows["context"]).sum()) == {1, 2}


def test_each_passage_has_60_to_130_words(contexts):
    assert contexts["context"].str.split().map(len).between(60, 130).all()


def test_each_passage_has_6_to_8_questions_none_twice(rows):
    asked = rows.assign(question=rows["question"].str.lower()).groupby("context")["question"]
    assert asked.size().between(6, 8).all()
    assert (asked.nunique() == asked.size()).all()
    assert rows["question"].str.fullmatch(r"[A-Z].*\?").all()


def test_a_passage_has_one_title_topic_and_split(rows):
    assert (rows.groupby("context")[["title", "topic", "split"]].nunique() == 1).all(axis=None)
    assert rows["title"].nunique() == rows["context"].nunique() == sum(PASSAGES.values())


@pytest.mark.parametrize("split", PASSAGES)
def test_the_topics_are_balanced_in_each_split(contexts, split):
    counts = Counter(contexts.loc[contexts["split"] == split, "topic"])
    assert len(counts) == TOPICS
    assert set(counts.values()) == {PASSAGES[split] // TOPICS}


def test_no_near_duplicates(contexts):
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(5, 5), use_idf=False).fit_transform(contexts["context"])
    cosines = (vectors @ vectors.T).toarray()
    np.fill_diagonal(cosines, 0)
    assert cosines.max() < 0.8


def test_few_phrases_are_shared(contexts):
    assert shared_ngrams(contexts["context"].tolist()) < 0.02


def test_the_sentence_with_most_shared_words_is_often_the_wrong_one(answerable):
    found = []
    for row in answerable.itertuples():
        start, end = most_overlapping(row.question, row.context)
        found.append(any(start <= at < end for at in row.starts))
    assert 0.3 < np.mean(found) < 0.85


def test_answers_stand_everywhere_in_the_passage(answerable):
    places = [3 * row.starts[0] // len(row.context) for row in answerable.itertuples()]
    shares = np.bincount(places, minlength=3) / len(places)
    assert len(shares) == 3 and (shares >= 0.2).all()


def test_the_question_alone_hardly_tells_whether_there_is_an_answer(rows):
    empty = rows["texts"].map(len) == 0
    train = rows["split"] == "train"
    guess = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=3, class_weight="balanced"))
    guess.fit(rows.loc[train, "question"], empty[train])
    assert roc_auc_score(empty[~train], guess.predict_proba(rows.loc[~train, "question"])[:, 1]) < 0.75
