import pytest
import toys
import transformers as hf
from torch import nn

from finetune_kit.layers import layer_groups

LAYERS = ["layer.0", "layer.1", "layer.2"]
NAMES = {
    toys.bert: ["embeddings", *LAYERS, "head"],
    toys.distilbert: ["embeddings", *LAYERS, "head"],
    toys.modernbert: ["embeddings", *LAYERS, "head"],
    toys.gpt2: ["embeddings", *LAYERS, "head"],
    toys.t5: ["embeddings", "encoder.0", "encoder.1", "decoder.0", "decoder.1", "head"],
    toys.vit: ["embeddings", *LAYERS, "head"],
    toys.resnet: ["embeddings", "stage.0", "stage.1", "stage.2", "stage.3", "head"],
    toys.wav2vec2: ["feature_extractor", "embeddings", *LAYERS, "head"],
}
families = pytest.mark.parametrize("build", NAMES, ids=lambda build: build.__name__)


@families
def test_groups_are_named_from_bottom_to_top(build):
    assert [group.name for group in layer_groups(build())] == NAMES[build]


@families
def test_every_parameter_is_in_exactly_one_group(build):
    model = build()
    grouped = [name for group in layer_groups(model) for name in group.parameters]
    assert sorted(grouped) == sorted(name for name, _ in model.named_parameters())


@families
def test_sizes_are_those_of_the_model(build):
    model = build()
    parameters = dict(model.named_parameters())
    groups = layer_groups(model)
    assert [g.size for g in groups] == [sum(parameters[name].numel() for name in g.parameters) for g in groups]
    assert sum(group.size for group in groups) == model.num_parameters()


# One telling parameter a group, read off the architecture by hand
PLACES = [
    (toys.bert, "bert.embeddings.position_embeddings.weight", "embeddings"),
    (toys.bert, "bert.encoder.layer.2.output.dense.bias", "layer.2"),
    (toys.bert, "bert.pooler.dense.weight", "head"),
    (toys.bert, "classifier.weight", "head"),
    (toys.distilbert, "pre_classifier.weight", "head"),
    (toys.modernbert, "model.final_norm.weight", "head"),
    (toys.gpt2, "transformer.wpe.weight", "embeddings"),
    (toys.gpt2, "transformer.ln_f.weight", "head"),
    (toys.gpt2, "score.weight", "head"),
    (toys.t5, "shared.weight", "embeddings"),
    (toys.t5, "encoder.final_layer_norm.weight", "encoder.1"),
    (toys.t5, "decoder.block.0.layer.1.EncDecAttention.q.weight", "decoder.0"),
    (toys.t5, "decoder.final_layer_norm.weight", "head"),
    (toys.resnet, "resnet.embedder.embedder.convolution.weight", "embeddings"),
    (toys.resnet, "resnet.encoder.stages.2.layers.1.layer.0.convolution.weight", "stage.2"),
    (toys.resnet, "classifier.1.weight", "head"),
    (toys.wav2vec2, "wav2vec2.feature_extractor.conv_layers.0.conv.weight", "feature_extractor"),
    (toys.wav2vec2, "wav2vec2.masked_spec_embed", "embeddings"),
    (toys.wav2vec2, "wav2vec2.feature_projection.projection.weight", "embeddings"),
    (toys.wav2vec2, "wav2vec2.encoder.layer_norm.weight", "embeddings"),
    (toys.wav2vec2, "projector.weight", "head"),
    (toys.vit, "vit.embeddings.cls_token", "embeddings"),
    (toys.vit, "vit.layernorm.weight", "head"),
]


@pytest.mark.parametrize(("build", "parameter", "group"), PLACES, ids=[parameter for _, parameter, _ in PLACES])
def test_a_parameter_lies_in_its_group(build, parameter, group):
    assert [g.name for g in layer_groups(build()) if parameter in g.parameters] == [group]


def test_a_bare_backbone_has_the_same_groups():
    backbone = hf.BertModel(hf.BertConfig(**toys.ENCODER), add_pooling_layer=False)
    assert [group.name for group in layer_groups(backbone)] == ["embeddings", *LAYERS]


def test_a_model_of_one_layer():
    model = hf.BertForSequenceClassification(hf.BertConfig(**toys.ENCODER | {"num_hidden_layers": 1}))
    assert [group.name for group in layer_groups(model)] == ["embeddings", "layer.0", "head"]


def test_a_resnet_of_the_usual_depths():
    assert [group.name for group in layer_groups(toys.resnet((3, 4, 6, 3)))] == NAMES[toys.resnet]


def test_a_tied_output_layer_is_counted_once():
    model = hf.BertForMaskedLM(hf.BertConfig(**toys.ENCODER))
    groups = {group.name: group for group in layer_groups(model)}
    assert "bert.embeddings.word_embeddings.weight" in groups["embeddings"].parameters
    assert "cls.predictions.transform.dense.weight" in groups["head"].parameters
    assert sum(group.size for group in groups.values()) == model.num_parameters()


def test_a_model_without_a_stack_still_places_every_parameter():
    groups = layer_groups(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))
    assert sum(group.size for group in groups) == 2 * 3 + 3 + 3 * 1 + 1
