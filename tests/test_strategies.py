import numpy as np
import pytest
import torch
import toys
from torch import nn

import finetune_kit as ftk
from finetune_kit import runs, training
from finetune_kit.config import RunConfig
from finetune_kit.errors import ConfigError, ModelError, UnknownNameError
from finetune_kit.history import History
from finetune_kit.layers import layer_groups
from finetune_kit.strategies import (
    FIXED,
    L2SP,
    BitFit,
    FromScratch,
    Full,
    GradualUnfreezing,
    HeadOnly,
    HeadThenFull,
    LastLayers,
    LoRA,
    hold_frozen,
    parse,
    trainable_share,
    unfreeze,
)

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


@pytest.mark.parametrize(
    "name", [*FIXED, "last-1", "last-2", "last-12", "lora-4", "lora-1(alpha=2)", "bitfit(norms=true)"]
)
def test_names_round_trip(name):
    assert parse(name).name == name
    assert parse(parse(name)) is parse(name) or parse(parse(name)) == parse(name)


def test_names_stand_for_values():
    assert parse("last-2") == LastLayers(2) != LastLayers(3)
    assert [parse(name) for name in ("scratch", "head", "full")] == [FromScratch(), HeadOnly(), Full()]
    assert [parse(name) for name in ("gradual", "head-then-full", "bitfit", "lora", "l2-sp")] == [
        GradualUnfreezing(),
        HeadThenFull(),
        BitFit(),
        LoRA(),
        L2SP(),
    ]


@pytest.mark.parametrize(
    ("strategy", "name"),
    [
        (LoRA(rank=4), "lora-4"),
        (LoRA(), "lora"),
        (LoRA(rank=2, alpha=32, targets=["query", "value"]), "lora-2(alpha=32,targets=query+value)"),
        (LoRA(targets="dense"), "lora(targets=dense)"),
        (GradualUnfreezing(decay=2, over=0.25), "gradual(decay=2,over=0.25)"),
        (HeadThenFull(share=0.3, head_rate=1e-5), "head-then-full(share=0.3,head_rate=1e-05)"),
        (BitFit(norms=True), "bitfit(norms=true)"),
        (L2SP(strength=0.5), "l2-sp(strength=0.5)"),
        (LastLayers(3), "last-3"),
    ],
)
def test_a_name_carries_what_differs_through_yaml(strategy, name, tmp_path):
    assert strategy.name == name and parse(name) == strategy
    RunConfig(strategy=name).to_yaml(tmp_path / "run.yaml")
    assert parse(RunConfig.from_yaml(tmp_path / "run.yaml").strategy) == strategy


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("lora-0", ConfigError, "rank=0: expected a whole number, 1 or more"),
        ("lora(alpha=0)", ConfigError, "alpha=0"),
        ("lora(targets=query*)", ConfigError, r"targets=\('query\*',\)"),
        ("lora-4(rank=8)", ConfigError, "rank once"),
        ("lora(8)", ConfigError, "NAME=VALUE in the brackets, not '8'"),
        ("lora(alhpa=8)", UnknownNameError, "no setting of the strategy 'lora' 'alhpa'. Did you mean 'alpha'"),
        ("full(n=1)", UnknownNameError, "no setting of the strategy 'full'"),
        ("full-2", UnknownNameError, "no strategy 'full-2'"),
        ("last", UnknownNameError, "no strategy 'last'"),
        ("gradual(decay=0.5)", ConfigError, "decay=0.5"),
        ("gradual(over=1)", ConfigError, "over=1"),
        ("head-then-full(share=0)", ConfigError, "share=0"),
        ("head-then-full(head_rate=3)", ConfigError, "head_rate=3"),
        ("bitfit(norms=1)", ConfigError, "norms=1"),
        ("l2-sp(strength=0)", ConfigError, "strength=0"),
        ("l2-sp(strength=nan)", ConfigError, "strength=nan"),
    ],
)
def test_settings_that_cannot_be(name, kind, words):
    with pytest.raises(kind, match=words):
        parse(name)


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


