"""Occlusion against predictions made one by one."""

import random

import numpy as np
import pandas as pd
import pytest
from tiny_vision import drawn, tiny_pictures, tiny_scenes, write_tiny_resnet, write_tiny_rtdetr

import finetune_kit as ftk
from finetune_kit.errors import ConfigError, DataError

FILLERS = ["very", "so", "not", "but", "and", "we", "it", "they", "film", "meal", "book", "hotel"]


def shuffled(draw, word, count):
    words = [word, *draw.sample(FILLERS, count)]
    return " ".join(draw.sample(words, len(words)))


@pytest.fixture(scope="module")
def run(folder):
    draw = random.Random(0)  # one word of a text tells its label, wherever it stands; the others tell nothing
    rows = [(shuffled(draw, word, draw.randint(3, 6)), word) for word in ("good", "bad") * 120]
    task = ftk.TextClassification(pd.DataFrame(rows, columns=["text", "label"]).drop_duplicates("text"))
    return ftk.fine_tune(task, folder, epochs=12, learning_rate=1e-2, batch_size=8)


def test_each_word_is_what_its_absence_takes_from_the_predicted_class(run):
    text = "the film was very good"
    table = ftk.occlusion(run, text)
    whole = run.predict(text).iloc[0]
    column = f"p({whole['prediction']})"
    assert table["word"].tolist() == text.split()
    for i, change in enumerate(table["change"]):
        rest = " ".join(word for j, word in enumerate(text.split()) if j != i)
        assert change == pytest.approx(whole[column] - run.predict(rest)[column][0], abs=2e-4)


def test_the_word_that_gives_the_label_away_moves_it_most(run):
    draw = random.Random(1)
    tables = [ftk.occlusion(run, shuffled(draw, word, 5)) for word in ("good", "bad") * 4]
    moved = [table for table in tables if table["change"].max() > 0.2]
    assert len(moved) >= 4  # the class that the model falls back on without a clue loses nothing
    assert all(table.loc[table["change"].argmax(), "word"] in ("good", "bad") for table in moved)


@pytest.mark.parametrize("text", ["good", "", 3, "very " * 201])
def test_a_text_from_which_no_word_can_be_left_out(run, text):
    with pytest.raises(DataError, match="2 to 200"):
        ftk.occlusion(run, text)


# --- pictures


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = str(write_tiny_resnet(tmp_path_factory.mktemp("models") / "resnet"))
    return ftk.fine_tune(ftk.ImageClassification(tiny_pictures()), folder, epochs=8, batch_size=8, learning_rate=3e-3)


def test_a_cell_is_what_covering_it_takes_from_the_predicted_class(seen):
    image = drawn("disc", (2, 2, 12, 12))
    found = ftk.occlusion_map(seen, image, cells=4)
    whole = seen.predict(image).iloc[0]
    mean = tuple(np.asarray(image).reshape(-1, 3).mean(0).round().astype(int).tolist())
    # Row 1, column 2 of cells of 8 pixels: with half of the neighbours from 4 to 20 down, from 12 to 28 across.
    hidden = image.copy()
    hidden.paste(mean, (12, 4, 28, 20))
    column = f"p({whole['prediction']})"
    assert found.shape == (4, 4)
    assert found[1, 2] == pytest.approx(whole[column] - seen.predict(hidden)[column][0], abs=2e-4)
    assert np.abs(found[:2, :2]).max() > np.abs(found[2:, 2:]).max()  # where the disc is, not where it is not


def test_cells_are_few_and_classes_needed(seen, tmp_path):
    for cells in (1, 17, 2.0):
        with pytest.raises(ConfigError, match="cells="):
            ftk.occlusion_map(seen, drawn("disc", (2, 2, 12, 12)), cells)
    detector = str(write_tiny_rtdetr(tmp_path / "detector"))
    run = ftk.fine_tune(ftk.ObjectDetection(tiny_scenes()), detector, epochs=1)
    with pytest.raises(DataError, match="no probabilities of classes"):
        ftk.occlusion_map(run, drawn("disc", (2, 2, 12, 12)))
