import numpy as np
import pytest

from finetune_kit.errors import ConfigError
from finetune_kit.synthetic import drawing
from finetune_kit.synthetic.drawing import Cutout, Sheet

DAY = (1.0, 1.0, 1.0)
RED = (200.0, 0.0, 0.0)


def sheet(x=64.0, y=64.0, scale=10.0, tint=DAY):
    return Sheet(x, y, scale, (-5, 5, -5, 5), tint)


def block(name, left, top, width, height, cover=1.0):
    """A cutout that covers a rectangle evenly."""
    paint = np.full((height, width, 3), 100, dtype=np.float32)
    return Cutout(name, paint, np.full((height, width), cover, dtype=np.float32), left, top)


def placed(cutout):
    """The cutout's cover in a whole picture."""
    return drawing.visible([cutout])[0]


def test_a_disc_covers_its_area_and_an_off_centre_one_its_place():
    page = sheet(50.25, 70.5)
    page.disc(1.0, 2.0, 1.5, RED)
    cover = placed(page.cutout("a"))
    assert cover.sum() == pytest.approx(np.pi * 15**2, rel=0.02)
    rows, columns = np.indices(cover.shape)
    middle = [(cover * grid).sum() / cover.sum() + 0.5 for grid in (columns, rows)]
    assert middle == pytest.approx([50.25 + 10, 70.5 - 20], abs=0.2)


def test_a_block_has_sharp_edges_and_its_box():
    page = sheet(60, 60, 1.0)
    page.block(-4, -3, 4, 5, RED)
    cover = placed(page.cutout("a"))
    expected = np.zeros((128, 128))
    expected[55:63, 56:64] = 1
    assert np.abs(cover - expected).max() < 0.3 and drawing.extent(cover) == (56, 55, 8, 8)


def test_lines_are_never_thinner_than_asked_for():
    page = sheet(64, 64, 1.0)
    page.line([(-5, 0), (5, 0)], 0.01, RED, thin=0.8)
    assert placed(page.cutout("a")).sum(axis=0)[60:68].mean() == pytest.approx(0.8, abs=0.3)


def test_the_tint_dims_colours_but_not_what_glows():
    page = sheet(tint=(0.5, 0.5, 0.5))
    page.block(-2, 0, 0, 2, RED)
    page.block(0, 0, 2, 2, RED, glow=True)
    paint = page.cutout("a", shade=0).paint
    assert paint[10, 5, 0] == pytest.approx(100, abs=1) and paint[10, -6, 0] == pytest.approx(200, abs=1)


def test_shade_is_lighter_above_than_below():
    page = sheet()
    page.block(-2, -2, 2, 2, RED)
    paint = page.cutout("a", shade=0.2).paint[..., 0]
    assert paint[1, 20] == pytest.approx(220, abs=3) and paint[-2, 20] == pytest.approx(180, abs=3)


def test_laying_a_cutout_mixes_its_colour_by_its_cover():
    picture = np.zeros((128, 128, 3), dtype=np.float32)
    drawing.lay(picture, [block("a", 10, 20, 4, 5, cover=0.25)])
    assert np.allclose(picture[20:25, 10:14], 25) and picture.sum() == pytest.approx(25 * 20 * 3)


def test_what_lies_outside_the_picture_is_not_drawn():
    picture = np.zeros((128, 128, 3), dtype=np.float32)
    drawing.lay(picture, [block("a", -3, 126, 5, 9), block("a", 300, 0, 2, 2), block("a", 0, -40, 2, 2)])
    assert np.count_nonzero(picture[..., 0]) == 2 * 2


def test_nearer_cutouts_hide_farther_ones():
    far, near = block("a", 0, 0, 10, 10), block("b", 5, 0, 10, 10, cover=0.75)
    shown = drawing.visible([far, near])
    assert shown[0].sum() == pytest.approx(50 + 50 * 0.25) and shown[1].sum() == pytest.approx(75)


def test_a_box_goes_around_what_is_visible():
    boxes, labels = drawing.boxes_of([block("b", 10, 10, 20, 10), block("", 20, 0, 40, 40)], ("a", "b"))
    assert boxes.tolist() == [[10, 10, 10, 10]] and labels.tolist() == [1]
    assert boxes.dtype == np.float32 and labels.dtype == np.int64


@pytest.mark.parametrize(("hidden", "count"), [(13, 1), (15, 0)])
def test_what_is_hidden_by_more_than_70_percent_has_no_box(hidden, count):
    boxes, _ = drawing.boxes_of([block("a", 0, 0, 20, 20), block("", 0, 0, hidden, 20)], ("a",))
    assert len(boxes) == count


@pytest.mark.parametrize(("left", "count"), [(-13, 1), (-15, 0), (121, 1), (123, 0)])
def test_what_is_out_of_the_picture_counts_as_hidden(left, count):
    assert len(drawing.boxes_of([block("a", left, 30, 20, 20)], ("a",))[0]) == count


def test_clutter_and_what_is_too_small_have_no_box():
    boxes, labels = drawing.boxes_of([block("", 0, 0, 20, 20), block("a", 50, 50, 2, 20)], ("a",))
    assert boxes.shape == (0, 4) and labels.shape == (0,)


def test_the_bounds_of_several_cutouts():
    assert drawing.bounds([block("a", -4, 10, 6, 8), block("b", 0, 0, 30, 2)]).tolist() == [-4, 0, 34, 18]


def test_a_reflection_is_upside_down_below_the_foot_and_fades():
    page = sheet(64, 64, 10)
    page.block(-1, 0, 1, 1, (0, 0, 250))
    page.block(-1, 1, 1, 3, RED)
    mirror = drawing.mirrored(page.cutout("a", shade=0), 64, 0.5)
    assert mirror.name == "" and mirror.top == 64 and mirror.cover.shape[0] == 30
    assert mirror.paint[2, 10, 2] > 240 and mirror.paint[25, 10, 0] > 190
    assert mirror.cover[0, 10] == pytest.approx(0.5) and mirror.cover[-1, 10] < 0.3


def test_a_shadow_darkens_the_ground_around_its_middle():
    picture = np.full((128, 128, 3), 200, dtype=np.float32)
    drawing.lay(picture, [drawing.shadow(64, 90, 20, 5, 0.4)])
    assert picture[90, 64, 0] == pytest.approx(120, abs=3)
    assert picture[90, 20, 0] == picture[60, 64, 0] == 200


def test_an_empty_sheet_is_an_error():
    with pytest.raises(ConfigError, match="Nothing was drawn"):
        sheet().cutout("a")
