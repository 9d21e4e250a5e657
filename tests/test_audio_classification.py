"""Audio classification on tiny models of four families, against plain transformers and scikit-learn."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch
import transformers
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import StandardScaler
from tiny import write_tiny_bert
from tiny_sound import KINDS, RATE, WRITERS, encoded, tiny_sounds, tone, write_tiny_wav2vec2

import finetune_kit as ftk
from finetune_kit import checkpoints, hearing, runs, training
from finetune_kit.data.sounds import samples, stored_sounds
from finetune_kit.errors import ConfigError, DataError, ModelError, UnknownNameError
from finetune_kit.tasks import audio_classification

pytestmark = pytest.mark.filterwarnings("ignore:At least one mel filter")  # of the tiny spectrograms
QUICK = {"epochs": 1, "batch_size": 8}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {name: str(write(root / name)) for name, write in WRITERS.items()}


@pytest.fixture(scope="module")
def task():
    return ftk.AudioClassification(tiny_sounds(), seconds=1.0)


@pytest.fixture(scope="module")
def run(task, folders):
    return ftk.fine_tune(task, folders["wav2vec2"], epochs=8, batch_size=8, learning_rate=3e-3)


def clips(part):
    return [samples(raw, RATE) for raw in stored_sounds(part)]


def batch_of(task, folder, part, training=False):
    processor = checkpoints.processor(folder)
    encoded = (task.encode_training if training else task.encode)(part, processor, 128)
    return task.collator(processor)([encoded[i] for i in range(len(encoded))])


# What a model is given


def test_splits_hold_sounds_and_classes(task):
    assert list(task.splits) == ["train", "validation", "test"] and sum(map(len, task.splits.values())) == 60
    assert task.names == sorted(KINDS) == task.splits["train"].features["label"].names
    assert not set(stored_sounds(task.splits["train"])) & set(stored_sounds(task.splits["test"]))


@pytest.mark.parametrize("kind", WRITERS)
def test_a_batch_is_what_the_feature_extractor_makes_of_the_sounds(task, folders, kind):
    part = task.splits["validation"]
    batch = batch_of(task, folders[kind], part)
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folders[kind])
    how = {
        "wav2vec2": {"padding": True, "return_attention_mask": True},
        "hubert": {"padding": "max_length", "max_length": RATE},
    }.get(kind, {})
    expected = extractor(clips(part), sampling_rate=RATE, return_tensors="pt", **how)
    assert set(batch) == {*expected, "labels"} and batch["labels"].tolist() == list(part["label"])
    assert all(torch.equal(batch[name], expected[name]) for name in expected)
    assert ("attention_mask" in batch) == (kind == "wav2vec2")


@pytest.mark.parametrize("kind", WRITERS)
def test_what_a_model_makes_of_a_sound_depends_on_no_other_of_its_batch(task, folders, kind):
    part = task.splits["test"]
    model, processor = runs.run.load_model(folders[kind], task, True, 0)
    together = training.predict(model, processor, task, part, 128)
    alone = [training.predict(model, processor, task, part.select([row]), 128)[0] for row in range(len(part))]
    assert together == pytest.approx(np.stack(alone), abs=1e-4)
    if kind == "wav2vec2":  # which reads a clip alone, without any padding, as it reads it with a mask
        made = processor(clips(part)[0], sampling_rate=RATE, return_tensors="pt")
        with torch.inference_mode():
            assert together[0] == pytest.approx(model.eval()(made["input_values"]).logits[0].numpy(), abs=1e-4)


def test_files_of_another_rate_and_channels_are_heard_alike(folders):
    clip = tone("low", 0.5, rate=48_000)
    both = ftk.AudioClassification(names=list(KINDS), seconds=1.0)
    model, processor = runs.run.load_model(folders["wav2vec2"], both, True, 0)
    mono, stereo = (both.inputs([(sound, 48_000)]) for sound in (clip, np.stack([clip, clip], axis=1)))
    found = [training.predict(model, processor, both, one, 128) for one in (mono, stereo)]
    again = samples((clip, 48_000), RATE)
    made = processor(again, sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        expected = model.eval()(made["input_values"]).logits.numpy()
    assert found[0] == pytest.approx(expected, abs=1e-4) and found[1] == pytest.approx(expected, abs=1e-4)


def long_and_short(long):
    sounds = [tone("low", 1.0), tone("high", 0.3), tone("low", 2.3)]
    made = ftk.AudioClassification(names=list(KINDS), seconds=1.0, long=long)
    return made, made.inputs([(sound, RATE) for sound in sounds]), sounds


@pytest.mark.parametrize(
    ("long", "starts"), [("start", [0]), ("middle", [10_400]), ("windows", [0, 6_933, 13_867, 20_800])]
)
def test_long_sounds_are_cut_or_read_in_windows_as_told(folders, long, starts):
    made, dataset, sounds = long_and_short(long)
    processor = checkpoints.processor(folders["wav2vec2"])
    with pytest.warns(UserWarning, match=rf"^1 of 3 sounds are longer than seconds=1; .* \(long='{long}'\)\.$"):
        encoded = made.encode(dataset, processor, 128)
    assert encoded["example"][:] == [0, 1, *[2] * len(starts)] and encoded["start"][:] == [0, 0, *starts]
    assert encoded["length"][:] == [16_000, 4_800, *[16_000] * len(starts)]
    for row, start in enumerate(starts, 2):
        assert np.array_equal(made.clip(encoded[row], RATE), sounds[2][start : start + 16_000])


def test_the_outputs_of_windows_are_averaged(folders):
    made, dataset, sounds = long_and_short("windows")
    model, processor = runs.run.load_model(folders["wav2vec2"], made, True, 0)
    with pytest.warns(UserWarning, match="whose outputs are averaged"):
        found = training.predict(model, processor, made, dataset, 128)
    whole = ftk.AudioClassification(names=list(KINDS), seconds=1.0)
    pieces = whole.inputs([(sounds[2][start : start + 16_000], RATE) for start in (0, 6_933, 13_867, 20_800)])
    expected = training.predict(model, processor, whole, pieces, 128).mean(axis=0)
    assert found.shape == (3, 2) and found[2] == pytest.approx(expected, abs=1e-4)


@pytest.mark.filterwarnings("ignore:.*whose outputs are averaged")
def test_windows_learn_and_are_measured(folders):
    frame = tiny_sounds(24)
    found = ftk.fine_tune(ftk.AudioClassification(frame, seconds=0.3, long="windows"), folders["wav2vec2"], **QUICK)
    assert set(found.after) == {"accuracy", "macro_f1"} and len(found.examples()) == len(
        found.task.splits["validation"]
    )


def test_the_shortest_sounds_are_long_enough_for_the_convolutions(folders):
    made = ftk.AudioClassification(names=list(KINDS))
    for kind in ("wav2vec2", "hubert"):
        model, processor = runs.run.load_model(folders[kind], made, True, 0)
        found = training.predict(model, processor, made, made.inputs([(tone("low", 0.001), RATE)]), 128)
        assert np.isfinite(found).all()


def test_training_alone_is_augmented_and_each_time_anew(folders):
    made = ftk.AudioClassification(tiny_sounds(), seconds=1.0, augment=["speed", "noise"], ratios=[0, 10])
    part = made.splits["train"].select(range(6))
    once, again = (batch_of(made, folders["hubert"], part, training=True)["input_values"] for _ in range(2))
    plain = [batch_of(made, folders["hubert"], part)["input_values"] for _ in range(2)]
    assert once.shape == plain[0].shape == (6, RATE)
    assert not torch.equal(once, again) and not torch.equal(once, plain[0]) and torch.equal(*plain)
    torch.manual_seed(3)
    first = batch_of(made, folders["hubert"], part, training=True)["input_values"]
    torch.manual_seed(3)
    assert torch.equal(first, batch_of(made, folders["hubert"], part, training=True)["input_values"])
    assert made.settings == {
        "names": ["high", "low"], "seconds": 1.0, "long": "middle", "augment": ["speed", "noise"], "ratios": [0, 10],
    }  # fmt: skip


def test_batches_are_of_like_length(task, folders):
    encoded = task.encode(task.splits["train"], checkpoints.processor(folders["wav2vec2"]), 128)
    order = training.reading_order(encoded, task)
    lengths = np.array([len(clip) for clip in clips(task.splits["train"])])
    assert (np.diff(lengths[order]) >= 0).all() and encoded["length"][:] == lengths.tolist()


# A run


def test_it_learns_and_scores_as_transformers_and_scikit_learn_do(run, task):
    assert run.before["accuracy"] < 0.9 <= run.after["accuracy"]
    part = task.splits["test"]
    made = run.processor(clips(part), sampling_rate=RATE, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = run.model.eval()(**made).logits.numpy()
    assert run.evaluate()["accuracy"] == pytest.approx((logits.argmax(1) == np.array(part["label"])).mean())
    found = run.predict(stored_sounds(part))
    assert found["prediction"].tolist() == [task.names[i] for i in logits.argmax(1)]
    assert found[["p(high)", "p(low)"]].to_numpy() == pytest.approx(softmax(logits, axis=1), abs=1e-3)
    assert run.confusion("test").to_numpy().sum() == len(part)


@pytest.mark.parametrize("kind", ["hubert", "ast", "whisper"])
def test_models_of_every_family_are_tuned_saved_and_loaded(task, folders, kind, tmp_path):
    found = ftk.fine_tune(task, folders[kind], "last-1", epochs=2, batch_size=8, learning_rate=3e-3)
    assert 0 <= found.after["accuracy"] <= 1 and 0 < found.trainable_share < 1
    assert ftk.Run.load(found.save(tmp_path / "saved")).after == found.after


def test_whispers_encoder_keeps_the_weights_of_the_recogniser(task, folders):
    model, _ = runs.run.load_model(folders["whisper"], task, True, 0)
    whole = transformers.WhisperForConditionalGeneration.from_pretrained(folders["whisper"])
    held = whole.model.encoder.state_dict()
    assert all(torch.equal(value, held[name]) for name, value in model.encoder.state_dict().items())


def test_a_sound_to_predict_comes_in_any_form(run, tmp_path):
    clip = tone("low", 0.5)
    (tmp_path / "low.wav").write_bytes(encoded(clip, subtype="FLOAT"))
    raw, path = encoded(clip, subtype="FLOAT"), tmp_path / "low.wav"
    forms = [
        path,
        str(path),
        raw,
        (clip, RATE),
        {"array": clip, "sampling_rate": RATE},
        {"bytes": raw, "path": "x/low.wav"},
    ]
    found = run.predict(forms)
    assert list(found["audio"]) == ["low.wav", "low.wav", "Sound 3 of 6", "Sound 4 of 6", "Sound 5 of 6", "low.wav"]
    assert np.ptp(found["p(low)"]) < 1e-3 and list(found.columns[:2]) == ["audio", "prediction"]
    assert len(run.predict((clip, RATE))) == len(run.predict(tmp_path / "low.wav")) == 1
    with pytest.raises(DataError, match="no sound; expected a path"):
        run.predict([])
    (tmp_path / "empty.wav").touch()
    with pytest.raises(DataError, match=r"empty\.wav is empty"):
        run.predict([clip, tmp_path / "empty.wav"][1:])
    with pytest.raises(DataError, match="Sound 1 of 1 is neither bytes nor a path"):
        run.predict([clip])
    with pytest.warns(UserWarning, match="1 of 1 sounds: silent throughout"):
        run.predict((np.zeros(8_000), RATE))


def test_a_saved_run_is_the_run(run, task, tmp_path):
    folder = run.save(tmp_path / "saved")
    loaded = ftk.Run.load(folder)
    assert loaded.after == run.after and loaded.task.settings == run.task.settings
    assert loaded.examples().equals(run.examples())
    record = json.loads((folder / "run.json").read_text())
    assert record["data_fingerprint"] == runs.fingerprint(task.splits)
    other = ftk.AudioClassification(tiny_sounds(seed=1))
    assert runs.fingerprint(other.splits) != runs.fingerprint(task.splits)
    plain = transformers.AutoModelForAudioClassification.from_pretrained(folder)
    assert plain.config.id2label == {0: "high", 1: "low"}


def test_examples_labels_and_losses_are_those_of_the_sounds(run, task):
    table = run.examples(truth="high")
    assert set(table["truth"]) == {"high"} and table["audio"].iloc[0]["bytes"].startswith(b"RIFF")
    assert set(run.changes()["change"]) <= {"fixed", "broken"}
    worst = ftk.top_losses(run, count=3)
    assert len(worst) == 3 and worst["audio"].iloc[0]["bytes"].startswith(b"RIFF")
    cleaned = ftk.clean(task, relabel={0: task.words([1 - task.splits["train"][0]["label"]])[0]}, drop=[1])
    assert len(cleaned.splits["train"]) == len(task.splits["train"]) - 1
    assert stored_sounds(cleaned.splits["train"])[0] == stored_sounds(task.splits["train"])[0]


def test_a_comparison_knows_sounds(task, folders):
    found = ftk.compare(task, ["scratch", "head"], model=folders["wav2vec2"], labels=[8], seeds=1, epochs=1)
    assert found.table["method"].tolist()[-2:] == ["scratch", "head"] and len(found.table) == 5
    assert found.table["accuracy"].between(0, 1).all()


def test_the_command_line_takes_a_folder_of_classes(call, tmp_path):
    model = write_tiny_wav2vec2(tmp_path / "model")
    for n, kind in enumerate(KINDS * 8):
        path = tmp_path / "sounds" / kind / f"{n}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(tone(kind, 0.3, n), "FLAC"))
    arguments = ["--model", model, "--data", tmp_path / "sounds", "--epochs", "1", "--out", tmp_path / "out"]
    code, out, err = call("run", "--task", "audio-classification", *arguments)
    assert code == 0, err + out
    assert ftk.Run.load(tmp_path / "out").task.names == ["high", "low"]


# Beside it


def test_baselines_are_those_of_scikit_learn(task):
    train, test = task.splits["train"], task.splits["test"]
    found = {name: method(train, test) for name, method in task.baselines().items()}
    assert list(found) == ["majority class", "nearest centroid of log-mel means", "logistic regression on log-mel"]
    labels = list(train["label"])
    sides = [np.stack([hearing.log_mel(clip).mean(axis=0) for clip in clips(part)]) for part in (train, test)]
    scale = StandardScaler().fit(sides[0])
    expected = NearestCentroid().fit(scale.transform(sides[0]), labels).predict(scale.transform(sides[1]))
    assert found["nearest centroid of log-mel means"].tolist() == expected.tolist()
    eighths = [
        np.stack([np.ravel([[part.mean(axis=0)] for part in _eighths(hearing.log_mel(clip))]) for clip in clips(side)])
        for side in (train, test)
    ]
    scale = StandardScaler().fit(eighths[0])
    learner = LogisticRegression(C=0.1, max_iter=1000).fit(scale.transform(eighths[0]), labels)
    assert found["logistic regression on log-mel"].tolist() == learner.predict(scale.transform(eighths[1])).tolist()
    alone = train.filter(lambda label: label == 0, input_columns="label")
    assert audio_classification.nearest_centroid(alone, test).tolist() == [0] * len(test)


def _eighths(frames):
    """The frames in eight parts, each from the eighth below its start to that below its end."""
    borders = [i * len(frames) // 8 for i in range(9)]
    return [frames[low:high] for low, high in pairwise(borders)]


def test_the_baselines_take_sounds_of_less_than_a_frame_a_part():
    few = ftk.AudioClassification(names=list(KINDS)).inputs([(tone("low", 0.02), RATE)] * 2)
    assert np.isfinite(audio_classification.log_mel_means(few, 8)).all()


def test_a_model_that_reads_texts_is_refused(task, tmp_path):
    folder = str(write_tiny_bert(tmp_path / "bert"))
    with pytest.raises(ModelError, match=r"'bert' has no head for audio-classification. Expected one such as pocket-w"):
        ftk.fine_tune(task, folder)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seconds": 0.1}, "seconds=0.1: expected a number of seconds from 0.25 to 60"),
        ({"seconds": 61}, "seconds=61"),
        ({"seconds": "2"}, "seconds='2'"),
        ({"long": "end"}, "long='end': expected one of middle, start, windows"),
        ({"augment": "noise"}, "expected a list of speed"),
        ({"ratios": (1,)}, "expected two signal-to-noise ratios"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        ftk.AudioClassification(names=list(KINDS), **settings)


def test_bad_names_and_no_data_are_refused(folders):
    with pytest.raises(DataError, match="needs a source of data"):
        ftk.AudioClassification()
    with pytest.raises(UnknownNameError, match="'nois'"):
        ftk.AudioClassification(tiny_sounds(), augment=["nois"])
    with pytest.raises(UnknownNameError, match="'sound'"):
        ftk.AudioClassification(tiny_sounds(), audio="sound")
    with pytest.raises(ConfigError, match=r"seconds=2\.5: expected 1\.28 at most, which this model reads at a time"):
        ftk.fine_tune(ftk.AudioClassification(tiny_sounds()), folders["ast"], **QUICK)
