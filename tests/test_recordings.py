"""Recordings: block by block the very samples that one reading of the whole gives, and faults where they are."""

import io

import numpy as np
import pytest
import soundfile

from finetune_kit.data import recordings, sounds
from finetune_kit.data.recordings import Recording, resampled
from finetune_kit.errors import DataError


def static(seconds, rate, channels=1, seed=0):
    return np.random.default_rng(seed).uniform(-0.4, 0.4, (round(seconds * rate), channels)).astype(np.float32)


def written(folder, samples, rate, name="long.wav", **settings):
    soundfile.write(folder / name, samples, rate, **settings)
    return folder / name


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 7_919, 96_000])
def test_blocks_are_those_of_one_resampling_of_the_whole(rate):
    whole = static(1.3, rate)[:, 0]
    expected = sounds.resample(whole, rate, 16_000)
    for size in (rate // 7, 997, len(whole)):
        pieces = list(resampled(np.split(whole, range(size, len(whole), size)), rate, 16_000))
        assert np.concatenate(pieces) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("rate", "channels", "form"), [(16_000, 1, "WAV"), (44_100, 2, "FLAC"), (8_000, 2, "OGG")])
def test_a_recording_is_the_sound_that_reading_it_whole_gives(tmp_path, monkeypatch, rate, channels, form):
    monkeypatch.setattr(recordings, "BLOCK", 1)
    path = written(tmp_path, static(3.4, rate, channels), rate, f"long.{form.lower()}", format=form)
    for source in (path, str(path), path.read_bytes()):
        recording = Recording(source)
        assert (recording.rate, recording.channels) == (rate, channels)
        assert recording.seconds == pytest.approx(3.4, abs=0.001)
        pieces = list(recording.blocks(16_000))
        assert len(pieces) >= 3
        assert np.concatenate(pieces) == pytest.approx(sounds.samples(path, 16_000), abs=1e-4)


def test_what_is_no_sound_file_is_named(tmp_path):
    text = tmp_path / "note.wav"
    text.write_text("This is no sound.", encoding="utf-8")
    empty = tmp_path / "empty.wav"
    empty.touch()
    cases = {
        text: "note.wav is not a sound file",
        empty: "empty.wav is empty",
        tmp_path / "none.wav": "none.wav is the path of a file that is not there",
        written(tmp_path, static(0.1, 16_000, 9), 16_000, "nine.wav"): "nine.wav has more than 8 channels.*: 9",
        written(tmp_path, static(0.1, 16_000), 1_000_000, "fast.wav"): "fast.wav has a sampling rate.*1,000,000 Hz",
    }
    for path, says in cases.items():
        with pytest.raises(DataError, match=says):
            Recording(path)
    with pytest.raises(DataError, match="neither bytes nor a path"):
        Recording(3)


def test_a_rate_of_0_is_named():
    raw = io.BytesIO()
    soundfile.write(raw, static(0.1, 16_000), 16_000, format="WAV")
    header = bytearray(raw.getvalue())
    header[24:28] = (0).to_bytes(4, "little")
    with pytest.raises(DataError, match="sampling rate"):
        Recording(bytes(header))


def test_no_samples_nan_and_integers_as_floats_are_found_when_they_come(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "BLOCK", 1)
    with pytest.raises(DataError, match="holds no samples"):
        list(Recording(written(tmp_path, np.zeros((0, 1)), 16_000, "none.wav")).blocks(16_000))
    for bad, says in ((np.nan, "no finite numbers: after 2.0 s"), (12_000, "beyond the full scale")):
        samples = static(4, 16_000)
        samples[40_000] = bad
        blocks = Recording(written(tmp_path, samples, 16_000, "bad.wav", subtype="FLOAT")).blocks(16_000)
        assert len(next(blocks)) == len(next(blocks)) == 16_000
        with pytest.raises(DataError, match=says):
            next(blocks)


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_a_file_that_breaks_off_is_read_to_there_and_then_named(tmp_path, monkeypatch, form):
    monkeypatch.setattr(recordings, "BLOCK", 1)
    path = written(tmp_path, static(4, 16_000), 16_000, "cut.file", format=form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 5 // 8])
    read = []
    with pytest.raises(DataError, match=r"cut.file is truncated or damaged"):
        read.extend(Recording(path).blocks(16_000))
    assert 2 <= sum(map(len, read)) / 16_000 <= 2.5


def test_a_piece_is_that_part_of_the_whole(tmp_path):
    samples = static(4, 44_100, 2)
    recording = Recording(written(tmp_path, samples, 44_100, "long.wav", subtype="FLOAT"))
    wanted = sounds.resample(samples[44_100 : 2 * 44_100].mean(axis=1), 44_100, 16_000)
    assert recording.piece(1.0, 2.0, 16_000) == pytest.approx(wanted, abs=1e-6)
    assert len(recording.piece(3.5, 9.0, 16_000)) == 8_000 and not len(recording.piece(5.0, 6.0, 16_000))
