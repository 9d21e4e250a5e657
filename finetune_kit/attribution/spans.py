"""Spans: how likely each token of a passage begins and ends the answer to a question."""

from __future__ import annotations

from typing import Any

from scipy.special import softmax

from .. import training
from ..errors import DataError
from ..runs import Run
from ..tasks.extractive_qa import ExtractiveQA
from ..tasks.question_answering import SILENCE


def span_scores(run: Run, question: str, context: str, before: bool = False) -> Any:
    """How likely each token of a passage begins, and ends, the answer to a question, as a DataFrame in their order.

    Columns: token, as it stands in the passage; start and end, probabilities (softmax over the passage's tokens and
    [CLS], which is the first row and stands for no answer: Devlin et al. 2019, section 4.3). Each column sums to 1. The
    answer is the likeliest pair of a start and an end behind it. before: ask the model as it was before training.
    Raises DataError for a run whose answers are no spans, and for a passage that is longer than one window.
    """
    import pandas as pd

    if not isinstance(run.task, ExtractiveQA):
        raise DataError(
            f"The answers of the task {run.config.task!r} are no spans of a passage; expected a run of "
            "question-answering."
        )
    asked = run.task.inputs({"question": question, "context": context})
    model = run.start if before else run.model
    windows, encoded = training.predict_rows(model, run.processor, run.task, asked, run.config.max_length)
    if len(windows) > 1:
        raise DataError(
            f"The passage is read in {len(windows)} windows of max_length={run.config.max_length}; expected one that "
            "fits in one. Take fewer of its sentences."
        )
    spans = encoded["offsets"][0]
    places = [windows[0]["cls"], *(place for place, (start, _) in enumerate(spans) if start != -1)]
    tokens = [SILENCE, *(context[slice(*spans[place])] for place in places[1:])]
    shares = {name: softmax(windows[0][name][places].astype(float)) for name in ("start", "end")}
    return pd.DataFrame({"token": tokens, **shares})
