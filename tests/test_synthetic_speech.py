"""Synthesised speech: the clips, what degrades them, and the objective over them."""

import shutil
import stat
import sys
import types

import numpy as np
import pytest
import torch
import transformers

from finetune_kit.errors import ConfigError, DataError, FinetuneKitError, UnknownNameError
from finetune_kit.objectives.sound_classes import LONGEST, SHORTEST, MadeSpeech, SoundClasses
from finetune_kit.synthetic import speech

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="eSpeak NG is not installed")
MATERIAL = types.SimpleNamespace(seed=0)


def tone(hertz: float, seconds: float = 0.5, rate: int = 16_000) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def strength(clip: np.ndarray, hertz: float, rate: int = 16_000) -> float:
    """Amplitude at one frequency, by correlation with it over the clip's middle half."""
    middle = clip[len(clip) // 4 : -len(clip) // 4]
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(middle)) / rate)
    return float(2 * abs(np.mean(middle * turns)))


def made(clips: list[np.ndarray], augmented: bool) -> MadeSpeech:
    return MadeSpeech(speech.Speech(clips, np.arange(len(clips)), ["en-us+m1"] * len(clips)), augmented)


# --- the list of words and of voices ---------------------------------------------------------------------


def test_words_are_many_and_different_and_leave_the_digits_out():
    assert len(speech.WORDS) >= 100
    assert len(set(speech.WORDS)) == len(speech.WORDS)
    assert not set(speech.WORDS) & {*speech.DIGITS, "won", "to", "too", "for", "ate", "oh"}


def test_voices_are_split_by_variant_in_every_accent():
    train, held_out = speech.split_voices()
    assert sorted(train + held_out) == sorted(speech.VOICES)
    assert not {v.split("+")[1] for v in train} & {v.split("+")[1] for v in held_out}
    assert {v.split("+")[0] for v in held_out} == set(speech.ACCENTS)


# --- sound -----------------------------------------------------------------------------------------------


def test_telephone_takes_away_what_is_above_4_khz_and_keeps_the_length():
    clip = tone(1_000) + tone(6_000)
    heard = speech.telephone(clip)
    assert heard.shape == clip.shape
    assert strength(heard, 1_000) == pytest.approx(0.5, rel=0.02)
    assert strength(heard, 6_000) < 0.01
    assert speech.telephone(clip, 8_000) is clip


@pytest.mark.parametrize("decibels", [0.0, 10.0, 30.0])
def test_noise_comes_at_the_ratio_asked_for(decibels):
    clip = tone(700)
    noise = speech.add_noise(clip, np.random.default_rng(0), (decibels, decibels)) - clip
    assert 10 * np.log10(np.mean(clip**2) / np.mean(noise**2)) == pytest.approx(decibels, abs=1e-3)


def test_a_room_adds_an_echo_after_the_sound_that_dies_away_and_nothing_before_it():
    click = np.zeros(16_000, dtype=np.float32)
    click[1_000] = 1.0
    heard = speech.in_room(click, np.random.default_rng(0))
    assert heard.shape == click.shape
    assert np.abs(heard[:1_000]).max() < 1e-6
    assert heard[1_000] == pytest.approx(1.0, abs=0.2)
    early, late = (np.mean(heard[1_001 + start :][:400] ** 2) for start in (0, 1_000))
    assert early > 4 * late > 0
    assert np.abs(heard[9_100:]).max() < 1e-6  # half a second is the longest


def test_colour_changes_strengths_within_its_bounds_and_no_frequency():
    clip = sum(tone(hertz) for hertz in (200, 1_000, 5_000))
    gains = []
    for seed in range(20):
        heard = speech.colour(clip, np.random.default_rng(seed), most=10.0)
        gains.append([20 * np.log10(strength(heard, hertz) / 0.5) for hertz in (200, 1_000, 5_000)])
        assert strength(heard, 3_000) < 0.02
    assert np.abs(gains).max() <= 20.5  # four ripples of up to 5 dB
    assert np.std(gains, axis=0).min() > 1.0


