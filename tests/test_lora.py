"""LoRA against peft's own: the same predictions merged, loaded and unmerged; targets; what trains."""

import copy

import numpy as np
import peft
import pytest
import torch
import toys
import transformers
from safetensors.torch import load_file
from tiny import tiny_works, write_tiny_bert, write_tiny_gpt2
from tiny_vision import tiny_pictures, write_tiny_resnet

import finetune_kit as ftk
from finetune_kit.errors import ConfigError, ModelError, UnknownNameError
from finetune_kit.layers import layer_groups
from finetune_kit.strategies import LoRA, merge, parse, unmerge

SETTINGS = {"epochs": 4, "learning_rate": 1e-2, "batch_size": 8}
FAMILIES = [toys.bert, toys.distilbert, toys.modernbert, toys.gpt2, toys.t5, toys.resnet, toys.wav2vec2, toys.vit]
families = pytest.mark.parametrize("build", FAMILIES, ids=lambda build: build.__name__)


def changed(model, seed=0):
    """The model with LoRA's second matrices drawn at random, as if it had been trained."""
    torch.manual_seed(seed)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return model


def weights(model):
    return {name: weight.detach().clone() for name, weight in model.state_dict().items()}


@families
def test_the_start_is_the_checkpoint_and_the_groups_are_the_models_own(build):
    model = build().eval()
    before, groups = weights(model), layer_groups(model)
    LoRA(rank=2).apply(model)
    assert [group.name for group in layer_groups(model)] == [group.name for group in groups]
    assert layer_groups(model)[-1] == groups[-1]
    merge(model)
    assert weights(model).keys() == before.keys()
    assert all(torch.equal(weight, before[name]) for name, weight in weights(model).items())


@families
def test_only_the_low_ranks_and_the_head_train_and_every_one_gets_a_gradient(build):
    model = build()
    LoRA(rank=2).apply(model)
    trains = {name for name, p in model.named_parameters() if p.requires_grad}
    head = set(layer_groups(model)[-1].parameters)
    assert {name for name in trains if ".lora_" not in name} == head
    inputs = {
        toys.resnet: {"pixel_values": torch.randn(4, 3, 64, 64)},
        toys.vit: {"pixel_values": torch.randn(2, 3, 16, 16)},
        toys.wav2vec2: {"input_values": torch.randn(2, 2000)},
        toys.t5: {"input_ids": toys.token_ids(), "labels": toys.token_ids()},
        toys.gpt2: {"input_ids": toys.token_ids(rows=1)},
    }.get(build, {"input_ids": toys.token_ids()})
    changed(model).eval()(**inputs).logits.square().sum().backward()
    low = {name: p for name, p in model.named_parameters() if ".lora_" in name}
    assert low and all(p.grad is not None and p.grad.abs().sum() > 0 for p in low.values())


@pytest.mark.parametrize("build", [toys.bert, toys.gpt2, toys.resnet], ids=lambda build: build.__name__)
def test_merged_weights_are_those_that_peft_merges(build):
    model = build().eval()
    theirs = copy.deepcopy(model)
    LoRA(rank=2, alpha=6).apply(model)
    changed(model)
    config = peft.LoraConfig(
        r=2, lora_alpha=6, target_modules=LoRA(rank=2).places(theirs), fan_in_fan_out=build is toys.gpt2
    )
    wrapped = peft.get_peft_model(theirs, config)
    wrapped.base_model.model.load_state_dict(model.state_dict())
    expected = wrapped.merge_and_unload().state_dict()
    merge(model)
    assert model.state_dict().keys() == expected.keys()
    assert all(torch.equal(weight, expected[name]) for name, weight in model.state_dict().items())


