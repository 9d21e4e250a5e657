import pytest
import torch
import toys
from torch import nn

from finetune_kit.errors import ConfigError, ModelError, UnknownNameError
from finetune_kit.layers import layer_groups
from finetune_kit.strategies import FromScratch, Full, HeadOnly, LastLayers, hold_frozen, parse, trainable_share

# By hand: the parameters of one BERT layer, and of what lies above the layers
BLOCK = [
    f"{part}.{kind}"
    for part in (
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "attention.output.LayerNorm",
        "intermediate.dense",
        "output.dense",
        "output.LayerNorm",
    )
    for kind in ("weight", "bias")
]
HEAD = {"bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight", "classifier.bias"}
EMBEDDINGS = {
    f"bert.embeddings.{name}"
    for name in (
        "word_embeddings.weight",
        "position_embeddings.weight",
        "token_type_embeddings.weight",
        "LayerNorm.weight",
        "LayerNorm.bias",
    )
}


def layer(number):
    return {f"bert.encoder.layer.{number}.{name}" for name in BLOCK}


TRAINS = {
    "scratch": EMBEDDINGS | layer(0) | layer(1) | layer(2) | HEAD,
    "full": EMBEDDINGS | layer(0) | layer(1) | layer(2) | HEAD,
    "head": HEAD,
    "last-1": layer(2) | HEAD,
    "last-2": layer(1) | layer(2) | HEAD,
    "last-3": layer(0) | layer(1) | layer(2) | HEAD,
}


def applied(model, name):
    parse(name).apply(model)
    return model


@pytest.mark.parametrize("name", ["scratch", "head", "last-1", "last-2", "last-12", "full"])
def test_names_round_trip(name):
    assert parse(name).name == name
    assert parse(parse(name)) is parse(name) or parse(parse(name)) == parse(name)


def test_names_stand_for_values():
    assert parse("last-2") == LastLayers(2) != LastLayers(3)
    assert [parse(name) for name in ("scratch", "head", "full")] == [FromScratch(), HeadOnly(), Full()]


@pytest.mark.parametrize(
    ("name", "nearest"), [("fulll", "full"), ("heads", "head"), ("last2", "last-2"), ("scratsh", "scratch")]
)
def test_an_unknown_name_suggests_the_nearest(name, nearest):
    with pytest.raises(UnknownNameError) as caught:
        parse(name)
    assert f"no strategy {name!r}. Did you mean {nearest!r}?" in str(caught.value)
    assert "last-N takes any number" in str(caught.value)


@pytest.mark.parametrize("name", [None, 3, "", "last-", "last--1", "last-2.5", "Last-2 "])
def test_what_is_no_strategy(name):
    with pytest.raises(UnknownNameError):
        parse(name)


@pytest.mark.parametrize("n", [0, -1, 1.0, "2"])
def test_last_layers_needs_a_whole_number(n):
    with pytest.raises(ConfigError) as caught:
        LastLayers(n)
    assert str(caught.value) == f"LastLayers(n={n!r}): expected a whole number, 1 or more."


def test_the_last_none_is_refused_by_name_too():
    with pytest.raises(ConfigError, match="n=0"):
        parse("last-0")


def test_only_scratch_is_not_pretrained():
    assert not parse("scratch").pretrained
    assert all(parse(name).pretrained for name in ("head", "last-1", "full"))


@pytest.mark.parametrize("name", TRAINS)
def test_exactly_the_expected_parameters_train(name):
    model = applied(toys.bert(), name)
    assert {n for n, p in model.named_parameters() if p.requires_grad} == TRAINS[name]


def test_a_strategy_undoes_the_one_before():
    model = applied(applied(toys.bert(), "head"), "full")
    assert all(p.requires_grad for p in model.parameters())
    assert {n for n, p in applied(model, "last-1").named_parameters() if p.requires_grad} == TRAINS["last-1"]


def test_more_layers_than_the_model_has():
    with pytest.raises(ModelError) as caught:
        parse("last-4").apply(toys.bert())
    assert "asks for 4 layers; this model has 3: layer.0, layer.1, layer.2." in str(caught.value)


def test_layers_are_counted_from_the_top_of_the_decoder():
    groups = layer_groups(toys.t5())
    assert [g.name for g in LastLayers(3).trainable(groups)] == ["encoder.1", "decoder.0", "decoder.1", "head"]


