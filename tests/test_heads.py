"""Heads: the rows of classes that a checkpoint knows, against the checkpoint's own answers in plain transformers."""

import pytest
import torch
import transformers as hf
from tiny_vision import write_tiny_resnet

from finetune_kit import checkpoints, heads

HELD = ["crow", "swan", "owl", "Wren", "duck"]


def named(names):
    return {
        "num_labels": len(names),
        "id2label": dict(enumerate(names)),
        "label2id": {n: i for i, n in enumerate(names)},
    }


@pytest.fixture(scope="module")
def bert(folder, tmp_path_factory):
    """A BERT that tells five birds apart."""
    where = tmp_path_factory.mktemp("birds")
    torch.manual_seed(3)
    model = hf.BertForSequenceClassification(checkpoints.configuration(folder, **named(HELD)))
    torch.nn.init.normal_(model.classifier.bias)
    model.save_pretrained(where)
    checkpoints.processor(folder).save_pretrained(where)
    return where


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    """A ResNet whose head is the second part of a sequence."""
    where = write_tiny_resnet(tmp_path_factory.mktemp("birds") / "resnet")
    torch.manual_seed(3)
    config = hf.AutoConfig.from_pretrained(where, **named(HELD))
    hf.ResNetForImageClassification(config).save_pretrained(where)
    return where


def logits(model, kind):
    torch.manual_seed(0)
    inputs = (
        {"pixel_values": torch.randn(2, 3, 32, 32)} if kind == "image" else {"input_ids": torch.arange(4, 12)[None]}
    )
    with torch.no_grad():
        return model.eval()(**inputs).logits


@pytest.mark.parametrize("kind", ["text", "image"])
@pytest.mark.parametrize("wanted", [["owl", "crow"], ["duck", "wren", "owl", "swan", "crow"], ["OWL", "Duck", "SWAN"]])
def test_known_classes_are_answered_as_the_checkpoint_does(bert, resnet, kind, wanted):
    where, auto = (bert, "SequenceClassification") if kind == "text" else (resnet, "ImageClassification")
    plain = getattr(hf, f"AutoModelFor{auto}").from_pretrained(where)
    model, _ = checkpoints.load(str(where), f"AutoModelFor{auto}", named(wanted), True, 0)
    rows = [[name.casefold() for name in HELD].index(name.casefold()) for name in wanted]
    torch.testing.assert_close(logits(model, kind), logits(plain, kind)[:, rows])
    assert model.config.id2label == dict(enumerate(wanted))


@pytest.mark.parametrize("wanted", [["owl", "goose"], ["goose", "heron", "crane"]])
def test_with_one_class_that_is_not_known_the_head_is_new(bert, wanted):
    settings = named(wanted)
    one, other = (
        checkpoints.load(str(bert), "AutoModelForSequenceClassification", settings, True, seed)[0] for seed in (0, 1)
    )
    assert not torch.equal(one.classifier.weight, other.classifier.weight)


def test_from_scratch_nothing_is_known(bert):
    made = [
        checkpoints.load(str(bert), "AutoModelForSequenceClassification", named(HELD[::-1]), False, seed)[0]
        for seed in (0, 1)
    ]
    assert not torch.equal(made[0].classifier.weight, made[1].classifier.weight)


def test_a_checkpoint_in_several_files_knows_its_classes(bert, folder, tmp_path):
    plain = hf.BertForSequenceClassification.from_pretrained(bert)
    plain.save_pretrained(tmp_path, max_shard_size="10KB")
    checkpoints.processor(folder).save_pretrained(tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    settings = named(["owl", "crow"])
    model, _ = checkpoints.load(str(tmp_path), "AutoModelForSequenceClassification", settings, True, 0)
    torch.testing.assert_close(logits(model, "text"), logits(plain.eval(), "text")[:, [2, 0]])


@pytest.mark.parametrize(
    ("wanted", "held", "rows"),
    [
        (["b", "a"], {0: "a", 1: "b"}, [1, 0]),
        (["A", "a"], {0: "a", 1: "A", 2: "b"}, [1, 0]),  # letters in two cases are two classes
        (["A", "a"], {0: "a", 1: "b"}, []),  # one row for two classes
        ([1, 2], {0: "2", 1: "1"}, [1, 0]),
        (["a", "c"], {0: "a", 1: "b"}, []),
    ],
)
def test_numbers_of_known_classes(wanted, held, rows):
    assert heads.known_classes(wanted, held) == rows
