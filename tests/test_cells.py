"""Drawn cells, and the data set of them: balanced, apart, and not to be told by their colour."""

import drawn
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from finetune_kit.errors import ConfigError
from finetune_kit.synthetic import cells


@pytest.fixture(scope="module")
def made():
    return cells.draw(40, seed=3)


def test_pictures_and_labels_have_the_promised_shapes(made):
    images, labels = made
    assert images.shape == (40, 64, 64, 3) and images.dtype == np.uint8
    assert labels.shape == (40,) and labels.dtype == np.int64
    assert cells.draw(2, 0, size=32)[0].shape == (2, 32, 32, 3)


def test_each_four_in_a_row_are_the_four_kinds_in_changing_order(made):
    rows = made[1].reshape(-1, 4)
    assert (np.sort(rows, axis=1) == np.arange(4)).all() and len({tuple(row) for row in rows}) > 3


def test_a_seed_is_always_the_same_whatever_the_count(made):
    images, labels = cells.draw(6, seed=3)
    assert np.array_equal(images, made[0][:6]) and np.array_equal(labels, made[1][:6])
    assert not np.array_equal(cells.draw(1, seed=4)[0][0], images[0])


@pytest.mark.parametrize(("count", "size"), [(0, 64), (5, 7)])
def test_what_cannot_be_drawn(count, size):
    with pytest.raises(ConfigError, match=f"count={count}, size={size}"):
        cells.draw(count, 0, size)


@pytest.mark.parametrize("split", drawn.SPLITS)
def test_the_stored_splits_are_balanced_and_those_of_the_card(split):
    rows = {row[0].strip("`"): int(row[1]) for row in drawn.card_rows("cells") if row[0].strip("`") in drawn.SPLITS}
    counts = drawn.frames("cells")[split]["label"].value_counts()
    assert set(counts.index) == set(cells.NAMES) and set(counts) == {rows[split] // 4}


@pytest.mark.parametrize("split", drawn.SPLITS)
def test_the_stored_splits_are_those_of_the_script(split):
    drawn.assert_first_pictures_are_those_of_the_script("cells", split)


def test_no_picture_stands_twice():
    drawn.assert_no_picture_twice("cells")


def test_the_card_says_first_that_they_are_drawn_and_not_for_medicine():
    start = (drawn.folder("cells") / "README.md").read_text(encoding="utf-8")[:400]
    assert "synthetic" in start and "must never be used for medicine" in " ".join(start.split())


def accuracy(features):
    """Of logistic regression, on the test split."""
    frames = drawn.frames("cells")
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    x, y = (features(drawn.pictures("cells", split)) for split in ("train", "test"))
    return model.fit(x, frames["train"]["label"]).score(y, frames["test"]["label"])


def rings(images):
    """How dark each ring around the middle of the darkest place is, beside the mean of the picture: blind to turns."""
    grey = images.astype(float).mean(axis=3)
    grey = (grey - grey.mean(axis=(1, 2), keepdims=True)) / grey.std(axis=(1, 2), keepdims=True)
    rows, columns = np.indices(grey.shape[1:])
    near = np.exp(-((rows - 31.5) ** 2 + (columns - 31.5) ** 2) / 300)
    weight = np.clip(-grey, 0, None) ** 2 * near
    total = weight.sum(axis=(1, 2))
    middles = [(weight * grid).sum(axis=(1, 2)) / total for grid in (rows, columns)]
    away = np.sqrt(sum((grid - m[:, None, None]) ** 2 for grid, m in zip((rows, columns), middles, strict=True)))
    found = []
    for low in range(0, 20, 2):
        ring = (away >= low) & (away < low + 2)
        mean = (grey * ring).sum(axis=(1, 2)) / ring.sum(axis=(1, 2))
        found += [mean, (((grey - mean[:, None, None]) ** 2) * ring).sum(axis=(1, 2)) / ring.sum(axis=(1, 2))]
    return np.stack(found, axis=1)


def test_the_kinds_are_told_by_shape_rather_than_by_colour():
    by_colour = accuracy(drawn.script().colours)
    assert by_colour < 0.7
    assert accuracy(rings) > by_colour + 0.1
