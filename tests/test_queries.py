"""Where a detector's queries looked, against transformers' own sampling points and attention."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from matplotlib.colors import to_rgb
from PIL import Image
from tiny_vision import (
    RESNET,
    SIDE,
    SMALL_DETR,
    SQUARE,
    drawn,
    tiny_pictures,
    tiny_scenes,
    write_tiny_dfine,
    write_tiny_resnet,
    write_tiny_rtdetr,
    write_tiny_yolos,
)

import finetune_kit as ftk
from finetune_kit import plots
from finetune_kit.errors import ConfigError, DataError, ModelError
from finetune_kit.synthetic import scenes

QUICK = {"epochs": 1, "batch_size": 8, "learning_rate": 1e-3}


def write_tiny_rtdetr_v2(folder):
    torch.manual_seed(0)
    backbone = transformers.ResNetConfig(**RESNET, out_features=["stage2", "stage3", "stage4"])
    shape = {**SMALL_DETR, "encoder_in_channels": [12, 16, 24], "decoder_layers": 2, "decoder_offset_scale": 0.7}
    config = transformers.RTDetrV2Config(
        backbone_config=backbone, freeze_backbone_batch_norms=False, num_labels=4, hidden_expansion=0.5, **shape
    )
    transformers.RTDetrV2ForObjectDetection(config).save_pretrained(folder)
    transformers.RTDetrImageProcessorPil(size=SQUARE).save_pretrained(folder)
    return folder


WRITERS = {
    "rtdetr": write_tiny_rtdetr,
    "rtdetr_v2": write_tiny_rtdetr_v2,
    "dfine": write_tiny_dfine,
    "yolos": write_tiny_yolos,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each kind that shows every detection; its queries look elsewhere than at their boxes alone."""
    root, task = tmp_path_factory.mktemp("models"), ftk.ObjectDetection(tiny_scenes(16), threshold=0.0)
    made = {kind: ftk.fine_tune(task, str(write(root / kind)), **QUICK) for kind, write in WRITERS.items()}
    for run in made.values():
        torch.manual_seed(0)
        for name, weights in run.model.named_parameters():
            if "sampling_offsets" in name:
                weights.data += 100 * torch.randn_like(weights)  # as shares of boxes that are small yet
            if "attention_weights" in name:
                weights.data += torch.randn_like(weights)
            if "detection_tokens" in name or "position_embeddings" in name:
                weights.data += torch.randn_like(weights)
    return made


@pytest.fixture
def picture():
    return drawn("disc", (3, 5, 14, 12))


def pixels_of(run, picture):
    return run.task.collator(run.processor)([{"image": picture, "augmented": False}])["pixel_values"]


def sampled(model, pixels, monkeypatch):
    """What transformers hands to its sampling in each decoder layer: points (queries, heads, n, 2), weights."""
    found, parts = [], []

    def spy(function, points, weights):
        def called(*given):
            queries, heads = given[points].shape[1:3]
            flat = given[points][0].reshape(queries, heads, -1, 2), given[weights][0].reshape(queries, heads, -1)
            found.append([one.double().numpy() for one in flat])
            return function(*given)

        return called

    for part in model.modules():
        if hasattr(part, "ms_deformable_attn_core"):  # D-FINE
            parts.append((part, "ms_deformable_attn_core", spy(part.ms_deformable_attn_core, 2, 3)))
        elif type(part).__name__ == "MultiScaleDeformableAttention":  # RT-DETR
            parts.append((part, "forward", spy(part.forward, 4, 5)))
    if not parts:  # RT-DETRv2 calls a function of its module
        module = transformers.models.rt_detr_v2.modeling_rt_detr_v2
        parts = [(module, "multi_scale_deformable_attention_v2", spy(module.multi_scale_deformable_attention_v2, 2, 3))]
    with monkeypatch.context() as patch, torch.no_grad():
        for part in parts:
            patch.setattr(*part)
        model.eval()(pixel_values=pixels)
    return found


