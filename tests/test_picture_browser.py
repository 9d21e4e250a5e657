"""The data browser for pictures, driven as a notebook drives it: what it shows, not only that it was built."""

import base64
import html
import io
import re

import datasets
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import PIL.Image
import pytest
import torch
from image_files import encoded
from matplotlib.figure import Figure
from tiny import tiny_frame
from tiny_vision import drawn, tiny_pictures, tiny_scenes

import finetune_kit as ftk
from finetune_kit import data, inspection, plots
from finetune_kit.errors import ConfigError, DataError, UnknownNameError
from finetune_kit.widgets import pictures
from finetune_kit.widgets.picture_browser import PictureBrowser


@pytest.fixture(scope="module")
def task():
    return ftk.ImageClassification(tiny_pictures(60))


@pytest.fixture(scope="module")
def boxed():
    return ftk.ObjectDetection(tiny_scenes(60))


@pytest.fixture
def panel(task):
    return ftk.data_browser(task)


@pytest.fixture
def scenes(boxed):
    return ftk.data_browser(boxed)


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def plain(page):
    """HTML as its reader sees it, the style aside."""
    return html.unescape(re.sub("<[^>]*>", " ", re.sub("<style>.*?</style>", "", page, flags=re.S)))


def code_of(panel):
    return html.unescape(re.sub("<[^>]*>", "", panel.code.value))


def cards(page):
    return re.findall('<figure class="ftk-card".*?</figure>', page, flags=re.S)


def places(panel):
    """The places of the pictures on the page, in order."""
    return [re.search(r"(\w+)\[(\d+)\]", plain(card)).group(0) for card in cards(panel.page.value)]


def image_in(card):
    return PIL.Image.open(io.BytesIO(base64.b64decode(re.search('base64,([^"]+)"', card).group(1))))


def cells(table):
    return [[plain(cell).strip() for cell in re.findall("<td.*?</td>", row)] for row in table.split("<tr>")[2:]]


def titles(panel):
    return [panel.tabs.get_title(i) for i in range(len(panel.tabs.children))]


def open_tab(panel, title):
    panel.tabs.selected_index = titles(panel).index(title)


# --- the front door


def test_the_front_door_takes_the_panel_that_suits_the_task(panel, scenes):
    assert isinstance(panel, PictureBrowser) and isinstance(scenes, PictureBrowser)
    assert type(ftk.data_browser(ftk.TextClassification(tiny_frame()), "no-such-model")).__name__ == "DataBrowser"


def test_a_named_task_is_read_once(tmp_path, monkeypatch):
    tiny_pictures(24).assign(image=lambda frame: frame["image"].map(encoded)).to_parquet(tmp_path / "mine.parquet")
    reads, read = [], data.read
    monkeypatch.setattr(data, "read", lambda *arguments: reads.append(arguments) or read(*arguments))
    panel = ftk.data_browser("image-classification", data=str(tmp_path / "mine.parquet"), seed=3)
    assert isinstance(panel, PictureBrowser) and len(reads) == 1
    scope = {}
    exec(code_of(panel), scope)
    assert [f"{e.place[0]}[{e.place[1]}]" for e in scope["examples"]] == places(panel)


def test_bad_data_fail_when_the_panel_is_made():
    with pytest.raises(UnknownNameError, match="Did you mean 'image-classification'"):
        ftk.data_browser("image-clasification")
    with pytest.raises(DataError, match="no data"):
        ftk.data_browser(ftk.ImageClassification(names=["a", "b"]))
    with pytest.raises(ConfigError, match="seed=-1"):
        ftk.data_browser("object-detection", seed=-1)


# --- the contact sheet


def test_all_parts_are_on_the_panel(panel, scenes):
    for one in (panel, scenes):
        shown = list(everything(one))
        for part in (
            one.split,
            one.label,
            one.order,
            one.back,
            one.forth,
            one.page,
            one.summary,
            one.message,
            one.code,
        ):
            assert part in shown
        assert titles(one) == ["Pictures", "Balance", "Sizes", "Augmentation", "Repeats"]