def test_a_merged_weight_by_hand():
    model = toys.bert()
    start = weights(model)
    LoRA(rank=2, alpha=6, targets="query").apply(model)
    changed(model)
    layer = model.bert.encoder.layer[1].attention.self.query
    a, b = layer.lora_A["default"].weight.detach(), layer.lora_B["default"].weight.detach()
    merge(model)
    name = "bert.encoder.layer.1.attention.self.query.weight"
    torch.testing.assert_close(model.state_dict()[name], start[name] + 6 / 2 * b @ a)
    moved = {name for name, weight in model.state_dict().items() if not torch.equal(weight, start[name])}
    assert moved == {f"bert.encoder.layer.{i}.attention.self.query.weight" for i in range(3)}


@pytest.mark.parametrize("build", [toys.bert, toys.gpt2, toys.resnet, toys.t5], ids=lambda build: build.__name__)
def test_unmerge_brings_the_start_back_and_predicts_as_before(build):
    model = build()
    start = weights(model)
    LoRA(rank=2).apply(model)
    trained = copy.deepcopy(changed(model))
    adapter = merge(model)
    merged = weights(model)
    unmerge(model, adapter)
    again = weights(model)
    assert again.keys() == trained.state_dict().keys()
    for name, weight in again.items():
        torch.testing.assert_close(weight, trained.state_dict()[name], atol=1e-6, rtol=1e-5)
    below = {name.replace(".base_layer", ""): weight for name, weight in again.items() if ".lora_" not in name}
    assert all(torch.allclose(weight, start[name], atol=1e-6) for name, weight in below.items())
    merge(model)
    assert all(torch.allclose(weight, merged[name], atol=1e-6) for name, weight in weights(model).items())


# --- targets


def test_targets_by_their_ends():
    model = toys.bert()
    every = LoRA().places(model)
    assert len(every) == 3 * 6 and "bert.pooler.dense" not in every and "classifier" not in every
    assert LoRA(targets="attention.output.dense").places(model) == [
        f"bert.encoder.layer.{i}.attention.output.dense" for i in range(3)
    ]
    assert len(LoRA(targets=("query", "value", "self.query")).places(model)) == 6


def test_convolutions_where_there_is_no_linear_layer():
    model = toys.resnet()
    convolutions = [n for n, m in model.named_modules() if isinstance(m, torch.nn.Conv2d)]
    assert sorted(LoRA().places(model)) == sorted(convolutions)


def test_grouped_convolutions_are_left_as_peft_asks():
    model = toys.resnet()
    one = model.resnet.encoder.stages[1].layers[0].layer[0]
    one.convolution = torch.nn.Conv2d(8, 8, 3, groups=8, padding=1)
    grouped = "resnet.encoder.stages.1.layers.0.layer.0.convolution"
    assert grouped not in LoRA(rank=4).places(model) and grouped in LoRA(rank=8).places(model)


@pytest.mark.parametrize("target, nearest", [("quary", "query"), ("classifier", None), ("LayerNorm", None)])
def test_a_target_that_is_not_there(target, nearest):
    with pytest.raises(UnknownNameError) as caught:
        LoRA(targets=target).apply(toys.bert())
    said = str(caught.value)
    assert f"no layer below the head that LoRA can change {target!r}" in said and "dense, key, query, value" in said
    assert nearest is None or f"Did you mean {nearest!r}" in said


def test_a_model_without_a_layer_to_change():
    model = torch.nn.Sequential(torch.nn.Embedding(4, 4), torch.nn.LayerNorm(4))
    with pytest.raises(ModelError, match="finds no linear layer or convolution"):
        LoRA().apply(model)


def test_twice_is_refused_and_so_is_merging_nothing():
    model = toys.bert()
    LoRA().apply(model)
    for name in ("lora", "full"):
        with pytest.raises(ModelError, match="carries the layers of an adapter"):
            parse(name).apply(model)
    merge(model)
    with pytest.raises(ModelError, match="no layers of LoRA"):
        merge(model)
    parse("full").apply(model)


@pytest.mark.parametrize("rank", [0, -1, 2.0, True, "4"])
def test_the_rank_is_a_whole_number(rank):
    with pytest.raises(ConfigError, match="rank="):
        LoRA(rank=rank)


# --- runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A BERT whose weights are spread widely enough for it to learn a little in a few steps."""
    return str(write_tiny_bert(tmp_path_factory.mktemp("models") / "wide", spread=0.3))


