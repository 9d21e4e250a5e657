"""What both ways of question answering share: data, questions at prediction time, scores, the baseline by hand."""

import pandas as pd
import pytest
import tiny

from finetune_kit import data, tasks
from finetune_kit.config import RunConfig
from finetune_kit.errors import DataError, FinetuneKitError, UnknownNameError
from finetune_kit.metrics import answer_f1
from finetune_kit.tasks.extractive_qa import ExtractiveQA
from finetune_kit.tasks.generative_qa import GenerativeQA
from finetune_kit.tasks.question_answering import nearest_sentence, silence

CLASSES = [ExtractiveQA, GenerativeQA]
GOOD = {"question": "who?", "context": "Ann and Bo"}


def examples(*rows):
    """Questions outside any split: (question, context, answers)."""
    frame = pd.DataFrame(rows, columns=["question", "context", "answers"])
    return data.answered({"all": frame})["all"]


@pytest.fixture(scope="module", params=CLASSES, ids=lambda made: made.__name__)
def task(request):
    return request.param(tiny.tiny_questions())


def test_a_passage_stays_in_one_split(task):
    assert list(task.splits) == ["train", "validation", "test"] and sum(map(len, task.splits.values())) == 96
    contexts = [set(part["context"]) for part in task.splits.values()]
    assert not contexts[0] & contexts[1] and not contexts[0] & contexts[2] and not contexts[1] & contexts[2]


def test_the_truth_is_what_is_accepted_and_questions_hide_it(task):
    part = examples(("who?", "Ann and Bo", ["Ann", "Bo"][0]), ("when?", "Ann and Bo", ""))
    assert task.truth(part) == [["Ann"], []]
    assert task.questions(part).column_names == ["id", "context", "question"]
    assert task.words(task.truth(part)) == ["Ann", "(no answer)"]
    assert task.words(["Bo", ""]) == ["Bo", "(no answer)"]
    assert task.words([["Ann", "Bo", "Ann"]]) == ["Ann / Bo"]


def test_f1_leads_and_quality_is_that_of_each_answer(task):
    found, truth = ["the Ann", "Ann Bo", "", "Bo"], [["Ann"], ["Bo", "Ann and Bo"], [], []]
    assert task.metric.name == "f1"
    assert task.quality(found, truth).tolist() == pytest.approx([1, 0.8, 1, 0])
    assert task.score(found, truth) == pytest.approx(
        {"f1": 2.8 / 4, "exact_match": 2 / 4, "has_answer_f1": 1.8 / 2, "no_answer_f1": 1 / 2}
    )


def test_own_columns_are_named():
    frame = tiny.tiny_questions().rename(columns={"question": "q", "context": "passage", "answers": "a"})
    made = ExtractiveQA(frame, question="q", context="passage", answers="a")
    assert made.splits["train"].column_names == ["id", "context", "question", "answers"]
    with pytest.raises(UnknownNameError, match="no column 'context'"):
        ExtractiveQA(frame)


@pytest.mark.parametrize(("name", "made"), [("question-answering", ExtractiveQA), ("generative-qa", GenerativeQA)])
def test_the_catalogue_has_its_own_data(name, made):
    assert type(tasks.resolve(RunConfig(task=name))) is made


def test_a_part_of_the_training_questions(task):
    assert len(task.sample(7, 0)) == 7 and task.sample(None, 0) is task.splits["train"]


# Questions at prediction time


def test_one_question_or_several(task):
    one = {"question": "who?", "context": "Ann and Bo", "answers": "ignored"}
    assert task.inputs(one).to_dict() == {"id": ["0"], "context": ["Ann and Bo"], "question": ["who?"]}
    assert task.inputs([one, one])["id"][:] == ["0", "1"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("who?", "Expected {'question': ..., 'context': ...}"),
        (["who?", "Ann"], "Expected {'question'"),
        ([], "Expected {'question'"),
        (None, "Expected {'question'"),
        (5, "Expected {'question'"),
        ({"question": "who?"}, "There is no field 'context'"),
        ({"question": "who?"}, "A question needs the passage that it is about"),
        ({"question": "who?", "contxt": "Ann"}, "Did you mean 'contxt'?"),
        ({"context": "Ann"}, "There is no field 'question'"),
        ({"question": " ", "context": "Ann"}, "The question of example 1 of 1 is ' '"),
        ([GOOD, {"question": "q", "context": None}], "The context of example 2 of 2 is None"),
        ({"question": 3, "context": "Ann"}, "The question of example 1 of 1 is 3"),
        ({"question": "q", "context": "a" * 200_000}, "has 200,000 characters; expected at most 100,000"),
        ({"question": "q", "context": "\u200b"}, "The context of example 1 of 1 is '\\u200b'; expected a string that"),
        ({"question": "q\0", "context": "a"}, "The question of example 1 of 1 holds a null character: 'q\\x00'"),
        ({"question": "q", "context": "\udc00 a"}, "The context of example 1 of 1 holds half a character"),
        ({"question": "q" * 200_000, "context": "a"}, "has 200,000 characters; expected at most 100,000"),
    ],
)
def test_what_is_no_question_is_one_clear_sentence(task, given, words):
    with pytest.raises((DataError, UnknownNameError)) as caught:
        task.inputs(given)
    assert words in str(caught.value) and isinstance(caught.value, FinetuneKitError)
    assert len(str(caught.value)) < 300


# The baseline


def test_the_nearest_sentence_by_hand():
    context = "The lake is deep. Ann swam in the lake in May.  Bo stayed at home! Was it cold? Nobody knows."
    asked = {
        # 'swam', 'ann': one sentence each, weight 1; 'lake', 'in' is in other sentences too
        "When did Ann swim in the lake?": "Ann swam in the lake in May.",
        # 'lake' is in two sentences, 1/2 each; 'deep' is in one
        "How deep is the lake?": "The lake is deep.",
        "Who stayed home?": "Bo stayed at home!",
        # nothing in common: the first
        "Why?": "The lake is deep.",
        # 'was', 'cold', 'it', each in one sentence
        "was it cold": "Was it cold?",
    }
    part = examples(*((question, context, "") for question in asked))
    assert nearest_sentence(part, part) == list(asked.values())


def test_a_rare_word_outweighs_a_common_one():
    context = "Red fish swim. Red fish sleep. Red fish eat. Blue birds sing."
    # 'red' and 'fish' are each in three sentences, 2/3 together; 'sing' is in one
    part = examples(("Do red fish sing?", context, ""))
    assert nearest_sentence(part, part) == ["Blue birds sing."]


def test_the_baseline_by_name(task):
    assert task.baselines() == {"silence": silence, "sentence with most words in common": nearest_sentence}
    test = task.splits["test"]
    found = nearest_sentence(task.splits["train"], test)
    truth = task.truth(test)
    expected = sum(answer_f1(f, t) for f, t in zip(found, truth, strict=True)) / len(test)
    assert task.score(found, truth)["f1"] == pytest.approx(expected) and 0 < expected < 1
    unanswered = [not accepted for accepted in truth]
    assert task.score(silence(task.splits["train"], test), truth)["f1"] == pytest.approx(sum(unanswered) / len(test))