def test_it_opens_on_the_first_page(panel, task):
    train = task.splits["train"]
    shown = cards(panel.page.value)
    assert (
        places(panel) == [f"train[{row}]" for row in range(24)] and f"1 to 24 of {len(train)}" in panel.position.value
    )
    assert [re.search("<b>(.*?)</b>", one).group(1) for one in shown] == [
        train.features["label"].int2str(label) for label in train["label"][:24]
    ]
    assert all("32 x 32" in one for one in shown)
    wanted = train["image"][5].resize((pictures.CARD,) * 2, PIL.Image.Resampling.NEAREST)
    assert np.array_equal(image_in(shown[5]), wanted)
    assert plain(panel.summary.value).split(" ! ")[0].strip().startswith(panel.inspection.summary)
    assert all(warning in plain(panel.summary.value) for warning in panel.inspection.warnings)
    assert panel.error == "" and panel.message.value == "" and panel.key.value == ""


def test_pages_turn_forth_and_back(panel, task):
    count = len(task.splits["train"])
    assert 24 < count < 48 and panel.back.disabled and not panel.forth.disabled
    panel.forth.click()
    assert places(panel) == [f"train[{row}]" for row in range(24, count)]
    assert panel.forth.disabled and not panel.back.disabled and f"25 to {count} of {count}" in panel.position.value
    panel.forth.click()
    panel.back.click()
    panel.back.click()
    assert places(panel)[0] == "train[0]" and panel.back.disabled


def test_split_class_and_order_choose(panel, task):
    panel.forth.click()
    panel.split.value, panel.label.value = "validation", "square"
    labels = np.array(task.splits["validation"]["label"])
    assert places(panel) == [f"validation[{row}]" for row in np.flatnonzero(labels == 1)]
    panel.order.value = "brightest"
    light = {row: np.asarray(image.convert("L")).mean() for row, image in enumerate(task.splits["validation"]["image"])}
    wanted = sorted(np.flatnonzero(labels == 1), key=lambda row: -light[row])
    assert places(panel) == [f"validation[{row}]" for row in wanted]
    panel.order.value = "repeats"
    assert places(panel) == [] and "no picture of the class 'square' and that stands" in plain(panel.page.value)
    assert panel.back.disabled and panel.forth.disabled and "None" in panel.position.value


def test_boxes_lie_where_the_objects_are(scenes, boxed):
    row = boxed.splits["train"][1]
    card = cards(scenes.page.value)[1]
    drawn_boxes = re.findall('class="ftk-box" title="(.*?)" style="(.*?)"', card)
    names = boxed.names
    assert [title for title, _ in drawn_boxes] == [names[i] for i in row["labels"]] and drawn_boxes
    for (_, style), (x, y, width, height) in zip(drawn_boxes, row["boxes"], strict=True):
        found = [
            float(re.search(rf"(?:^|;){side}:([\d.]+)%", style).group(1)) for side in ("left", "top", "width", "height")
        ]
        w, h = row["image"].size
        assert found == pytest.approx([100 * x / w, 100 * y / h, 100 * width / w, 100 * height / h], abs=0.01)
    legend = dict(re.findall('ftk-key" style="(.*?)"></span>([a-z]+)', scenes.key.value))
    assert sorted(legend.values()) == sorted(names) and len(legend) == len(names)
    for title, style in drawn_boxes:
        assert legend[";".join(style.split(";")[4:])] == title
    assert re.search("<b>(.*?)</b>", card).group(1) == ", ".join(
        f"{row['labels'].count(i)} {name}" for i, name in enumerate(names) if i in row["labels"]
    )


def test_a_class_finds_the_pictures_that_hold_one(scenes, boxed):
    scenes.label.value = "disc"
    number = boxed.names.index("disc")
    holding = [row for row, ids in enumerate(boxed.splits["train"]["labels"]) if number in ids]
    assert places(scenes) == [f"train[{row}]" for row in holding[:24]]


def test_many_classes_have_looks_of_their_own():
    looks = re.findall('ftk-key" style="(.*?)"', pictures.legend([f"class {i}" for i in range(21)]))
    assert len(set(looks)) == 21


