"""Generative question answering: what the model reads, 'no answer', and a run from its start to a saved folder."""

import pandas as pd
import pytest
import tiny
import transformers as hf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

import finetune_kit as ftk
from finetune_kit import data
from finetune_kit.errors import DataError
from finetune_kit.metrics import LOSS
from finetune_kit.objectives.written_answers import NO_ANSWER
from finetune_kit.tasks.generative_qa import GenerativeQA

SETTINGS = {"max_length": 29, "batch_size": 8}
STEPS = {"gpt": {"learning_rate": 1e-2, "epochs": 40}, "t5": {"learning_rate": 1e-2, "epochs": 12}}


@pytest.fixture(scope="module")
def task():
    return GenerativeQA(tiny.tiny_questions(), generation={"new_tokens": 3})


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    return {
        "gpt": str(tiny.write_tiny_gpt2(place / "gpt", spread=0.1)),
        "t5": str(tiny.write_tiny_t5(place / "t5", sentinels=0)),
    }


@pytest.fixture(scope="module", params=["gpt", "t5"])
def run(request, folders, task):
    return ftk.fine_tune(task, folders[request.param], **SETTINGS, **STEPS[request.param])


@pytest.fixture(scope="module")
def bytewise():
    """A tokenizer of single bytes, in which white space counts."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE(vocab={byte: number for number, byte in enumerate(["<end>", *alphabet])}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    return hf.PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<end>")


def examples(*rows):
    """Questions outside any split: (question, context, answers)."""
    return data.answered({"all": pd.DataFrame(rows, columns=["question", "context", "answers"])})["all"]


def read(task, tokenizer, part, length):
    row = task.encode(part, tokenizer, length, hf.GPT2Config())[0]
    answer = [token for token in row.get("labels", []) if token != -100]
    return tokenizer.decode(row["input_ids"]), tokenizer.decode(answer)


def test_the_question_stands_after_the_passage_and_the_answer_after_both(task, bytewise):
    part = examples(("Who came?", "Ann came.", "Ann"))
    asked = "Ann came.\nQuestion: Who came?\nAnswer:"
    assert read(task, bytewise, part, 100) == (f"{asked} Ann<end>", " Ann<end>")
    assert read(task, bytewise, task.questions(part), 100) == (asked, "")


def test_no_answer_is_written_where_the_passage_holds_none(task, bytewise):
    assert read(task, bytewise, examples(("Who?", "It rained.", "")), 100)[1] == f" {NO_ANSWER}<end>"


def test_the_first_accepted_answer_is_learnt(task, bytewise):
    spans = {"text": ["Ann", "Bo"], "answer_start": [0, 8]}
    assert read(task, bytewise, examples(("Who?", "Ann and Bo", spans)), 100)[1] == " Ann<end>"


@pytest.mark.parametrize("kind", ["decoder", "encoder and decoder"])
def test_a_long_passage_loses_its_beginning_and_never_the_question(task, bytewise, kind):
    part = examples(("Who came?", "It rained. " * 30 + "Ann came.", "Ann"))
    config = hf.GPT2Config() if kind == "decoder" else hf.T5Config()
    for rows in (part, task.questions(part)):
        tokens = task.encode(rows, bytewise, 64, config)[0]["input_ids"]
        assert "Ann came.\nQuestion: Who came?\nAnswer:" in bytewise.decode(tokens) and len(tokens) <= 64


def test_passages_and_answers_that_are_too_long_are_counted(bytewise):
    made = GenerativeQA(generation={"new_tokens": 8})
    long = "It rained. " * 30
    rows = [("Who?", long + "Ann.", "Ann"), ("Who?", "Ann.", "Ann"), ("Who?", "Ann von Au.", "Ann von Au")]
    with pytest.warns(UserWarning) as caught:
        made.encode(examples(*rows), bytewise, 64, hf.GPT2Config())
    found = [str(one.message).split(".")[0] for one in caught]
    assert found == [
        "1 of 3 passages with their question are too long for max_length=64: their beginning is left out",
        "1 of 3 answers have more than new_tokens=8 tokens: they cannot be written to the end",
    ]


def test_the_answer_no_answer_is_none(task):
    found = ["Ann", "no answer", " No Answer ", "no answer here", ""]
    assert task.decide(found) == ["Ann", "", "", "no answer here", ""]
    scores = task.measure(["no answer", "Ann", "Bo"], [[], [], ["Bo", "Ann and Bo"]])
    assert scores["no_answer_f1"] == 0.5 and scores["has_answer_f1"] == 1


def test_it_is_a_question_answering_and_a_text_to_text(task):
    assert task.chooses is LOSS and task.metric.name == "f1" and task.truth_columns == ("answers",)
    assert task.generation == ftk.Generation(new_tokens=3) and GenerativeQA().generation.new_tokens == 24


# Runs


def test_some_dozens_of_steps_teach_to_read(run):
    assert run.after["f1"] > run.before["f1"] + 0.5 and run.after["f1"] > 0.7
    validation = run.task.splits["validation"]
    asked = [{"question": row["question"], "context": row["context"]} for row in validation]
    found = [answer.replace("(no answer)", "") for answer in run.predict(asked)["prediction"]]
    right = [answer == (row["answers"]["text"] or [""])[0] for answer, row in zip(found, validation, strict=True)]
    assert run.after["exact_match"] == pytest.approx(sum(right) / len(right))


def test_changes_are_the_questions_whose_verdict_turned(run):
    changes = run.changes()
    assert list(changes.columns) == ["change", "id", "context", "question", "truth", "before", "after"]
    for row in changes.itertuples():
        assert (row.after == row.truth) == (row.change == "fixed")


def test_a_saved_run_answers_as_before(run, tmp_path):
    again = ftk.Run.load(run.save(tmp_path / "run"))
    asked = {"question": "is the film", "context": "so the film was poor and it"}
    assert again.predict(asked).equals(run.predict(asked))
    assert (again.before, again.after) == (run.before, run.after) and again.changes().equals(run.changes())
    assert again.task.generation == run.task.generation


def test_labels_are_training_questions(task, folders):
    run = ftk.fine_tune(task, folders["t5"], labels=5, epochs=1, **SETTINGS)
    assert run.trainer.train_dataset.num_rows == 5


@pytest.mark.parametrize("given", ["who?", {"question": "who?"}, {"question": "", "context": "Ann"}])
def test_bad_questions_are_clear_errors(run, given):
    with pytest.raises((DataError, ftk.FinetuneKitError)):
        run.predict(given)
