"""Grad-CAM against sums worked out by hand, and on a network that sees nothing but colours."""

import copy

import numpy as np
import pytest
import torch
import transformers
from matplotlib.figure import Figure
from PIL import Image
from tiny_vision import RESNET, drawn, tiny_pictures, tiny_scenes, write_tiny_rtdetr, write_tiny_vit

import finetune_kit as ftk
from finetune_kit import plots
from finetune_kit.errors import DataError, ModelError, UnknownNameError

SIDE = 128  # pixels: the last map of the tiny ResNet has 4 x 4 places then
QUICK = {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3}


def write(model, processor, folder):
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return str(folder)


def processor(side, kind=transformers.ViTImageProcessorPil, **settings):
    return kind(size={"height": side, "width": side}, image_mean=[0.5] * 3, image_std=[0.5] * 3, **settings)


@pytest.fixture(scope="module")
def task():
    return ftk.ImageClassification(tiny_pictures(30))


@pytest.fixture(scope="module")
def run(task, tmp_path_factory):
    torch.manual_seed(0)
    model = transformers.ResNetForImageClassification(transformers.ResNetConfig(**RESNET))
    return ftk.fine_tune(task, write(model, processor(SIDE), tmp_path_factory.mktemp("resnet")), **QUICK)


@pytest.fixture(scope="module")
def vit(task, tmp_path_factory):
    return ftk.fine_tune(task, str(write_tiny_vit(tmp_path_factory.mktemp("vit"))), **QUICK)


@pytest.fixture
def picture():
    return drawn("disc", (3, 5, 14, 12))


def scaled(sums):
    spoken = np.maximum(sums, 0)
    return spoken / (spoken.max() or 1)


def pixels_of(run, picture, side=SIDE):
    return run.processor(picture, return_tensors="pt")["pixel_values"].reshape(1, 3, side, side)


@pytest.mark.parametrize("label", ["disc", "square"])
def test_under_a_linear_head_it_is_the_weights_of_the_class_times_the_channels(run, picture, label):
    # The head reads the mean of each channel, so the slope of a logit is its weight (Zhou et al. 2016, "CAM").
    with torch.no_grad():
        last = run.model.eval().resnet(pixels_of(run, picture)).last_hidden_state[0].double().numpy()
    weights = dict(run.model.named_parameters())["classifier.1.weight"].detach().double().numpy()
    by_hand = scaled(np.einsum("k,khw->hw", weights[run.task.classes.index(label)], last))
    found = ftk.grad_cam(run, picture, label)
    assert found.shape == (4, 4) and found.dtype == np.float64 and by_hand.any()
    assert found == pytest.approx(by_hand, abs=1e-4)


def test_a_lower_group_by_finite_differences(run, picture):
    model, pixels = copy.deepcopy(run.model).double().eval(), pixels_of(run, picture).double()
    stage = dict(model.named_modules())["resnet.encoder.stages.1"]
    label = int(model(pixels).logits.argmax())
    kept = []

    def logit(channel, step):
        """The logit when a channel of the map is raised everywhere by `step`."""

        def raised(module, inputs, output):
            kept.append(output.detach()[0].numpy())
            output = output.clone()
            output[:, channel] += step
            return output

        hook = stage.register_forward_hook(raised)
        with torch.no_grad():
            value = model(pixels).logits[0, label].item()
        hook.remove()
        return value

    slopes = [(logit(k, 1e-5) - logit(k, -1e-5)) / 2e-5 for k in range(RESNET["hidden_sizes"][1])]
    found = ftk.grad_cam(run, picture, group="stage.1")
    assert found.shape == (16, 16)
    assert found == pytest.approx(scaled(np.einsum("k,khw->hw", slopes, kept[0])), abs=1e-3)


def test_by_default_it_is_that_of_the_predicted_class(run, picture):
    said = run.predict(picture)["prediction"][0]
    assert np.array_equal(ftk.grad_cam(run, picture), ftk.grad_cam(run, picture, said))
    other = next(name for name in run.task.classes if name != said)
    assert not np.array_equal(ftk.grad_cam(run, picture), ftk.grad_cam(run, picture, other))