def test_a_model_without_a_head_leaves_head_nothing_to_train():
    from transformers import BertConfig, BertModel

    backbone = BertModel(BertConfig(**toys.ENCODER), add_pooling_layer=False)
    with pytest.raises(ModelError, match="'head' leaves nothing to train"):
        parse("head").apply(backbone)


@pytest.mark.parametrize(
    ("name", "trains"),
    # pooler 16*16 + 16 and classifier 16*2 + 2; a layer: attention 4*(16*16 + 16), two norms of 2*16,
    # and 16*32 + 32 up, 32*16 + 16 down; embeddings: 50 words, 32 places and 2 types of 16, one norm
    [("head", 306), ("last-1", 306 + 2224), ("last-2", 306 + 2 * 2224), ("full", 306 + 3 * 2224 + 84 * 16 + 32)],
)
def test_trainable_share_by_hand(name, trains):
    assert trainable_share(applied(toys.bert(), name)) == pytest.approx(trains / (306 + 3 * 2224 + 84 * 16 + 32))


def test_the_default_learning_rate_falls_with_size():
    small, large = nn.Linear(10, 10), nn.Linear(5000, 5000, device="meta")
    for name in ("scratch", "head", "last-1", "full"):
        assert parse(name).learning_rate(small) > parse(name).learning_rate(large) > 0
    assert parse("head").learning_rate(small) > parse("full").learning_rate(small)


# Held still while the rest trains


def held(model, name):
    applied(model, name).train()
    hold_frozen(model)
    return model


def test_batch_norm_statistics_of_frozen_stages_stand_still():
    model = held(toys.resnet(), "last-2")
    norms = {name: norm for name, norm in model.named_modules() if isinstance(norm, nn.BatchNorm2d)}
    before = {name: (norm.running_mean.clone(), norm.running_var.clone()) for name, norm in norms.items()}
    model(torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)) + 1)
    moved = {name for name, norm in norms.items() if not torch.equal(norm.running_mean, before[name][0])}
    assert moved == {name for name, norm in norms.items() if not torch.equal(norm.running_var, before[name][1])}
    assert moved == {name for name in norms if name.startswith(("resnet.encoder.stages.2", "resnet.encoder.stages.3"))}
    assert 0 < len(moved) < len(norms)


def test_batch_norm_statistics_all_move_in_full_fine_tuning():
    model = held(toys.resnet(), "full")
    assert all(norm.training for norm in model.modules() if isinstance(norm, nn.BatchNorm2d))


def hidden(model, seed):
    torch.manual_seed(seed)
    return model(toys.token_ids(), output_hidden_states=True).hidden_states


def test_dropout_is_off_in_frozen_layers_and_on_in_those_that_train():
    model = held(toys.bert(hidden_dropout_prob=0.5, attention_probs_dropout_prob=0.5), "last-1")
    one, two = hidden(model, seed=1), hidden(model, seed=2)
    # Outputs of: embeddings, layer.0, layer.1, which are frozen, and layer.2, which trains
    assert [torch.equal(a, b) for a, b in zip(one, two, strict=True)] == [True, True, True, False]


def test_frozen_outputs_are_those_of_evaluation():
    model = held(toys.bert(hidden_dropout_prob=0.5), "last-1")
    training = hidden(model, seed=1)
    evaluation = hidden(model.eval(), seed=1)
    assert torch.equal(training[2], evaluation[2]) and not torch.equal(training[3], evaluation[3])


def test_dropout_stays_on_where_everything_trains():
    model = held(toys.bert(hidden_dropout_prob=0.5), "full")
    assert not torch.equal(hidden(model, seed=1)[0], hidden(model, seed=2)[0])


def test_the_dropout_before_a_head_that_trains_stays_on():
    model = held(toys.bert(), "head")
    assert {name for name, part in model.named_modules() if isinstance(part, nn.Dropout) and part.training} == {
        "dropout"
    }


def test_a_dropout_between_frozen_parts_is_off_though_it_has_no_weights():
    model = held(toys.gpt2(), "last-1")
    one, two = hidden(model, seed=1), hidden(model, seed=2)
    assert torch.equal(one[0], two[0]) and torch.equal(one[2], two[2]) and not torch.equal(one[3], two[3])