@pytest.fixture(scope="module")
def run(folder, task):
    return ftk.fine_tune(task, folder, LoRA(rank=4), **SETTINGS)


def test_before_is_the_untouched_checkpoint(run, folder, task):
    assert run.before == ftk.zero_step(task, folder)
    validation = task.splits["validation"]
    np.testing.assert_array_equal(run._predict(validation, before=True), run._outputs["before"])
    np.testing.assert_array_equal(run._predict(validation), run._outputs["after"])
    assert run.after["accuracy"] > run.before["accuracy"]


def test_a_trained_run_is_an_ordinary_model_whose_frozen_weights_did_not_move(run):
    start, now = run.start.state_dict(), run.model.state_dict()
    assert now.keys() == start.keys() and not hasattr(run.model, "peft_config")
    moved = {name for name in now if not torch.equal(now[name], start[name])}
    targets = {f"{place}.weight" for place in LoRA().places(run.start)}
    assert moved == targets | set(layer_groups(run.start)[-1].parameters)


def test_the_share_counts_the_low_ranks_and_the_head(run):
    # a layer: four of 16 x 16, one of 16 x 32, one of 32 x 16, each with 4 * (rows + columns) more
    low = 3 * (4 * 4 * (16 + 16) + 2 * 4 * (16 + 32))
    head = sum(p.numel() for name, p in run.model.named_parameters() if "pooler" in name or "classifier" in name)
    assert run.trainable_share == pytest.approx((low + head) / (run.model.num_parameters() + low))


def test_peft_loads_the_adapter_and_predicts_the_same(run, tmp_path):
    saved = run.save(tmp_path / "run")
    texts = run.task.splits["validation"]["text"][:]
    expected = run._predict(run.task.inputs(texts))
    plain = copy.deepcopy(run.start)
    with torch.no_grad():
        plain.classifier.weight.zero_()  # what peft reads must bring the trained head along
    loaded = peft.PeftModel.from_pretrained(plain, str(saved / "adapter")).eval()
    for model in (loaded, loaded.merge_and_unload()):
        inputs = run.processor(texts, padding=True, return_tensors="pt")
        with torch.no_grad():
            found = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_the_folder_is_an_ordinary_checkpoint_with_the_adapter_beside_it(run, tmp_path):
    saved = run.save(tmp_path / "run")
    assert load_file(saved / "model.safetensors").keys() == run.start.state_dict().keys()
    model = transformers.AutoModelForSequenceClassification.from_pretrained(saved)
    assert all(torch.equal(weight, run.model.state_dict()[name]) for name, weight in model.state_dict().items())
    loaded = ftk.Run.load(saved)
    texts = ["the film was good", "we was poor"]
    assert loaded.predict(texts).equals(run.predict(texts)) and repr(loaded) == repr(run)
    unmerge(loaded.model, loaded.adapter)
    np.testing.assert_allclose(loaded._predict(run.task.inputs(texts)), run._predict(run.task.inputs(texts)), atol=1e-5)


def test_an_earlier_runs_adapter_does_not_stay_beside_another_run(run, folder, task, tmp_path):
    saved = run.save(tmp_path / "run")
    other = ftk.fine_tune(task, folder, "head", **SETTINGS)
    other.save(saved, overwrite=True)
    assert not (saved / "adapter").exists() and ftk.Run.load(saved).adapter is None


def test_other_kinds_of_models_run_save_and_load(tmp_path):
    written = ftk.Completion(tiny_works()), str(write_tiny_gpt2(tmp_path / "gpt2"))
    seen = ftk.ImageClassification(tiny_pictures()), str(write_tiny_resnet(tmp_path / "resnet"))
    for number, (task, model) in enumerate((written, seen)):
        made = ftk.fine_tune(task, model, "lora-2", labels=16, epochs=1, learning_rate=1e-2)
        loaded = ftk.Run.load(made.save(tmp_path / f"run{number}"))  # which checks the predictions
        assert loaded.adapter is not None and loaded.after == made.after
