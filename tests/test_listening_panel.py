"""A run that listens, and the panels in which sounds are tried: what they show and play."""

import base64
import io
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from test_sound_browser import heard, plain
from tiny import tiny_frame
from tiny_sound import RATE, encoded, tiny_sounds, tone, write_tiny_wav2vec2

import finetune_kit as ftk
from finetune_kit.errors import ConfigError, DataError
from finetune_kit.spotting import Detection
from finetune_kit.widgets import parts


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A studio over high and low tones after training."""
    model = write_tiny_wav2vec2(tmp_path_factory.mktemp("models") / "tiny")
    panel = ftk.studio(ftk.AudioClassification(tiny_sounds(60)), model=str(model), labels=32, epochs=2)
    panel.train().wait()
    assert panel.error == ""
    return panel


@pytest.fixture(scope="module")
def run(studio):
    return studio.run


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A file of 5 seconds with a high and a low tone, and its samples."""
    quiet = np.random.default_rng(0).normal(0, 0.003, 5 * RATE).astype(np.float32)
    quiet[RATE : RATE + 9_600] += tone("high", 0.6)
    quiet[3 * RATE : 3 * RATE + 9_600] += tone("low", 0.6, 1)
    path = tmp_path_factory.mktemp("sounds") / "long.wav"
    soundfile.write(path, quiet, RATE, "FLOAT")
    return path, quiet


def test_a_run_hears_in_each_window_what_it_predicts_of_it(run, recording):
    path, samples = recording
    padded = np.pad(samples, (6_000, RATE))  # a window of 1 s speaks for the 0.25 s in its middle
    clips = [(padded[start : start + RATE], RATE) for start in range(0, len(samples), 4_000)]
    table = run.predict(clips)
    found = list(run.listen(path, threshold=0.0, gap=0.0, ignore=[]))
    assert found[0].start == 0 and found[-1].end == 5.0
    for before, after in pairwise(found):
        assert before.end == after.start and before.label != after.label
    for one in found:
        windows = table.iloc[round(4 * one.start) : round(4 * one.end)]
        assert set(windows["prediction"]) == {one.label}
        assert one.score == pytest.approx(windows[f"p({one.label})"].max(), abs=1e-3)


def test_a_run_refuses_to_listen_to_what_it_does_not_read(run, recording, folder):
    with pytest.raises(ConfigError, match=f"expected {run.task.seconds:g} seconds at most"):
        run.listen(recording[0], window=3.0)
    texts = ftk.fine_tune(ftk.TextClassification(tiny_frame()), model=folder, labels=8, epochs=1)
    for listen in (texts.listen, lambda path: ftk.listen_panel(texts, str(path))):
        with pytest.raises(DataError, match="does not classify sounds"):
            listen(recording[0])


# --- the studio


def test_the_studio_tries_a_sound_of_the_data_and_plays_it(studio, run):
    box = studio.boxes["audio"]
    box.choice.value = 1
    cell = run.task.splits["validation"][1]["audio"]["bytes"]
    original, _ = soundfile.read(io.BytesIO(cell), dtype="float32")
    (played,) = heard(box.heard.value)
    assert played == pytest.approx(original, abs=1e-4) and "waveform and log-mel spectrogram" in box.heard.value
    shares = run.predict([cell]).iloc[0]
    for name in run.task.classes:
        assert f"{shares[f'p({name})']:.1%}" in studio.answer.value


@pytest.mark.parametrize("new", [True, False])
def test_the_studio_takes_an_upload_of_both_ipywidgets_and_says_what_is_none(studio, new):
    box = studio.boxes["audio"]
    for name, raw in (("mine.flac", encoded(tone("low", 0.4, 7), "FLAC")), ("note.wav", b"no sound")):
        value = ({"name": name, "content": memoryview(raw)},) if new else {name: {"content": raw}}
        box.upload.notify_change({"name": "value", "old": None, "new": value, "owner": box.upload, "type": "change"})
        if name == "mine.flac":
            assert 'aria-label="mine.flac"' in box.heard.value and "%" in studio.answer.value
        else:
            assert "Error: note.wav is not a sound file" in plain(box.heard.value)
            assert box.value is None and studio.answer.value == ""


