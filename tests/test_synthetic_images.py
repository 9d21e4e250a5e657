import importlib.util
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from finetune_kit.errors import ConfigError, StorageError, UnknownNameError
from finetune_kit.objectives import detection
from finetune_kit.objectives.image_classes import ImageClasses
from finetune_kit.synthetic import glyphs, patterns, scenes

MAKERS = pytest.mark.parametrize("maker", [glyphs, patterns], ids=["glyphs", "patterns"])


@MAKERS
def test_images_and_labels_have_the_promised_shapes(maker):
    images, labels = maker.draw(70, seed=3, size=24)
    assert images.shape == (70, 24, 24, 3) and images.dtype == np.uint8
    assert labels.shape == (70,) and labels.dtype == np.int64
    assert labels.min() >= 0 and labels.max() < len(maker.NAMES)


@MAKERS
def test_a_seed_is_always_the_same_whatever_the_count(maker):
    images, labels = maker.draw(300, seed=5)
    again, labels_again = maker.draw(120, seed=5)
    assert np.array_equal(images[:120], again) and np.array_equal(labels[:120], labels_again)
    other, _ = maker.draw(120, seed=6)
    assert not any(np.array_equal(a, b) for a, b in zip(again, other, strict=True))


@MAKERS
def test_every_class_is_drawn_and_no_picture_twice(maker):
    images, labels = maker.draw(4000, seed=0, size=16)
    assert set(labels) == set(range(len(maker.NAMES)))
    assert len({picture.tobytes() for picture in images}) == len(images)


@MAKERS
def test_pictures_are_in_colour_and_not_plain(maker):
    images, _ = maker.draw(256, seed=1)
    spread = images.astype(float).std(axis=(1, 2))  # (n, 3)
    assert (spread.max(axis=1) > 4).all() and np.median(spread) > 15
    assert (np.ptp(images.astype(int), axis=3).max(axis=(1, 2)) > 10).all()


@MAKERS
@pytest.mark.parametrize(("count", "size"), [(0, 32), (5, 7)])
def test_what_cannot_be_drawn(maker, count, size):
    with pytest.raises(ConfigError, match=f"count={count}, size={size}"):
        maker.draw(count, 0, size)


