"""Listening: what is heard where, by a classifier that is known; and in how much memory."""

import tracemalloc

import numpy as np
import pytest
import soundfile

from finetune_kit.errors import ConfigError, DataError, UnknownNameError
from finetune_kit.listening import BATCH, listen
from finetune_kit.spotting import Detection, false_alarms

RATE = 16_000
CLASSES = ["low", "high", "silence", "unknown"]
PITCHES = {"low": 400, "high": 2_000, "unknown": 5_000}


def written(folder, said, seconds, rate=RATE, name="long.wav", channels=1):
    """A recording with tones in it: (label, start, end) in seconds."""
    times = np.arange(round(seconds * rate)) / rate
    sound = np.zeros_like(times)
    for label, start, end in said:
        here = (times >= start) & (times < end)
        sound[here] = 0.5 * np.sin(2 * np.pi * PITCHES[label] * times[here])
    soundfile.write(folder / name, np.repeat(sound[:, None], channels, axis=1), rate)
    return folder / name


def by_pitch(clips):
    """The class whose tone fills most of the middle of each clip; 'silence' where there is none."""
    shares = []
    for clip in clips:
        assert clip.dtype == np.float32 and clip.shape == (RATE,)
        middle = clip[6_000:10_000]  # the quarter of a second that the window speaks for
        power = np.abs(np.fft.rfft(middle)) ** 2
        pitches = np.fft.rfftfreq(len(middle), 1 / RATE)
        loud = [power[np.abs(pitches - PITCHES[name]) < 50].sum() if name in PITCHES else 1_000.0 for name in CLASSES]
        shares.append(np.array(loud) / sum(loud))
    return np.array(shares)


SAID = [("low", 1.0, 1.5), ("high", 3.0, 4.0), ("unknown", 5.0, 5.5), ("low", 9.5, 10.5), ("high", 12.0, 12.5)]


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (8_000, 1)])
def test_it_finds_what_was_said_where(tmp_path, rate, channels):
    said = [one for one in SAID if rate > 10_000 or one[0] != "unknown"]
    found = list(listen(by_pitch, CLASSES, written(tmp_path, said, 12.6, rate, channels=channels), smooth=0))
    expected = [one for one in said if one[0] != "unknown"]
    assert [one.label for one in found] == [label for label, *_ in expected]
    for one, (_, start, end) in zip(found, expected, strict=True):
        assert one.start == pytest.approx(start, abs=0.26) and one.end == pytest.approx(end, abs=0.26)
        assert one.score > 0.9
    assert false_alarms(found, expected, 12.6).hits == len(expected)


def test_the_very_ends_are_heard(tmp_path):
    said = [("low", 0.0, 0.2), ("high", 2.8, 3.0)]
    first, last = listen(by_pitch, CLASSES, written(tmp_path, said, 3.0), smooth=0)
    assert (first.label, first.start, first.end) == ("low", 0.0, 0.25)
    assert (last.label, last.end) == ("high", 3.0)


def windows_of(tmp_path, seconds, **settings):
    """The clips that a classifier is given, and how many at a time."""
    given = []

    def hear(clips):
        given.append(clips)
        return np.tile([0.0, 0.0, 1.0, 0.0], (len(clips), 1))

    path = tmp_path / "long.wav"
    soundfile.write(path, np.arange(1, round(seconds * RATE) + 1) / 2**20, RATE, subtype="FLOAT")
    assert list(listen(hear, CLASSES, path, **settings)) == []
    assert all(len(clips) == BATCH for clips in given[:-1])
    return [clip for clips in given for clip in clips]


