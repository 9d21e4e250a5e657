import drawn
import numpy as np
import pytest

from finetune_kit.errors import ConfigError
from finetune_kit.synthetic import drawing, harbour, street, weather
from finetune_kit.synthetic import scenes as shapes
from finetune_kit.synthetic.harbour import vessels

MAGENTA = (255.0, 0.0, 255.0)  # no object is of this colour
VARIETIES = [
    *(("ship", variety, 60 / length) for variety, length in vessels.LENGTHS.items()),
    *(("gull", pose, 16.0) for pose in ("flying", "gliding", "standing", "floating")),
    ("sailboat", "", 4.0),
    ("crane", "", 2.0),
    ("buoy", "", 9.0),
]


@pytest.fixture(scope="module")
def scenes():
    return harbour.draw(30, seed=4)


def test_scenes_have_the_promised_shapes(scenes):
    images, boxes, labels = scenes
    assert images.shape == (30, 128, 128, 3) and images.dtype == np.uint8
    for box, ids in zip(boxes, labels, strict=True):
        assert box.dtype == np.float32 and ids.dtype == np.int64 and box.shape == (len(ids), 4)
        assert 1 <= len(ids) <= harbour.MOST and set(ids) <= set(range(len(harbour.NAMES)))
        assert (box[:, :2] >= 0).all() and (box[:, :2] + box[:, 2:] <= 128).all() and (box[:, 2:] >= 3).all()
    assert set(np.concatenate(labels)) == set(range(len(harbour.NAMES)))


def test_a_seed_is_always_the_same_whatever_the_count(scenes):
    images, boxes, labels = harbour.draw(7, seed=4)
    assert np.array_equal(images, scenes[0][:7])
    assert all(np.array_equal(a, b) for a, b in zip(boxes, scenes[1], strict=False))
    assert all(np.array_equal(a, b) for a, b in zip(labels, scenes[2], strict=False))
    assert not np.array_equal(harbour.draw(1, seed=5)[0][0], images[0])


def test_most_limits_the_objects():
    assert {len(ids) for ids in harbour.draw(10, seed=1, most=1)[2]} == {1}


@pytest.mark.parametrize(("count", "most"), [(0, 8), (3, 0)])
def test_what_cannot_be_drawn(count, most):
    with pytest.raises(ConfigError, match=f"count={count}, most={most}"):
        harbour.draw(count, 0, most)


@pytest.mark.parametrize(("kind", "variety", "scale"), VARIETIES, ids=lambda value: str(value))
def test_boxes_are_tight_around_what_was_drawn(kind, variety, scale):
    rng = np.random.default_rng(0)
    light = weather.light(rng, "day")
    for size in (0.5, 0.75, 1.0):
        cutout = harbour.draw_object(rng, kind, 64, 90, scale * size, light, variety)
        before = np.full((128, 128, 3), MAGENTA, dtype=np.float32)
        after = before.copy()
        drawing.lay(after, [cutout])
        boxes, labels = drawing.boxes_of([cutout], harbour.NAMES)
        assert labels.tolist() == [harbour.NAMES.index(kind)]
        drawn.assert_tight(boxes[0], before, after)


def test_nothing_is_cut_off_by_its_sheet(monkeypatch):
    cut, whole = [], drawing.Sheet.cutout

    def checked(sheet, name="", shade=0.12):
        left, top, right, bottom = sheet.image.getbbox()
        if name:
            cut.append(min(left, top, sheet.image.width - right, sheet.image.height - bottom) < 1)
        return whole(sheet, name, shade)

    monkeypatch.setattr(drawing.Sheet, "cutout", checked)
    harbour.draw(30, seed=8)
    assert len(cut) > 100 and not any(cut)


def test_no_class_is_one_that_a_detector_was_pretrained_on():
    assert not set(harbour.NAMES) & {*street.NAMES, *shapes.KINDS, *shapes.NEW_KINDS}


@pytest.mark.parametrize("split", drawn.SPLITS)
def test_the_stored_splits_are_those_of_the_script(split):
    drawn.assert_first_pictures_are_those_of_the_script("harbour", split)


def test_the_stored_boxes_and_the_card():
    drawn.assert_boxes_lie_in_the_pictures("harbour", harbour.NAMES)
    drawn.assert_card_counts("harbour", harbour.NAMES)
    drawn.assert_no_picture_twice("harbour")


def test_each_class_is_well_represented():
    for frame in drawn.frames("harbour").values():
        labels = [label for labels in frame["labels"] for label in labels]
        assert all(labels.count(name) > 0.1 * len(labels) for name in harbour.NAMES)