@pytest.mark.parametrize("kind", ["rtdetr", "rtdetr_v2", "dfine"])
def test_the_weights_of_the_points_lie_in_their_cells(runs, kind, picture, monkeypatch):
    run = runs[kind]
    layers = sampled(run.model, pixels_of(run, picture), monkeypatch)
    assert len(layers) == run.model.config.decoder_layers
    for number, (points, weights) in enumerate(layers):
        looks = ftk.query_attention(run, picture, number)
        assert len(looks.objects) == 16 and looks.maps.shape == (16, 4, 4)
        assert weights.sum(axis=-1) == pytest.approx(1, abs=1e-5)
        outside = 0
        for query, elsewhere, found in zip(looks.objects["query"], looks.objects["elsewhere"], looks.maps, strict=True):
            across, down = points[query].reshape(-1, 2).T
            shares = weights[query].ravel() / 2  # heads
            inside = (across >= 0) & (across < 1) & (down >= 0) & (down < 1)
            cells = np.histogram2d(down, across, 4, [[0, 1], [0, 1]], weights=shares)[0]
            assert found == pytest.approx(cells, abs=1e-5)
            assert elsewhere == pytest.approx(shares[~inside].sum(), abs=1e-4)
            assert found.sum() + elsewhere == pytest.approx(1, abs=1e-4)
            outside += elsewhere
        assert outside > 0.1  # else the test says nothing of points beyond the edge
    last = ftk.query_attention(run, picture)
    assert np.array_equal(last.maps, looks.maps) and last.objects.equals(looks.objects)


def test_a_yolos_query_is_a_token(runs, picture, tmp_path):
    run = runs["yolos"]
    model = transformers.YolosForObjectDetection.from_pretrained(
        run.save(tmp_path / "saved"), attn_implementation="eager"
    )
    with torch.no_grad():
        heads = model.eval()(pixels_of(run, picture), output_attentions=True).attentions
    run.model.set_attn_implementation("sdpa")
    for number in (0, 1):
        rows = heads[number][0].mean(dim=0)[-5:].double().numpy()  # of the five detection tokens
        looks = ftk.query_attention(run, picture, number)
        assert looks.maps.shape == (10, 4, 4) and rows.sum(axis=1) == pytest.approx(1, abs=1e-5)
        for query, elsewhere, found in zip(looks.objects["query"], looks.objects["elsewhere"], looks.maps, strict=True):
            assert found.ravel() == pytest.approx(rows[query, 1:17], abs=1e-6)
            assert elsewhere == pytest.approx(rows[query, 0] + rows[query, 17:].sum(), abs=1e-4)
    assert run.model.config._attn_implementation == "sdpa"
    assert np.array_equal(ftk.query_attention(run, picture).maps, looks.maps)


