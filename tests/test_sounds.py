"""Sounds as they come: decoded, mixed down, resampled, against the wave module; and all that is bad."""

import io
import struct
import wave

import numpy as np
import pytest
import soundfile
from tiny_sound import encoded, tone

from finetune_kit.data import files, sounds
from finetune_kit.data.sounds import BadSoundError, as_stored, samples, seconds, sound
from finetune_kit.errors import DataError, FinetuneKitError

CLIP = tone("low", 1.0)
FORMATS = {
    "WAV": (None, 1e-4), "WAVEX": (None, 1e-4), "AIFF": (None, 1e-4), "FLAC": (None, 1e-4), "CAF": (None, 1e-4),
    "OGG": ("VORBIS", 0.05), "MP3": (None, 0.05),
}  # fmt: skip


def strength(clip, hertz, rate):
    """Amplitude at one frequency, by correlation with it over the clip's middle half."""
    middle = clip[len(clip) // 4 : -len(clip) // 4]
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(middle)) / rate)
    return float(2 * abs(np.mean(middle * turns)))


def pure(hertz, rate=16_000, length=0.5):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(length * rate)) / rate)).astype(np.float32)


def with_rate(rate):
    """A WAV file whose head tells of another sampling rate."""
    raw = bytearray(encoded(CLIP))
    raw[24:28] = struct.pack("<I", rate)
    return bytes(raw)


def with_size(size):
    """A WAV file whose head tells of another number of bytes of samples."""
    raw = bytearray(encoded(CLIP))
    raw[40:44] = struct.pack("<I", size)
    return bytes(raw)


def floats(*values):
    return encoded(np.array(values, np.float32), subtype="FLOAT")


# What comes out


@pytest.mark.parametrize("kind", FORMATS)
def test_files_of_every_format_are_decoded_and_kept_as_they_are(kind):
    subtype, tolerance = FORMATS[kind]
    raw = encoded(CLIP, kind, subtype=subtype)
    found = samples(raw, 16_000)
    assert found.dtype == np.float32 and found.shape == CLIP.shape
    assert np.sqrt(np.mean((found - CLIP) ** 2)) < tolerance
    kept = sound(raw)
    assert (kept.raw, kept.rate, kept.channels, kept.seconds) == (raw, 16_000, 1, 1.0)
    assert not kept.silent and not kept.clipped and seconds(raw) == 1.0


