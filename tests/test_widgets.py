"""The studio, driven as a notebook drives it: what it shows, not only that it was built."""

import random
import textwrap
import threading

import pandas as pd
import pytest
from tiny import tiny_frame, tiny_pairs, tiny_questions, tiny_works, write_tiny_gpt2, write_tiny_t5

import finetune_kit as ftk
from finetune_kit.widgets import parts
from finetune_kit.widgets.studio import _cells


@pytest.fixture
def panel(folder):
    task = ftk.TextClassification(tiny_frame())
    return ftk.studio(task, model=folder, labels=16, epochs=6, learning_rate=1e-2, batch_size=8)


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def test_all_parts_are_on_the_panel(panel):
    shown = list(everything(panel))
    for part in (panel.train_button, panel.stop_button, panel.picture.widget, panel.sentence, panel.code):
        assert part in shown


def test_click_on_train_shows_progress_scores_and_changes(panel):
    panel.train_button.click()
    run = panel.wait()
    assert panel.progress.value == panel.progress.max == run.history.total_steps
    assert "Finished" in panel.status.value
    assert (
        f"{run.before['accuracy']:.1%}" in panel.scores.value and f"{run.after['accuracy']:.1%}" in panel.scores.value
    )
    fixed = (run.changes()["change"] == "fixed").sum()
    assert f"{fixed} examples fixed" in panel.changes.value
    assert bytes(panel.picture.widget.value).startswith(b"\x89PNG")
    assert not panel.train_button.disabled and panel.stop_button.disabled


def test_run_is_the_one_that_the_shown_code_makes(panel, monkeypatch):
    panel.strategy.value = "last-1"
    import html
    import re

    source = html.unescape(re.sub("<[^>]*>", "", panel.code.value))
    scope = {"task": panel.task}
    exec(source, scope)
    panel.train()
    assert scope["run"].after == panel.wait().after
    assert scope["run"].config == panel.run.config


def test_stop_in_the_middle_keeps_a_result(panel):
    panel.config = ftk.RunConfig.from_dict({**panel.config.to_dict(), "epochs": 500})
    started = threading.Event()
    panel.progress.observe(lambda change: started.set() if change["new"] > 3 else None, "value")
    panel.train_button.click()
    assert started.wait(60)
    assert panel.train_button.disabled and not panel.stop_button.disabled
    panel.stop_button.click()
    run = panel.wait()
    assert run.stopped and run.history.step < run.history.total_steps
    assert "Stopped" in panel.status.value and "after" in panel.scores.value


def test_a_late_stop_does_not_stop_the_next_run(panel):
    panel.train()
    panel.wait()
    panel.stop()
    panel.train()
    assert not panel.wait().stopped


def test_an_error_is_shown_in_the_panel(panel):
    panel.model.value = "pocket-brt"
    panel.train_button.click()
    with pytest.raises(ftk.FinetuneKitError, match="Did you mean"):
        panel.wait()
    assert "Error:" in panel.message.value and "pocket-bert" in panel.message.value
    assert not panel.train_button.disabled
    panel.model.value = panel.config.model
    panel.train_button.click()
    panel.wait()
    assert panel.message.value == ""


def test_sentence_box(panel):
    panel.sentence.value = "the film was good"
    assert "Train a model first" in panel.answer.value
    panel.train()
    run = panel.wait()
    assert f"{run.predict('the film was good').loc[0, 'p(positive)']:.1%}" in panel.answer.value
    panel.sentence.value = "x" * 200_000
    assert "Error:" in panel.answer.value


def test_wait_without_a_run_says_what_to_do(panel):
    with pytest.raises(ftk.FinetuneKitError, match="train"):
        panel.wait()


def test_unknown_names_fail_when_the_panel_is_made():
    with pytest.raises(ftk.FinetuneKitError, match="Did you mean 'sentiment'"):
        ftk.studio("sentimet")
    with pytest.raises(ftk.FinetuneKitError, match="strategy"):
        ftk.studio("sentiment", strategy="hed")


