"""Inspecting sounds: lengths, faults, rates and repeats of sounds that were made with just these."""

import io

import numpy as np
import pandas as pd
import pytest
import soundfile
from tiny import tiny_frame
from tiny_sound import RATE, encoded, tiny_sounds, tone

import finetune_kit as ftk
from finetune_kit import data, hearing
from finetune_kit.errors import DataError, UnknownNameError


@pytest.fixture(scope="module")
def messy():
    """Sounds of which one is silent, one clipped, one of 8 kHz, one long, and three stand in the test split again."""
    clips = [encoded(tone("high" if n % 2 else "low", 0.3 + 0.01 * n, n)) for n in range(8)]
    clips[1] = encoded(np.full(4_000, 1e-4, np.float32))
    clips[2] = encoded(np.clip(20 * tone("low"), -1, 1))
    clips[3] = encoded(tone("high", 0.5, rate=8_000), rate=8_000)
    clips[4] = encoded(tone("low", 1.5))
    train = pd.DataFrame({"audio": clips, "label": ["low", "high"] * 4})
    samples, _ = soundfile.read(io.BytesIO(clips[6]), dtype="int16")
    again = [clips[5], encoded(samples, "FLAC"), clips[7]]  # the second in another kind of file
    test = pd.DataFrame({"audio": [*again, encoded(tone("low", 0.4, 99))], "label": ["low", "low", "high", "low"]})
    validation = pd.DataFrame({"audio": [encoded(tone("low", 0.4, 50 + n)) for n in range(3)], "label": ["low"] * 3})
    splits = {"train": train, "validation": validation, "test": test}
    return ftk.AudioClassification(data.sounded(splits), seconds=1.0)


@pytest.fixture
def heard(messy):
    return ftk.inspect_sounds(messy)


def test_the_table_counts_sounds_lengths_and_faults(heard):
    table = heard.table.set_index("split")
    assert table.loc["train", ["sounds", "silent", "clipped"]].tolist() == [8, 1, 1]
    assert table.loc["train", ["shortest", "longest"]].tolist() == [0.25, 1.5]
    assert table.loc["test", ["sounds", "silent", "clipped"]].tolist() == [4, 0, 0]
    assert heard.seconds["train"] == pytest.approx([0.3, 0.25, 0.5, 0.5, 1.5, 0.35, 0.36, 0.37])
    assert table["minutes"].sum() == pytest.approx(sum(s.sum() for s in heard.seconds.values()) / 60, abs=0.02)
    assert heard.classes["train"] == {"high": 4, "low": 4}


def test_it_says_what_to_look_into(heard):
    assert heard.summary.startswith("8 train, 3 validation, 4 test sounds of 2 classes, from 0.25 to 1.50 seconds")
    assert heard.summary.endswith("at 8,000, 16,000 samples a second.")
    said = "\n".join(heard.warnings)
    for words in (
        "The validation split has no sounds of 'high'",
        "1 of 15 sounds are longer than the 1 seconds",
        "silent throughout, below -60 dB of full scale: 1 (train[1])",
        "clipped, a thousandth of the samples or more at full scale: 1 (train[2])",
        "fewer than 16,000 samples a second, which models read: 1 (train[3])",
        "Sounds of the test split that stand in the train split too, sample by sample: 3",
        "Sounds that are another one but have another label, sample by sample: 1 (test[0])",
    ):
        assert words in said
    assert said in repr(heard).replace("! ", "") and "train" in heard._repr_html_()


def test_healthy_sounds_are_accused_of_nothing():
    assert ftk.inspect_sounds(ftk.AudioClassification(tiny_sounds(40))).warnings == []


def test_repeats_are_found_whatever_the_file(heard):
    pairs = {(one.first, one.again, one.contradicts) for one in heard.repeats}
    assert pairs == {
        (("train", 5), ("test", 0), True),
        (("train", 6), ("test", 1), False),
        (("train", 7), ("test", 2), False),
    }
    assert heard.copies["test", 0] == [("the same, other label", ("train", 5))]
    assert heard.find("test", order="repeats") == [0, 1, 2] and heard.find("validation", order="repeats") == []


def test_rows_are_found_by_class_and_order(heard):
    assert heard.find("train") == list(range(8)) and heard.find("train", "high") == [1, 3, 5, 7]
    assert heard.find("train", order="longest")[0] == 4 and heard.find("train", order="shortest")[0] == 1
    assert heard.find("train", order="softest")[0] == 1 and heard.find("train", order="loudest")[0] == 2
    assert heard.find("train", order="clipped")[0] == 2
    for wrong in ({"split": "dev"}, {"label": "hgih"}, {"order": "loud"}):
        with pytest.raises(UnknownNameError):
            heard.find(**wrong)


def test_examples_are_as_models_hear_them(heard):
    whole, narrow = heard.examples("train", [0, 3])
    assert (whole.place, whole.truth, whole.seconds) == (("train", 0), "low", pytest.approx(0.3))
    assert whole.clip == pytest.approx(tone("low", 0.3, 0), abs=1e-4)
    assert whole.log_mel == pytest.approx(hearing.log_mel(tone("low", 0.3, 0)), abs=0.5)
    assert len(narrow.clip) == RATE // 2  # resampled from 8 kHz
    assert len(heard.examples("test")) == 4
    with pytest.raises(DataError, match="rows 0 to 7"):
        heard.examples("train", [8])


def test_much_sound_is_decoded_only_when_asked_for(messy, monkeypatch):
    from finetune_kit.inspection import sounds

    monkeypatch.setattr(sounds, "SMALL", 1.0)
    heard = ftk.inspect_sounds(messy)
    assert not heard.checked and "silent" not in heard.table and "at 8,000" not in heard.summary
    assert "the tab Repeats does it" in heard.warnings[-1] and "levels" not in vars(heard)
    assert len(heard.repeats) == 3 and heard.checked and "silent" in heard.table


def test_other_tasks_are_sent_where_they_belong(messy):
    with pytest.raises(DataError, match="are no sounds"):
        ftk.inspect_sounds(ftk.TextClassification(tiny_frame()))
    with pytest.raises(DataError, match="no data"):
        ftk.inspect_sounds(ftk.AudioClassification(names=["a", "b"]))
    with pytest.raises(DataError, match=r"ftk\.inspect_sounds"):
        ftk.inspect(messy)
    with pytest.raises(DataError, match="are no pictures"):
        ftk.inspect_pictures(messy)