def test_a_wav_file_is_what_the_wave_module_reads():
    values = np.array([0, 16_384, -32_768, 32_767], dtype="<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22_050)
        file.writeframes(values.tobytes())
    clip, rate = sounds.read(buffer.getvalue())
    assert rate == 22_050 and clip.tolist() == pytest.approx([0, 0.5, -1, 32_767 / 32_768])


def test_channels_become_their_mean():
    left, right = tone("low", 0.2), tone("high", 0.2)
    for channels in (np.stack([left, right], axis=1), np.stack([left, right] * 4, axis=1)):
        found = samples(encoded(channels, subtype="FLOAT"), 16_000)
        assert found == pytest.approx((left + right) / 2, abs=1e-6)
        assert sound((channels, 16_000)).channels == channels.shape[1]


def test_resampling_keeps_a_low_tone_and_does_not_fold_a_high_one_back():
    low, high = (samples(encoded(pure(hertz, 48_000), rate=48_000), 16_000) for hertz in (1_000, 10_000))
    assert len(low) == 8_000 and strength(low, 1_000, 16_000) == pytest.approx(0.5, rel=0.02)
    # Taking every third sample would turn 10 kHz into 6 kHz at full strength.
    assert strength(pure(10_000, 48_000)[::3], 6_000, 16_000) == pytest.approx(0.5, rel=0.02)
    assert strength(high, 6_000, 16_000) < 0.01
    assert len(samples((pure(1_000, 22_050, 1.0), 22_050), 16_000)) == 16_000
    up = samples((pure(1_000, 8_000), 8_000), 16_000)
    assert strength(up, 1_000, 16_000) == pytest.approx(0.5, rel=0.02) and strength(up, 7_000, 16_000) < 0.01
    same = pure(500)
    assert sounds.resample(same, 16_000, 16_000) is same


def test_cells_of_every_form(tmp_path):
    raw = encoded(CLIP)
    (tmp_path / "a.wav").write_bytes(raw)
    forms = [raw, bytearray(raw), {"bytes": raw, "path": "x"}, {"bytes": None, "path": str(tmp_path / "a.wav")},
             tmp_path / "a.wav", str(tmp_path / "a.wav")]  # fmt: skip
    assert all(np.array_equal(samples(form, 16_000), samples(raw, 16_000)) for form in forms)
    assert sound("a.wav", str(tmp_path)).raw == raw and as_stored(tmp_path / "a.wav") == raw


def test_arrays_come_with_their_rate_and_keep_their_samples():
    for form in ((CLIP, 16_000), {"array": CLIP, "sampling_rate": 16_000}, (CLIP.astype(float), np.int64(16_000))):
        assert np.array_equal(samples(form, 16_000), CLIP)
    whole = {np.uint8: 128, np.int16: 2**15, np.int32: 2**31}
    for kind, full in whole.items():
        values = (CLIP.astype(float) * full * 0.9 + (128 if kind is np.uint8 else 0)).astype(kind)
        assert samples((values, 16_000), 16_000) == pytest.approx(CLIP * 0.9, abs=2 / full + 1e-6)


def test_heads_that_do_not_know_the_length_are_read_to_the_end():
    for size in (0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFF000):  # as programs that write to a pipe give it
        assert len(samples(with_size(size), 16_000)) == 16_000


def test_silent_and_clipped_sounds_are_marked():
    faint = sound((np.full(100, 5e-4, np.float32), 16_000))
    assert faint.silent and not faint.clipped
    assert not sound((np.full(100, 2e-3, np.float32), 16_000)).silent
    cut = sound((np.clip(5 * CLIP, -1, 1), 16_000))
    assert cut.clipped and not cut.silent
    assert not sound((CLIP / np.abs(CLIP).max(), 16_000)).clipped  # which touches full scale once


# What cannot be used


BAD = [
    (None, files.MISSING, ""),
    (float("nan"), files.MISSING, ""),
    ("", files.MISSING, ""),
    ({"bytes": None, "path": None}, files.MISSING, ""),
    (b"", files.EMPTY, ""),
    ("nowhere/a.wav", files.NO_FILE, "a.wav"),
    ("https://example.org/a.wav", files.ADDRESS, ""),
    (5, sounds.NO_FORM, "found int"),
    (CLIP, sounds.NO_FORM, "found ndarray"),
    ((CLIP,), sounds.NO_FORM, "found tuple"),
    (([1, 2, 3], 16_000), sounds.NO_FORM, "int64"),
    ((CLIP, 16_000.5), sounds.NO_FORM, "16000.5"),
    ((CLIP, 0), sounds.NO_RATE, "0 Hz"),
    ((np.zeros((2, 1000)), 16_000), sounds.CHANNELS, "1,000"),
    (b"a text that somebody has named .wav", sounds.UNREADABLE, ""),
    (b"RIFF" + bytes(40), sounds.UNREADABLE, ""),
    (encoded(CLIP)[:20], sounds.DAMAGED, "fmt"),
    (encoded(CLIP)[:20_000], sounds.DAMAGED, "32,000 bytes of samples, and 19,956 are there"),
    (encoded(CLIP)[:44], sounds.DAMAGED, "and 0 are there"),
    (encoded(CLIP, "AIFF")[:20_000], sounds.DAMAGED, "are there"),
    (encoded(CLIP, "FLAC")[:10_000], sounds.DAMAGED, "lost sync"),
    (encoded(CLIP, "OGG", subtype="VORBIS")[:6_000], sounds.DAMAGED, "last page breaks off"),
    (encoded(CLIP, "OGG", subtype="OPUS")[:3_000], sounds.DAMAGED, ""),
    (encoded(CLIP[:0]), sounds.NO_SAMPLES, ""),
    (with_rate(0), sounds.NO_RATE, "0 Hz"),
    (with_rate(1), sounds.NO_RATE, "1 Hz"),
    (with_rate(1_000_000), sounds.NO_RATE, "1,000,000 Hz"),
    (encoded(np.zeros((100, 9), np.float32)), sounds.CHANNELS, "9"),
    (floats(0, np.nan, np.inf, 0.5), sounds.NOT_FINITE, "2 of 4"),
    (floats(0, 12_000), sounds.TOO_LOUD, "up to 12,000"),
]  # fmt: skip


# Numbered: a WAV file of float samples holds the time at which it was written, and the name of a test must not.
@pytest.mark.parametrize(("cell", "fault", "found"), BAD, ids=range(len(BAD)))
def test_what_cannot_be_used_is_named(cell, fault, found):
    with pytest.raises(BadSoundError) as caught:
        sound(cell, name="here.wav")
    assert isinstance(caught.value, DataError) and isinstance(caught.value, FinetuneKitError)
    assert caught.value.fault == fault and found in caught.value.found
    message = str(caught.value)
    assert message.startswith(f"here.wav {fault}") and message.endswith("Save it anew as WAV or FLAC, or leave it out.")
    assert "<_io" not in message and "\n" not in message


def test_an_mp3_that_breaks_off_is_named(capfd):
    with pytest.raises(BadSoundError, match="of 16,000 samples can be read"):
        sound(encoded(CLIP, "MP3")[:3_000])


def test_a_file_of_hours_is_refused_by_its_head(tmp_path, monkeypatch):
    path = tmp_path / "day.wav"
    with soundfile.SoundFile(path, "w", 2_000, 1, "PCM_U8") as file:
        file.write(np.zeros(2_000 * 660, np.float32))

    def refuse(*_):
        raise AssertionError("the file was read")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    monkeypatch.setattr(soundfile.SoundFile, "read", refuse)
    with pytest.raises(BadSoundError, match=r"day\.wav is longer than 10 minutes; run\.listen .* clips: 11 minutes"):
        sound(path)


def test_a_large_file_that_is_no_sound_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "film.wav"
    path.write_bytes(b"no sound " * 100)
    monkeypatch.setattr(type(path), "read_bytes", lambda _: pytest.fail("the file was read"))
    with pytest.raises(BadSoundError, match=r"film\.wav is not a sound file that soundfile reads"):
        sound(path)


def test_a_message_names_the_file_where_there_is_one(tmp_path):
    (tmp_path / "a.wav").touch()
    with pytest.raises(BadSoundError, match=r"a\.wav is empty, of 0 bytes\."):
        samples(tmp_path / "a.wav", 16_000)
    with pytest.raises(BadSoundError, match=r"^The sound is empty"):
        sound(b"")
