"""Written answers: the questions, as generative question answering asks them, and what is learnt of each."""

import pandas as pd
import pytest
import transformers
from tiny import write_tiny_t5

from finetune_kit import objectives
from finetune_kit.config import Stage
from finetune_kit.corpora import Material
from finetune_kit.errors import ConfigError, DataError
from finetune_kit.objectives.written_answers import NO_ANSWER, WrittenAnswers, answer, prompt
from finetune_kit.tasks.generative_qa import GenerativeQA


@pytest.fixture(scope="module")
def processor():
    """Pieces of single letters, so that what was read and written can be spelt out again."""
    return transformers.ByT5Tokenizer()


def material(processor, tmp_path, corpus=None, seed=0):
    return Material(corpus, tmp_path, processor, 0.1, seed)


def asked(objective, tmp_path, split="train", seed=0):
    """Its questions, where all of them are on facts."""
    return objective.asked(split, 4000, material(None, tmp_path, seed=seed))


def test_it_asks_as_the_task_asks():
    row = {"context": "It rained.", "question": "Who?", "answers": {"text": ["Ann", "Bo"], "answer_start": [0, 0]}}
    task = GenerativeQA.__new__(GenerativeQA)
    assert task.prompt(row) == prompt("It rained.", "Who?") == "It rained.\nQuestion: Who?\nAnswer:"
    assert task.answer(row) == answer("Ann") == " Ann"
    assert task.answer({**row, "answers": {"text": [], "answer_start": []}}) == answer("") == f" {NO_ANSWER}"


def test_each_example_is_a_question_with_its_answer_from_the_passage(processor, tmp_path):
    objective = WrittenAnswers(60)
    examples = objective.examples("train", 4000, material(processor, tmp_path))
    assert len(examples) == 60
    without = 0
    for row, one in zip(examples, asked(objective, tmp_path), strict=True):
        read, written = (processor.decode(row[name][:-1]) for name in ("input_ids", "labels"))
        assert read == prompt(one.context, one.question)
        found = written.removeprefix(" ")
        assert found in one.context if one.span else found == NO_ANSWER
        assert row["input_ids"][-1] == row["labels"][-1] == processor.eos_token_id
        without += not one.span
    assert 0 < without < 30


def test_fewer_sentences_keep_the_answer(tmp_path):
    wholes, parts = (asked(WrittenAnswers(80, sentences=many), tmp_path, seed=3) for many in (None, 2))
    at = {(one.question, found(one)): one for one in wholes}
    for part in parts:
        assert part.context in at[part.question, found(part)].context
    assert len(parts) == 80 and sum(len(one.context) for one in parts) < sum(len(one.context) for one in wholes)


def found(one):
    """The answer in the passage's words."""
    return one.span and one.context[slice(*one.span)]


def test_other_questions_measure_than_those_that_teach(tmp_path):
    objective = WrittenAnswers(200)
    taught, measured = (
        {(one.context, one.question) for one in asked(objective, tmp_path, split)} for split in ("train", "validation")
    )
    assert not taught & measured


def test_a_share_of_the_questions_is_on_the_corpus(processor, tmp_path):
    told = "The ship sailed to Norway {0} days ago. Captain Ahab bought oil there. It snowed."
    texts = [told.format(number) for number in range(100, 200)]
    frame = pd.DataFrame({"title": [f"log {number}" for number in range(100)], "text": texts})
    found = WrittenAnswers(40, facts_share=0.5).asked("train", 80, material(processor, tmp_path, frame))
    of_the_corpus = [one for one in found if "Captain Ahab" in one.context]
    assert len(found) == 40 and len(of_the_corpus) == 20
    assert all("None" not in one.question and one.question.endswith("?") for one in of_the_corpus)
    assert len({one.context[slice(*one.span)] for one in of_the_corpus if one.span}) > 5


def test_a_batch_is_padded_and_padding_counts_for_nothing(tmp_path):
    folder = write_tiny_t5(tmp_path / "t5")
    processor = transformers.AutoTokenizer.from_pretrained(folder)
    objective = WrittenAnswers(8)
    rows = list(objective.examples("train", 400, material(processor, tmp_path)))
    batch = objective.collator(processor)(rows)
    assert (batch["labels"] != -100).sum(1).tolist() == [len(row["labels"]) for row in rows]
    assert batch["attention_mask"].sum(1).tolist() == [len(row["input_ids"]) for row in rows]
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder)
    assert objective.loss(model, batch)[0].item() > 0


def test_what_is_too_long_is_left_out_and_nothing_left_is_an_error(processor, tmp_path):
    objective, made = WrittenAnswers(40), material(processor, tmp_path)
    every = objective.examples("train", 4000, made)
    middle = sorted(len(row["input_ids"]) for row in every)[20]
    assert 0 < len(objective.examples("train", middle, made)) < 40
    with pytest.raises(DataError, match="length=20: expected more"):
        objective.examples("train", 20, made)


@pytest.mark.parametrize("settings", [{"questions": 0}, {"sentences": 0}, {"sentences": 1.5}, {"facts_share": 2}])
def test_a_bad_setting_is_named_with_what_was_expected(settings):
    with pytest.raises(ConfigError, match=rf"{next(iter(settings))}=.*expected"):
        objectives.resolve(Stage(objective="written-answers", settings=settings))