@pytest.mark.parametrize(
    ("seconds", "window", "hop"), [(21.3, 1.0, 0.25), (11.0, 2.0, 2.0), (0.4, 1.0, 0.5), (5, 1, 0.3)]
)
def test_the_middles_of_the_windows_lie_end_to_end_over_the_recording(tmp_path, seconds, window, hop):
    clips = windows_of(tmp_path, seconds, window=window, hop=hop)
    size, step = round(window * RATE), round(hop * RATE)
    before = (size - step) // 2
    whole = np.arange(1, round(seconds * RATE) + 1) / 2**20
    middles = np.concatenate([clip[before : before + step] for clip in clips])
    assert np.array_equal(middles[: len(whole)], whole) and not middles[len(whole) :].any()
    assert len(clips) == -(-len(whole) // step)
    padded = np.pad(whole, (before, size))
    for number, clip in enumerate(clips):
        assert np.array_equal(clip, padded[number * step : number * step + size])


def by_script(*shares):
    """A classifier that says what is written, a window at a time; ('low', 0.8) or None for silence."""
    left = list(shares)

    def hear(clips):
        rows = []
        for _ in clips:
            label, share = left.pop(0) or ("silence", 0.9)
            rows.append([share if name == label else (1 - share) / 3 for name in CLASSES])
        return np.array(rows)

    return hear


def heard(tmp_path, *shares, smooth=0, **settings):
    path = tmp_path / "quiet.wav"
    soundfile.write(path, np.zeros(len(shares) * RATE // 4), RATE)
    return list(listen(by_script(*shares), CLASSES, path, smooth=smooth, **settings))


LOW, HIGH = ("low", 0.8), ("high", 0.7)


def test_neighbouring_windows_of_a_class_make_one_detection(tmp_path):
    found = heard(tmp_path, None, LOW, ("low", 0.95), LOW, None, None, LOW)
    assert found == [Detection("low", 0.25, 1.0, pytest.approx(0.95)), Detection("low", 1.5, 1.75, pytest.approx(0.8))]


def test_a_gap_is_bridged_as_told_but_not_over_another_class(tmp_path):
    dip = (LOW, None, LOW)
    assert [(one.start, one.end) for one in heard(tmp_path, *dip)] == [(0, 0.75)]
    assert [(one.start, one.end) for one in heard(tmp_path, *dip, gap=0)] == [(0, 0.25), (0.5, 0.75)]
    assert [(one.start, one.end) for one in heard(tmp_path, LOW, None, None, LOW, gap=0.5)] == [(0, 1.0)]
    assert [one.label for one in heard(tmp_path, LOW, HIGH, LOW)] == ["low", "high", "low"]


def test_one_window_alone_is_no_command_when_they_are_averaged(tmp_path):
    assert heard(tmp_path, None, None, LOW, None, None, smooth=0.75) == []
    away = 0.1 / 3  # the probability of "low" in a window of silence
    (one,) = heard(tmp_path, None, LOW, LOW, LOW, None, smooth=0.75)
    assert (one.start, one.end, one.score) == (0.25, 1.0, pytest.approx(0.8))
    (one,) = heard(tmp_path, None, LOW, LOW, None, None, smooth=0.75, threshold=0.5)
    assert (one.start, one.end, one.score) == (0.25, 0.75, pytest.approx((0.8 + 0.8 + away) / 3))


def test_at_the_ends_the_average_is_over_the_windows_that_there_are(tmp_path):
    (one,) = heard(tmp_path, LOW, ("low", 0.6), smooth=1.25)  # two windows on each side, of which one is there
    assert (one.start, one.end, one.score) == (0, 0.5, pytest.approx(0.7))
    (one,) = heard(tmp_path, LOW, None, None, ("low", 0.9), smooth=0.75, threshold=0.45)
    assert (one.start, one.score) == (0.75, pytest.approx((0.9 + 0.1 / 3) / 2))


def test_found_where_it_was_said_with_the_usual_average(tmp_path):
    said = [("low", 1.0, 2.0), ("high", 3.0, 4.0), ("low", 9.5, 10.5)]
    found = list(listen(by_pitch, CLASSES, written(tmp_path, said, 12.0)))
    assert [one.label for one in found] == ["low", "high", "low"]
    assert all(one.start == pytest.approx(start, abs=0.26) for one, (_, start, _) in zip(found, said, strict=True))


def test_the_threshold_and_what_is_ignored(tmp_path):
    shares = (LOW, None, None, HIGH, None, None, ("unknown", 0.9))
    assert [one.label for one in heard(tmp_path, *shares)] == ["low", "high"]
    assert [one.label for one in heard(tmp_path, *shares, threshold=0.75)] == ["low"]
    assert [one.label for one in heard(tmp_path, *shares, ignore=["silence", "low"])] == ["high", "unknown"]
    assert {one.label for one in heard(tmp_path, *shares, ignore=[])} == set(CLASSES)


def test_a_detection_comes_as_soon_as_it_has_ended(tmp_path):
    path, times = written(tmp_path, SAID, 60), []
    first = next(iter(listen(by_pitch, CLASSES, path, progress=times.append)))
    assert first.label == "low" and len(times) <= 1
    rest = []
    list(listen(by_pitch, CLASSES, path, progress=rest.append))
    assert rest == sorted(rest) and rest[0] == pytest.approx(BATCH / 4) and rest[-1] == pytest.approx(60)


def long_recording(path, minutes):
    """Faint noise in FLAC, written a second at a time."""
    second = np.random.default_rng(0).normal(0, 0.01, 8_000).astype(np.float32)
    with soundfile.SoundFile(path, "w", 8_000, 1, format="FLAC") as file:
        for _ in range(60 * minutes):
            file.write(second)
    return path


def test_memory_stays_flat_with_the_length(tmp_path):
    def peak(path):
        tracemalloc.start()
        heard = sum(1 for _ in listen(lambda clips: np.tile([0.9, 0, 0, 0.1], (len(clips), 1)), CLASSES, path))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert heard == 1
        return most

    short, long = (long_recording(tmp_path / f"{minutes}.flac", minutes) for minutes in (1, 20))
    peak(short)  # what is imported on the way counts once
    assert peak(long) < 1.1 * peak(short) < 20 * 2**20


def test_a_recording_that_breaks_off_is_heard_to_there(tmp_path):
    path = written(tmp_path, SAID, 12.6)
    path.write_bytes(path.read_bytes()[: 2 * RATE * 11])
    found = []
    with pytest.raises(DataError, match=r"long.wav is truncated or damaged"):
        found.extend(listen(by_pitch, CLASSES, path))
    assert [one.label for one in found] == ["low", "high", "low"] or [one.label for one in found] == ["low", "high"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"hop": 0}, "the hop from 0.02"),
        ({"hop": 2}, "to the window"),
        ({"window": 61}, "at most 60"),
        ({"window": float("nan")}, "expected numbers"),
        ({"hop": "0.5"}, "expected numbers"),
        ({"threshold": 1.5}, "expected a probability"),
        ({"gap": -1}, "seconds from 0 on"),
        ({"smooth": -0.5}, "expected seconds from 0 to 60"),
        ({"smooth": None}, "expected numbers"),
        ({"ignore": "low"}, "expected a list of classes"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_once(tmp_path, settings, says):
    with pytest.raises(ConfigError, match=says):
        listen(by_pitch, CLASSES, written(tmp_path, [], 1), **settings)


def test_other_classes_and_files_are_refused_at_once(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'silence'"):
        listen(by_pitch, CLASSES, written(tmp_path, [], 1), ignore=["silense"])
    with pytest.raises(DataError, match="not there"):
        listen(by_pitch, CLASSES, tmp_path / "none.wav")