def test_in_colab_training_runs_in_the_foreground(panel, monkeypatch):
    monkeypatch.setattr(parts, "in_colab", lambda: True)
    panel.train()
    assert panel.run is not None and panel.wait() is panel.run


def test_text_of_the_user_is_escaped():
    assert "<script>" not in parts.table(["a"], [["<script>"]]) + parts.message("<script>") + parts.bars(
        {"<script>": 1}
    )


def test_no_unknown_constructor_arguments(recwarn, folder):
    ftk.studio(ftk.TextClassification(tiny_frame()), model=folder)
    assert not [w for w in recwarn if "unrecognized arguments" in str(w.message)]


# --- pretraining


@pytest.fixture
def pretraining_panel(folder):
    from tiny import tiny_works

    settings = {"steps": 12, "batch_size": 8, "length": 16, "learning_rate": 1e-2, "start": "random"}
    return ftk.pretrain_panel(folder, tiny_works(), ["the film was [MASK]"], minutes=None, **settings)


def test_pretraining_shows_guesses_curves_and_scores(pretraining_panel):
    pretraining_panel.start_button.click()
    done = pretraining_panel.wait()
    assert done.after["loss"] < done.before["loss"]
    moments = [row for row in done.history.rows if "guesses" in row]
    assert len(moments) > 2 and pretraining_panel.guesses.value.count("<tr>") == min(len(moments), 6) + 1
    assert moments[-1]["guesses"]["the film was [MASK]"] in pretraining_panel.guesses.value
    assert f"{done.after['accuracy']:.1%}" in pretraining_panel.scores.value
    assert "tokens a second" in pretraining_panel.pace.value
    assert bytes(pretraining_panel.picture.widget.value).startswith(b"\x89PNG")


def test_pretraining_answers_before_and_after(pretraining_panel):
    pretraining_panel.sentence.value = "the [MASK] was good"
    assert pretraining_panel.answer.value.count("%") == 5
    pretraining_panel.sentence.value = "the film was good"
    assert "Error:" in pretraining_panel.answer.value
    pretraining_panel.start()
    pretraining_panel.wait()
    pretraining_panel.sentence.value = "the [MASK] was good"
    assert pretraining_panel.answer.value.count("%") == 5


def test_pretraining_without_a_corpus_shows_why(pretraining_panel):
    pretraining_panel.source.value = "nowhere.txt"
    pretraining_panel.start()
    with pytest.raises(ftk.FinetuneKitError, match=r"no file or folder 'nowhere\.txt'"):
        pretraining_panel.wait()
    assert "nowhere.txt" in pretraining_panel.message.value


def test_pretraining_code_is_what_the_button_does(pretraining_panel):
    import html
    import re

    source = html.unescape(re.sub("<[^>]*>", "", pretraining_panel.code.value))
    scope = {"corpus": pretraining_panel.corpus}
    exec(source, scope)
    pretraining_panel.start()
    assert scope["pretrained"].after == pretraining_panel.wait().after


def test_pretraining_stops_and_keeps_a_model(pretraining_panel):
    pretraining_panel.given["steps"] = 5000
    started = threading.Event()
    pretraining_panel.progress.observe(lambda change: started.set() if change["new"] > 2 else None, "value")
    pretraining_panel.start_button.click()
    assert started.wait(60)
    pretraining_panel.stop_button.click()
    done = pretraining_panel.wait()
    assert done.stopped and 2 < done.history.step < 5000 and "held-out" in pretraining_panel.scores.value


@pytest.fixture(scope="module")
def writers(tmp_path_factory):
    root = tmp_path_factory.mktemp("writers")
    return {"gpt2": str(write_tiny_gpt2(root / "gpt2")), "t5": str(write_tiny_t5(root / "t5"))}