@pytest.fixture(scope="module")
def eye(run):
    """A run whose model is nothing but an eye for red, which makes a disc, and one for blue, which makes a square."""
    made = copy.copy(run)
    made.model = copy.deepcopy(run.model).eval()
    with torch.no_grad():
        for name, weights in made.model.named_parameters():
            weights.zero_()
            if name.endswith("normalization.weight") and ".layer.1." not in name:  # what leads round the shortcut is 0
                weights.fill_(1)
        for name, value in made.model.named_buffers():
            if "running" in name:
                value.fill_(float(name.endswith("var")))
        first, *shortcuts = [
            weights
            for name, weights in made.model.named_parameters()
            if ("embedder" in name and weights.ndim == 4) or "shortcut.convolution" in name
        ]
        for channel, (colour, other) in enumerate(((0, 2), (2, 0))):
            first[channel, colour, 3, 3], first[channel, other, 3, 3] = 1, -1
        for weights in shortcuts:
            weights[0, 0], weights[1, 1] = 1, 1
        head = dict(made.model.named_parameters())["classifier.1.weight"]
        head[0, 0], head[1, 1] = 1, 1
    return made


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_network_that_looks_for_colours_looked_where_they_are(eye, corner):
    image = Image.new("RGB", (64, 64), (128, 128, 128))
    other = 1 - corner[0], 1 - corner[1]
    for place, colour in ((corner, (200, 30, 30)), (other, (30, 30, 200))):
        image.paste(colour, (32 * place[1] + 4, 32 * place[0] + 4, 32 * place[1] + 28, 32 * place[0] + 28))
    for group in (None, "stage.2", "stage.0"):
        for label, place in (("disc", corner), ("square", other)):
            found = ftk.grad_cam(eye, image, label, group)
            half = len(found) // 2
            quarter = found[half * place[0] :, half * place[1] :][:half, :half]
            assert quarter.max() == 1 and quarter.sum() > 0.9 * found.sum()


def test_where_nothing_speaks_for_a_class_it_is_0(eye):
    found = ftk.grad_cam(eye, drawn("disc", (2, 2, 20, 20)), "square")
    assert found.shape == (4, 4) and not found.any()


# --- vision transformers


def test_of_a_vision_transformer_it_is_the_patches_tokens(vit, picture):
    pixels = pixels_of(vit, picture, 32)
    outputs = vit.model.eval()(pixels, output_hidden_states=True)
    states = outputs.hidden_states[
        1
    ]  # what the first of two layers puts out; of the last the class token alone is read
    (slopes,) = torch.autograd.grad(outputs.logits.max(), states)
    weights = slopes[0, 1:].mean(dim=0).numpy()
    by_hand = scaled((states[0, 1:].detach().numpy() @ weights).reshape(4, 4))
    assert by_hand.any() and ftk.grad_cam(vit, picture) == pytest.approx(by_hand, abs=1e-5)
    assert not ftk.grad_cam(vit, picture, group="layer.1").any()


def test_registers_are_no_places(task, tmp_path, picture):
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    config = transformers.Dinov2WithRegistersConfig(**shape, num_register_tokens=3)
    folder = write(transformers.Dinov2WithRegistersForImageClassification(config), processor(32), tmp_path / "dino")
    run = ftk.fine_tune(task, folder, **QUICK)
    outputs = run.model.eval()(pixels_of(run, picture, 32), output_hidden_states=True)
    (slopes,) = torch.autograd.grad(outputs.logits.max(), outputs.hidden_states[1])
    by_hand = (outputs.hidden_states[1][0, 4:].detach() @ slopes[0, 4:].mean(dim=0)).reshape(4, 4).numpy()
    assert ftk.grad_cam(run, picture, group="layer.0") == pytest.approx(scaled(by_hand), abs=1e-5)


def test_a_model_whose_groups_give_no_map_is_refused(task, tmp_path, picture):
    config = transformers.SwinConfig(
        image_size=32, patch_size=2, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4
    )
    folder = write(transformers.SwinForImageClassification(config), processor(32), tmp_path / "swin")
    run = ftk.fine_tune(task, folder, **QUICK)
    with pytest.raises(ModelError, match="occlusion_map"):
        ftk.grad_cam(run, picture)


# --- what it leaves behind


