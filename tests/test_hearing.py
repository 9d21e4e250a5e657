"""Hearing: log-mel against scipy's window, numpy's transform and a filter bank written from its definition."""

import numpy as np
import pytest
from scipy import signal

from finetune_kit.errors import DataError
from finetune_kit.hearing import log_mel, pitches


def slaney(hertz):
    """Slaney's mel scale: 3 mels to 200 Hz up to 1 kHz, then 27 mels to each factor of 6.4."""
    hertz = np.asarray(hertz, float)
    return np.where(hertz < 1000, 3 * hertz / 200, 15 + 27 * np.log(np.maximum(hertz, 1e-9) / 1000) / np.log(6.4))


def triangles(rate, bands, points):
    """(frequencies, bands): triangles between evenly spaced mels, each of area 1 over hertz."""
    grid = np.linspace(0, rate / 2, 2_000_001)
    corners = np.interp(np.linspace(0, slaney(rate / 2), bands + 2), slaney(grid), grid)
    pitches = np.arange(points // 2 + 1) * rate / points
    rows = []
    for low, middle, high in zip(corners, corners[1:], corners[2:], strict=False):
        height = np.interp(pitches, [low, middle, high], [0, 1, 0])
        rows.append(height * 2 / (high - low))
    return np.stack(rows, axis=1)


@pytest.mark.parametrize(("rate", "points", "bands"), [(16_000, 512, 40), (16_000, 512, 64), (8_000, 256, 20)])
def test_it_is_the_power_in_mel_bands_in_decibels(rate, points, bands):
    clip = np.random.default_rng(0).normal(0, 0.1, 5_003).astype(np.float32)
    length, hop = rate * 25 // 1000, rate // 100
    padded = np.pad(clip.astype(float), length // 2)
    window = signal.get_window("hann", length)  # periodic
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    power = np.abs(np.fft.rfft(frames * window, points)) ** 2
    expected = 10 * np.log10(np.maximum(power @ triangles(rate, bands, points), 1e-10))
    found = log_mel(clip, rate, bands)
    assert found.dtype == np.float32 and found.shape == (1 + len(clip) // hop, bands)
    assert found == pytest.approx(expected, abs=0.01)


def test_a_tone_is_loudest_in_the_band_of_its_pitch_and_ten_times_the_amplitude_is_20_db():
    times = np.arange(16_000) / 16_000
    centres = np.linspace(0, slaney(8_000), 42)[1:-1]
    assert slaney(pitches()) == pytest.approx(centres)
    for pitch in (300, 1_000, 4_000):
        tone = np.sin(2 * np.pi * pitch * times)
        loud, soft = log_mel(0.5 * tone), log_mel(0.05 * tone)
        assert loud[50].argmax() == np.abs(centres - slaney(pitch)).argmin()
        assert (loud - soft)[50].max() == pytest.approx(20, abs=0.01)


def test_silence_is_the_floor_and_one_sample_is_a_frame():
    assert (log_mel(np.zeros(1_600, np.float32)) == -100).all()
    assert log_mel(np.ones(1, np.float32)).shape == (1, 40)


@pytest.mark.parametrize("clip", [np.zeros(0), np.zeros((2, 800)), np.array([0.1, np.nan]), np.array([np.inf])])
def test_what_is_no_sound_is_refused(clip):
    with pytest.raises(DataError, match="expected"):
        log_mel(clip)