def test_the_studio_marks_an_answer_in_its_passage(folder):
    panel = ftk.studio(ftk.ExtractiveQA(tiny_questions()), model=folder, labels=16, epochs=8, learning_rate=1e-2)
    panel.train_button.click()
    run = panel.wait()
    assert f"{run.after['f1']:.1%}" in panel.scores.value and "question" in panel.changes.value
    row = panel.task.splits["test"][0]
    panel.boxes["context"].value = row["context"]
    assert panel.answer.value == ""  # nothing is asked yet
    panel.sentence.value = row["question"]
    found = run.predict({"context": row["context"], "question": row["question"]}).iloc[0]
    assert ("<mark" in panel.answer.value) == (found["start"] >= 0)
    assert found["prediction"] in panel.answer.value and f"{found['probability']:.0%}" in panel.answer.value


def test_the_studio_writes_a_translation_and_shows_scores_that_are_no_shares(writers):
    task = ftk.Translation(tiny_pairs(), generation={"new_tokens": 8})
    panel = ftk.studio(task, model=writers["t5"], labels=16, epochs=2, learning_rate=1e-2)
    panel.train_button.click()
    run = panel.wait()
    assert f"{run.after['chrf']:,.1f}</td>" in panel.scores.value
    assert bytes(panel.picture.widget.value).startswith(b"\x89PNG")
    panel.sentence.value = "the film was good"
    assert run.predict(["the film was good"]).iloc[0]["prediction"] in panel.answer.value


def test_the_studio_shows_the_next_words_after_a_prompt(writers):
    panel = ftk.studio(ftk.Completion(tiny_works()), model=writers["gpt2"], labels=16, epochs=1)
    panel.train_button.click()
    run = panel.wait()
    panel.sentence.value = "the film was"
    likeliest = ftk.next_words("the film was", run, count=1).iloc[0]
    assert likeliest["word"] in panel.answer.value and f"{likeliest['probability']:.1%}" in panel.answer.value
    assert run.predict(["the film was"]).iloc[0]["prediction"] in panel.answer.value


def test_the_studio_shows_a_continuation_before_and_after(writers):
    panel = ftk.studio(
        ftk.Completion(tiny_works()), model=writers["gpt2"], labels=64, epochs=20, learning_rate=3e-2, batch_size=8
    )
    panel.train_button.click()
    run = panel.wait()
    panel.sentence.value = "the film was"
    before, after = (run.predict(["the film was"], before=b)["prediction"].iloc[0] for b in (True, False))
    assert before != after
    assert f">{before}</td>" in panel.answer.value and f">{after}</td>" in panel.answer.value
    assert panel.answer.value.index(">before fine-tuning<") < panel.answer.value.index(">after<")


def test_the_studio_shows_no_random_weights_as_before(writers):
    panel = ftk.studio(ftk.Completion(tiny_works()), model=writers["gpt2"], labels=16, epochs=1, strategy="scratch")
    panel.train_button.click()
    run = panel.wait()
    panel.sentence.value = "the film was"
    assert "before" not in panel.answer.value
    assert f">{run.predict(['the film was'])['prediction'].iloc[0]}</p>" in panel.answer.value


def test_a_line_break_as_the_next_word_is_seen(writers, monkeypatch):
    from finetune_kit import probes

    panel = ftk.studio(ftk.Completion(tiny_works()), model=writers["gpt2"], labels=16, epochs=1)
    panel.train()
    panel.wait()
    table = ftk.next_words("the film", writers["gpt2"], count=2).assign(word=["\n", " "])
    monkeypatch.setattr(probes, "next_words", lambda *_: table)
    panel.sentence.value = "the film"
    assert "&#x27;\\n&#x27;</td>" in panel.answer.value and "&#x27; &#x27;</td>" in panel.answer.value


# --- confusion


@pytest.fixture
def unsure(folder):
    """A studio whose run gets some of three classes wrong."""
    frame = tiny_frame(120)
    frame.loc[::5, "label"] = "neither"
    panel = ftk.studio(ftk.TextClassification(frame), model=folder, epochs=3, learning_rate=5e-3, labels=48)
    assert panel.confusion in list(everything(panel)) and panel.confusion.layout.display == "none"
    panel.train_button.click()
    panel.wait()
    return panel


