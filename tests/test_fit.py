"""The studio's look at whether a model fits: what it says, and that it holds nothing up."""

import html
import importlib
import threading

import pandas as pd
import pytest
from tiny import tiny_frame, tiny_works, write_tiny_gpt2

import finetune_kit as ftk
from finetune_kit.widgets import parts
from finetune_kit.widgets.fit import FitNotice

SETTINGS = {"labels": 16, "epochs": 1}
MINUTES = 300  # seconds: no test waits so long


@pytest.fixture(scope="module")
def strange():
    """Texts of which the toy tokenizer knows no word."""
    rows = [f"quite unheard of {i}" for i in range(30)]
    return ftk.TextClassification(pd.DataFrame({"text": rows, "label": [str(i % 2) for i in range(30)]}))


@pytest.fixture
def looks(monkeypatch):
    """Looks that wait until they are let go: by model, the event that does so; and the threads that looked."""

    class Looks(dict):
        threads: list = []  # noqa: RUF012

    waiting = Looks()
    found = ftk.compatibility

    def slow(task, model, **settings):
        waiting.threads.append(threading.current_thread())
        waiting.setdefault(model, threading.Event()).wait(MINUTES)
        return found(task, model, **settings)

    monkeypatch.setattr("finetune_kit.suitability.compatibility", slow)
    return waiting


def plain(widget):
    return html.unescape(widget.value)


def test_nothing_is_said_where_all_fits(folder):
    panel = ftk.studio(ftk.TextClassification(tiny_frame()), model=folder, **SETTINGS)
    assert panel.fit.wait(MINUTES) and panel.fit.value == ""
    assert panel.children.index(panel.fit) == 1  # under the controls, above the button


def test_what_is_found_is_told_before_training(folder, strange):
    panel = ftk.studio(strange, model=folder, **SETTINGS)
    assert panel.fit.wait(MINUTES)
    found = ftk.compatibility(strange, folder, weights=False).findings
    assert [one.name for one in found] == ["unknown words"]
    for words in (found[0].what, found[0].evidence, found[0].advice, "Before you train"):
        assert words in plain(panel.fit)
    assert panel.run is None and not panel.train_button.disabled


def test_the_length_that_the_panel_reads_counts(folder):
    task = ftk.TextClassification(tiny_frame())
    panel = ftk.studio(task, model=folder, max_length=8, **SETTINGS)
    assert panel.fit.wait(MINUTES) and "max_length=8" in plain(panel.fit)


def test_another_model_is_looked_at_when_it_is_chosen(folder, tmp_path):
    panel = ftk.studio(ftk.TextClassification(tiny_frame()), model=folder, **SETTINGS)
    panel.fit.wait(MINUTES)
    panel.model.value = "pocket-resnet"
    assert panel.fit.wait(MINUTES) and "has no head for it" in plain(panel.fit)
    panel.model.value = folder
    assert panel.fit.wait(MINUTES) and panel.fit.value == ""
    assert panel.model.continuous_update is False  # else each letter of a name would be looked for


def test_a_look_that_goes_wrong_is_a_note_and_training_goes_on(folder, monkeypatch):
    def broken(*arguments, **settings):
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr("finetune_kit.suitability.compatibility", broken)
    panel = ftk.studio(ftk.TextClassification(tiny_frame()), model=folder, **SETTINGS)
    assert panel.fit.wait(MINUTES) and "could not be looked at: RuntimeError: the disk is gone" in plain(panel.fit)
    assert "ftk-note" in panel.fit.value and "ftk-error" not in panel.fit.value + panel.message.value
    panel.train()
    assert panel.wait().after


def test_a_model_that_there_is_not_is_a_note_until_it_is_to_train(folder):
    panel = ftk.studio(ftk.TextClassification(tiny_frame()), model=folder, **SETTINGS)
    panel.model.value = "pocket-brt"
    assert panel.fit.wait(MINUTES) and "Did you mean 'pocket-bert'" in plain(panel.fit)
    assert "ftk-note" in panel.fit.value and panel.error == ""
    panel.model.value = " "
    assert panel.fit.value == "" and "model=''" in plain(panel.code)


def test_it_is_looked_at_in_a_thread_and_training_does_not_wait_for_it(folder, looks, monkeypatch):
    monkeypatch.setattr(importlib.import_module("finetune_kit.widgets.studio"), "LOOKING", 0.01)
    panel = ftk.studio(ftk.TextClassification(tiny_frame()), model=folder, **SETTINGS)
    panel.train()
    assert panel.wait().after and not panel.fit.wait(0)
    looks[folder].set()
    assert panel.fit.wait(MINUTES) and threading.main_thread() not in looks.threads


def test_what_was_found_of_a_model_that_is_no_longer_chosen_is_not_shown(folder, looks, tmp_path):
    other = str(write_tiny_gpt2(tmp_path / "gpt2"))
    notice = FitNotice(ftk.Completion(tiny_works()))
    config = ftk.RunConfig(task="completion")
    for model in (folder, other):  # a BERT cannot go on with a text
        notice.look(ftk.RunConfig.from_dict({**config.to_dict(), "model": model}))
    looks.setdefault(other, threading.Event()).set()
    assert notice.wait(MINUTES) and notice.value == ""
    looks.setdefault(folder, threading.Event()).set()
    for thread in looks.threads:
        thread.join(MINUTES)
    assert notice.value == ""


def test_in_colab_it_is_looked_at_at_once(folder, strange, monkeypatch):
    monkeypatch.setattr(parts, "in_colab", lambda: True)
    panel = ftk.studio(strange, model=folder, **SETTINGS)
    assert panel.fit.wait(0) and "does not know part of these texts" in plain(panel.fit)
