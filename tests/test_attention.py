"""Attention maps against plain transformers and cases worked out by hand."""

import copy
import re

import numpy as np
import pytest
import torch
import transformers
from tiny_vision import drawn, tiny_pictures, tiny_scenes, write_tiny_resnet, write_tiny_vit, write_tiny_yolos

import finetune_kit as ftk
from finetune_kit.attribution.attention import rollout
from finetune_kit.errors import ConfigError, DataError, ModelError

QUICK = {"epochs": 2, "batch_size": 16, "learning_rate": 3e-3}
PATCHES = 16  # of 8 x 8 pixels in a picture of 32 x 32


@pytest.fixture(scope="module")
def task():
    return ftk.ImageClassification(tiny_pictures(30))


@pytest.fixture(scope="module")
def run(task, tmp_path_factory):
    return ftk.fine_tune(task, str(write_tiny_vit(tmp_path_factory.mktemp("vit"))), **QUICK)


@pytest.fixture
def picture():
    return drawn("disc", (3, 5, 14, 12))


@pytest.fixture(scope="module")
def plain(run, tmp_path_factory):
    """What the run's weights attend to in a model that transformers loads itself: (layers, 1, heads, n, n)."""
    folder = run.save(tmp_path_factory.mktemp("saved") / "run")
    model = transformers.AutoModelForImageClassification.from_pretrained(folder, attn_implementation="eager").eval()

    def attentions(picture):
        pixels = transformers.AutoImageProcessor.from_pretrained(folder)(picture, return_tensors="pt")
        with torch.no_grad():
            return torch.stack(model(**pixels, output_attentions=True).attentions).double().numpy()

    return attentions


def test_a_layers_map_is_the_class_tokens_attention(run, plain, picture):
    layers = plain(picture)
    assert layers.shape == (2, 1, 2, 1 + PATCHES, 1 + PATCHES) and layers.sum(axis=-1) == pytest.approx(1, abs=1e-6)
    for number, heads in enumerate(layers[:, 0]):
        found = ftk.attention_map(run, picture, number)
        assert found.shape == (4, 4) and found.dtype == np.float64
        by_hand = [[(heads[0, 0, 1 + 4 * r + c] + heads[1, 0, 1 + 4 * r + c]) / 2 for c in range(4)] for r in range(4)]
        assert found == pytest.approx(np.array(by_hand), abs=1e-6)
        assert found.sum() + heads[:, 0, 0].mean() == pytest.approx(1, abs=1e-6)


def test_the_rollout_follows_every_way_through_the_layers(run, plain, picture):
    low, high = (layer[0].mean(axis=0) for layer in plain(picture))
    # A token's content stays where it is with the weight 1/2, or moves by attention: four ways through two layers.
    ways = np.eye(1 + PATCHES) / 4 + low / 4 + high / 4 + high @ low / 4
    assert ftk.attention_map(run, picture) == pytest.approx(ways[0, 1:].reshape(4, 4), abs=1e-6)


def test_rollouts_rows_are_shares():
    draw = np.random.default_rng(0)
    layers = [one / one.sum(axis=-1, keepdims=True) for one in draw.random((5, 3, 7, 7))]
    assert rollout(layers).sum(axis=1) == pytest.approx(np.ones(7)) and rollout(layers).min() > 0
    everywhere = np.full((2, 4, 4), 0.25)
    assert rollout([everywhere]) == pytest.approx(np.full((4, 4), 0.125) + np.eye(4) / 2)
    turn = np.roll(np.eye(3), 1, axis=1)[None]  # each token looks at the next one
    assert rollout([turn, turn])[0] == pytest.approx([0.25, 0.5, 0.25])


