"""Loading: the safe way in, the right weights, and one clear sentence for each bad folder."""

import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tiny import write_tiny_bert, write_tiny_gpt2

from finetune_kit import checkpoints
from finetune_kit.errors import ConfigError, FinetuneKitError, ModelError, UnknownNameError

HEAD = {"num_labels": 3, "problem_type": "single_label_classification"}
AUTO = "AutoModelForSequenceClassification"


@pytest.fixture
def folder(tmp_path):
    return write_tiny_bert(tmp_path / "tiny")


def load(name, pretrained=True, seed=0):
    return checkpoints.load(str(name), AUTO, HEAD, pretrained, seed)


def test_pretrained_weights_are_those_of_the_file_and_the_head_is_new(folder):
    model, _ = load(folder)
    stored = load_file(folder / "model.safetensors")
    backbone = {name: p for name, p in model.named_parameters() if name in stored}
    assert len(backbone) > 40 and all(torch.equal(p, stored[name]) for name, p in backbone.items())
    assert model.classifier.weight.shape == (3, 16)


def test_from_scratch_is_the_same_architecture_with_other_weights(folder):
    model, _ = load(folder, pretrained=False)
    stored = load_file(folder / "model.safetensors")
    name = "bert.encoder.layer.0.attention.self.query.weight"
    assert model.get_parameter(name).shape == stored[name].shape
    assert not torch.allclose(model.get_parameter(name), stored[name])


def test_half_precision_checkpoint_is_trained_in_full_precision(folder):
    transformers.BertForMaskedLM.from_pretrained(folder, dtype=torch.float16).save_pretrained(folder)
    for pretrained in (True, False):
        assert {p.dtype for p in load(folder, pretrained)[0].parameters()} == {torch.float32}


def test_seed_decides_the_new_weights(folder):
    first, same, other = (load(folder, seed=seed)[0].classifier.weight for seed in (1, 1, 2))
    assert torch.equal(first, same) and not torch.equal(first, other)


def test_loading_leaves_transformers_settings_as_they_were(folder):
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    load(folder)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def no_config(folder):
    (folder / "config.json").unlink()


def broken_config(folder):
    (folder / "config.json").write_text("{")


def no_weights(folder):
    (folder / "model.safetensors").unlink()


def pickle_only(folder):
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def wrong_shapes(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 64}))


def layer_missing(folder):
    weights = {k: v for k, v in load_file(folder / "model.safetensors").items() if ".layer.1." not in k}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def truncated_weights(folder):
    raw = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(raw[: len(raw) // 2])


def no_tokenizer(folder):
    for file in folder.glob("tokenizer*"):
        file.unlink()


@pytest.mark.parametrize(
    "damage, words",
    [
        (no_config, "config.json"),
        (broken_config, "not valid JSON"),
        (no_weights, "no weights"),
        (pickle_only, "pickle"),
        (wrong_shapes, "another shape"),
        (layer_missing, "missing"),
        (truncated_weights, "cannot be loaded"),
        (no_tokenizer, "has no tokenizer"),
    ],
)
def test_a_bad_folder_is_a_clear_error(folder, damage, words):
    damage(folder)
    with pytest.raises(ModelError, match=words) as caught:
        load(folder)
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, FinetuneKitError)
    assert "\n" not in str(caught.value)


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'pocket-bert'"):
        load("pocket-bart")


def test_a_name_of_the_catalogue_is_its_folder_or_its_hub_id(tmp_path):
    assert checkpoints.locate("distilbert") == "distilbert/distilbert-base-uncased"
    assert checkpoints.locate("owner/name") == "owner/name"
    assert (tmp_path / checkpoints.locate("pocket-bert") / "config.json").is_file()


def test_a_hub_id_with_the_hub_switched_off():
    with pytest.raises(ModelError, match="cannot be reached: is there a network") as caught:
        load("somebody/nothing-of-this-name")
    assert "HF_HUB_OFFLINE" in str(caught.value) and "pocket-bert" in str(caught.value)


def test_eager_attention_for_narrow_models_on_a_cpu():
    narrow, wide = transformers.BertConfig(hidden_size=256), transformers.BertConfig(hidden_size=768)
    if torch.cuda.is_available():
        assert checkpoints.fastest_attention(narrow) is None
    else:
        assert (checkpoints.fastest_attention(narrow), checkpoints.fastest_attention(wide)) == ("eager", None)


WRITES, FILLS = "AutoModelForCausalLM", "AutoModelForSeq2SeqLM"


@pytest.mark.parametrize(
    ("kind", "settings", "heads"),
    [
        ("bert", {}, {AUTO, "AutoModelForQuestionAnswering"}),
        ("bert", {"is_decoder": True}, {AUTO, "AutoModelForQuestionAnswering", WRITES}),
        ("roberta", {}, {AUTO, "AutoModelForQuestionAnswering"}),  # with an end token, but it sees what follows
        ("gpt2", {}, {AUTO, "AutoModelForQuestionAnswering", WRITES}),
        ("t5", {}, {AUTO, "AutoModelForQuestionAnswering", FILLS}),
        ("bart", {}, {AUTO, "AutoModelForQuestionAnswering", FILLS, WRITES}),
        ("wav2vec2", {}, set()),
        ("resnet", {}, set()),
    ],
)
def test_which_heads_there_are_for_a_kind_of_model(kind, settings, heads):
    config = transformers.CONFIG_MAPPING[kind](**settings)
    asked = (AUTO, "AutoModelForQuestionAnswering", WRITES, FILLS)
    assert {name for name in asked if checkpoints.has_head(config, name)} == heads


def test_a_model_without_a_padding_token_pads_with_its_end_token(tmp_path):
    folder = write_tiny_gpt2(tmp_path / "gpt")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "pad_token_id": None}))
    assert load(folder)[0].config.pad_token_id == 0
    assert checkpoints.load(str(folder), WRITES, {}, True, 0)[0].config.pad_token_id is None


def test_places_beyond_a_models_own_are_copies_of_these(folder):
    model = checkpoints.load_weights(folder, "AutoModelForMaskedLM").eval()
    longer = checkpoints.lengthened(model, 80, "AutoModelForMaskedLM").eval()
    mine, theirs = (m.bert.embeddings.position_embeddings.weight for m in (longer, model))
    assert torch.equal(mine, torch.cat([theirs, theirs, theirs[:16]])) and theirs.shape[0] == 32
    ids = torch.arange(5, 25).repeat(4)[None]
    with torch.no_grad():
        assert torch.equal(longer(ids[:, :32]).logits, model(ids[:, :32]).logits)
        assert longer(ids).logits.shape[1] == 80
    assert checkpoints.longest(longer.config) == 80 and checkpoints.longest(model.config) == 32


def test_a_model_that_cannot_be_lengthened_says_why(folder):
    model = checkpoints.load_weights(folder, "AutoModelForMaskedLM")
    with pytest.raises(ConfigError, match="positions=32: expected more than 32"):
        checkpoints.lengthened(model, 32, "AutoModelForMaskedLM")
    config = transformers.T5Config(d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, vocab_size=30)
    config.max_position_embeddings = 16
    with pytest.raises(ModelError, match="t5 model has no vector for each place"):
        checkpoints.lengthened(transformers.T5ForConditionalGeneration(config), 64, "AutoModelForSeq2SeqLM")
