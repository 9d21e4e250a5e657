"""Mixture: its batches, its loss against those of its parts, and a pretraining that goes through the Trainer."""

import pytest
import torch
import transformers
from tiny import tiny_works, write_tiny_bert

import finetune_kit as ftk
from finetune_kit import checkpoints, corpora, objectives
from finetune_kit.config import Stage
from finetune_kit.errors import ConfigError, UnknownNameError
from finetune_kit.objectives.mixture import PART, Mixture

WORDS = {"objective": "masked-words", "settings": {"masked_share": 0.4}}
FACTS = {"objective": "cloze-questions", "settings": {"questions": 60, "facts_share": 1.0, "sentences": 1}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tiny_bert(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture(scope="module")
def processor(folder):
    return transformers.AutoTokenizer.from_pretrained(folder)


@pytest.fixture
def material(tmp_path, processor):
    corpora.encode(tiny_works(), processor, 0.3, [], tmp_path)
    return corpora.Material(tiny_works(), tmp_path, processor, 0.3, 0)


def test_examples_are_those_of_the_parts_one_after_another(material):
    mixed = Mixture([WORDS, FACTS])
    whole = mixed.examples("train", 16, material)
    own = [part.examples("train", 16, material) for part in mixed.parts]
    assert len(whole) == sum(map(len, own)) and all(len(part) for part in own)
    for number, part in enumerate(own):
        place = number * len(own[0])
        assert whole[place][PART] == number
        assert list(whole[place]["input_ids"]) == list(part[0]["input_ids"])
    with pytest.raises(IndexError):
        whole[len(whole)]


@pytest.mark.parametrize("rows", [(0, 0, 1), (0, 1, 1), (0, 0, 0), (1, 1, 1)])
def test_the_loss_weighs_each_part_by_its_share_of_the_batch(folder, processor, material, rows):
    mixed = Mixture([WORDS, FACTS])
    whole = mixed.examples("train", 16, material)
    first = {0: 0, 1: len(whole) - 5}
    chosen = [whole[first[part] + place] for place, part in enumerate(rows)]
    model = checkpoints.load_weights(str(folder), "AutoModelForMaskedLM").eval()
    mixed.equip(model)
    torch.manual_seed(4)
    batch = mixed.collator(processor)(chosen)
    assert batch[PART].tolist() == list(rows) and next(iter(batch)) == PART
    with torch.no_grad():
        found, _ = mixed.loss(model, batch)
        parts = [
            mixed.parts[n].loss(model, batch[str(n)])[0].item() * rows.count(n) / len(rows) for n in sorted({*rows})
        ]
    assert found.item() == pytest.approx(sum(parts), rel=1e-6)
    assert set(batch) == {PART, *map(str, rows)}


def test_pretraining_on_a_mixture_goes_through_the_trainer_and_saves_what_a_part_needs(folder, tmp_path):
    settings = {"parts": [WORDS, FACTS]}
    stage = {"length": 16, "batch_size": 8, "steps": 12, "learning_rate": 3e-3, "warmup_steps": 0}
    made = ftk.pretrain(
        str(folder), tiny_works(), objective="mixture", settings=settings, out=tmp_path / "out", **stage
    )
    assert made.after["loss"] < made.before["loss"]
    saved = checkpoints.load_weights(str(made.save(tmp_path / "model")), "AutoModelForMaskedLM")
    assert hasattr(saved, "qa_outputs")  # what one part needs is saved


@pytest.mark.parametrize(("parts", "said"), [
    ([WORDS], "two or more"),
    ("masked-words", "two or more"),
    ([WORDS, {"objective": "image-classes"}], "over text"),
    ([WORDS, {"objective": "next-word"}], "one kind of model"),
])  # fmt: skip
def test_parts_that_cannot_be_mixed_are_refused(parts, said):
    with pytest.raises(ConfigError, match=said):
        objectives.resolve(Stage("mixture", {"parts": parts}))


def test_a_part_that_there_is_not_is_named():
    with pytest.raises(UnknownNameError, match="masked-wrods"):
        Mixture([WORDS, {"objective": "masked-wrods"}])
