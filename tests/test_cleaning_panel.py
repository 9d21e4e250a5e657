"""The cleaning panel, driven as a notebook drives it: what it shows, and that it trains on what was chosen."""

import html
import re
import threading

import pandas as pd
import pytest
from sklearn.metrics import accuracy_score
from tiny import tiny_frame, tiny_works, write_tiny_gpt2
from tiny_vision import tiny_pictures, write_tiny_resnet

import finetune_kit as ftk
from finetune_kit import cleaning
from finetune_kit.errors import DataError, UnknownNameError
from finetune_kit.widgets import parts
from finetune_kit.widgets.choosing import DROP, KEEP, PAGE, card

SETTINGS = {"epochs": 1, "learning_rate": 5e-3, "batch_size": 16}


@pytest.fixture(scope="module")
def run(folder):
    """A run that gets some of three classes wrong."""
    frame = tiny_frame(120)
    frame.loc[::5, "label"] = "neither"
    return ftk.fine_tune(ftk.TextClassification(frame), folder, **SETTINGS)


@pytest.fixture
def panel(run):
    return ftk.clean_panel(run)


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def plain(text):
    return html.unescape(re.sub("<[^>]*>", "", text))


def choose(panel, place, name):
    """Choose by the words that the list shows, as a user does."""
    panel.pages.rows[place].choice.label = name
    return panel.pages.rows[place].row


def other_class(panel, place):
    """The first class that the list of a row offers, and the words that it is offered in."""
    label, number = panel.pages.rows[place].choice.options[2]
    return label, panel.first.task.names[number]


# --- the examples


def test_all_parts_are_on_the_panel_in_order(panel):
    shown = list(everything(panel))
    wanted = [panel.split, panel.hint, *(row.choice for row in panel.pages.rows), panel.pages.back, panel.tally]
    wanted += [panel.start_button, panel.stop_button, panel.picture.widget, panel.scores, panel.notes, panel.code]
    places = [shown.index(part) for part in wanted]
    assert places == sorted(places) and shown.count(panel.split) == 1