def test_names_are_escaped():
    objects = pd.DataFrame({"label": ['<i>"'], "left": [0.0], "top": [0.0], "right": [9.0], "bottom": [9.0]})
    card = pictures.card(drawn("disc", (2, 2, 9, 9)), "<b>x", ['"y"'], objects, ['<i>"'])
    assert "<i>" not in card and "<b>x" not in card and "&lt;i&gt;&quot;" in card
    assert 'alt="&lt;b&gt;x, &quot;y&quot;"' in card
    assert "<i>" not in pictures.legend(["<i>"])


def test_of_many_pictures_only_those_of_the_page_are_decoded(task, monkeypatch):
    monkeypatch.setattr(inspection.pictures, "SMALL", 10)
    found, decode = [], datasets.Image.decode_example
    monkeypatch.setattr(datasets.Image, "decode_example", lambda *a, **s: found.append(a) or decode(*a, **s))
    panel = ftk.data_browser(task)
    assert len(found) == 24 and "take long to find" in panel.summary.value
    panel.forth.click()
    count = len(task.splits["train"])
    assert len(found) == count
    panel.order.value, panel.label.value = "largest", "disc"
    open_tab(panel, "Balance")
    open_tab(panel, "Sizes")
    assert len(found) == count + 24 + len(places(panel))
    open_tab(panel, "Repeats")
    assert "take long to find" not in panel.summary.value and len(found) >= count + 24 + 60


# --- the other tabs


def test_balance_is_counted_as_numpy_counts(panel, scenes, task, boxed):
    assert not panel.balance.widget.value  # drawn when it is looked at
    for one in (panel, scenes):
        open_tab(one, "Balance")
        assert bytes(one.balance.widget.value).startswith(b"\x89PNG")
    counts = {name: np.bincount(part["label"]) for name, part in task.splits.items()}
    assert cells(panel.class_table.value) == [
        [name, *(str(counts[split][i]) for split in task.splits)] for i, name in enumerate(task.names)
    ]
    objects = {name: np.bincount(np.concatenate(part["labels"])) for name, part in boxed.splits.items()}
    assert cells(scenes.class_table.value) == [
        [name, *(str(objects[split][i]) for split in boxed.splits)] for i, name in enumerate(boxed.names)
    ]
    assert "Objects of each class" in scenes.class_table.value


def test_sizes_of_pictures_and_boxes(panel, scenes, boxed):
    open_tab(panel, "Sizes")
    assert not panel.sizes.widget.value and not panel.areas.widget.value  # all are of one size, and there are no boxes
    assert cells(panel.size_table.value)[0][2:] == ["32 x 32"] * 3 and panel.object_table.value == ""
    open_tab(scenes, "Sizes")
    assert bytes(scenes.areas.widget.value).startswith(b"\x89PNG")
    areas = {name: [] for name in boxed.names}
    for part in boxed.splits.values():
        for ids, boxes in zip(part["labels"], part["boxes"], strict=True):
            for i, (_, _, width, height) in zip(ids, boxes, strict=True):
                areas[boxed.names[i]].append(width * height / (48 * 32))
    for name, count, _, *shares in cells(scenes.object_table.value):
        assert count == str(len(areas[name]))
        assert shares == [f"{of(areas[name]):.2%}" for of in (min, np.median, max)]


def test_pictures_of_several_sizes_are_drawn():
    frame = tiny_pictures(24)
    frame["image"] = [image.resize((20 + row, 40)) for row, image in enumerate(frame["image"])]
    panel = ftk.data_browser(ftk.ImageClassification(frame))
    open_tab(panel, "Sizes")
    assert bytes(panel.sizes.widget.value).startswith(b"\x89PNG")


@pytest.fixture
def messy():
    """Twelve pictures, of which the test split holds one again, another as a JPEG, and one with another label."""
    images = [PIL.Image.fromarray(np.random.default_rng(i).integers(0, 256, (8, 8, 3), np.uint8)) for i in range(12)]
    images = [image.resize((48, 48), PIL.Image.Resampling.BICUBIC) for image in images]
    train = pd.DataFrame({"image": images[:8], "label": ["cat", "dog"] * 4})
    again = [images[2], encoded(images[5], "JPEG", quality=60), images[1]]
    test = pd.DataFrame({"image": [*again, images[11]], "label": ["cat", "dog", "cat", "dog"]})
    validation = pd.DataFrame({"image": images[8:11], "label": ["cat", "dog", "cat"]})
    return ftk.ImageClassification(data.pictured({"train": train, "validation": validation, "test": test}))


