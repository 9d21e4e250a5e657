"""Augmentation of sounds: each way does to a clip what it says, no more, and anew under each of torch's seeds."""

import numpy as np
import pytest
import torch
from scipy import signal

from finetune_kit.errors import ConfigError, DataError, UnknownNameError
from finetune_kit.sound_augmentation import RATIOS, WAYS, SoundAugmentation

RATE = 16_000


def tone(pitch=440, seconds=0.5, loud=0.3):
    return (loud * np.sin(2 * np.pi * pitch * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def static(seconds=0.5, loud=0.1):
    return np.random.default_rng(0).normal(0, loud, int(seconds * RATE)).astype(np.float32)


def drawn(ways, clip, draws=40, **settings):
    """A clip, augmented under so many seeds."""
    augment, found = SoundAugmentation(ways, **settings), []
    for seed in range(draws):
        torch.manual_seed(seed)
        found.append(augment(clip))
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_way_gives_sound_anew_under_each_seed_and_leaves_the_clip_alone(way):
    clip = static()
    before = clip.copy()
    first, again = drawn([way], clip, 8), drawn([way], clip, 8)
    assert np.array_equal(clip, before)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({one.tobytes() for one in first}) >= 5  # speed has ten steps
    for one in first:
        assert one.dtype == np.float32 and one.ndim == 1 and np.isfinite(one).all() and np.abs(one).max() <= 1
        assert len(one) == len(clip) or way == "speed"


@pytest.mark.parametrize("ratio", [0, 10, 20])
def test_noise_is_at_the_ratio_that_was_chosen(ratio):
    clip = tone()
    for noisy in drawn(["noise"], clip, 10, ratios=(ratio, ratio)):
        assert 10 * np.log10(np.mean(clip**2) / np.mean((noisy - clip) ** 2)) == pytest.approx(ratio, abs=0.1)


def test_noise_is_drawn_from_the_whole_of_its_ratios():
    clip = tone(loud=0.1)
    found = [10 * np.log10(np.mean(clip**2) / np.mean((one - clip) ** 2)) for one in drawn(["noise"], clip, 60)]
    low, high = RATIOS
    assert low - 0.1 <= min(found) < low + 5 and high - 5 < max(found) <= high + 0.1


def test_a_shift_moves_by_up_to_a_tenth_and_fills_with_silence():
    clip = static()
    moves = []
    for moved in drawn(["shift"], clip):
        lag = int(signal.correlate(moved, clip, method="fft").argmax()) - (len(clip) - 1)
        moves.append(lag)
        kept = moved[max(lag, 0) : len(clip) + min(lag, 0)]
        assert np.array_equal(kept, clip[max(-lag, 0) : len(clip) - max(lag, 0)])
        assert not np.delete(moved, range(max(lag, 0), len(clip) + min(lag, 0))).any()
    most = len(clip) // 10
    assert -most <= min(moves) < -most / 2 and most / 2 < max(moves) <= most


def test_gain_changes_the_loudness_alone_and_never_beyond_full_scale():
    clip = tone(loud=0.1)
    factors = [float(np.abs(one).max() / np.abs(clip).max()) for one in drawn(["gain"], clip)]
    for factor, louder in zip(factors, drawn(["gain"], clip), strict=True):
        assert louder == pytest.approx(factor * clip, abs=1e-6)
    decibels = 20 * np.log10(factors)
    assert -10 <= decibels.min() < -5 and 5 < decibels.max() <= 10
    assert max(np.abs(one).max() for one in drawn(["gain"], tone(loud=0.9))) == pytest.approx(1, abs=1e-6)


def test_speed_changes_length_and_pitch_together_by_up_to_a_quarter():
    clip, found = tone(1_000), []
    for one in drawn(["speed"], clip):
        pitch = np.fft.rfftfreq(len(one), 1 / RATE)[np.abs(np.fft.rfft(one)).argmax()]
        assert pitch * len(one) == pytest.approx(1_000 * len(clip), rel=0.01)
        found.append(len(one) / len(clip))
    assert 0.79 <= min(found) < 0.9 and 1.1 < max(found) <= 1.26


def test_a_mask_in_time_silences_one_piece_of_up_to_a_fifth():
    clip = np.ones(8_000, np.float32) / 2
    lengths = []
    for one in drawn(["time_mask"], clip):
        silent = np.flatnonzero(one == 0)
        assert (one[one != 0] == 0.5).all() and (np.diff(silent) == 1).all()
        lengths.append(len(silent))
    assert min(lengths) < 400 and 1_200 < max(lengths) <= 1_600


def test_a_mask_in_pitch_takes_out_one_band_and_nothing_else():
    clip, widths = static(1.0), []
    whole = np.abs(np.fft.rfft(clip))
    for one in drawn(["band_mask"], clip):
        left = np.abs(np.fft.rfft(one))
        gone = np.flatnonzero(left < 0.01 * whole.mean())
        gone = gone[whole[gone] > 0.1 * whole.mean()]  # bins that held something
        edges = range(gone[0] - 5, gone[-1] + 6) if len(gone) else ()  # a bin of the band may have held next to nothing
        rest = np.setdiff1d(np.arange(len(whole)), edges)
        assert left[rest] == pytest.approx(whole[rest], rel=1e-3, abs=1e-2)
        widths.append(len(gone))
    assert sum(width > 50 for width in widths) > 20  # of 8,001 bins of 1 Hz
    assert max(widths) < 4_000


def test_ways_follow_one_another_in_one_order_and_none_leaves_the_clip():
    clip = static()
    torch.manual_seed(0)
    assert SoundAugmentation()(clip) is clip
    assert SoundAugmentation(["gain", "speed"]).ways == ["speed", "gain"]
    (one,), (other,) = drawn(["gain", "noise"], clip, 1), drawn(["noise", "gain"], clip, 1)
    assert np.array_equal(one, other)
    assert all(len(one) for one in drawn(list(WAYS), clip[:1], 5))


def test_silence_stays_silence():
    assert not any(one.any() for one in drawn(list(WAYS), np.zeros(4_000, np.float32), 5))


def test_what_is_no_way_no_ratio_or_no_clip_is_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'noise'"):
        SoundAugmentation(["noize"])
    for bad in ("noise", [3]):
        with pytest.raises(ConfigError, match="expected a list of speed"):
            SoundAugmentation(bad)
    for bad in ((5,), (30, 5), 5, (0, float("nan")), ("a", "b"), (1, 2, "x")):
        with pytest.raises(ConfigError, match="expected two signal-to-noise ratios"):
            SoundAugmentation(["noise"], ratios=bad)
    for bad in (np.zeros(0, np.float32), np.zeros((2, 100), np.float32)):
        with pytest.raises(DataError, match="expected"):
            SoundAugmentation(["gain"])(bad)
