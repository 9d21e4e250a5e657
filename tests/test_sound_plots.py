"""Pictures of sounds: what is drawn is what was given, and it can be told apart in both themes and in grey."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread

from finetune_kit import plots
from finetune_kit.hearing import log_mel
from finetune_kit.spotting import Detection

RATE = 16_000


@pytest.fixture
def ax():
    return Figure().subplots()


def tone(pitch=1_000, seconds=1.0, loud=0.5):
    return (loud * np.sin(2 * np.pi * pitch * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def drawn_range(ax):
    """The lowest and the highest sample of a waveform by its time."""
    (body,) = ax.collections
    corners = body.get_paths()[0].vertices
    return corners[:, 0], corners[:, 1]


def test_a_waveform_shows_the_extremes_of_all_samples_over_seconds(ax):
    clip = np.zeros(40_000, np.float32)
    clip[12_345], clip[30_001] = 0.7, -0.4  # one sample each, of many more than there are columns
    assert plots.waveform(clip, RATE, ax) is ax
    times, heights = drawn_range(ax)
    assert heights.max() == pytest.approx(0.7) and heights.min() == pytest.approx(-0.4)
    assert times[heights.argmax()] == pytest.approx(12_345 / RATE, abs=0.003)
    assert times[heights.argmin()] == pytest.approx(30_001 / RATE, abs=0.003)
    assert ax.get_xlim() == (0, 2.5) and ax.get_ylim()[1] == pytest.approx(1.05 * 0.7)
    assert ax.get_xlabel() == "seconds"


def test_waveforms_can_share_a_scale_and_short_or_silent_ones_are_drawn(ax):
    plots.waveform(tone(loud=0.1), RATE, ax, scale=1.0)
    assert ax.get_ylim() == (-1, 1)
    for clip in (np.zeros(100), np.array([0.2]), np.zeros(0)):
        other = Figure().subplots()
        plots.waveform(clip, RATE, other)
        assert other.get_ylim()[0] < 0 < other.get_ylim()[1] and other.get_xlim()[1] > 0


@pytest.mark.parametrize(("pitch", "rate"), [(500, RATE), (2_000, RATE), (2_000, 8_000)])
def test_a_tone_stands_at_its_pitch_in_a_spectrogram(ax, pitch, rate):
    clip = (0.5 * np.sin(2 * np.pi * pitch * np.arange(rate) / rate)).astype(np.float32)
    heard = log_mel(clip, rate)
    assert plots.spectrogram(heard, rate, ax) is ax
    (image,) = ax.images
    assert np.array_equal(image.get_array(), heard.T)
    marks = {label.get_text(): place for place, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)}
    assert marks[f"{pitch:,}"] == pytest.approx(heard[50].argmax(), abs=0.6)
    assert ax.get_xlim() == (0, pytest.approx(1.0))
    low, high = image.get_clim()
    assert high == pytest.approx(heard.max()) and high - low == 80


def test_a_spectrogram_of_silence_and_of_a_single_frame_is_drawn(ax):
    plots.spectrogram(log_mel(np.zeros(1, np.float32)), RATE, ax)
    assert plots.png(lambda ax: plots.spectrogram(log_mel(np.zeros(800, np.float32)), RATE, ax))


def test_pixels_of_a_spectrogram_stand_where_the_sound_is_and_share_a_scale():
    heard = log_mel(tone(2_000, 0.5))
    pixels = plots.spectrogram_pixels(heard)
    assert pixels.shape == (40, len(heard), 3) and pixels.dtype == np.uint8
    light = pixels.astype(int).sum(axis=2)
    assert light[:, 25].argmax() == 39 - heard[25].argmax()  # the highest band first
    softer = plots.spectrogram_pixels(log_mel(tone(2_000, 0.5, 0.05)), heard.max()).astype(int).sum(axis=2)
    assert softer.max() < light.max() and not plots.spectrogram_pixels(np.full((3, 4), -100.0), 0.0)[..., 0].any()


def bars(ax):
    """By what they stand for: the row, the start and the length of each bar."""
    return {
        held.get_label(): [(round(bar.get_y() + bar.get_height() / 2), bar.get_x(), bar.get_width()) for bar in held]
        for held in ax.containers
    }


FOUND = [Detection("stop", 1.0, 1.5, 0.9), Detection("go", 5.0, 5.25, 0.7), Detection("stop", 8.0, 9.0, 0.8)]


def test_a_time_line_has_a_row_a_label_and_a_bar_a_detection(ax):
    assert plots.timeline(FOUND, 20, ax=ax) is ax
    assert bars(ax) == {"detected": [(0, 1.0, 0.5), (1, 5.0, 0.25), (0, 8.0, 1.0)]}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["stop", "go"]
    assert ax.get_xlim() == (0, 20) and ax.get_xlabel() == "seconds"


def test_what_was_said_stands_apart_from_what_was_detected(ax):
    plots.timeline(FOUND, 20, [("left", 3.0, 3.5), ("stop", 1.1, 1.6)], ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["stop", "left", "go"]
    assert bars(ax)["said"] == [(1, 3.0, pytest.approx(0.5)), (0, 1.1, pytest.approx(0.5))]
    detected, said = ax.containers
    assert detected[0].get_y() + detected[0].get_height() < said[1].get_y()  # side by side, though of one row
    assert (
        detected[0].get_facecolor()[3] == 1 and said[0].get_facecolor()[3] == 0
    )  # full and hollow: told apart in grey
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["detected", "said"]


def test_a_long_time_line_counts_minutes(ax):
    plots.timeline([("stop", 1_800.0, 1_801.0)], 36_000, ax=ax)
    assert ax.get_xlabel() == "minutes"
    marks = [tick for tick in ax.get_xticks() if 0 <= tick <= 36_000]
    assert 4 <= len(marks) <= 12 and not any(mark % 60 for mark in marks)
    assert ax.xaxis.get_major_formatter()(3_600, 0) == "60"


def test_a_time_line_of_nothing_is_empty(ax):
    plots.timeline([], 10, ax=ax)
    assert not ax.containers and ax.get_xlim() == (0, 10) and ax.get_legend() is None
    assert plots.timeline_height([]) < plots.timeline_height(FOUND)


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plots.waveform(tone(), RATE, ax),
        lambda ax: plots.spectrogram(log_mel(tone()), RATE, ax),
        lambda ax: plots.timeline(FOUND, 20, FOUND, ax),
    ],
)
def test_the_ink_shows_on_white_and_on_black(draw):
    figure = Figure()
    ax = figure.subplots()
    draw(ax)
    for text in (ax.xaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()):
        shade = np.dot(to_rgb(text.get_color()), (0.2126, 0.7152, 0.0722))
        assert 0.25 < shade < 0.75
    ground = imread(io.BytesIO(plots.png(draw)))
    assert ground[0, 0, 3] == 0  # clear