def test_repeats_and_leaks_are_listed_and_said_at_the_pictures(messy):
    panel = ftk.data_browser(messy)
    assert "3 (test[2], test[0], test[1])" in plain(panel.summary.value)
    assert "the same as test[0]" in plain(cards(panel.page.value)[2])
    assert "nearly the same as test[1]" in plain(cards(panel.page.value)[5])
    open_tab(panel, "Repeats")
    counts, pairs = panel.repeats.value.split("<br>")
    assert cells(counts) == [
        ["the same, other label", "train", "test", "1"],
        ["the same", "train", "test", "1"],
        ["nearly the same", "train", "test", "1"],
    ]
    assert [[cell for cell in row if cell] for row in cells(pairs)] == [
        ["the same, other label", "train[1]: dog", "test[2]: cat"],
        ["the same", "train[2]: cat", "test[0]: cat"],
        ["nearly the same", "train[5]: dog", "test[1]: dog"],
    ]
    assert pairs.count("<img") == 6
    open_tab(panel, "Pictures")
    panel.split.value, panel.order.value = "test", "repeats"
    assert sorted(places(panel)) == ["test[0]", "test[1]", "test[2]"]


def test_cards_say_what_repeats_once_it_was_looked_for(messy, monkeypatch):
    monkeypatch.setattr(inspection.pictures, "SMALL", 3)
    panel = ftk.data_browser(messy)
    assert "the same as" not in plain(panel.page.value)
    open_tab(panel, "Repeats")
    open_tab(panel, "Pictures")
    assert "the same as test[0]" in plain(panel.page.value)


def test_a_clean_data_set_has_no_repeats(scenes):
    open_tab(scenes, "Repeats")
    assert plain(scenes.repeats.value).strip() == "No picture stands twice, nor one that is nearly the same."


# --- augmentation


def test_the_draws_are_those_of_the_code(panel, scenes):
    for one in (panel, scenes):
        open_tab(one, "Augmentation")
        for way in ("rotate", "cutout"):
            one.augmenter.choices[way].value = False
        one.augmenter.row.value = 3
        one.augmenter.again.click()
        scope = {"task": one.inspection.task}
        exec(code_of(one), scope)
        shown = one.augmenter.shown
        assert np.array_equal(shown[0].image, one.inspection.splits["train"][3]["image"]) and len(shown) == 9
        assert scope["augment"].ways == ["flip", "crop", "colour"]
        for example, (image, boxes, kept) in zip(shown[1:], scope["draws"], strict=True):
            assert np.array_equal(example.image, image)
            if example.objects is not None:
                corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
                assert np.allclose(example.objects[["left", "top", "right", "bottom"]].to_numpy(float), corners)
                labels = [one.inspection.names[scope["row"]["labels"][i]] for i in kept]
                assert example.objects["label"].tolist() == labels
        assert len(cards(one.augmenter.grid.value)) == 9 and one.error == ""


def test_boxes_follow_what_happens_to_the_picture(scenes, boxed):
    open_tab(scenes, "Augmentation")
    for way, choice in scenes.augmenter.choices.items():
        choice.value = way == "flip"
    row = boxed.splits["train"][0]
    (x, y, width, height), side = row["boxes"][0], row["image"].width
    both = {(x, y, x + width, y + height), (side - x - width, y, side - x, y + height)}
    firsts = {tuple(e.objects.iloc[0][["left", "top", "right", "bottom"]]) for e in scenes.augmenter.shown}
    assert firsts == both
    assert scenes.augmenter.grid.value.count('class="ftk-box"') == 9 * len(row["boxes"])


def test_an_object_that_is_cut_away_is_no_longer_counted():
    boxes = [[[0.0, 0, 2, 32], [20, 10, 9, 9]]] * 12
    frame = pd.DataFrame({"image": [drawn("disc", (20, 10, 9, 9))] * 12, "boxes": boxes})
    frame["labels"] = [["edge", "disc"]] * 12
    parts = data.boxed(dict.fromkeys(("train", "validation", "test"), frame[:4]))
    panel = ftk.data_browser(ftk.ObjectDetection(parts, augment=["crop"]))
    open_tab(panel, "Augmentation")
    assert panel.augmenter.ways == ["crop"] and "trains with crop." in plain(panel.augmenter.children[0].value)
    truths = {example.truth for example in panel.augmenter.shown}
    assert truths == {"1 disc, 1 edge", "1 disc"}


