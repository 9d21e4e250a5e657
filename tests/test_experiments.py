"""Data spoilt or narrowed on purpose: exactly what was asked for, and the old data stay as they are."""

import datasets
import numpy as np
import pandas as pd
import pytest
from tiny import tiny_frame, tiny_works
from tiny_vision import tiny_pictures

import finetune_kit as ftk
from finetune_kit.errors import ConfigError, DataError, UnknownNameError


@pytest.fixture(scope="module")
def thirds():
    """Texts of three classes."""
    rows = tiny_frame(180)
    return ftk.TextClassification(rows.assign(label=["a", "b", "c"] * 60))


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 1.0])
def test_that_share_of_the_training_labels_is_another_class(thirds, share):
    before = thirds.splits["train"]["label"][:]
    noisy = ftk.noisy_labels(thirds, share, seed=3)
    after = noisy.task.splits["train"]["label"][:]
    changed = [row for row, (was, now) in enumerate(zip(before, after, strict=True)) if was != now]
    assert changed == noisy.rows["row"].tolist() and len(changed) == round(share * len(before))
    assert noisy.rows["was"].tolist() == [thirds.names[before[row]] for row in changed]
    assert noisy.rows["now"].tolist() == [thirds.names[after[row]] for row in changed]
    assert thirds.splits["train"]["label"][:] == before
    assert noisy.task.splits["train"]["text"][:] == thirds.splits["train"]["text"][:]
    for name in ("validation", "test"):
        assert noisy.task.splits[name].to_dict() == thirds.splits[name].to_dict()


def test_a_smaller_share_is_a_part_of_a_larger_one_and_a_seed_gives_the_same(thirds):
    few, many = (ftk.noisy_labels(thirds, share).rows for share in (0.1, 0.5))
    both = few.merge(many, on=["row", "was", "now"])
    assert len(both) == len(few)
    pd.testing.assert_frame_equal(many, ftk.noisy_labels(thirds, 0.5).rows)
    assert set(ftk.noisy_labels(thirds, 0.1, seed=1).rows["row"]) != set(few["row"])


def test_wrong_labels_are_drawn_evenly_from_the_other_classes(thirds):
    rows = ftk.noisy_labels(thirds, 1.0).rows
    counts = rows.groupby(["was", "now"]).size()
    assert len(counts) == 6 and counts.min() > 5  # of about 20 each


def test_pictures_get_wrong_labels_too():
    task = ftk.ImageClassification(tiny_pictures(40))
    noisy = ftk.noisy_labels(task, 0.5)
    assert (np.array(noisy.task.splits["train"]["label"]) != task.splits["train"]["label"][:]).sum() == len(noisy.rows)


def test_bad_shares_and_tasks_are_refused(thirds):
    with pytest.raises(ConfigError, match="share"):
        ftk.noisy_labels(thirds, 1.5)
    with pytest.raises(DataError, match="no classes"):
        ftk.noisy_labels(ftk.Completion(tiny_works()["text"].to_frame()), 0.5)


# --- rows of one kind


@pytest.fixture
def kinds():
    return tiny_frame().assign(kind=["film", "meal", "book"] * 20)


def test_only_and_without_divide_the_rows(kinds):
    films, others = ftk.only(kinds, kind="film"), ftk.without(kinds, kind="film")
    assert set(films["kind"]) == {"film"} and len(films) + len(others) == len(kinds) == 60
    assert "film" not in set(others["kind"]) and films.index.tolist() == list(range(20))
    assert len(ftk.only(kinds, kind=["film", "book"], label="positive")) == 20
    assert ftk.TextClassification(films).splits["train"].num_rows < 20


def test_splits_stay_splits():
    films = ftk.only("reviews", domain="films")
    assert {name: len(part) for name, part in films.items()} == {"train": 120, "validation": 30, "test": 30}
    stored = {part: ftk.TextClassification(films).splits[part]["text"][:] for part in films}
    every = ftk.TextClassification("reviews").splits
    others = ftk.TextClassification(ftk.without("reviews", domain="films")).splits
    for name, texts in stored.items():
        assert sorted(texts + others[name]["text"][:]) == sorted(every[name]["text"][:])


def test_media_keep_their_files():
    some = ftk.only("commands", label=["mute", "dimmer"])
    task = ftk.AudioClassification(some)
    assert task.names == ["dimmer", "mute"] and task.splits["train"][0]["audio"]["bytes"][:4] == b"OggS"


def test_data_sets_of_the_library_are_taken(kinds):
    parts = datasets.DatasetDict({"train": datasets.Dataset.from_pandas(kinds)})
    assert ftk.only(parts, kind="meal")["train"]["kind"] == ["meal"] * 20


@pytest.mark.parametrize(
    "columns, error, words",
    [
        ({"kin": "film"}, UnknownNameError, "Did you mean 'kind'"),
        ({"kind": "flim"}, UnknownNameError, "in the column 'kind' 'flim'. Did you mean"),
        ({"kind": []}, DataError, "expected a value of this column"),
        ({}, DataError, "no column"),
        ({"kind": "film", "text": "the meal was good so very very"}, DataError, "No row would be left"),
    ],
)
def test_bad_choices_are_refused(kinds, columns, error, words):
    with pytest.raises(error, match=words):
        ftk.only(kinds, **columns)


def test_everything_left_out_and_a_task_are_refused(kinds, thirds):
    with pytest.raises(DataError, match="No row would be left; without kind"):
        ftk.without(kinds, kind=["film", "meal", "book"])
    with pytest.raises(DataError, match="expected the data that it is made from"):
        ftk.only(thirds, kind="film")