def test_change_of_speed_moves_pitch_and_length_together():
    rng = np.random.default_rng(3)
    clip = tone(1_000, 1.0)
    heard = speech.change_speed(clip, rng)
    factor = len(clip) / len(heard)
    assert 0.79 < factor < 1.26 and factor != 1
    spectrum = np.abs(np.fft.rfft(heard))
    assert spectrum.argmax() * 16_000 / len(heard) == pytest.approx(1_000 * factor, rel=0.01)


def test_degrading_is_bounded_differs_each_time_and_repeats_with_its_seed():
    clip = tone(440)
    before = clip.copy()
    rng = np.random.default_rng(0)
    drawn = [speech.degrade(clip, rng) for _ in range(50)]
    np.testing.assert_array_equal(clip, before)
    for sound in drawn:
        assert sound.dtype == np.float32 and sound.ndim == 1
        assert np.isfinite(sound).all() and np.abs(sound).max() <= 1
        assert 0.8 * len(clip) - 1 <= len(sound) <= 1.25 * len(clip) + 3_201
    assert len({len(sound) for sound in drawn}) > 40
    again = speech.degrade(clip, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn[0], again)


def test_silence_stays_silence_and_an_empty_clip_is_refused():
    assert not speech.telephone(np.zeros(100, dtype=np.float32)).any()
    assert np.isfinite(speech.degrade(np.zeros(100, dtype=np.float32), np.random.default_rng(0))).all()
    with pytest.raises(DataError, match="empty clip"):
        speech.degrade(np.zeros(0, dtype=np.float32), np.random.default_rng(0))


def test_trimming_takes_the_silence_off_both_ends():
    clip = np.concatenate([np.zeros(500), tone(100)[1:-1] + 0.6, np.zeros(700)]).astype(np.float32)
    assert len(speech.trim(clip)) == len(clip) - 1_200
    assert len(speech.trim(np.zeros(10, dtype=np.float32))) == 10


# --- eSpeak NG -------------------------------------------------------------------------------------------


def test_without_espeak_the_error_says_where_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(speech.SpeechError, match="apt-get install espeak-ng") as caught:
        speech.speak(["yes"], 1)
    assert isinstance(caught.value, FinetuneKitError) and isinstance(caught.value, OSError)
    assert "brew install" in str(caught.value) and "Windows" in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_what_the_program_complains_of_is_passed_on(tmp_path):
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\necho 'no such voice' >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(speech.SpeechError, match=r"'yes'.*'en-xx'.*no such voice"):
        speech.say(speech.Utterance("yes", "en-xx", 150, 50), program=str(program))


@pytest.mark.parametrize("wrong", [{"words": []}, {"voices": []}, {"count": 0}, {"rate": 0}])
def test_arguments_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match="at least one of each"):
        speech.speak(**{"words": ["yes"], "count": 1, **wrong})