def test_pages_show_the_top_losses_in_their_order(panel, run):
    table = ftk.top_losses(run)
    seen = []
    while True:
        for widget in panel.pages.rows:
            if widget.layout.display == "none":
                continue
            found = table.iloc[len(seen)]
            said = plain(widget.shown.value)
            assert widget.row == found["row"] and widget.choice.description == f"Row {found['row']}"
            assert found["text"] in said and f"labelled {found['truth']}" in said
            agreed = found["truth"] == found["prediction"]
            assert ("the run says so too" if agreed else f"the run says {found['prediction']}") in said
            assert f"{found['probability']:.1%}" in said or agreed
            seen.append(widget.row)
        if panel.pages.forth.disabled:
            break
        panel.pages.forth.click()
    assert seen == table["row"].tolist() and len(seen) % PAGE  # else the last page hides nothing
    assert f"to {len(seen)} of {len(seen)}" in panel.pages.position.value
    panel.pages.forth.click()
    panel.pages.back.click()
    assert panel.pages.rows[0].row == table["row"][(len(seen) // PAGE - 1) * PAGE]


def test_what_the_run_says_is_offered_first_and_the_own_class_not_at_all(panel, run):
    table = ftk.top_losses(run)
    for place, widget in enumerate(panel.pages.rows):
        found, names = table.iloc[place], [label for label, _ in widget.choice.options]
        assert names[:2] == ["Keep", "Drop"] and widget.choice.value == KEEP
        assert sorted(names[2:]) == sorted(f"→ {name}" for name in run.task.names if name != found["truth"])
        assert found["truth"] == found["prediction"] or names[2] == f"→ {found['prediction']}"


def test_choices_are_counted_and_stay_when_the_page_or_the_split_is_turned(panel):
    assert "Nothing is changed yet" in panel.tally.value
    label, _ = other_class(panel, 0)
    rows = [choose(panel, 0, label), choose(panel, 2, "Drop")]
    assert "validation: 1 relabelled, 1 dropped" in panel.tally.value
    panel.pages.forth.click()
    assert all(widget.choice.value == KEEP for widget in panel.pages.rows)
    choose(panel, 1, "Drop")
    assert "validation: 1 relabelled, 2 dropped" in panel.tally.value
    panel.split.value = "train"
    assert all(widget.choice.value == KEEP for widget in panel.pages.rows)
    choose(panel, 0, "Drop")
    assert "train: 0 relabelled, 1 dropped; validation: 1 relabelled, 2 dropped" in panel.tally.value
    panel.split.value = "validation"
    assert [panel.pages.rows[place].choice.label for place in (0, 1, 2)] == [label, "Keep", "Drop"]
    assert [panel.pages.rows[0].row, panel.pages.rows[2].row] == rows
    for place in (0, 2):
        panel.pages.rows[place].choice.value = KEEP
    assert "validation: 0 relabelled, 1 dropped" in panel.tally.value


def test_it_says_what_the_run_learnt_from(panel, run, folder):
    assert "did not learn from these" in panel.hint.value
    panel.split.value = "train"
    assert "by heart" in panel.hint.value
    few = ftk.fine_tune(run.task, folder, labels=9, epochs=1)
    assert f"learnt from 9 of these {len(run.task.splits['train'])}" in ftk.clean_panel(few, "train").hint.value


def test_texts_are_cut_and_escaped():
    found = pd.Series({"truth": "<i>", "prediction": "b", "probability": 0.25, "confidence": 0.75, "loss": 1.4})
    shown = card({"text": "<script>" + " and so" * 200}, found)
    assert "<script>" not in shown and "<i>" not in shown and len(plain(shown)) < 400
    assert "猫" * 300 + " …" in card({"text": "猫" * 301}, found) and "…" not in card({"text": "猫" * 300}, found)
    assert "labelled <i> (25.0%)" in plain(shown) and "the run says b (75%)" in plain(shown)


# --- training again


def test_train_again_learns_from_the_cleaned_training_data(panel, run):
    panel.split.value = "train"
    label, name = other_class(panel, 0)
    relabelled, dropped = choose(panel, 0, label), choose(panel, 1, "Drop")
    panel.start_button.click()
    again = panel.wait()
    part = panel.task.splits["train"]
    expected = ftk.clean(run.task, "train", {relabelled: name}, [dropped]).splits["train"]
    assert part[:] == expected[:] and again is panel.run and again.task is panel.task
    assert again.config.epochs == run.config.epochs and again.config.learning_rate == run.config.learning_rate
    for scores in (run.after, again.after):
        assert f"{scores['accuracy']:.1%}</td>" in panel.scores.value
    assert "of which none was changed" in panel.notes.value and "drawn anew" not in panel.notes.value
    assert "moves scores by chance" in panel.notes.value
    assert bytes(panel.picture.widget.value).startswith(b"\x89PNG") and "Finished" in panel.status.value
    assert not panel.start_button.disabled and not panel.pages.rows[0].choice.disabled


def test_both_are_measured_on_the_cleaned_validation_split(panel, run):
    label, _ = other_class(panel, 0)
    choose(panel, 0, label)
    choose(panel, 1, "Drop")
    panel.start_button.click()
    again = panel.wait()
    part = panel.task.splits["validation"]
    truth = [run.task.names[i] for i in part["label"]]
    old, new = (accuracy_score(truth, one.predict(part["text"][:])["prediction"]) for one in (run, again))
    cells = re.findall("<td[^>]*>(.*?)</td>", panel.scores.value)
    assert cells[:3] == ["accuracy", f"{old:.1%}", f"{new:.1%}"] and old > run.after["accuracy"]
    notes = plain(panel.notes.value)
    assert f"{len(part)} examples of the cleaned validation split (1 relabelled, 1 dropped)" in notes
    assert f"the first run's accuracy was {run.after['accuracy']:.1%}" in notes
    assert "on the test split" in notes and "training examples are the same" in notes
    assert "by chance" not in notes


def test_labels_drawn_anew_are_told(run, folder):
    few = ftk.fine_tune(run.task, folder, labels=9, epochs=1)
    panel = ftk.clean_panel(few, "train")
    choose(panel, 0, "Drop")
    panel.start_button.click()
    assert panel.wait().config.labels == 9 and "9 labels were drawn anew" in panel.notes.value


def test_the_shown_code_makes_the_same_run(panel, run):
    scope = {"run": run}
    exec(plain(panel.code.value), scope)  # before anything is chosen
    assert scope["table"].equals(ftk.top_losses(run)) and "again" not in scope
    choose(panel, 0, other_class(panel, 0)[0])
    panel.split.value = "train"
    choose(panel, 0, "Drop")
    source = plain(panel.code.value)
    exec(source, scope)
    panel.start_button.click()
    again = panel.wait()
    assert scope["again"].config == again.config and scope["again"].after == again.after
    assert eval(source.splitlines()[-1], scope) == (cleaning.measure(run, panel.task), again.after)


def test_stop_keeps_a_run_and_the_choices_are_still_meanwhile(panel, monkeypatch):
    long = ftk.RunConfig.from_dict({**panel.settings().to_dict(), "epochs": 500})
    monkeypatch.setattr(panel, "settings", lambda: long)
    panel.split.value = "train"
    choose(panel, 0, "Drop")
    started = threading.Event()
    panel.progress.observe(lambda change: started.set() if change["new"] > 3 else None, "value")
    panel.start_button.click()
    assert started.wait(60)
    assert panel.split.disabled and all(widget.choice.disabled for widget in panel.pages.rows)
    panel.stop_button.click()
    assert panel.wait().stopped and "Stopped" in panel.status.value and "on cleaned data" in panel.scores.value


# --- what goes wrong


def test_without_a_change_nothing_is_trained(panel, run):
    panel.start_button.click()
    with pytest.raises(ftk.FinetuneKitError, match="choose Drop or another class"):
        panel.wait()
    assert "Error:" in panel.message.value and panel.run is None and panel.task is run.task
    assert not panel.start_button.disabled


def test_an_emptied_class_is_an_error_in_the_panel(panel, run):
    positive = run.task.names.index("positive")
    labels = run.task.splits["validation"]["label"]
    panel.pages.choices["validation"] = {row: DROP for row, label in enumerate(labels) if label == positive}
    panel.start_button.click()
    with pytest.raises(ftk.FinetuneKitError, match="No example of positive would be left"):
        panel.wait()
    assert "No example of positive" in panel.message.value


def test_a_split_that_cannot_be_measured_is_told_and_the_other_still_shown(panel, monkeypatch):
    def broken(*arguments):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(cleaning, "losses", broken)
    panel.split.value = "train"
    assert "RuntimeError: out of memory" in panel.error and panel.pages.layout.display == "none"
    panel.pages.forth.click()
    panel.split.value = "validation"
    assert panel.error == panel.message.value == "" and panel.pages.layout.display != "none"


def test_bad_runs_and_splits_fail_when_the_panel_is_made(run, tmp_path):
    made = ftk.fine_tune(ftk.Completion(tiny_works()), str(write_tiny_gpt2(tmp_path / "gpt2")), labels=8, epochs=1)
    with pytest.raises(DataError, match="no classes"):
        ftk.clean_panel(made)
    with pytest.raises(DataError, match="test split"):
        ftk.clean_panel(run, "test")
    with pytest.raises(UnknownNameError, match="Did you mean 'train'"):
        ftk.clean_panel(run, "trian")


def test_a_loaded_run_shows_its_validation_split_and_says_why_it_cannot_train(run, tmp_path):
    panel = ftk.clean_panel(ftk.Run.load(run.save(tmp_path / "run")))
    assert [name for name, _ in panel.split.options] == ["validation"]
    assert panel.pages.rows[0].row == ftk.top_losses(run)["row"][0]
    choose(panel, 0, "Drop")
    panel.start_button.click()
    with pytest.raises(ftk.FinetuneKitError, match=r"no training examples at hand.*ftk\.clean"):
        panel.wait()


def test_in_colab_training_runs_in_the_foreground(panel, monkeypatch):
    monkeypatch.setattr(parts, "in_colab", lambda: True)
    choose(panel, 0, "Drop")
    panel.start_button.click()
    assert panel.run is not None and panel.wait() is panel.run


def test_no_unknown_constructor_arguments(recwarn, run):
    ftk.clean_panel(run)
    assert not [warning for warning in recwarn if "unrecognized arguments" in str(warning.message)]


# --- pictures


def test_pictures_are_shown_as_thumbnails_and_cleaned(tmp_path):
    task = ftk.ImageClassification(tiny_pictures())
    resnet = str(write_tiny_resnet(tmp_path / "resnet"))
    run = ftk.fine_tune(task, resnet, epochs=1, batch_size=8)
    panel = ftk.clean_panel(run, "train")
    shown = [widget.shown.value for widget in panel.pages.rows]
    assert all(one.count("data:image/png;base64,") == 1 for one in shown) and len(set(shown)) == PAGE
    row = choose(panel, 0, other_class(panel, 0)[0])
    panel.start_button.click()
    assert panel.wait().after.keys() == run.after.keys()
    assert panel.task.splits["train"][row]["label"] == 1 - task.splits["train"][row]["label"]