def test_the_studio_lists_the_confusions_the_most_frequent_first(unsure):
    view, table = unsure.confusion, unsure.run.confusion()
    assert view.layout.display != "none" and bytes(view.picture.widget.value).startswith(b"\x89PNG")
    cells = [pair for _, pair in view.cells.options]
    filled = [(t, p) for t in table.index for p in table.columns if table.loc[t, p]]
    assert sorted(cells) == sorted(filled)
    wrong = [table.loc[pair] for pair in cells if pair[0] != pair[1]]
    assert len(wrong) > 1 and wrong == sorted(wrong, reverse=True)
    assert all(truth == prediction for truth, prediction in cells[len(wrong) :])
    label, (truth, prediction) = view.cells.options[0]
    assert label == f"{table.loc[truth, prediction]} × {truth}, taken for {prediction}"


def test_the_studio_shows_the_examples_behind_a_cell(unsure):
    view = unsure.confusion
    for _, pair in view.cells.options:
        view.cells.value = pair
        found = unsure.run.examples(*pair)
        shown = [f"{row.text}</td>" in view.examples.value for row in found.itertuples()]
        assert shown == [place < 6 for place in range(len(found))]
        assert f"{min(6, len(found))} of these {len(found)}," in view.examples.value


def test_a_further_run_replaces_the_confusions(unsure):
    view = unsure.confusion
    view.cells.index = len(view.cells.options) - 1
    unsure.strategy.value = "head"
    unsure.train_button.click()
    unsure.wait()
    pair = view.cells.value
    assert view.cells.index == 0 and pair == view.cells.options[0][1]
    assert f"of these {unsure.run.confusion().loc[pair]}," in view.examples.value
    unsure.model.value = "pocket-brt"
    unsure.train_button.click()
    unsure._worker.wait()
    assert view.layout.display == "none" and unsure.run is None


def test_the_studio_shows_no_confusion_where_there_are_no_classes(writers):
    panel = ftk.studio(ftk.Completion(tiny_works()), model=writers["gpt2"], labels=16, epochs=1)
    panel.train_button.click()
    panel.wait()
    assert panel.confusion not in list(everything(panel)) and panel.error == ""


def test_long_examples_are_cut(folder):
    frame = tiny_frame()
    frame["text"] += " and so" * 200
    panel = ftk.studio(ftk.TextClassification(frame), model=folder, epochs=1, labels=16)
    panel.train_button.click()
    panel.wait()
    assert " …</td>" in panel.confusion.examples.value and "and so " * 50 not in panel.confusion.examples.value


def test_a_long_text_is_cut_between_words_as_by_textwrap():
    draw = random.Random(0)
    for _ in range(200):
        text = " \n".join("x" * draw.randint(1, 9) for _ in range(60))
        longest = draw.randint(20, 100)
        assert parts.shortened(text, longest) == textwrap.shorten(text, longest + len(" …"), placeholder=" …")


@pytest.mark.parametrize("begin", ["", "an address: ", "标题 "])
@pytest.mark.parametrize("rest", ["猫" * 100, "https://example.org/" + "a/" * 50])
def test_a_long_text_that_does_not_break_is_cut_between_letters(begin, rest):
    text = begin + rest
    assert parts.shortened(text, 40) == text[:40] + " …"
    assert parts.shortened(text[:40], 40) == text[:40]


def test_the_lists_of_examples_keep_the_beginning_of_what_does_not_break():
    cells = _cells(pd.DataFrame({"text": ["猫" * 1000, 7], "truth": ["no", "yes"]}), ["text", "truth"])
    assert cells == [["猫" * 300 + " …", "no"], ["7", "yes"]]


def test_the_studio_colours_the_words_that_moved_a_prediction(panel):
    panel.train()
    panel.wait()
    panel.sentence.value = "the film was good and we"
    for word, change in ftk.occlusion(panel.run, panel.sentence.value).itertuples(index=False):
        assert f'title="{change:+.1%}"' in panel.answer.value and f">{word}</span>" in panel.answer.value
    panel.sentence.value = "good"  # nothing to leave out
    assert "span" not in panel.answer.value and "good" not in panel.error
