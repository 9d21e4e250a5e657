"""The comparison panel, driven as a notebook drives it: what it shows, not only that it was built."""

import html
import re
import threading

import fake_runs
import pytest
from tiny import tiny_frame

import finetune_kit as ftk
from finetune_kit.training import Timing
from finetune_kit.widgets import parts
from finetune_kit.widgets.compare_panel import clock, counts_in, score_table


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("FINETUNE_KIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def runs(monkeypatch):
    return fake_runs.install(monkeypatch, lambda config, split: {"scratch": 0.6, "full": 0.9}.get(config.strategy, 0.7))


@pytest.fixture
def panel(folder, runs):
    task = ftk.TextClassification(tiny_frame())
    return ftk.compare_panel(task, model=folder, labels=[8, 16], seeds=2, epochs=1)


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def plain(widget):
    return html.unescape(re.sub("<[^>]*>", "", widget.value))


def test_all_parts_are_on_the_panel(panel):
    shown = list(everything(panel))
    controls = (*panel.strategies, panel.labels, panel.seeds, panel.seconds, panel.forgetting, panel.fresh)
    for part in (
        panel.start_button,
        panel.stop_button,
        panel.picture.widget,
        panel.table,
        panel.said,
        panel.code,
        *controls,
    ):
        assert part in shown
    assert {box.description for box in panel.strategies if box.value} == {"scratch", "full"}


def test_a_click_runs_all_and_shows_table_picture_and_differences(panel, runs):
    panel.start_button.click()
    found = panel.wait()
    assert len(runs.done) == 8 and found.counts == [8, 16]
    assert panel.table.value == score_table(found) and "majority class" in panel.table.value
    assert bytes(panel.picture.widget.value).startswith(b"\x89PNG") and panel.picture.widget.layout.display == ""
    assert "points of accuracy above scratch" in panel.said.value
    assert "Every run: 4 steps with 8 labels" in panel.said.value
    assert panel.progress.value == panel.progress.max and "Finished" in panel.status.value
    assert not panel.start_button.disabled and panel.stop_button.disabled


def test_the_table_grows_while_it_runs(panel, runs):
    seen = []
    panel.table.observe(lambda change: seen.append(change["new"].count("<tr>")), "value")
    panel.start()
    panel.wait()
    assert len(seen) > 3 and max(seen) == seen[-1] == 1 + 2 * 4


def test_progress_names_the_run_and_the_time_left(panel, runs):
    seen = []
    panel.status.observe(lambda change: seen.append(plain(panel.status)), "value")
    panel.start()
    panel.wait()
    assert any(re.match(r"Run 3 of 8: scratch, 16 labels, seed 0, \d+ s left", text) for text in seen)


def test_stop_keeps_what_is_done_and_start_goes_on(panel, runs):
    reached, go = threading.Event(), threading.Event()

    def at(run, step):
        if (run, step) == (2, 1):
            reached.set()
            go.wait(60)

    runs.at = at
    panel.start_button.click()
    assert reached.wait(60) and panel.start_button.disabled and not panel.stop_button.disabled
    panel.stop_button.click()
    go.set()
    first = panel.wait()
    assert first.stopped and len(runs.done) == 3 and "goes on from here" in panel.said.value
    panel.start_button.click()
    second = panel.wait()
    assert not second.stopped and len(runs.done) == 3 + 6
    assert "2 runs were finished before" in panel.said.value


def test_finished_runs_are_run_again_where_that_is_ticked(panel, runs):
    for _ in range(2):
        panel.start()
        panel.wait()
    assert len(runs.done) == 8
    panel.fresh.value = True
    panel.start()
    panel.wait()
    assert len(runs.done) == 16 and "fresh=True" in panel.code.value


def test_the_shown_code_does_what_the_button_does(panel, runs):
    panel.labels.value = "8"
    panel.strategies[1].value = True
    assert "ftk.compare(" in plain(panel.code) and "'head'" in plain(panel.code)
    scope = {"task": panel.task}
    exec(plain(panel.code), scope)
    panel.start()
    assert panel.wait().table.drop(columns="seconds").equals(scope["comparison"].table.drop(columns="seconds"))
    assert len(runs.done) == 6  # the second time they were kept
    panel.labels.value = "8, all"
    assert "ftk.label_curve(" in plain(panel.code) and "labels=[8, None]" in plain(panel.code)


@pytest.mark.parametrize("typed", ["", "eight", "8; 16", "-4"])
def test_labels_that_are_no_numbers_are_shown_in_the_panel(panel, runs, typed):
    panel.labels.value = typed
    panel.start_button.click()
    with pytest.raises(ftk.FinetuneKitError, match="expected numbers"):
        panel.wait()
    assert "Error:" in panel.message.value and not runs.done and not panel.start_button.disabled


def test_what_compare_refuses_is_shown_in_the_panel(panel, runs):
    panel.labels.value = "8, 5000"
    panel.start_button.click()
    with pytest.raises(ftk.FinetuneKitError, match="at most 42"):
        panel.wait()
    assert "at most 42" in panel.message.value
    panel.labels.value = "8"
    for box in panel.strategies:
        box.value = False
    panel.start_button.click()
    with pytest.raises(ftk.FinetuneKitError, match="No strategy"):
        panel.wait()
    assert "Error:" in panel.message.value


def test_seconds_in_place_of_steps(folder, runs, monkeypatch):
    monkeypatch.setattr("finetune_kit.training.timed", lambda trainer: Timing(0.01, 0.05, 0))
    panel = ftk.compare_panel(ftk.TextClassification(tiny_frame()), model=folder, labels=[16], seeds=1, seconds=1)
    assert (
        panel.seconds.value == "1" and panel.seconds in list(everything(panel)) and "seconds=1.0" in plain(panel.code)
    )
    panel.start()
    panel.wait()
    assert "Every run: 1 s of training" in plain(panel.said)
    assert {c.epochs for c in runs.done} == {80}
    panel.seconds.value = ""
    assert "seconds" not in plain(panel.code)
    panel.seconds.value = "a while"
    panel.start()
    with pytest.raises(ftk.FinetuneKitError, match="expected a number such as 20"):
        panel.wait()


def test_the_old_task_is_measured_where_that_is_ticked(folder):
    panel = ftk.compare_panel(
        ftk.TextClassification(tiny_frame()),
        model=folder,
        strategies=["scratch", "head"],
        labels=[16],
        seeds=1,
        epochs=1,
    )
    panel.forgetting.value = True
    assert "forgetting=True" in plain(panel.code)
    panel.start()
    assert panel.wait().old_metric == "old_perplexity" and "old perplexity" in panel.table.value
    assert "The old task's perplexity" in html.unescape(panel.said.value)
    assert bytes(panel.picture.widget.value).startswith(b"\x89PNG")


def test_a_real_comparison_in_the_panel(folder):
    task = ftk.TextClassification(tiny_frame())
    panel = ftk.compare_panel(task, model=folder, strategies=["head", "full"], labels=[16], seeds=1, epochs=1)
    panel.start()
    assert panel.wait().methods[:2] == ["head", "full"] and "full" in panel.table.value


def test_in_colab_it_runs_in_the_foreground(panel, runs, monkeypatch):
    monkeypatch.setattr(parts, "in_colab", lambda: True)
    panel.start()
    assert panel.result is not None and len(runs.done) == 8


def test_unknown_names_fail_when_the_panel_is_made():
    with pytest.raises(ftk.FinetuneKitError, match="Did you mean 'sentiment'"):
        ftk.compare_panel("sentimet")
    with pytest.raises(ftk.FinetuneKitError, match="strategy"):
        ftk.compare_panel("sentiment", strategies=["hed"])


def test_no_unknown_constructor_arguments(recwarn, folder):
    ftk.compare_panel(ftk.TextClassification(tiny_frame()), model=folder)
    assert not [w for w in recwarn if "unrecognized arguments" in str(w.message)]


def test_small_parts():
    assert counts_in("8, 32 all") == [8, 32, None]
    assert (clock(12.4), clock(89), clock(600)) == ("12 s", "89 s", "10 min")