def edges(images):
    """How strong the edges of each of 8 directions are in each of 4 x 4 places: (n, 128), blind to colour."""
    grey = images.astype(float)
    down, across = (np.gradient(grey, axis=axis) for axis in (1, 2))
    strongest = np.hypot(down, across).argmax(axis=3)[..., None]
    down, across = (np.take_along_axis(g, strongest, axis=3)[..., 0] for g in (down, across))
    strength, turn = np.hypot(down, across), ((np.arctan2(down, across) % np.pi) / np.pi * 8).astype(int) % 8
    maps = np.stack([strength * (turn == t) for t in range(8)], axis=1)  # (n, 8, h, w)
    n, _, h, w = maps.shape
    cells = maps.reshape(n, 8, 4, h // 4, 4, w // 4).mean(axis=(3, 5)).reshape(n, -1)
    return cells / (np.linalg.norm(cells, axis=1, keepdims=True) + 1e-6)


@MAKERS
def test_the_classes_can_be_told_apart_by_their_edges(maker):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    images, labels = maker.draw(4000, seed=0)
    probe = LinearDiscriminantAnalysis().fit(edges(images[:3200]), labels[:3200])
    assert probe.score(edges(images[3200:]), labels[3200:]) > 6 / len(maker.NAMES)


def test_each_character_has_a_mask_in_several_fonts_and_no_two_look_alike():
    masks, owners = glyphs.masks()
    assert masks.shape[1:] == (glyphs.INK, glyphs.INK) and masks.min() >= 0 and masks.max() <= 1
    assert (np.bincount(owners, minlength=len(glyphs.NAMES)) >= 10).all()
    # A font without a character draws an empty box, which then is the same for many characters.
    first = {mask.tobytes(): owner for mask, owner in zip(masks, owners, strict=True)}
    assert all(first[mask.tobytes()] == owner for mask, owner in zip(masks, owners, strict=True))
    assert len(set(glyphs.NAMES)) == len(glyphs.NAMES)


@pytest.fixture
def other_fonts(tmp_path, monkeypatch):
    """A copy of matplotlib's fonts, which the kit takes for those of an installed matplotlib."""
    files = glyphs.font_files()
    folder = tmp_path / "mpl-data" / "fonts" / "ttf"
    folder.mkdir(parents=True)
    for file in files.values():
        shutil.copy(file, folder)
    found = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    return folder


def test_characters_are_drawn_without_a_font_that_older_matplotlibs_lack(other_fonts):
    for name in glyphs.NEW_FONTS:
        (other_fonts / f"{name}.ttf").unlink(missing_ok=True)
    _, owners = glyphs.masks.__wrapped__()
    held = [[name for name in glyphs.fonts_of(one) if name not in glyphs.NEW_FONTS] for one in glyphs.NAMES]
    assert np.bincount(owners).tolist() == [len(names) for names in held]


def test_a_font_that_every_matplotlib_has_is_missed(other_fonts):
    (other_fonts / "STIXGeneral.ttf").unlink()
    with pytest.raises(StorageError, match=r"No font STIXGeneral at .*matplotlib"):
        glyphs.font_files()


def test_sampling_a_mask_on_its_own_grid_gives_it_back():
    stack = np.random.default_rng(0).random((3, 8, 8)).astype(np.float32)
    line = (np.arange(8) + 0.5) / 8 * 2 - 1
    u, v = np.broadcast_to(line[None, None], (2, 8, 8)), np.broadcast_to(line[None, :, None], (2, 8, 8))
    assert np.allclose(glyphs.sample(stack, np.array([2, 0]), u, v), stack[[2, 0]], atol=1e-6)
    assert np.all(glyphs.sample(stack, np.array([1, 1]), u + 3, v) == 0)
    between = glyphs.sample(stack, np.array([1, 1]), u + 1 / 8, v)  # half a pixel to the right
    assert np.allclose(between[0, :, :-1], (stack[1, :, :-1] + stack[1, :, 1:]) / 2, atol=1e-6)


def test_blurring_keeps_the_ink_and_softens_it():
    mask = np.zeros((1, 9, 9), dtype=np.float32)
    mask[0, 4, 4] = 1
    soft = glyphs.blurred(mask, np.ones((1, 1, 1)))
    assert soft.sum() == pytest.approx(1) and soft[0, 4, 4] == pytest.approx(0.25)
    assert np.array_equal(glyphs.blurred(mask, np.zeros((1, 1, 1))), mask)


def test_two_colours_stand_apart():
    first, second = glyphs.random_colours(np.random.default_rng(0), 2000, apart=90)
    distance = np.linalg.norm(first - second, axis=1)
    assert (distance >= 90).mean() > 0.99 and min(first.min(), second.min()) >= 0


def test_clouds_are_smooth_and_of_unit_deviation():
    cloud = glyphs.clouds(np.random.default_rng(0), 200, 32, 3, finest=8)
    steps = np.abs(np.diff(cloud, axis=1)).mean()
    assert cloud.shape == (200, 32, 32, 3) and 0.5 < cloud.std() < 1.2
    assert steps < 0.4 * cloud.std()


# --- scenes ----------------------------------------------------------------------------------------------


def test_a_scene_has_objects_with_boxes_inside_the_picture():
    images, boxes, labels = scenes.draw(80, seed=1, size=64, most=4)
    assert images.shape == (80, 64, 64, 3) and images.dtype == np.uint8
    assert {len(b) for b in boxes} == {1, 2, 3, 4}
    for box, ids in zip(boxes, labels, strict=True):
        assert box.dtype == np.float32 and ids.dtype == np.int64 and box.shape == (len(ids), 4)
        assert (box[:, 2:] >= 3).all() and (box[:, :2] >= 0).all() and (box[:, :2] + box[:, 2:] <= 64).all()


def test_scenes_are_the_same_for_a_seed_whatever_the_count():
    images, boxes, labels = scenes.draw(40, seed=2)
    again, boxes_again, labels_again = scenes.draw(11, seed=2)
    assert np.array_equal(images[:11], again)
    assert all(np.array_equal(a, b) for a, b in zip(boxes[:11], boxes_again, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(labels[:11], labels_again, strict=True))
    assert not np.array_equal(again, scenes.draw(11, seed=3)[0])


@pytest.mark.parametrize("kind", scenes.KINDS + scenes.NEW_KINDS)
def test_boxes_are_tight_around_what_was_drawn(kind):
    # On a flat ground, what differs from the ground is the object and nothing else.
    for seed in range(12):
        picture = np.full((96, 96, 3), 120, dtype=np.float32)
        boxes, _ = scenes._scene(np.random.default_rng(seed), picture, np.zeros_like(picture), (kind,), most=1)
        distance = np.abs(picture - 120).max(axis=2)
        rows, columns = np.nonzero(distance > 0.45 * distance.max())
        found = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
        assert np.abs(np.array(found) - boxes[0]).max() <= 1


def test_the_new_objects_are_none_of_those_pretrained_on():
    assert not set(scenes.KINDS) & set(scenes.NEW_KINDS)
    assert all(masks[0].getbbox() for masks in map(scenes.masks, scenes.KINDS + scenes.NEW_KINDS))


def test_a_turn_by_nothing_leaves_the_mask_and_a_quarter_turns_it():
    bar = Image.fromarray(np.pad(np.full((20, 40), 255, dtype=np.uint8), ((30, 30), (20, 20))))
    assert scenes.turned(bar, 80, 80, 0.0).shape == (20, 40)
    assert scenes.turned(bar, 40, 80, 0.0).shape == (20, 20)
    height, width = scenes.turned(bar, 80, 80, np.pi / 2).shape
    assert abs(height - 40) <= 1 and abs(width - 20) <= 1


def test_covered_is_the_share_of_the_smaller_box():
    others = np.array([[0, 0, 10, 10], [50, 50, 4, 4]], dtype=np.float32)
    assert scenes.covered(np.array([5, 0, 20, 10]), others) == pytest.approx(0.5)
    assert scenes.covered(np.array([49, 49, 10, 10]), others) == pytest.approx(1.0)
    assert scenes.covered(np.array([20, 20, 5, 5]), others) == 0.0
    assert scenes.covered(np.array([20, 20, 5, 5]), others[:0]) == 0.0


def test_no_object_is_hidden_for_the_most_part():
    _, boxes, _ = scenes.draw(60, seed=8, most=6)
    shares = [scenes.covered(box[i], box[:i]) for box in boxes for i in range(1, len(box))]
    assert max(shares) > 0  # they do overlap at times
    assert np.mean(np.array(shares) > scenes.HIDDEN) < 0.05


def test_the_kinds_can_be_told_apart():
    from sklearn.linear_model import LogisticRegression

    images, boxes, labels = scenes.draw(900, seed=0, kinds=scenes.NEW_KINDS, most=1)
    crops = [
        np.asarray(Image.fromarray(picture).crop((x, y, x + w, y + h)).resize((16, 16)))
        for picture, (x, y, w, h) in zip(images, (b[0] for b in boxes), strict=True)
    ]
    features, ids = edges(np.stack(crops)), np.concatenate(labels)
    probe = LogisticRegression(max_iter=500).fit(features[:700], ids[:700])
    assert probe.score(features[700:], ids[700:]) > 0.6


def test_scenes_that_cannot_be_drawn():
    with pytest.raises(UnknownNameError, match=r"'arow'.*Did you mean 'arrow'"):
        scenes.draw(1, 0, kinds=("arow",))
    with pytest.raises(ConfigError, match="most=0"):
        scenes.draw(1, 0, most=0)
    with pytest.raises(ConfigError, match="count=0"):
        scenes.draw(0, 0)


# --- what they are learnt with ---------------------------------------------------------------------------


def test_perfect_outputs_score_one_through_the_label_rows():
    objective = detection.ObjectBoxes(scenes.NEW_KINDS, images=1, validation=6)
    drawn = objective.examples("validation", 0, SimpleNamespace(seed=0))
    rows = detection.rows(drawn.boxes, drawn.labels, [(96, 96)] * 6).numpy()
    boxes = np.where(rows[..., :1] >= 0, rows[..., 1:], 0.01)
    scores = np.where(np.arange(5) == rows[..., :1], 5.0, -5.0)
    assert objective.measure(np.concatenate([boxes, scores], axis=2), rows) == {"ap50": 1.0}
    assert objective.measure(np.concatenate([boxes[::-1], scores], axis=2), rows)["ap50"] < 0.5


@pytest.mark.parametrize("objective", [ImageClasses(images=90, validation=30), detection.ObjectBoxes(images=9)])
def test_no_picture_of_one_split_is_in_the_other(objective):
    splits = [objective.examples(split, 0, SimpleNamespace(seed=4)) for split in ("train", "validation")]
    seen = {item.tobytes() for item in splits[0].images}
    assert not seen & {item.tobytes() for item in splits[1].images}
    assert splits[0].augmented and not splits[1].augmented


def test_the_batch_is_what_the_processor_makes():
    objective = ImageClasses(images=8, validation=8)
    processor = objective.processor()
    examples = [objective.examples("validation", 0, SimpleNamespace(seed=0))[i] for i in range(8)]
    batch = objective.collator(processor)(examples)
    expected = processor([e["image"] for e in examples], return_tensors="pt")["pixel_values"]
    assert (batch["pixel_values"] - expected).abs().max() < 0.02  # the processor rounds to whole shades
    assert batch["labels"].tolist() == [e["label"] for e in examples]
    assert objective.head_settings()["num_labels"] == len(glyphs.NAMES) + len(patterns.NAMES)


def test_label_rows_hold_shares_of_the_picture():
    boxes = [np.array([[10, 20, 40, 60]], dtype=np.float32), np.zeros((2, 4), dtype=np.float32)]
    rows = detection.rows(boxes, [np.array([3]), np.array([0, 1])], [(100, 200), (50, 50)])
    assert rows[0].numpy() == pytest.approx(np.array([[3, 0.3, 0.25, 0.4, 0.3], [-1] * 5]))
    found = detection.objects(rows.numpy())
    assert found[0] == pytest.approx(np.array([[3, 0.1, 0.1, 0.5, 0.4]])) and found[1].shape == (2, 5)


def test_objectives_say_which_setting_is_wrong():
    with pytest.raises(UnknownNameError, match=r"'glyph'.*Did you mean 'glyphs'"):
        ImageClasses(kinds=["glyph"])
    with pytest.raises(ConfigError, match="smoothing=1"):
        ImageClasses(smoothing=1)
    with pytest.raises(ConfigError, match="size=16"):
        ImageClasses(size=16)
    with pytest.raises(ConfigError, match="images=0"):
        detection.ObjectBoxes(images=0)
