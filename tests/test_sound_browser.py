"""The data browser for sounds, driven as a notebook drives it: what it shows and plays, not only that it was built."""

import base64
import html
import io
import re

import ipywidgets as ipw
import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from tiny import tiny_frame
from tiny_sound import encoded, tiny_sounds, tone

import finetune_kit as ftk
from finetune_kit import data
from finetune_kit.errors import DataError, UnknownNameError
from finetune_kit.sound_augmentation import WAYS, SoundAugmentation
from finetune_kit.widgets.sound_browser import SoundBrowser

RATE = 16_000


@pytest.fixture(scope="module")
def task():
    return ftk.AudioClassification(tiny_sounds(40))


@pytest.fixture
def panel(task):
    return ftk.data_browser(task)


def cards(page):
    return page.split('<div class="ftk-sound">')[1:]


def heard(text):
    """The clips that the players of some HTML hold."""
    files = (base64.b64decode(code) for code in re.findall('src="data:audio/wav;base64,(.*?)"', text))
    clips = [soundfile.read(io.BytesIO(file), dtype="float32") for file in files]
    assert all(rate == RATE for _, rate in clips)
    return [clip for clip, _ in clips]


def places(panel):
    return re.findall(r"<span>(\w+\[\d+\]), ", panel.page.value)


def plain(text):
    return html.unescape(re.sub("<[^>]*>", " ", re.sub("<style>.*?</style>", "", text, flags=re.S)))


def code_of(panel):
    return plain(panel.code.value).strip()


def open_tab(panel, title):
    panel.tabs.selected_index = [panel.tabs.get_title(i) for i in range(len(panel.tabs.children))].index(title)


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def test_the_front_door_takes_the_panel_that_suits_the_task(panel):
    assert isinstance(panel, SoundBrowser) and panel.error == ""
    assert not isinstance(ftk.data_browser(ftk.TextClassification(tiny_frame()), "no-such-model"), SoundBrowser)
    with pytest.raises(UnknownNameError, match="Did you mean 'audio-classification'"):
        ftk.data_browser("audio-clasification")
    with pytest.raises(DataError, match="no data"):
        ftk.data_browser(ftk.AudioClassification(names=["a", "b"]))


def test_all_parts_are_on_the_panel(panel):
    shown = list(everything(panel))
    for part in (panel.split, panel.label, panel.order, panel.page, panel.closer, panel.look, panel.summary):
        assert part in shown
    for part in (panel.length_table, panel.lengths.widget, panel.augmenter.ratios, panel.augmenter.grid, panel.code):
        assert part in shown
    titles = [panel.tabs.get_title(i) for i in range(len(panel.tabs.children))]
    assert titles == ["Sounds", "Balance", "Lengths", "Augmentation", "Repeats"]
    assert not any(isinstance(part, ipw.Output) for part in shown)


def test_a_page_plays_what_it_names(panel, task):
    train = task.splits["train"]
    assert places(panel) == [f"train[{row}]" for row in range(8)]
    for row, (one, clip) in enumerate(zip(cards(panel.page.value), heard(panel.page.value), strict=True)):
        original, _ = soundfile.read(io.BytesIO(train[row]["audio"]["bytes"]), dtype="float32")
        assert clip == pytest.approx(original, abs=1e-4)
        name = train.features["label"].int2str(train[row]["label"])
        assert f"<b>{name}</b>" in one and f"{len(original) / RATE:.2f} s" in one
        assert f'aria-label="{name}, train[{row}]' in one and 'alt="spectrogram of' in one
    assert panel.inspection.summary in plain(panel.summary.value)


def test_split_class_order_and_pages_choose(panel, task):
    panel.forth.click()
    assert places(panel)[0] == "train[8]" and not panel.back.disabled
    panel.label.value = "high"
    labels = np.array(task.splits["train"]["label"])
    wanted = [f"train[{row}]" for row in np.flatnonzero(labels == 0)]
    assert places(panel) == wanted[:8] and panel.back.disabled
    panel.order.value = "longest"
    lengths = panel.inspection.seconds["train"]
    by_length = sorted(np.flatnonzero(labels == 0), key=lambda row: -lengths[row])
    assert places(panel) == [f"train[{row}]" for row in by_length[:8]]
    panel.split.value, panel.order.value = "validation", "repeats"
    assert "no sound of the class 'high' and that stands anywhere else" in plain(panel.page.value)


