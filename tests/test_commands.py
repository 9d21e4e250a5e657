"""The spoken commands: their maker, and that the data set is what its card says."""

import io
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

from finetune_kit import catalog, data
from finetune_kit.data.sounds import samples
from finetune_kit.synthetic import commands, speech

FOLDER = catalog.data_folder() / "datasets" / "commands"
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="eSpeak NG is not installed")


@pytest.fixture(scope="module")
def frames():
    return {split: pd.read_parquet(FOLDER / f"{split}.parquet") for split in commands.COUNTS}


def variants(voices):
    return {voice.partition("+")[2] for voice in voices} - {""}


# The data set


def test_it_is_as_large_as_its_record_and_its_card_say(frames):
    record = next(one for one in catalog.DATASETS if one.name == "commands")
    assert {split: len(frame) for split, frame in frames.items()} == record.splits
    size = sum(path.stat().st_size for path in FOLDER.glob("*.parquet")) / 1e6
    assert size == pytest.approx(record.megabytes, abs=0.06) and size < 12
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "synthetic" in card and "CC0" in card and all(f"`{name}`" in card for name in commands.NAMES)


def test_every_class_is_there_as_often_as_planned(frames):
    for split, (each, unknown, silence) in commands.COUNTS.items():
        counts = dict.fromkeys(commands.COMMANDS, each) | {"unknown": unknown, "silence": silence}
        assert frames[split]["label"].value_counts().to_dict() == counts
    assert len(commands.COMMANDS) >= 12


def test_no_voice_is_in_two_splits_and_pretraining_heard_none_of_those_that_measure(frames):
    heard = {split: variants(frame["voice"]) for split, frame in frames.items()}
    assert sum(map(len, heard.values())) == len(set.union(*heard.values())) == len(speech.VARIANTS)
    known, _ = speech.split_voices()
    assert heard["train"] == variants(known)
    for frame in frames.values():
        accents = {voice.partition("+")[0] for voice in frame["voice"]} - {""}
        assert accents == set(speech.ACCENTS)


def test_labels_say_what_is_said(frames):
    for frame in frames.values():
        command = frame["label"].isin(commands.COMMANDS)
        assert (frame["said"] == frame["label"])[command].all()
        unknown, silence = frame["label"] == "unknown", frame["label"] == "silence"
        assert not frame["said"][unknown].isin([*commands.COMMANDS, ""]).any()
        assert (frame["said"][silence] == "").all() and (frame["voice"][silence] == "").all()


def test_half_of_what_is_unknown_in_test_was_never_said_in_training(frames):
    said = {split: frame["said"][frame["label"] == "unknown"] for split, frame in frames.items()}
    for split, other in (("validation", "test"), ("test", "validation")):
        new = ~said[split].isin(said["train"])
        assert new.mean() == 0.5 and not set(said[split][new]) & set(said[other])


def test_the_card_tells_which_words_the_pocket_model_knows():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    known = {word for command in commands.COMMANDS for word in command.split()} & set(speech.WORDS)
    told = re.search(r"pretraining taught five: (.*?), each alone", card)[1]
    assert set(re.findall("`(.*?)`", told)) == known == {"up", "down", "next", "song", "stop"}


def test_every_clip_is_short_mono_and_of_one_rate(frames):
    for frame in frames.values():
        infos = [soundfile.info(io.BytesIO(cell["bytes"])) for cell in frame["audio"]]
        assert {(info.format, info.samplerate, info.channels) for info in infos} == {("OGG", 16_000, 1)}
        assert all(0.25 < info.duration < 2.5 for info in infos)  # which a task reads whole unless told otherwise


def test_clips_are_whole_there_once_and_neither_silent_nor_clipped(frames, recwarn):
    some = {split: frame[:: 8 if split == "train" else 2] for split, frame in frames.items()}  # to save time
    report = data.report(data.sounded(some))
    assert report.duplicate_count == report.silent_count == report.clipped_count == 0
    assert not recwarn.list


# Its maker


def test_what_a_microphone_at_home_hears_is_loud_enough_and_never_clipped():
    rng = np.random.default_rng(0)
    clip = np.sin(np.arange(8_000) / 10).astype(np.float32)
    for heard in [commands.at_home(clip, rng) for _ in range(10)] + [commands.at_home(None, rng) for _ in range(20)]:
        peak = 20 * np.log10(np.abs(heard).max())
        assert heard.dtype == np.float32 and np.isfinite(heard).all()
        assert commands.LOUDNESS[0] - 0.01 <= peak <= commands.LOUDNESS[1] + 0.01
        assert 0.6 * 16_000 <= len(heard) <= 1.5 * 16_000 or len(heard) <= 8_000 * 1.25 + 8_000


@pytest.mark.parametrize("noise", commands.NOISES)
def test_noises_are_of_the_length_asked_for_and_differ_each_time(noise):
    one, other = noise(4_000, np.random.default_rng(0)), noise(4_000, np.random.default_rng(1))
    assert one.shape == other.shape == (4_000,) and np.isfinite(one).all() and one.any()
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.9 and np.array_equal(one, noise(4_000, np.random.default_rng(0)))


def test_hum_is_of_the_mains():
    spectrum = np.abs(np.fft.rfft(commands.hum(16_000, np.random.default_rng(0))))
    strong = np.flatnonzero(spectrum > 0.01 * spectrum.max())
    assert not (strong % 50).any() or not (strong % 60).any()


def test_what_is_unknown_is_as_often_new_as_known():
    said = commands.unknowns("test", 40, 0)
    assert len(said) == 40 and sum(phrase in commands.SAID["test"] for phrase in said) == 20
    assert len(set(commands.unknowns("train", 160, 0))) == len(commands.SAID["train"])


def test_a_clip_keeps_its_length_and_its_sound_in_the_file():
    clip = commands.at_home(None, np.random.default_rng(0))
    tones = (0.3 * np.sin(np.arange(16_000) / 5) + 0.3 * np.sin(np.arange(16_000) / 3)).astype(np.float32)
    for sound in (clip, tones):
        raw = commands.encoded(sound)
        info = soundfile.info(io.BytesIO(raw))
        assert (info.format, info.subtype, info.samplerate) == ("OGG", "OPUS", 16_000)
        assert len(samples(raw, 16_000)) == len(sound)
    assert np.corrcoef(samples(commands.encoded(tones), 16_000), tones)[0, 1] > 0.95


@needs_espeak
def test_the_same_call_speaks_the_same_clips(tmp_path):
    one, other = (commands.say("test", (1, 4, 2), seed=5) for _ in range(2))
    assert one.labels == other.labels and one.said == other.said and one.voices == other.voices
    assert all(np.array_equal(a, b) for a, b in zip(one.clips, other.clips, strict=True))
    assert sorted(set(one.labels)) == sorted(commands.NAMES) and len(one.clips) == 20
    frame = commands.frame(one)
    assert list(frame.columns) == ["audio", "label", "said", "voice"]
    frame.to_parquet(tmp_path / "a.parquet")
    assert len(data.sounded(data.read(tmp_path / "a.parquet"))["all"]) == 20