@pytest.mark.parametrize("kind", WRITERS)
def test_the_objects_are_those_of_the_prediction_each_with_its_query(runs, kind, picture):
    run = runs[kind]
    objects = ftk.query_attention(run, picture).objects
    said = run.predict(picture)["objects"][0]
    assert list(objects) == [*said, "query", "elsewhere"] and objects[list(said)].equals(said)
    with torch.no_grad():
        boxes = run.model.eval()(pixel_values=pixels_of(run, picture)).pred_boxes[0].numpy()[objects["query"]] * SIDE
    corners = np.hstack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2])
    assert objects[["left", "top", "right", "bottom"]].to_numpy() == pytest.approx(corners, abs=0.06)
    assert objects.groupby("label")["query"].nunique().eq(len(objects) // 2).all()  # each query once for each class


def test_only_what_is_shown_has_a_look(runs, picture, monkeypatch):
    run = copy.copy(runs["rtdetr"])
    every = ftk.query_attention(run, picture)
    run.task = ftk.ObjectDetection(names=run.task.names, threshold=float(every.objects["score"].iloc[4]) - 1e-3)
    some = ftk.query_attention(run, picture)
    assert 5 <= len(some.objects) < 16 and some.objects.equals(every.objects.head(len(some.objects)))
    assert np.array_equal(some.maps, every.maps[: len(some.maps)])
    run.task = ftk.ObjectDetection(names=run.task.names, threshold=1.0)
    none = ftk.query_attention(run, picture)
    assert none.objects.empty and "query" in none.objects and none.maps.shape == (0, 4, 4)


def test_what_is_suppressed_has_none(runs, picture):
    run = copy.copy(runs["yolos"])
    every = ftk.query_attention(run, picture)
    run.task = ftk.ObjectDetection(names=run.task.names, threshold=0.0, suppress=0.5)
    some = ftk.query_attention(run, picture)
    said = run.predict(picture)["objects"][0]
    assert 2 <= len(said) < len(every.objects) and some.objects[list(said)].equals(said)
    for (_, row), found in zip(some.objects.iterrows(), some.maps, strict=True):
        same = every.objects.index[every.objects["query"] == row["query"]][0]
        assert np.array_equal(found, every.maps[same])


@pytest.fixture(scope="module")
def shipped():
    """The shipped detector, hardly moved by the one step that a run takes."""
    images, boxes, ids = scenes.draw(40, 0, 96, scenes.KINDS, 5)
    frame = pd.DataFrame(
        {
            "image": [Image.fromarray(one) for one in images],
            "boxes": [one.tolist() for one in boxes],
            "labels": [[scenes.KINDS[i] for i in one] for one in ids],
        }
    )
    task = ftk.ObjectDetection(frame, threshold=0.0)
    assert len(task.names) == len(scenes.KINDS)  # so that the head is that of the file
    return ftk.fine_tune(task, "pocket-rtdetr", strategy="head", epochs=0.1, learning_rate=1e-9, batch_size=64)


@pytest.mark.parametrize(("left", "top"), [(8, 10), (60, 10), (8, 56), (60, 56)])
def test_a_query_looks_at_its_object_wherever_it_is(shipped, left, top):
    picture = drawn("disc", (left, top, 28, 28), (96, 96))
    looks = ftk.query_attention(shipped, picture)
    box = looks.objects.iloc[0]
    assert box[["left", "top", "right", "bottom"]].tolist() == pytest.approx([left, top, left + 28, top + 28], abs=6)
    found = looks.maps[0]
    rows, columns = (np.arange(size) + 0.5 for size in found.shape)
    middle = (found.sum(axis=0) @ columns * 8, found.sum(axis=1) @ rows * 8) / found.sum()
    assert middle == pytest.approx([left + 14, top + 14], abs=8)
    near = found[(top - 8) // 8 : (top + 36) // 8 + 1, max(0, left - 8) // 8 : (left + 36) // 8 + 1]
    assert found.shape == (12, 12) and near.sum() > 0.8


@pytest.mark.parametrize("kind", WRITERS)
def test_the_model_is_left_as_it_was(runs, kind, picture):
    model = runs[kind].model
    for number, part in enumerate(model.modules()):
        part.training = number % 3 == 0
    ftk.query_attention(runs[kind], picture)  # transformers puts its own recorders there when first asked
    modes, hooks = ([getattr(part, name) for part in model.modules()] for name in ("training", "_forward_hooks"))
    counts = [len(one) for one in hooks]
    ftk.query_attention(runs[kind], picture)
    assert modes == [part.training for part in model.modules()] == [number % 3 == 0 for number in range(len(modes))]
    assert counts == [len(one) for one in hooks] and (kind == "yolos" or not any(counts))
    model.eval()


# --- errors


def test_what_has_no_queries_is_refused(runs, picture, tmp_path, monkeypatch):
    for layer in (1, -1, "last"):
        with pytest.raises(ConfigError, match=f"layer={layer!r}: expected a layer's number, 0 to 0"):
            ftk.query_attention(runs["rtdetr"], picture, layer)
    classes = ftk.fine_tune(
        ftk.ImageClassification(tiny_pictures()), str(write_tiny_resnet(tmp_path / "resnet")), labels=4, **QUICK
    )
    with pytest.raises(DataError, match=r"no boxes.*ftk\.grad_cam and ftk\.attention_map"):
        ftk.query_attention(classes, picture)
    monkeypatch.setattr(runs["dfine"].model.config, "model_type", "detr")
    with pytest.raises(ModelError, match=r"'detr'.*'rt_detr', 'rt_detr_v2', 'd_fine', 'yolos'"):
        ftk.query_attention(runs["dfine"], picture)


# --- plots


def test_the_plot_shows_each_object_with_its_look(runs, picture):
    looks = ftk.query_attention(runs["yolos"], picture)
    figure = plots.query_attention(picture, looks, columns=4, most=6)
    assert len(figure.axes) == 8 and [len(ax.images) for ax in figure.axes] == [2] * 6 + [0] * 2
    for ax, look, (_, row) in zip(figure.axes[:6], looks.maps, looks.objects.iterrows(), strict=False):
        assert np.asarray(ax.images[1].get_array()) == pytest.approx(look / look.max())
        boxes = [patch for patch in ax.patches if patch.get_edgecolor()[:3] == to_rgb("#009E73")]
        assert [(box.get_x(), box.get_y()) for box in boxes] == [(row["left"], row["top"])]
        assert row["label"] in ax.texts[0].get_text()


def test_the_plot_of_no_object_is_refused(runs, picture):
    looks = ftk.query_attention(runs["rtdetr"], picture)
    with pytest.raises(DataError, match="threshold"):
        plots.query_attention(picture, type(looks)(looks.objects.head(0), looks.maps[:0]))
