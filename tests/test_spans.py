"""Where an answer begins and ends, against plain transformers, and the picture of it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import tiny
import torch
import transformers as hf

import finetune_kit as ftk
from finetune_kit import plots
from finetune_kit.errors import DataError

QUICK = {"max_length": 32, "batch_size": 8, "epochs": 1, "learning_rate": 1e-2}
QUESTION, CONTEXT = "river stone ?", "the river, (stone) bird moon."


@pytest.fixture(scope="module")
def run(folder):
    return ftk.fine_tune(ftk.ExtractiveQA(tiny.tiny_questions()), str(folder), **QUICK)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_scores_are_the_models_softmax_over_cls_and_passage(run):
    table = ftk.span_scores(run, QUESTION, CONTEXT)
    inputs = run.processor(QUESTION, CONTEXT, return_tensors="pt", return_offsets_mapping=True)
    offsets, parts = inputs.pop("offset_mapping")[0].tolist(), inputs.sequence_ids(0)
    places = [0] + [place for place, part in enumerate(parts) if part == 1]
    run.model.eval()
    with torch.no_grad():
        found = run.model(**inputs)
    for name in ("start", "end"):
        expected = found[f"{name}_logits"][0, places].softmax(0).numpy()
        np.testing.assert_allclose(table[name], expected, atol=1e-5)
        assert table[name].sum() == pytest.approx(1)
    assert table["token"].tolist() == ["(no answer)", *(CONTEXT[slice(*offsets[place])] for place in places[1:])]


def test_before_asks_the_model_as_it_was(run):
    table = ftk.span_scores(run, QUESTION, CONTEXT, before=True)
    start = hf.AutoModelForQuestionAnswering.from_pretrained(run.config.model)
    start.load_state_dict(run.start.state_dict())
    with torch.no_grad():
        scores = start.eval()(**run.processor(QUESTION, CONTEXT, return_tensors="pt")).start_logits[0]
    odds = float((scores[0] - scores[5]).exp())  # [CLS], three words and [SEP] stand before the passage
    assert table["start"][0] / table["start"][1] == pytest.approx(odds, rel=1e-3)
    assert not np.allclose(table["start"], ftk.span_scores(run, QUESTION, CONTEXT)["start"])


def test_the_likeliest_pair_is_the_prediction(run):
    table = ftk.span_scores(run, QUESTION, CONTEXT)
    none = table["start"][0] * table["end"][0]
    pairs = [(table["start"][i] * table["end"][j], i) for i in range(1, len(table)) for j in range(i, len(table))]
    best, first = max(pairs)
    said = run.predict({"question": QUESTION, "context": CONTEXT}).loc[0, "prediction"]
    assert said == "(no answer)" if none >= best else said.startswith(table["token"][first])


def test_a_passage_of_several_windows_is_refused(run):
    with pytest.raises(DataError, match=r"read in \d windows of max_length=32; expected one that fits in one"):
        ftk.span_scores(run, QUESTION, " ".join(["stone"] * 90))


def test_a_run_whose_answers_are_no_spans_is_refused(folder, task):
    classifier = ftk.fine_tune(task, str(folder), max_length=16, epochs=1)
    with pytest.raises(DataError, match=r"are no spans of a passage; expected a run of question-answering"):
        ftk.span_scores(classifier, QUESTION, CONTEXT)


def test_the_picture_shows_likely_tokens_with_their_neighbours():
    tokens = ["(no answer)", *(f"w{number}" for number in range(40))]
    table = pd.DataFrame({"token": tokens, "start": 0.0, "end": 0.0})
    table.loc[[0, 11, 30], "start"] = 0.3, 0.6, 0.1
    table.loc[[0, 12, 31], "end"] = 0.2, 0.7, 0.1
    ax = plots.span_scores(table)
    shown = [label.get_text() for label in ax.get_xticklabels()]
    assert shown == ["(no answer)", "w0", "…", "w9", "w10", "w11", "w12", "…", "w28", "w29", "w30", "w31", "…"]
    heights = [bar.get_height() for bar in ax.patches]
    assert heights[: len(shown)] == [0.3, 0, 0, 0, 0.6, 0, 0, 0, 0, 0.1, 0, 0, 0]
    assert heights[len(shown) :] == [-0.2, 0, 0, 0, 0, -0.7, 0, 0, 0, 0, -0.1, 0, 0]
    assert max(ax.get_ylim()) >= 0.7
