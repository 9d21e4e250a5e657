"""The data check of the embedded `reviews`: what would make its scores too good to be true, or its task too easy."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from finetune_kit import data
from finetune_kit.tasks.text_classification import tfidf_logistic_regression

DOMAINS = {"apps", "books", "courses", "films", "gadgets", "hotels", "meals", "services", "shops", "trips"}
ROWS = {"train": 1200, "validation": 300, "test": 300}


@pytest.fixture(scope="module")
def frames():
    return data.read("reviews")


@pytest.fixture(scope="module")
def splits(frames):
    return data.labelled(frames, "text", "label")


@pytest.fixture(scope="module")
def report(splits):
    return data.report(splits)


def test_sizes(report):
    assert report.rows == ROWS


def test_each_split_is_balanced(report):
    assert report.classes == {name: {"negative": n // 2, "positive": n // 2} for name, n in ROWS.items()}


@pytest.mark.parametrize("split", ROWS)
def test_each_split_has_the_ten_domains_balanced(frames, split):
    counts = Counter(zip(frames[split]["domain"], frames[split]["label"], strict=True))
    assert {domain for domain, _ in counts} == DOMAINS
    assert set(counts.values()) == {ROWS[split] // 20}


def test_the_kits_splits_are_the_files(splits):
    made = data.split(splits)
    assert all(made[name]["text"][:] == splits[name]["text"][:] for name in ROWS)


def test_each_text_has_8_to_45_words(frames):
    lengths = [len(text.split()) for frame in frames.values() for text in frame["text"]]
    assert min(lengths) >= 8 and max(lengths) <= 45


def test_no_text_stands_twice(frames):
    texts = [" ".join(text.lower().split()) for frame in frames.values() for text in frame["text"]]
    assert len(set(texts)) == len(texts) == 1800


def test_few_phrases_are_shared(report):
    assert report.shared_ngrams < 0.02


def test_no_near_duplicates_across_splits(report):
    assert report.near_duplicates == []


def test_no_single_word_gives_the_label_away(report):
    assert 0.5 < report.telling_word_accuracy <= 0.6


def test_the_baseline_is_neither_lost_nor_enough(splits):
    predicted = tfidf_logistic_regression(splits["train"], splits["test"])
    assert 0.70 <= accuracy_score(np.array(splits["test"]["label"]), predicted) <= 0.88