def hooks(model):
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.modules())


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_the_model_is_left_as_it_was(run, picture, around):
    model = copy.deepcopy(run.model)
    made = copy.copy(run)
    made.model = model
    for number, part in enumerate(model.modules()):
        part.training = number % 3 == 0
    for number, weights in enumerate(model.parameters()):
        weights.requires_grad = number % 2 == 0
    next(model.parameters()).grad = torch.ones_like(next(model.parameters()))
    modes, trained = [p.training for p in model.modules()], [w.requires_grad for w in model.parameters()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    with around():
        found = ftk.grad_cam(made, picture)
    assert np.array_equal(found, ftk.grad_cam(run, picture))
    assert modes == [p.training for p in model.modules()] and trained == [w.requires_grad for w in model.parameters()]
    first, *others = model.parameters()
    assert first.grad.eq(1).all() and all(weights.grad is None for weights in others) and hooks(model) == 0
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_after_an_error_too(run, picture, monkeypatch):
    model = copy.deepcopy(run.model).train()
    made = copy.copy(run)
    made.model = model
    monkeypatch.setattr(model.classifier, "forward", lambda states: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ftk.grad_cam(made, picture)
    assert hooks(model) == 0 and all(part.training for part in model.modules())


# --- errors


def test_unknown_classes_and_groups_are_named_with_the_nearest(run, picture):
    with pytest.raises(UnknownNameError, match=r"no class 'disk'\. Did you mean 'disc'.*disc, square"):
        ftk.grad_cam(run, picture, "disk")
    with pytest.raises(UnknownNameError, match=r"group.*'stage.4'. Did you mean 'stage\.\d'.*embeddings, stage\.0"):
        ftk.grad_cam(run, picture, group="stage.4")
    with pytest.raises(UnknownNameError, match="'head'"):
        ftk.grad_cam(run, picture, group="head")


def test_runs_without_pictures_or_without_classes_are_refused(folder, tmp_path, picture):
    from tiny import tiny_frame

    texts = ftk.fine_tune(ftk.TextClassification(tiny_frame(20)), folder, **QUICK)
    with pytest.raises(DataError, match=r"reads text; expected one that reads pictures.*ftk\.occlusion"):
        ftk.grad_cam(texts, picture)
    with pytest.raises(DataError, match="reads text"):
        ftk.as_seen(texts, picture)
    boxes = ftk.fine_tune(ftk.ObjectDetection(tiny_scenes(16)), str(write_tiny_rtdetr(tmp_path / "detector")), **QUICK)
    with pytest.raises(DataError, match=r"no classes.*ftk\.query_attention"):
        ftk.grad_cam(boxes, picture)


# --- the picture beneath


def test_as_seen_is_the_picture_in_the_models_size(run, picture):
    seen = ftk.as_seen(run, picture)
    assert seen.size == (SIDE, SIDE) and seen.mode == "RGB"
    plain = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR), int)
    assert np.abs(np.asarray(seen, int) - plain).max() <= 1


def test_as_seen_is_what_a_cropping_processor_leaves(run):
    made = copy.copy(run)
    crop = {"size": {"shortest_edge": 64}, "crop_size": {"height": 32, "width": 32}}
    made.processor = transformers.BitImageProcessorPil(**crop, do_center_crop=True, do_normalize=True)
    image = Image.fromarray(np.arange(64 * 96 * 3, dtype=np.uint8).reshape(64, 96, 3))
    middle = np.asarray(image.crop((32, 16, 64, 48)), int)
    assert np.abs(np.asarray(ftk.as_seen(made, image), int) - middle).max() <= 1


def test_the_plot_glows_where_it_is_most(picture):
    ax = Figure().subplots()
    values = np.array([[0.0, 0.2], [0.1, 0.4]])
    assert plots.attribution_map(picture, values, ax=ax) is ax
    grey, glow = ax.images
    assert np.array_equal(grey.get_array(), np.asarray(picture.convert("L")))
    assert glow.get_array().tolist() == [[0, 0.5], [0.25, 1]] and glow.get_clim() == (0, 1)
    assert glow.get_extent() == [-0.5, 31.5, 31.5, -0.5]
    shades = glow.get_cmap()(np.linspace(0, 1, 64))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert np.all(np.diff(shades) > -1e-3) and shades[-1] - shades[0] > 0.7  # in grey, and to the colour-blind, as well


def test_the_plot_of_nothing_glows_nowhere(picture):
    ax = plots.attribution_map(picture, np.zeros((2, 2)), ax=Figure().subplots())
    assert not ax.images[1].get_array().any()


def test_an_occlusion_map_is_a_signed_one(picture):
    changes = np.array([[0.4, 0.0], [-0.2, 0.01]])
    mine, other = Figure().subplots(), Figure().subplots()
    plots.attribution_map(picture, changes, True, mine)
    plots.occlusion_map(picture, changes, other)
    assert np.array_equal(mine.images[1].get_array(), other.images[1].get_array())