def test_draw_again_draws_others_and_leaves_random_numbers_alone(panel):
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    open_tab(panel, "Augmentation")
    first = panel.augmenter.grid.value
    panel.augmenter.again.click()
    assert panel.augmenter.grid.value != first and torch.equal(torch.rand(3), wanted)


def test_without_a_way_pictures_stay_as_they_are(panel):
    open_tab(panel, "Augmentation")
    assert panel.augmenter.note.value == ""
    for choice in panel.augmenter.choices.values():
        choice.value = False
    original, *draws = panel.augmenter.shown
    assert all(np.array_equal(example.image, original.image) for example in draws)
    assert "training sees the pictures as they are" in panel.augmenter.note.value
    text = plain(panel.augmenter.children[0].value)
    assert "off for validation and test" in text and "trains without" in text


# --- errors and code


def test_an_error_is_shown_and_goes_away(panel, monkeypatch):
    def broken(*arguments, **settings):
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(inspection.pictures.PictureInspection, "find", broken)
    panel.order.value = "darkest"
    assert "RuntimeError: the disk is on fire" in panel.error and "on fire" in panel.message.value
    monkeypatch.undo()
    panel.order.value = "largest"
    assert panel.error == "" and panel.message.value == ""


def test_a_tab_that_failed_is_drawn_when_it_is_opened_again(panel, monkeypatch):
    def broken(*arguments):
        raise DataError("No such picture.")

    monkeypatch.setattr(panel.balance, "draw", broken)
    open_tab(panel, "Balance")
    assert panel.error == "No such picture."
    monkeypatch.undo()
    open_tab(panel, "Sizes")
    open_tab(panel, "Balance")
    assert panel.error == "" and panel.balance.widget.value


def test_the_code_finds_what_the_page_shows(panel, scenes):
    for one in (panel, scenes):
        one.forth.click()
        one.split.value, one.label.value, one.order.value = "validation", "disc", "darkest"
        scope = {"task": one.inspection.task}
        exec(code_of(one), scope)
        assert [f"{e.place[0]}[{e.place[1]}]" for e in scope["examples"]] == places(one) and places(one)


@pytest.mark.parametrize("title, made", [("Balance", "bars"), ("Sizes", "sizes"), ("Repeats", "repeats")])
def test_the_code_of_every_tab_runs(panel, scenes, title, made):
    for one in (panel, scenes):
        open_tab(one, title)
        scope = {"task": one.inspection.task}
        exec(code_of(one), scope)
        assert made in scope
        assert scope["inspection"].repeats == one.inspection.repeats
    plt.close("all")


def test_no_unknown_constructor_arguments(recwarn, task):
    ftk.data_browser(task)
    assert not [warning for warning in recwarn if "unrecognized arguments" in str(warning.message)]


# --- plots


def test_sizes_are_drawn_as_marks_that_grow_with_their_number():
    found = {"train": np.array([[30, 20]] * 3 + [[50, 60]]), "test": np.zeros((0, 2), int)}
    ax = plots.picture_sizes(found, Figure().subplots())
    marks = ax.collections[0]
    assert marks.get_offsets().tolist() == [[30, 20], [50, 60]]
    small, large = sorted(marks.get_sizes())
    assert large > 2 * small and [t.get_text() for t in ax.get_legend().get_texts()] == ["train"]


def test_areas_are_drawn_as_shares_of_the_objects():
    areas = {"train": np.array([0.01, 0.01, 0.5, 1.0]), "test": np.zeros(0)}
    ax = plots.object_areas(areas, Figure().subplots())
    (steps,) = ax.patches
    assert steps.get_data().values.sum() == pytest.approx(1) and ax.get_xscale() == "log"
    assert steps.get_data().values[0] == 0.5 and steps.get_data().edges[-1] == 1
    assert ax.xaxis.get_major_formatter()(0.01) == "1 %"
    assert not len(plots.object_areas({"train": np.zeros(0)}, Figure().subplots()).patches)
