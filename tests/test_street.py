import drawn
import numpy as np
import pytest

from finetune_kit.errors import ConfigError
from finetune_kit.synthetic import drawing, street, weather
from finetune_kit.synthetic.street.layouts import Across, Along, Spot

GREEN = (0.0, 255.0, 0.0)  # no object is of this colour


@pytest.fixture(scope="module")
def scenes():
    return street.draw(24, seed=4)


def test_scenes_have_the_promised_shapes(scenes):
    images, boxes, labels = scenes
    assert images.shape == (24, 128, 128, 3) and images.dtype == np.uint8
    for box, ids in zip(boxes, labels, strict=True):
        assert box.dtype == np.float32 and ids.dtype == np.int64 and box.shape == (len(ids), 4)
        assert 1 <= len(ids) <= street.MOST and set(ids) <= set(range(len(street.NAMES)))
        assert (box[:, :2] >= 0).all() and (box[:, :2] + box[:, 2:] <= 128).all() and (box[:, 2:] >= 3).all()


def test_a_seed_is_always_the_same_whatever_the_count(scenes):
    images, boxes, labels = street.draw(5, seed=4)
    assert np.array_equal(images, scenes[0][:5])
    assert all(np.array_equal(a, b) for a, b in zip(boxes, scenes[1], strict=False))
    assert all(np.array_equal(a, b) for a, b in zip(labels, scenes[2], strict=False))
    assert not np.array_equal(street.draw(1, seed=5)[0][0], images[0])


def test_most_limits_the_objects():
    assert {len(ids) for ids in street.draw(6, seed=1, most=1)[2]} == {1}


@pytest.mark.parametrize(("count", "most"), [(0, 8), (3, 0)])
def test_what_cannot_be_drawn(count, most):
    with pytest.raises(ConfigError, match=f"count={count}, most={most}"):
        street.draw(count, 0, most)


@pytest.mark.parametrize("kind", street.NAMES)
@pytest.mark.parametrize("layout", [Across, Along])
def test_boxes_are_tight_around_what_was_drawn(kind, layout):
    rng = np.random.default_rng(0)
    light, place = weather.light(rng, "day"), layout(rng)
    for scale in np.linspace(9, 20, 8):
        spot = Spot(64, 100, float(scale), float(rng.uniform(0, 2 * np.pi)))
        (cutout,) = street.draw_object(rng, kind, place, spot, light)
        before = np.full((128, 128, 3), GREEN, dtype=np.float32)
        after = before.copy()
        drawing.lay(after, [cutout])
        boxes, labels = drawing.boxes_of([cutout], street.NAMES)
        assert labels.tolist() == [street.NAMES.index(kind)]
        drawn.assert_tight(boxes[0], before, after)


def test_an_object_has_its_size_in_metres():
    rng = np.random.default_rng(1)
    light, place = weather.light(rng, "day"), Across(rng)
    spot = Spot(64, 100, 20.0)
    metres = {kind: [] for kind in street.NAMES}
    for kind in street.NAMES * 8:
        width, height = drawing.bounds(street.draw_object(rng, kind, place, spot, light))[2:] / 20
        metres[kind].append((width, height))
    length, person, wheels = (np.array(metres[kind]) for kind in street.NAMES)
    assert length[:, 0].min() > 2.9 and length[:, 0].max() < 5.6
    assert person[:, 1].min() > 1.1 and person[:, 1].max() < 2.6  # an umbrella rises above the head
    assert wheels[:, 0].min() > 0.9 and wheels[:, 0].max() < 2.1 and wheels[:, 1].max() < 1.4


def test_a_rider_comes_with_a_bicycle_and_has_a_box_of_its_own():
    rng = np.random.default_rng(2)
    parts = street.draw_object(rng, "bicycle", Across(rng), Spot(64, 100, 18.0), weather.light(rng, "day"), ridden=True)
    boxes, labels = drawing.boxes_of(parts, street.NAMES)
    assert [street.NAMES[i] for i in labels] == ["bicycle", "person"]
    assert boxes[1][1] < boxes[0][1] and boxes[1][3] > boxes[1][2]  # the rider is higher, and taller than wide


def test_nothing_is_cut_off_by_its_sheet(monkeypatch):
    cut, whole = [], drawing.Sheet.cutout

    def checked(sheet, name="", shade=0.12):
        left, top, right, bottom = sheet.image.getbbox()
        if sheet.image.size != (drawing.FINE * 130,) * 2:  # but for the background, which fills the picture
            cut.append(min(left, top, sheet.image.width - right, sheet.image.height - bottom) < 1)
        return whole(sheet, name, shade)

    monkeypatch.setattr(drawing.Sheet, "cutout", checked)
    street.draw(20, seed=8)
    assert len(cut) > 100 and not any(cut)


def test_what_is_farther_up_is_smaller(scenes):
    people = [box for boxes, ids in zip(*scenes[1:], strict=True) for box, i in zip(boxes, ids, strict=True) if i == 1]
    feet, heights = np.array([(box[1] + box[3], box[3]) for box in people]).T
    assert np.corrcoef(feet, heights)[0, 1] > 0.5


@pytest.mark.parametrize("split", drawn.SPLITS)
def test_the_stored_splits_are_those_of_the_script(split):
    drawn.assert_first_pictures_are_those_of_the_script("street", split)


def test_the_stored_boxes_and_the_card():
    drawn.assert_boxes_lie_in_the_pictures("street", street.NAMES)
    drawn.assert_card_counts("street", street.NAMES)
    drawn.assert_no_picture_twice("street")


def test_each_class_is_well_represented():
    for frame in drawn.frames("street").values():
        labels = [label for labels in frame["labels"] for label in labels]
        assert all(labels.count(name) > 0.2 * len(labels) for name in street.NAMES)