@needs_espeak
def test_speech_is_balanced_repeatable_and_audible():
    words = ["yes", "banana", "zero"]
    first, second = (speech.speak(words, 9, seed=4, workers=workers) for workers in (1, 3))
    assert sorted(first.labels) == [0, 0, 0, 1, 1, 1, 2, 2, 2] and first.labels.dtype == np.int64
    assert first.voices == second.voices and set(first.voices) <= set(speech.VOICES)
    for one, other in zip(first.clips, second.clips, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.float32 and 0.01 < np.abs(one).max() <= 1
        assert 0.1 < len(one) / 16_000 < 2.0
    assert [len(c) for c in speech.speak(words, 9, seed=5).clips] != [len(c) for c in first.clips]


@needs_espeak
def test_longer_words_take_longer_and_8_khz_halves_the_samples():
    say = [speech.say(speech.Utterance(word, "en-us+m1", 150, 50)) for word in ("up", "understand")]
    assert len(say[1]) > 1.5 * len(say[0])
    low = speech.say(speech.Utterance("up", "en-us+m1", 150, 50), rate=8_000)
    assert len(low) == pytest.approx(len(say[0]) / 2, abs=1)


@needs_espeak
def test_every_voice_can_be_heard():
    for variant in speech.VARIANTS:
        assert np.abs(speech.say(speech.Utterance("yes", f"en-gb+{variant}", 170, 50))).max() > 0.01, variant
    for accent in speech.ACCENTS:
        assert np.abs(speech.say(speech.Utterance("yes", f"{accent}+m1", 170, 50))).max() > 0.01, accent


@needs_espeak
def test_an_unknown_voice_is_named_in_the_error():
    with pytest.raises(speech.SpeechError, match="xx-nowhere"):
        speech.say(speech.Utterance("yes", "xx-nowhere", 150, 50))


# --- the objective ---------------------------------------------------------------------------------------


def tiny(labels: int) -> transformers.PreTrainedModel:
    config = transformers.Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, classifier_proj_size=8,
        conv_dim=(8, 16), conv_kernel=(40, 8), conv_stride=(40, 8), num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2, apply_spec_augment=False, num_labels=labels,
        hidden_dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, layerdrop=0.0,
    )  # fmt: skip
    torch.manual_seed(0)
    return transformers.Wav2Vec2ForSequenceClassification(config)


def test_batches_are_normalised_masked_and_cut_to_bounds():
    objective = SoundClasses(words=["a", "b", "c"])
    processor = objective.processor()
    clips = [tone(300, 0.5), tone(300, 0.01), tone(300, 3.0)]
    batch = objective.collator(processor)([made(clips, False)[i] for i in range(3)])
    assert batch["input_values"].shape == (3, LONGEST) and batch["input_values"].dtype == torch.float32
    assert batch["attention_mask"].sum(dim=1).tolist() == [8_000, SHORTEST, LONGEST]
    assert batch["labels"].tolist() == [0, 1, 2]
    heard = batch["input_values"][0, :8_000]
    assert heard.mean().abs() < 1e-4 and heard.std() == pytest.approx(1.0, abs=1e-3)
    assert not batch["input_values"][0, 8_000:].any()


def test_only_the_share_asked_for_is_degraded():
    clips = [tone(hertz, 0.3) for hertz in range(200, 400)]
    for share in (0.0, 0.5, 1.0):
        objective = SoundClasses(words=["a", "b"], degraded=share)
        torch.manual_seed(0)
        lengths = objective.collator(objective.processor())([made(clips, True)[i] for i in range(200)])
        same = int((lengths["attention_mask"].sum(dim=1) == len(clips[0])).sum())
        assert abs(same / 200 - (1 - share)) < 0.12, share


