"""Sounds with their classes, from every source: folders, archives, tables, data sets; checked, split and reported."""

import datasets
import numpy as np
import pandas as pd
import pytest
from image_files import error_of, png, write
from tiny_sound import encoded, tone, wav

from finetune_kit import data
from finetune_kit.data import media
from finetune_kit.data.sounds import stored_sounds
from finetune_kit.errors import DataError, StorageError, UnknownNameError

FOUR = [wav(n) for n in range(4)]


def frame(sounds, labels=None, **more):
    return {"all": pd.DataFrame({"audio": sounds, "label": labels or ["x", "y"] * (len(sounds) // 2), **more})}


def made(sounds, labels=None, **more):
    return data.sounded(frame(sounds, labels, **more))["all"]


def classes(found):
    return [found.features["label"].int2str(label) for label in found["label"]]


# Where it comes from


def test_bytes_become_sounds_and_names_classes():
    found = made(FOUR, ["b", "a", "b", "10"])
    assert found.column_names == ["audio", "label"]
    assert found.features["audio"] == datasets.Audio(decode=False)
    assert found.features["label"] == datasets.ClassLabel(names=["10", "a", "b"]) and found["label"][:] == [2, 1, 2, 0]
    assert stored_sounds(found) == FOUR and found[2]["audio"] == {"bytes": FOUR[2], "path": None}


def test_a_folder_of_classes(tmp_path):
    files = {f"on/{n}.wav": wav(2 * n) for n in range(3)} | {f"off/{n}.WAV": wav(2 * n + 1) for n in range(3)}
    found = data.sounded(data.read(write(tmp_path, files)))["all"]
    assert found["file"][:] == ["off/0.WAV", "off/1.WAV", "off/2.WAV", "on/0.wav", "on/1.wav", "on/2.wav"]
    assert classes(found) == ["off"] * 3 + ["on"] * 3 and stored_sounds(found)[3] == wav(0)


def test_a_folder_of_splits_in_formats_of_all_kinds(tmp_path):
    kinds = {"wav": "WAV", "flac": "FLAC", "ogg": "OGG", "mp3": "MP3"}
    files = {
        f"{split}/{label}/{n}.{end}": encoded(tone(kind, 0.3, n), kinds[end])
        for split in ("train", "valid", "test")
        for label, kind in (("a", "low"), ("b", "high"))
        for n, end in enumerate(kinds)
    }
    found = data.split(data.sounded(data.read(write(tmp_path, files))))
    assert {name: len(part) for name, part in found.items()} == {"train": 8, "validation": 8, "test": 8}
    assert found["train"]["file"][0] == "train/a/0.wav"


def test_an_archive_of_classes(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for n in range(4):
            archive.writestr(f"top/{'xy'[n % 2]}/{n}.wav", FOUR[n])
    found = data.sounded(data.read(tmp_path / "a.zip"))["all"]
    assert classes(found) == ["x", "x", "y", "y"] and stored_sounds(found) == [FOUR[n] for n in (0, 2, 1, 3)]


def test_a_folder_of_images_is_one_still(tmp_path):
    files = {f"{label}/{n}.png": png(n) for label in "xy" for n in range(2)} | {"x/a.wav": wav()}
    assert "image" in data.read(write(tmp_path, files))["all"].columns


def test_a_csv_of_paths_that_start_at_its_folder(tmp_path):
    write(tmp_path, {f"in/{n}.wav": raw for n, raw in enumerate(FOUR)})
    paths = ["in/0.wav", "in\\1.wav", "./in/../in/2.wav", str(tmp_path / "in" / "3.wav")]
    pd.DataFrame({"path": paths, "word": list("xyxy")}).to_csv(tmp_path / "a.csv", index=False)
    found = data.sounded(data.read(tmp_path / "a.csv"), "path", "word")["all"]
    assert stored_sounds(found) == FOUR and found["file"][:] == paths


def test_parquet_of_bytes_and_of_what_hugging_face_writes(tmp_path):
    frame(FOUR)["all"].to_parquet(tmp_path / "a.parquet")
    made(FOUR).to_parquet(tmp_path / "b.parquet")
    for name in ("a.parquet", "b.parquet"):
        assert stored_sounds(data.sounded(data.read(tmp_path / name))["all"]) == FOUR


@pytest.mark.parametrize("decode", [True, False])
def test_data_sets_with_an_audio_column_are_never_decoded_by_it(tmp_path, monkeypatch, decode):
    def refuse(*_, **__):
        raise AssertionError("datasets decoded a sound, for which it needs torchcodec")

    monkeypatch.setattr(datasets.Audio, "decode_example", refuse)
    write(tmp_path, {"a.wav": FOUR[1], "b.wav": FOUR[2]})
    cells = [{"bytes": FOUR[0], "path": "x.wav"}, *({"bytes": None, "path": str(tmp_path / f"{n}.wav")} for n in "ab")]
    plain = datasets.Dataset.from_dict({"audio": cells, "label": [0, 1, 0]})
    source = plain.cast_column("audio", datasets.Audio(decode=decode, sampling_rate=8_000))
    source = source.cast_column("label", datasets.ClassLabel(names=["q", "p"]))
    for given in (source, datasets.DatasetDict({"all": source})):
        found = data.sounded(data.read(given))["all"]
        assert stored_sounds(found) == FOUR[:3] and classes(found) == ["q", "p", "q"]
        assert found["file"][:] == ["x.wav", cells[1]["path"], cells[2]["path"]]


def test_a_data_set_of_the_hub(monkeypatch):
    cells = [{"bytes": raw, "path": f"{n}.wav"} for n, raw in enumerate(FOUR * 5)]
    part = datasets.Dataset.from_dict({"audio": cells, "intent_class": [n % 2 for n in range(20)]})
    part = part.cast_column("audio", datasets.Audio()).cast_column(
        "intent_class", datasets.ClassLabel(names=["pay", "ask"])
    )
    monkeypatch.setattr("finetune_kit.catalog.hub.require", lambda *_: None)
    monkeypatch.setattr(datasets, "load_dataset", lambda *_: datasets.DatasetDict({"train": part}))
    found = data.sounded(data.read("minds14"))
    assert classes(found["train"])[:2] == ["pay", "ask"] and stored_sounds(found["train"]) == FOUR * 5


def test_arrays_with_their_rate():
    pairs = [(tone("low", 0.3, n), 8_000) for n in range(4)]
    found = made(pairs)
    assert all(
        np.array_equal(data.sounds.samples(raw, 8_000), clip)
        for raw, (clip, _) in zip(stored_sounds(found), pairs, strict=True)
    )


def test_large_data_are_stored_in_pieces(monkeypatch):
    whole = made(FOUR * 10)
    monkeypatch.setattr(media, "CHUNK", len(FOUR[0]) * 7)
    pieces = made(FOUR * 10)
    assert pieces.data.column(0).num_chunks > 3 and stored_sounds(pieces) == stored_sounds(whole)
    assert made(FOUR)._fingerprint == made(FOUR)._fingerprint != made(FOUR[::-1])._fingerprint


# Faults


BAD = [wav(0), b"", b"a text", wav(1)[:-100], None, 5, wav(2), wav(3), b"no sound either"]
LABELS = ["x", "x", "y", "y", "x", "y", None, "y", None]


def test_bad_rows_are_counted_and_named():
    message = error_of(DataError, lambda: made(BAD, LABELS))
    assert message.startswith("7 of 9 rows cannot be used: ")
    assert (
        "1 whose sound is empty, of 0 bytes (row 2); 2 whose sound is not a sound file that soundfile reads" in message
    )
    assert "Ogg and MP3 (rows 3, 9)" in message and "1 whose sound is truncated or damaged (row 4: its head" in message
    assert "1 whose sound is missing (row 5)" in message and "1 with no label (row 7)." in message


def test_bad_files_are_named_by_their_names(tmp_path):
    files = {f"{label}/{n}.wav": wav(n) for label in "xy" for n in range(3)}
    files |= {"x/empty.wav": b"", "y/notes.txt": b"words", "stray.wav": wav(8), "y/nine.wav": encoded(np.zeros((9, 9)))}
    folder = write(tmp_path, files)
    message = error_of(DataError, lambda: data.sounded(data.read(folder)))
    assert message.startswith("4 of 10 files cannot be used: 1 outside of the folders of classes (stray.wav)")
    assert "empty, of 0 bytes (x/empty.wav)" in message and "(y/notes.txt)" in message
    assert "more than 8 channels, which are no longer those of one sound (y/nine.wav: 9)" in message
    with pytest.warns(UserWarning, match="^4 of 10 files are left out: "):
        assert len(data.sounded(data.read(folder), drop_bad_rows=True)["all"]) == 6


def test_silent_and_clipped_sounds_are_told_and_kept():
    loud = encoded(np.clip(9 * tone("low", 0.3), -1, 1))
    quiet = encoded(np.zeros(3_000, np.float32))
    with pytest.warns(UserWarning) as told:
        found = made([*FOUR, quiet, loud], file=[f"{n}.wav" for n in range(6)])
    assert len(found) == 6
    assert [str(one.message) for one in told] == [
        "1 of 6 sounds: silent throughout, below -60 dB of full scale. They are kept (4.wav).",
        "1 of 6 sounds: clipped, a thousandth of the samples or more at full scale. They are kept (5.wav).",
    ]


def test_good_sounds_are_not_talked_about(recwarn):
    made(FOUR)
    assert not recwarn.list


def test_a_folder_without_classes_and_the_wrong_column(tmp_path):
    message = error_of(StorageError, lambda: data.read(write(tmp_path, {"a.wav": wav(), "b.wav": wav(1)})))
    assert "its 2 files lie in no folder of a class (a.wav, b.wav)" in message and "sounds (yes/1.wav)" in message
    assert "no column 'sound'" in error_of(UnknownNameError, lambda: data.sounded(frame(FOUR), "sound"))


# Splitting and reporting


def test_the_same_sound_stays_in_one_split_in_proportion_to_the_classes():
    sounds = [wav(n % 40) for n in range(80)]
    parts = data.split(made_parts(sounds, ["xy"[n % 40 < 16] for n in range(80)]))
    held = [set(stored_sounds(part)) for part in parts.values()]
    assert sum(map(len, held)) == len(set.union(*held)) == 40 and sum(map(len, parts.values())) == 80
    assert sum(parts["test"]["label"]) == 4  # two fifths of six distinct ones, each there twice
    few = made_parts([wav(n) for n in range(11)], ["x"] * 9 + ["y"] * 2)
    assert "The class 'y' has 2 distinct sounds; at least 3 are needed" in error_of(DataError, lambda: data.split(few))


def made_parts(sounds, labels):
    return data.sounded(frame(sounds, labels))


def test_the_report_counts_lengths_rates_and_copies():
    clip = (tone("low", 0.4, 9) * 32_000).astype(np.int16)
    train = [wav(0), wav(1, 0.5), encoded(clip), encoded(np.zeros(1_600, np.float32)), wav(0)]
    test = [encoded(clip, "FLAC"), encoded(np.clip(9 * tone("low", 1.0), -1, 1), rate=8_000), wav(4, 0.25)]
    frames = {
        "train": pd.DataFrame({"audio": train, "label": list("abaab")}),
        "test": pd.DataFrame({"audio": test, "label": list("aaa")}),
    }
    report = data.report(data.sounded(frames))
    assert report.rows == {"train": 5, "test": 3}
    assert report.classes == {"train": {"a": 3, "b": 2}, "test": {"a": 3, "b": 0}}
    assert report.seconds == (0.1, 0.4, 2.0) and report.rates == {8_000: 1, 16_000: 7} and report.channels == {1: 8}
    assert report.silent == [("train", 3)] and report.clipped == [("test", 1)]
    assert report.duplicates == [("train", 0, "train", 4), ("train", 2, "test", 0)] and report.duplicate_count == 2
    assert report.leaks == [("train", 2, "test", 0)] and report.leak_count == 1  # FLAC and WAV of the same samples
    assert report.contradictions == [("train", 0, "train", 4)] and report.contradiction_count == 1
