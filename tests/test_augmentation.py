"""Augmentation: what it does to a picture, and that boxes go where the objects go."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageOps

from finetune_kit.augmentation import WAYS, Augmentation
from finetune_kit.errors import ConfigError, UnknownNameError


def scene(box, size=(120, 90)):
    """A blue rectangle on a light ground."""
    image = Image.new("RGB", size, (210, 200, 200))
    x, y, width, height = box
    ImageDraw.Draw(image).rectangle([x, y, x + width - 1, y + height - 1], fill=(20, 20, 200))
    return image


def seen(image):
    """The box around all that is blue."""
    pixels = np.asarray(image).astype(int)
    ys, xs = np.nonzero(pixels[..., 2] - pixels[..., 0] > 60)
    return [xs.min(), ys.min(), xs.max() + 1 - xs.min(), ys.max() + 1 - ys.min()] if len(xs) else None


@pytest.mark.parametrize("way", [way for way in WAYS if way != "cutout"])
def test_a_box_goes_where_its_object_goes(way):
    alter, moved = Augmentation([way]), 0
    for seed in range(40):
        torch.manual_seed(seed)
        box = [*np.random.default_rng(seed).integers(20, 60, 2), *np.random.default_rng(seed).integers(10, 30, 2)]
        image, boxes, kept = alter(scene(box), [box])
        assert kept.tolist() == [0] and image.mode == "RGB"
        assert seen(image) == pytest.approx(boxes[0], abs=1.6)  # pixels: a tilted edge is blurred
        moved += boxes[0].tolist() != [float(v) for v in box]
    assert moved > 10 or way == "colour"


def test_a_flip_is_the_mirror_image_every_other_time():
    torch.manual_seed(0)
    image = scene([10, 20, 30, 10])
    mirrored = 0
    for _ in range(200):
        found, boxes, _ = Augmentation(["flip"])(image, [[10, 20, 30, 10]])
        if found is not image:
            mirrored += 1
            assert np.array_equal(found, ImageOps.mirror(image)) and boxes.tolist() == [[80, 20, 30, 10]]
    assert 70 < mirrored < 130


def test_a_crop_keeps_three_fifths_at_least_and_cuts_boxes_at_the_edge():
    torch.manual_seed(1)
    edge, middle = [0.0, 0, 30, 90], [50.0, 40, 10, 10]
    shares, cut, lost = [], 0, 0
    for _ in range(200):
        image, boxes, kept = Augmentation(["crop"])(scene(edge), [edge, middle])
        shares.append(image.width * image.height / (120 * 90))
        assert 1 in kept and (boxes[:, :2] >= 0).all() and (boxes[:, :2] + boxes[:, 2:] <= image.size).all()
        cut += 0 in kept and boxes[0, 2] < 30
        lost += 0 not in kept
    assert 0.55 < min(shares) < 0.7 and max(shares) > 0.9 and cut > 50
    # less than three tenths of an object is left: it no longer counts
    sliver = Augmentation(["crop"])
    gone = [sliver(scene([0, 0, 4, 90]), [[0, 0, 4, 90]])[2] for _ in range(100)]
    assert any(not len(kept) for kept in gone) and any(len(kept) for kept in gone)


def test_colour_changes_shades_and_nothing_else_moves():
    torch.manual_seed(0)
    image = scene([10, 20, 30, 10])
    found, boxes, _ = Augmentation(["colour"])(image, [[10, 20, 30, 10]])
    assert not np.array_equal(found, image) and boxes.tolist() == [[10, 20, 30, 10]]


def test_cutout_covers_a_rectangle_with_the_mean_colour():
    torch.manual_seed(0)
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    covered = 0
    for _ in range(40):
        found, _, _ = Augmentation(["cutout"])(Image.fromarray(noise))
        changed = (np.asarray(found) != noise).any(axis=2)
        if changed.any():
            covered += 1
            ys, xs = np.nonzero(changed)
            hole = np.asarray(found)[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
            assert np.abs(hole - noise.mean(axis=(0, 1))).max() <= 1
            assert hole.shape[1] <= 0.36 * 80 + 1 and hole.shape[0] <= 0.36 * 60 + 1
    assert 8 < covered < 32


def test_draws_come_from_torchs_generator_and_none_leave_a_picture_alone():
    image, every = scene([10, 20, 30, 10]), Augmentation(WAYS)
    once, again, other = [], [], []
    for found, seed in ((once, 3), (again, 3), (other, 4)):
        torch.manual_seed(seed)
        found.extend(np.asarray(every(image)[0]).tobytes() for _ in range(3))
    assert once == again != other
    untouched, boxes, kept = Augmentation()(image)
    assert untouched is image and boxes.shape == (0, 4) and kept.tolist() == []
    assert Augmentation(["cutout", "flip"]).ways == ["flip", "cutout"]


def test_what_is_no_way_is_refused():
    with pytest.raises(UnknownNameError, match=r"'flp'.*Did you mean 'flip'"):
        Augmentation(["flp"])
    for wrong in ("flip", [1]):
        with pytest.raises(ConfigError, match="expected a list of flip, rotate, crop, colour, cutout"):
            Augmentation(wrong)