def test_only_training_clips_are_degraded_and_by_torchs_seed():
    objective = SoundClasses(words=["a", "b"], degraded=1.0)
    collate = objective.collator(objective.processor())

    def batch(augmented: bool, seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return collate([made([tone(300)], augmented)[0]])["input_values"]

    assert torch.equal(batch(False, 0), batch(False, 1))
    assert torch.equal(batch(True, 0), batch(True, 0))
    assert batch(True, 0).shape != batch(True, 1).shape or not torch.equal(batch(True, 0), batch(True, 1))


def test_loss_is_smoothed_cross_entropy_in_training_alone_and_measure_is_accuracy():
    objective = SoundClasses(words=["a", "b", "c"], smoothing=0.3)
    model = tiny(3)
    batch = objective.collator(objective.processor())([made([tone(300), tone(900)], False)[i] for i in range(2)])
    model.eval()
    plain, outputs = objective.loss(model, batch)
    logs = outputs["logits"].detach().double().log_softmax(dim=1)
    chosen = -logs[torch.arange(2), batch["labels"]]
    assert plain.item() == pytest.approx(chosen.mean().item(), rel=1e-5)
    model.train()
    smoothed, _ = objective.loss(model, batch)
    expected = (0.7 * chosen - 0.3 * logs.mean(dim=1)).mean()
    assert smoothed.item() == pytest.approx(expected.item(), rel=1e-4)
    scores = np.array([[0.1, 0.7, 0.2], [0.9, 0.0, 0.1], [0.0, 0.1, 0.9], [0.0, 0.6, 0.4]])
    assert objective.measure(scores, np.array([1, 0, 0, 2])) == {"accuracy": 0.5}


def test_a_checkpoint_that_knows_other_words_keeps_the_rows_of_those_it_shares(tmp_path):
    old, new = SoundClasses(words=["up", "down", "left"]), SoundClasses(words=["down", "right", "up"], digits=True)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    convolutions = {"conv_dim": [8], "conv_kernel": [64], "conv_stride": [64], "num_conv_pos_embedding_groups": 2}
    config = transformers.Wav2Vec2Config(**shape, **convolutions, classifier_proj_size=8, **old.head_settings())
    model = transformers.Wav2Vec2ForSequenceClassification(config)
    before = {name: weight.clone() for name, weight in model.classifier.state_dict().items()}
    old.equip(model)
    assert all(torch.equal(weight, before[name]) for name, weight in model.classifier.state_dict().items())
    new.equip(model)
    model.save_pretrained(tmp_path)
    saved = transformers.AutoModelForAudioClassification.from_pretrained(tmp_path)
    assert [saved.config.id2label[row] for row in range(13)] == ["down", "right", "up", *speech.DIGITS]
    assert torch.equal(saved.classifier.weight[[0, 2]], before["weight"][[1, 0]])
    assert torch.equal(saved.classifier.bias[[0, 2]], before["bias"][[1, 0]])
    clip = torch.zeros(2, 4_000)
    assert saved(input_values=clip, labels=torch.tensor([12, 3])).logits.shape == (2, 13)


def test_a_head_of_another_make_is_refused():
    config = transformers.ASTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    model = transformers.ASTForAudioClassification(config)
    with pytest.raises(ConfigError, match="no linear classifier"):
        SoundClasses(words=["up", "down"]).equip(model)


def test_head_settings_name_the_classes_and_digits_come_in_on_request():
    assert SoundClasses().head_settings()["num_labels"] == len(speech.WORDS)
    settings = SoundClasses(words=["yes", "no"], digits=True).head_settings()
    assert settings["num_labels"] == 12 and settings["id2label"][2] == "zero" and settings["label2id"]["nine"] == 11


@pytest.mark.parametrize(
    "wrong",
    [{"words": ["yes"]}, {"words": ["yes", "yes"]}, {"words": ["yes", ""]}, {"clips": 0}, {"smoothing": 1.0},
     {"degraded": 1.1},
     {"words": ["one", "two"], "digits": True}],
)  # fmt: skip
def test_settings_are_checked(wrong):
    with pytest.raises(ConfigError):
        SoundClasses(**wrong)


def test_an_unknown_split_is_refused():
    with pytest.raises(UnknownNameError, match="'validation'"):
        SoundClasses().examples("test", 0, MATERIAL)


@needs_espeak
def test_splits_share_no_voice_and_validation_comes_shortest_first():
    objective = SoundClasses(words=["yes", "understand"], clips=12, validation=6)
    train, validation = (objective.examples(split, 0, MATERIAL) for split in ("train", "validation"))
    assert (len(train), len(validation)) == (12, 6)
    assert train[0]["augmented"] and not validation[0]["augmented"]
    variants = [{voice.split("+")[1] for voice in part.spoken.voices} for part in (train, validation)]
    assert not variants[0] & variants[1]
    lengths = [len(validation[i]["input_values"]) for i in range(6)]
    assert lengths == sorted(lengths)
    assert [validation[i]["labels"] for i in (0, 5)] == [0, 1]  # the order moves clips and labels together