TRAINS["gradual"] = TRAINS["head-then-full"] = HEAD  # at the first step
TRAINS["l2-sp"] = TRAINS["full"]
TRAINS["bitfit"] = HEAD | {name for name in TRAINS["full"] if name.endswith("bias")}
TRAINS["bitfit(norms=true)"] = TRAINS["bitfit"] | {n for n in TRAINS["full"] if "LayerNorm" in n}


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


def test_convolutional_models_take_higher_rates():
    for name in ("full", "head", "lora"):
        assert parse(name).learning_rate(toys.resnet()) == 3 * parse(name).learning_rate(toys.bert())


def test_the_default_learning_rate_falls_with_size():
    small, large = nn.Linear(10, 10), nn.Linear(5000, 5000, device="meta")
    for name in ("scratch", "head", "last-1", "full"):
        assert parse(name).learning_rate(small) > parse(name).learning_rate(large) > 0
    assert parse("head").learning_rate(small) > parse("full").learning_rate(small)


# Rates and times, computed by hand


def test_gradual_unfreezing_goes_down_by_a_layer_and_a_rate_at_a_time():
    parts = parse("gradual").parts(toys.bert(), 1.0)
    assert [set(part.parameters) for part in parts] == [HEAD, layer(2), layer(1), layer(0), EMBEDDINGS]
    assert [part.rates[0][1] for part in parts] == pytest.approx([1, 1 / 2.6, 1 / 6.76, 1 / 17.576, 1 / 45.6976])
    assert [part.since for part in parts] == [0, 0.125, 0.25, 0.375, 0.5]


@pytest.mark.parametrize("build", [toys.t5, toys.wav2vec2, toys.resnet, toys.gpt2, toys.vit])
def test_gradual_unfreezing_covers_every_model_in_six_steps_at_most(build):
    model = build()
    parts = parse("gradual").parts(model, 1e-3)
    named = [name for part in parts for name in part.parameters]
    assert sorted(named) == sorted(name for name, _ in model.named_parameters()) and 3 <= len(parts) <= 6
    order = [group.name for group in layer_groups(model)]
    place = {name: order.index(group.name) for group in layer_groups(model) for name in group.parameters}
    assert [place[name] for part in parts for name in part.parameters[:1]] == sorted(
        (place[part.parameters[0]] for part in parts), reverse=True
    )


def test_what_requires_a_gradient_at_which_time():
    model = applied(toys.bert(), "gradual")
    parts = parse("gradual").parts(model, 1.0)
    for share, expected in [(0.1, HEAD), (0.125, HEAD | layer(2)), (0.49, TRAINS["full"] - EMBEDDINGS)]:
        unfreeze(model, parts, share)
        assert {n for n, p in model.named_parameters() if p.requires_grad} == expected
    unfreeze(model, parts, 0.5)
    assert all(p.requires_grad for p in model.parameters())


def test_the_head_then_all_of_it():
    head, rest = HeadThenFull(share=0.25, head_rate=0.1).parts(toys.bert(), 0.02)
    assert set(head.parameters) == HEAD and set(rest.parameters) == TRAINS["full"] - HEAD
    assert [head.rate(share) for share in (0, 0.24, 0.25, 1)] == [0.1, 0.1, 0.02, 0.02]
    assert [rest.rate(share) for share in (0, 0.24, 0.25, 1)] == [0, 0, 0.02, 0.02]
    usual = HeadOnly().learning_rate(toys.bert())
    assert HeadThenFull().parts(toys.bert(), 0.02)[0].rate(0) == usual


def test_the_pull_towards_the_start_by_hand():
    model = toys.bert()
    pull = L2SP(strength=0.5).penalty(model)
    assert pull().item() == 0
    with torch.no_grad():
        model.bert.encoder.layer[0].output.dense.bias[:3] += torch.tensor([1.0, 2.0, -3.0])
        model.bert.embeddings.LayerNorm.weight[0] += 0.5
        model.classifier.weight += 100  # the new head is not pulled
    assert pull().item() == pytest.approx(0.5 / 2 * (1 + 4 + 9 + 0.25))
    pull().backward()
    gradient = model.bert.encoder.layer[0].output.dense.bias.grad  # of strength/2 * d**2: strength * d
    assert gradient[:4].tolist() == pytest.approx([0.5, 1, -1.5, 0], abs=1e-6)
    assert model.classifier.weight.grad is None


