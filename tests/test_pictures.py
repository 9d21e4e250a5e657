"""Pictures in panels and plots: thumbnails, uploads of both versions of ipywidgets, the studio on images."""

import base64
import io
import re

import ipywidgets as ipw
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from PIL import Image
from tiny_vision import drawn, tiny_pictures, tiny_scenes, write_tiny_resnet, write_tiny_rtdetr

import finetune_kit as ftk
from finetune_kit import plots
from finetune_kit.errors import DataError
from finetune_kit.widgets import parts, pictures


def images_in(html):
    """The pictures in a piece of HTML, decoded."""
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(code))) for code in found]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {"resnet": str(write_tiny_resnet(root / "resnet")), "rtdetr": str(write_tiny_rtdetr(root / "rtdetr"))}


@pytest.fixture
def studio(folders):
    task = ftk.ImageClassification(tiny_pictures())
    return ftk.studio(task, model=folders["resnet"], labels=16, epochs=6, learning_rate=3e-3, batch_size=8)


def test_a_thumbnail_fits_and_tiny_pictures_are_enlarged_without_smoothing():
    (large,) = images_in(pictures.thumbnail(drawn("disc", (20, 20, 90, 90), (200, 100))))
    assert large.size == (80, 40)
    dots = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8))
    (small,) = images_in(pictures.thumbnail(dots, 64))
    assert small.size == (64, 64) and set(np.asarray(small).ravel().tolist()) == {0, 255}


def test_a_table_shows_pictures_and_escapes_texts():
    shown = parts.table(["image", "truth"], [[drawn("disc", (2, 2, 20, 20)), "<b>"]])
    assert len(images_in(shown)) == 1 and "&lt;b&gt;" in shown and "<b>" not in shown


def test_the_studio_asks_for_a_picture_and_answers(studio):
    box = studio.boxes["image"]
    assert isinstance(box, pictures.PictureBox) and box.upload in box.children
    box.choice.value = 0
    assert "Train a model first" in studio.answer.value
    run = studio.train().wait()
    assert studio.error == "" and len(images_in(studio.changes.value)) == min(8, len(run.changes()))
    said = run.predict(studio.task.splits["validation"]["image"][0]).iloc[0]
    assert f"{said['p(disc)']:.1%}" in studio.answer.value and len(images_in(studio.answer.value)) == 1
    held = io.BytesIO()
    drawn("square", (4, 4, 20, 20)).save(held, "PNG")
    box._take([held.getvalue()])
    said = run.predict(held.getvalue()).iloc[0]
    assert f"{said['p(square)']:.1%}" in studio.answer.value
    box._take([b"no picture"])
    assert "Error: " in studio.answer.value and "not an image" in studio.answer.value


def test_the_studio_shows_pictures_behind_a_cell_of_the_confusions(studio):
    run = studio.train().wait()
    behind = run.examples(*studio.confusion.cells.value)
    assert len(images_in(studio.confusion.examples.value)) == min(6, len(behind))


def test_the_studio_draws_boxes(folders):
    task = ftk.ObjectDetection(tiny_scenes(), threshold=0.0)
    studio = ftk.studio(task, model=folders["rtdetr"], labels=None, epochs=1, batch_size=8)
    studio.train().wait()
    studio.boxes["image"].choice.value = 1
    (picture,) = images_in(studio.answer.value)
    assert picture.width == 150 * parts.BOXED and "square" in studio.answer.value and studio.error == ""


# --- plots


def test_a_contact_sheet_shows_each_picture_under_its_title():
    shown = [drawn("disc", (2, 2, 20, 20)), np.zeros((8, 8), np.uint8), drawn("square", (2, 2, 20, 20))]
    figure = plots.contact_sheet(shown, ["a", "b", "$c$"], columns=2)
    assert [ax.get_title() for ax in figure.axes] == ["a", "b", r"\$c\$", ""]
    assert [len(ax.images) for ax in figure.axes] == [1, 1, 1, 0]
    assert np.array_equal(figure.axes[0].images[0].get_array(), np.asarray(shown[0]))
    assert len(plots.contact_sheet(shown * 20, most=12).axes) == 16
    with pytest.raises(DataError, match="no picture"):
        plots.contact_sheet([])


def test_verdicts_differ_in_colour_and_in_line():
    rows = [("disc", 0.9, "found"), ("disc", 0.4, "false"), ("square", 1.0, "missed")]
    table = pd.DataFrame(rows, columns=["label", "score", "verdict"]).assign(left=2, top=3, right=12, bottom=18)
    ax = plots.objects(drawn("disc", (2, 2, 20, 20)), table)
    boxes = [patch for patch in ax.patches if patch.get_edgecolor()[:3] != (1, 1, 1)]
    assert [(b.get_x(), b.get_y(), b.get_width(), b.get_height()) for b in boxes] == [(2, 3, 10, 15)] * 3
    assert len({b.get_linestyle() for b in boxes}) == len({b.get_edgecolor() for b in boxes}) == 3
    assert [text.get_text() for text in ax.texts] == ["disc 0.90", "disc 0.40", "square"]


def test_an_occlusion_map_tints_the_places_that_count():
    changes = np.array([[0.4, 0.0], [-0.2, 0.01]])
    ax = plots.occlusion_map(drawn("disc", (2, 2, 20, 20)), changes)
    layer = np.asarray(ax.images[1].get_array())
    assert layer[0, 0, :3] == pytest.approx(to_rgb("#0072B2"), abs=2e-3)
    assert layer[1, 0, :3] == pytest.approx(to_rgb("#E69F00"), abs=2e-3)
    assert layer[..., 3] == pytest.approx(np.array([[0.65, 0], [0.325, 0]]))


def test_the_box_is_made_of_widgets_that_both_versions_have(folders, recwarn):
    box = pictures.PictureBox([], lambda: None)
    assert [type(child) for child in box.children] == [ipw.FileUpload, ipw.Dropdown] and box.value is None
    assert not [w for w in recwarn if "argument" in str(w.message)]
