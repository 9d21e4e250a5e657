"""The data check of the embedded `questions`: what would make its scores too good to be true, or its task too easy."""

import re
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import accuracy_score

from finetune_kit import data
from finetune_kit.tasks.text_classification import tfidf_logistic_regression

INTENTS = ["borrowing", "complaint", "events", "membership", "research", "rooms", "technology", "visiting"]
STYLES = ["careless", "chatty", "indirect", "plain", "polite", "terse"]
ROWS = {"train": 1344, "validation": 288, "test": 288}


@pytest.fixture(scope="module")
def frames():
    return data.read("questions")


@pytest.fixture(scope="module")
def splits(frames):
    return data.labelled(frames, "text", "label")


@pytest.fixture(scope="module")
def report(splits):
    return data.report(splits)


@pytest.fixture(scope="module")
def texts(frames):
    return [text for frame in frames.values() for text in frame["text"]]


@pytest.fixture(scope="module")
def labels(frames):
    return np.array([label for frame in frames.values() for label in frame["label"]])


def test_sizes(report):
    assert report.rows == ROWS


def test_each_split_is_balanced(report):
    assert report.classes == {name: dict.fromkeys(INTENTS, n // 8) for name, n in ROWS.items()}


@pytest.mark.parametrize("split", ROWS)
def test_each_intent_has_the_six_styles_balanced(frames, split):
    counts = Counter(zip(frames[split]["label"], frames[split]["style"], strict=True))
    assert counts == {(intent, style): ROWS[split] // 48 for intent in INTENTS for style in STYLES}


def test_the_kits_splits_are_the_files(splits):
    made = data.split(splits)
    assert all(made[name]["text"][:] == splits[name]["text"][:] for name in ROWS)


def test_each_text_has_5_to_30_words(texts):
    lengths = [len(text.split()) for text in texts]
    assert min(lengths) >= 5 and max(lengths) <= 30


def test_each_text_is_plain_ascii_on_one_line(texts):
    assert [text for text in texts if not text.isascii() or text != " ".join(text.split())] == []


def test_no_text_stands_twice(texts):
    assert len({" ".join(text.lower().split()) for text in texts}) == len(texts) == 1920


def test_few_texts_of_an_intent_start_alike(texts, labels):
    starts = Counter(
        (label, *re.findall(r"[\w']+", text.lower())[:3]) for text, label in zip(texts, labels, strict=True)
    )
    assert max(starts.values()) <= 0.04 * len(texts) / len(INTENTS)


def test_few_phrases_are_shared(report):
    assert report.shared_ngrams < 0.02


def test_no_near_duplicates_across_splits(report):
    assert report.near_duplicates == []


@pytest.mark.parametrize("intent", INTENTS)
def test_no_single_word_gives_the_intent_away(texts, labels, intent):
    """F1 of the best rule 'a text with this word has the intent'."""
    present = CountVectorizer(binary=True, token_pattern=r"(?u)\b\w+\b").fit_transform(texts)
    found = np.asarray(present[labels == intent].sum(axis=0)).ravel()
    f1 = 2 * found / (np.asarray(present.sum(axis=0)).ravel() + (labels == intent).sum())
    assert 0.1 < f1.max() < 0.6


def test_the_baseline_is_neither_lost_nor_enough(splits):
    predicted = tfidf_logistic_regression(splits["train"], splits["test"])
    assert 0.65 <= accuracy_score(np.array(splits["test"]["label"]), predicted) <= 0.90


def test_with_8_labels_a_class_the_baseline_has_far_to_go(splits):
    wanted = np.array(splits["test"]["label"])
    scores = [
        accuracy_score(
            wanted, tfidf_logistic_regression(data.sample(splits["train"], 8 * len(INTENTS), seed), splits["test"])
        )
        for seed in range(3)
    ]
    assert 0.20 <= np.mean(scores) <= 0.60