def test_the_pull_replaces_weight_decay_below_the_head():
    head, pulled = parse("l2-sp").parts(toys.bert(), 1e-3)
    assert head.decays and set(head.parameters) == HEAD
    assert not pulled.decays and set(pulled.parameters) == TRAINS["full"] - HEAD


def test_bitfit_wants_biases():
    with pytest.raises(ModelError, match=r"no biases below the head.*bitfit\(norms=true\)"):
        parse("bitfit").apply(toys.t5())
    model = applied(toys.t5(), "bitfit(norms=true)")
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert trained == {n for n, _ in model.named_parameters() if "layer_norm" in n}


@pytest.mark.parametrize("name", ["gradual", "head-then-full", "bitfit", "lora", "l2-sp"])
@pytest.mark.parametrize("build", [toys.bert, toys.gpt2, toys.resnet, toys.wav2vec2, toys.vit, toys.modernbert])
def test_every_strategy_suits_every_kind_of_model(build, name):
    if (build, name) == (toys.modernbert, "bitfit"):
        pytest.skip("a ModernBERT has no biases")
    model = build()
    names = dict(model.named_parameters()).keys()
    applied(model, name)
    assert 0 < trainable_share(model) <= 1
    parse(name).finish(model)
    assert dict(model.named_parameters()).keys() == names


def test_a_bare_backbone_has_no_head_to_begin_with():
    from transformers import BertConfig, BertModel

    backbone = BertModel(BertConfig(**toys.ENCODER), add_pooling_layer=False)
    with pytest.raises(ModelError, match="begins with the head; this model has none"):
        parse("head-then-full").apply(backbone)
    assert applied(backbone, "gradual").encoder.layer[2].output.dense.weight.requires_grad


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


@pytest.mark.parametrize("name", ["bitfit", "lora", "head"])
def test_batch_norm_statistics_stand_still_where_its_scale_is_frozen(name):
    model = held(toys.resnet(), name)
    before = {key: value.clone() for key, value in model.named_buffers()}
    model(torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)) + 1)
    assert all(torch.equal(value, before[key]) for key, value in model.named_buffers())


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


# Runs


@pytest.mark.parametrize("name", ["gradual", "head-then-full(share=0.3)", "bitfit", "l2-sp"])
def test_a_run_begins_with_the_untouched_checkpoint_and_comes_back_from_its_folder(folder, task, tmp_path, name):
    made = ftk.fine_tune(task, folder, name, epochs=1, learning_rate=1e-2, labels=16, batch_size=8, seed=3)
    assert made.config.strategy == name and made.before == ftk.zero_step(task, folder, seed=3)
    validation = task.splits["validation"]
    np.testing.assert_array_equal(made._predict(validation, before=True), made._outputs["before"])
    np.testing.assert_array_equal(made._predict(validation), made._outputs["after"])
    loaded = ftk.Run.load(made.save(tmp_path / "run"))
    np.testing.assert_array_equal(loaded._predict(validation), made._outputs["after"])
    assert loaded.trainable_share == made.trainable_share and loaded.config == made.config
    assert made.trainable_share == 1 or name == "bitfit"
    np.testing.assert_array_equal(loaded._predict(validation, before=True), made._outputs["before"])


def test_a_run_takes_its_strategys_own_rate_and_patience(folder, task):
    for strategy in (LoRA(rank=2), BitFit(), GradualUnfreezing()):
        job = runs.prepare(RunConfig(model=folder, strategy=strategy.name, labels=16), task, History())
        assert job.config.learning_rate == type(strategy).learning_rates[0]
        assert job.config.epochs == strategy.patience * training.default_epochs(16, 16)