@pytest.mark.parametrize("corner", [0, 3, 12, 15])
def test_a_transformer_made_to_look_at_one_corner_looked_there(run, picture, corner):
    made = copy.copy(run)
    made.model = copy.deepcopy(run.model)
    with torch.no_grad():
        for name, weights in made.model.named_parameters():
            if re.search(r"(q_proj|query)\.weight", name):
                weights.zero_()
            elif re.search(r"(q_proj|query)\.bias", name):
                weights.fill_(10)  # every token asks for the same
            elif re.search(r"(k_proj|key)\.weight", name):
                weights.zero_()[:, 0] = 10  # and is answered by the one with the mark
            elif "position_embeddings" in name:
                weights[:, :, 0] = -1
                weights[:, 1 + corner, 0] = 50
            elif re.search(r"(o_proj|output\.dense|mlp\.fc2)\.(weight|bias)", name):
                weights.zero_()  # so that the second layer finds what the first one found
    for layer in (0, 1):
        assert ftk.attention_map(made, picture, layer).ravel()[corner] == pytest.approx(1, abs=1e-3)
    # Of the rollout the class token keeps a quarter of itself.
    assert ftk.attention_map(made, picture).ravel()[corner] == pytest.approx(0.75, abs=1e-3)


def test_registers_are_no_places(task, tmp_path, picture):
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    config = transformers.Dinov2WithRegistersConfig(**shape, num_register_tokens=3)
    transformers.Dinov2WithRegistersForImageClassification(config).save_pretrained(tmp_path)
    transformers.ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    run = ftk.fine_tune(task, str(tmp_path), **QUICK)
    pixels = run.processor(picture, return_tensors="pt")["pixel_values"]
    heads = run.model.eval()(pixels, output_attentions=True).attentions[1][0].detach().numpy()
    assert heads.shape == (2, 20, 20)
    assert ftk.attention_map(run, picture, 1).ravel() == pytest.approx(heads.mean(axis=0)[0, 4:], abs=1e-6)


# --- what it leaves behind


@pytest.mark.parametrize("way", ["sdpa", "eager"])
def test_it_is_the_same_in_every_way_of_attending_and_the_way_is_kept(run, picture, way):
    made = copy.copy(run)
    made.model = copy.deepcopy(run.model)
    made.model.set_attn_implementation(way)
    for number, part in enumerate(made.model.modules()):
        part.training = number % 3 == 0
    modes = [part.training for part in made.model.modules()]
    found = ftk.attention_map(made, picture)
    assert found == pytest.approx(ftk.attention_map(run, picture), abs=1e-6) and found.sum() > 0.1
    assert made.model.config._attn_implementation == way
    assert modes == [part.training for part in made.model.modules()]
    assert all(weights.grad is None for weights in made.model.parameters())
    assert made.predict(picture).equals(run.predict(picture))


def test_the_way_is_kept_after_an_error_too(run, picture, monkeypatch):
    made = copy.copy(run)
    made.model = copy.deepcopy(run.model)
    made.model.set_attn_implementation("sdpa")
    monkeypatch.setattr(made.model.classifier, "forward", lambda states: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ftk.attention_map(made, picture)
    assert made.model.config._attn_implementation == "sdpa"


# --- errors


@pytest.mark.parametrize("layer", [2, -1, 1.0, "1", True])
def test_layers_are_counted_from_0(run, picture, layer):
    with pytest.raises(ConfigError, match=re.escape(f"layer={layer!r}: expected a layer's number, 0 to 1")):
        ftk.attention_map(run, picture, layer)


def test_models_without_such_attention_are_refused(task, tmp_path, picture):
    config = transformers.SwinConfig(
        image_size=32, patch_size=2, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4
    )
    transformers.SwinForImageClassification(config).save_pretrained(tmp_path / "swin")
    transformers.ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(tmp_path / "swin")
    for folder in (tmp_path / "swin", write_tiny_resnet(tmp_path / "resnet")):
        run = ftk.fine_tune(task, str(folder), **{**QUICK, "epochs": 1})
        with pytest.raises(ModelError, match=r"no class token.*ftk\.grad_cam"):
            ftk.attention_map(run, picture)


def test_runs_without_pictures_or_without_classes_are_refused(folder, tmp_path, picture):
    from tiny import tiny_frame

    texts = ftk.fine_tune(ftk.TextClassification(tiny_frame(20)), folder, epochs=1)
    with pytest.raises(DataError, match="reads text; expected one that reads pictures"):
        ftk.attention_map(texts, picture)
    boxes = ftk.fine_tune(ftk.ObjectDetection(tiny_scenes(16)), str(write_tiny_yolos(tmp_path / "yolos")), epochs=1)
    with pytest.raises(DataError, match=r"no classes.*ftk\.query_attention"):
        ftk.attention_map(boxes, picture)