def test_the_studio_takes_a_recording(studio):
    box = studio.boxes["audio"]
    box.recorder.mailbox.value = base64.b64encode(encoded(tone("high", 0.5, 3))).decode()
    assert 'aria-label="your recording"' in box.heard.value and "%" in studio.answer.value


def test_the_cells_of_the_confusion_play_the_clips_behind_them(studio, run):
    truth, prediction = studio.confusion.cells.value
    behind = run.examples(truth, prediction)
    played = heard(studio.confusion.examples.value)
    assert len(played) == min(6, len(behind)) > 0
    for clip, cell in zip(played, behind["audio"], strict=False):
        original, _ = soundfile.read(io.BytesIO(cell["bytes"]), dtype="float32")
        assert clip == pytest.approx(original, abs=1e-4)
    changes = run.changes()
    shown = sum(min(4, count) for count in changes["change"].value_counts())
    assert len(heard(studio.changes.value)) == shown


def test_the_cleaning_panel_plays_its_examples(run):
    panel = ftk.clean_panel(run)
    assert panel.message.value == ""
    shown = [row.shown.value for row in panel.pages.rows if row.row is not None]
    assert shown and all(len(heard(text)) == 1 and "bytes" not in plain(text) for text in shown)


# --- the listening panel


@pytest.fixture
def panel(run, recording):
    return ftk.listen_panel(run, str(recording[0]))


def test_the_panel_shows_what_the_run_hears(panel, run, recording):
    panel.threshold.value = 0.05
    found = panel.listen().wait()
    path, samples = recording
    assert found == list(run.listen(path, threshold=0.05)) and found and panel.error == ""
    assert f"Heard 0:05.0: {len(found)} detection" in plain(panel.message.value)
    assert f"{720 * len(found):,.1f} an hour" in plain(panel.message.value)
    assert bytes(panel.line.widget.value).startswith(b"\x89PNG") and panel.line.widget.layout.display == ""
    assert panel.progress.value == 1.0 and panel.stop_button.disabled and not panel.start_button.disabled
    best = max(found, key=lambda one: one.score)
    start, end = max(0, round((best.start - 0.5) * RATE)), round((best.end + 0.5) * RATE)
    assert heard(panel.table.value)[0] == pytest.approx(samples[start:end], abs=1e-3)


def test_the_panel_listens_for_one_command_and_shows_its_code(panel, run):
    panel.threshold.value, panel.label.value = 0.05, "low"
    found = panel.listen().wait()
    assert {one.label for one in found} <= {"low"}
    scope = {"run": run}
    exec(plain(panel.code.value).strip(), scope)
    assert scope["detections"] == found


def test_the_panel_takes_an_upload(panel, recording):
    raw = encoded(recording[1][: 2 * RATE], "FLAC")
    panel._take([("upload.flac", raw)])
    assert panel.path.value == "upload.flac"
    panel.listen().wait()
    assert panel.error == "" and "Heard 0:02.0" in plain(panel.message.value)


@pytest.mark.parametrize(
    ("path", "says"),
    [("", "There is no recording yet"), ("none.wav", "none.wav is the path of a file that is not there")],
)
def test_the_panel_says_what_is_wrong_and_can_be_used_again(panel, recording, path, says):
    panel.path.value = path
    assert panel.listen().wait() == [] and says in panel.error
    assert not panel.start_button.disabled and panel.stop_button.disabled
    panel.path.value = str(recording[0])
    panel.listen().wait()
    assert panel.error == ""


def test_stop_keeps_what_was_heard_so_far(panel, monkeypatch):
    heard_so_far = [Detection("low", 0.5, 1.0, 0.9)]

    def listen(source, progress, **settings):
        yield heard_so_far[0]
        panel.stop_button.click()
        progress(2.5)
        yield Detection("high", 3.0, 3.5, 0.9)

    monkeypatch.setattr(panel.run, "listen", listen)
    assert panel.listen().wait() == heard_so_far
    assert "Stopped after 0:02.5: 1 detection" in plain(panel.message.value) and panel.error == ""


def test_in_colab_the_panel_listens_in_the_foreground(panel, monkeypatch):
    monkeypatch.setattr(parts, "in_colab", lambda: True)
    panel.listen()
    assert "Heard" in plain(panel.message.value)