def test_a_closer_look_draws_that_clip_and_the_code_does_too(panel, task):
    assert panel.look.value == ""
    panel.closer.value = ("train", 2)
    assert panel.look.value.startswith('<img alt="waveform and log-mel spectrogram"') and panel.error == ""
    first = panel.look.value
    panel.closer.value = ("train", 3)
    assert panel.look.value != first
    scope = {"task": task}
    exec(code_of(panel), scope)
    assert scope["examples"][3].place == ("train", 3)
    assert scope["wave"].get_xlim()[1] == pytest.approx(scope["examples"][3].seconds, abs=1e-3)
    panel.forth.click()
    assert panel.closer.value is None and panel.look.value == ""


def test_balance_and_lengths_are_drawn_when_they_are_opened(panel, task):
    for title, picture, table in (
        ("Balance", panel.balance, panel.class_table),
        ("Lengths", panel.lengths, panel.length_table),
    ):
        assert picture.widget.layout.display == "none" and not table.value
        open_tab(panel, title)
        assert bytes(picture.widget.value).startswith(b"\x89PNG") and picture.widget.layout.display == ""
        exec(code_of(panel), {"task": task})
    count = sum(label == 0 for label in task.splits["train"]["label"])
    assert f"high {count}" in " ".join(plain(panel.class_table.value).split())
    assert "silent" in panel.length_table.value and panel.error == ""


def test_what_is_wrong_with_a_sound_stands_below_it():
    stereo = np.stack([tone("high"), tone("low")], axis=1)
    clips = [np.full(4_000, 1e-4, np.float32), np.clip(20 * tone("low"), -1, 1), tone("low", rate=8_000), stereo]
    files = [encoded(clip, rate=8_000 if n == 2 else RATE) for n, clip in enumerate(clips)]
    train = pd.DataFrame({"audio": files, "label": ["low", "high"] * 2})
    other = pd.DataFrame({"audio": [encoded(tone("low", 0.4, n)) for n in range(2)], "label": ["low", "high"]})
    panel = ftk.data_browser(
        ftk.AudioClassification(data.sounded({"train": train, "validation": other, "test": train}))
    )
    marks = [plain(one) for one in cards(panel.page.value)]
    for mark, words in zip(marks, ("silent", "clipped", "8,000 Hz", "2 channels"), strict=True):
        assert words in mark and "the same as test[" in mark
    open_tab(panel, "Repeats")
    assert len(heard(panel.repeats.value)) == 8 and "train[3]: high" in panel.repeats.value


# --- augmentation, heard before it is used


def test_the_draws_are_those_of_the_augmentation_and_the_code_repeats_them(panel, task):
    open_tab(panel, "Augmentation")
    augmenter = panel.augmenter
    for way in set(WAYS) - {"noise", "shift"}:
        augmenter.choices[way].value = False
    augmenter.ratios.value, augmenter.row.value = (5, 10), 3
    augmenter.again.click()
    original, *draws = [one.clip for one in augmenter.shown]
    assert len(draws) == 5 and original == pytest.approx(panel.inspection.examples("train", [3])[0].clip)
    played = heard(augmenter.grid.value)
    assert len(played) == 6
    for clip, sound in zip([original, *draws], played, strict=True):
        assert sound == pytest.approx(clip, abs=1e-4)
    torch.manual_seed(augmenter.seed)
    augment = SoundAugmentation(["shift", "noise"], (5, 10))
    for drawn in draws:
        assert np.array_equal(drawn, augment(original))
    scope = {"task": task}
    exec(code_of(panel), scope)
    assert all(np.array_equal(a, b) for a, b in zip(scope["draws"], draws, strict=True))
    assert "augment=['shift', 'noise'], ratios=[5.0, 10.0]" in code_of(panel)


def test_drawing_leaves_the_random_numbers_of_others_alone(panel):
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    open_tab(panel, "Augmentation")
    first = panel.augmenter.grid.value
    panel.augmenter.again.click()
    assert panel.augmenter.grid.value != first and torch.equal(torch.rand(3), wanted)
    for choice in panel.augmenter.choices.values():
        choice.value = False
    assert "training sees the sounds as they are" in panel.augmenter.note.value


def test_a_task_that_augments_opens_with_its_own_ways(task):
    mine = ftk.AudioClassification(tiny_sounds(40), augment=["gain"], ratios=(0, 12))
    panel = ftk.data_browser(mine)
    open_tab(panel, "Augmentation")
    assert panel.augmenter.ways == ["gain"] and panel.augmenter.ratios.value == (0, 12)
    assert "This task trains with gain." in plain(panel.augmenter.children[0].value)
