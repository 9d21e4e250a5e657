"""Copying: strings that cannot be guessed, and a model that copies having learnt to read."""

import pytest
import torch
import transformers
from tiny import tiny_works, write_tiny_t5

import finetune_kit as ftk
from finetune_kit import corpora, objectives
from finetune_kit.config import Stage
from finetune_kit.errors import ConfigError
from finetune_kit.objectives.token_copying import TokenCopying


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    folder = write_tiny_t5(tmp_path_factory.mktemp("t5"))
    processor = transformers.AutoTokenizer.from_pretrained(folder)
    return corpora.Material(tiny_works(), folder, processor, 0.3, 0)


def strings(material, split="train", length=9, **settings):
    return objectives.resolve(Stage(objective="token-copying", settings=settings)).examples(split, length, material)


def test_a_string_is_random_ordinary_tokens_and_the_end(material):
    drawn = [strings(material)[i]["input_ids"] for i in range(500)]
    assert {len(ids) for ids in drawn} == set(range(4, 10))  # 3 to 8 tokens, and the end
    assert all(ids.dtype == torch.int64 and ids[-1] == material.processor.eos_token_id for ids in drawn)
    inner = torch.cat([ids[:-1] for ids in drawn])
    special = set(material.processor.all_special_ids)
    ordinary = set(material.processor.get_vocab().values()) - special
    assert not special & set(inner.tolist())
    # All are drawn alike: 2,700 draws leave next to none of some hundred out, and none comes far too often.
    counts = torch.bincount(inner)
    assert len(set(inner.tolist())) > 0.9 * len(ordinary) * (1 - 2.718 ** (-len(inner) / len(ordinary)))
    assert counts.max() < 5 + 4 * len(inner) / len(ordinary)


def test_the_same_index_gives_the_same_string_and_the_splits_differ(material):
    one, again, other = strings(material), strings(material), strings(material, "validation")
    assert all(torch.equal(one[i]["input_ids"], again[i]["input_ids"]) for i in range(20))
    assert not any(torch.equal(one[i]["input_ids"], other[i]["input_ids"]) for i in range(20))
    with pytest.raises(IndexError):
        one[len(one)]


def test_a_batch_asks_for_what_it_shows_and_padding_does_not_count(material):
    examples = [strings(material)[i] for i in range(6)]
    batch = TokenCopying().collator(material.processor)(examples)
    for row, example in enumerate(examples):
        size = len(example["input_ids"])
        for name in ("input_ids", "labels"):
            assert torch.equal(batch[name][row, :size], example["input_ids"])
        assert batch["attention_mask"][row].tolist() == [1] * size + [0] * (batch["labels"].shape[1] - size)
        assert (batch["labels"][row, size:] == -100).all()


def test_a_model_learns_to_copy_strings_that_it_never_saw(material, tmp_path):
    """Nothing but the encoder's output tells what to write, so better than chance means that it was read."""
    settings = {"objective": "token-copying", "settings": {"shortest": 2}, "length": 4}
    settings |= {"batch_size": 64, "steps": 200, "learning_rate": 3e-3}
    made = ftk.pretrain(str(material.folder), tiny_works(), out=tmp_path / "out", **settings)
    assert made.before["accuracy"] < 0.1 < 0.4 < made.after["accuracy"]


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, "3"])
def test_a_shortest_that_is_no_number_of_tokens(bad):
    with pytest.raises(ConfigError, match="shortest"):
        TokenCopying(bad)


def test_a_length_without_room_for_the_shortest(material):
    with pytest.raises(ConfigError, match="expected more than shortest=8"):
        strings(material, length=8, shortest=8)
