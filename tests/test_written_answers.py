"""Written answers: the questions, as generative question answering asks them, and what is learnt of each."""

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


def material(processor, tmp_path):
    return Material([], tmp_path, processor, 0.1, 0)


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
    for row, asked in zip(examples, objective.asked("train", 0), strict=True):
        read, written = (processor.decode(row[name][:-1]) for name in ("input_ids", "labels"))
        assert read == prompt(asked.context, asked.question)
        found = written.removeprefix(" ")
        assert found in asked.context if asked.span else found == NO_ANSWER
        assert row["input_ids"][-1] == row["labels"][-1] == processor.eos_token_id
        without += not asked.span
    assert 0 < without < 30


def test_fewer_sentences_keep_the_answer():
    for whole, part in zip(WrittenAnswers(80).asked("train", 3), WrittenAnswers(80, 2).asked("train", 3), strict=True):
        assert part.question == whole.question and part.context in whole.context
        assert (part.span is None) == (whole.span is None)
        if part.span:
            assert part.context[slice(*part.span)] == whole.context[slice(*whole.span)]
    assert sum(len(one.context) for one in WrittenAnswers(80, 2).asked("train", 3)) < sum(
        len(one.context) for one in WrittenAnswers(80).asked("train", 3)
    )


def test_other_questions_measure_than_those_that_teach():
    objective = WrittenAnswers(200)
    taught, measured = ({(one.context, one.question) for one in objective.asked(split, 0)} for split in
                        ("train", "validation"))  # fmt: skip
    assert not taught & measured


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


@pytest.mark.parametrize("settings", [{"questions": 0}, {"sentences": 0}, {"sentences": 1.5}])
def test_a_bad_setting_is_named_with_what_was_expected(settings):
    with pytest.raises(ConfigError, match=rf"{next(iter(settings))}=.*expected"):
        objectives.resolve(Stage(objective="written-answers", settings=settings))
