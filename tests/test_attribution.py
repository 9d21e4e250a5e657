"""Occlusion against predictions made one by one."""

import random

import pandas as pd
import pytest

import finetune_kit as ftk
from finetune_kit.errors import DataError

NOUNS = ["film", "meal", "book", "hotel"]


@pytest.fixture(scope="module")
def run(folder):
    draw = random.Random(0)  # one word of a text tells its label, the others nothing
    fillers = ["very", "so", "not", "but", "and", "we", "it", "they"]
    rows = [(f"the {n} was {w} {' '.join(draw.choices(fillers, k=3))}", w) for n in NOUNS for w in ("good", "bad") * 8]
    task = ftk.TextClassification(pd.DataFrame(rows, columns=["text", "label"]).drop_duplicates("text"))
    return ftk.fine_tune(task, folder, epochs=16, learning_rate=1e-2, batch_size=8)


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
    table = ftk.occlusion(run, "the film was good and we so")
    assert table.sort_values("change")["word"].iloc[-1] == "good" and table["change"].max() > 0.2


@pytest.mark.parametrize("text", ["good", "", 3, "very " * 201])
def test_a_text_from_which_no_word_can_be_left_out(run, text):
    with pytest.raises(DataError, match="2 to 200"):
        ftk.occlusion(run, text)
