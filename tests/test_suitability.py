"""Whether a checkpoint fits a task: every rule has a pair that provokes it and one that must not."""

import random
import re
import string

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from tiny import tiny_frame, tiny_works, write_tiny_gpt2
from tiny_sound import encoded, tiny_sounds, tone, write_tiny_wav2vec2
from tiny_vision import SIDE, tiny_pictures, write_tiny_resnet, write_tiny_vit

import finetune_kit as ftk
from finetune_kit import checkpoints, data, vocabulary
from finetune_kit.data import sounds as files
from finetune_kit.errors import DataError, UnknownNameError
from finetune_kit.suitability import familiarity, pictures, sounds, texts


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    return str(write_tiny_resnet(tmp_path_factory.mktemp("models") / "resnet"))


@pytest.fixture(scope="module")
def wav2vec2(tmp_path_factory):
    return str(write_tiny_wav2vec2(tmp_path_factory.mktemp("models") / "wav2vec2"))


def frame(rows):
    return pd.DataFrame({"text": rows, "label": [str(i % 2) for i in range(len(rows))]})


# --- the whole


def test_a_pair_that_fits_is_said_to(folder):
    found = ftk.compatibility(ftk.TextClassification(tiny_frame(24)), folder)
    assert found.healthy and found.names == [] and "nothing was found" in repr(found)
    assert any("expected 200" in reason for reason in found.skipped) and "not looked at" in repr(found)


def test_findings_are_those_of_a_diagnosis_the_most_severe_first(folder):
    long = ["the meal was zzz qqq " + "and " * 60 + str(i) for i in range(20)]
    found = ftk.compatibility(ftk.TextClassification(frame(long)), folder, weights=False)
    assert found.names == ["truncation", "unknown words"]
    assert [one.severity for one in found.findings] == ["high", "medium"]
    assert re.search(r"^1\. truncation \(high\).*\n   evidence: .*max_length=32.*\n   try: ", repr(found), re.M)
    assert "<ol>" in found._repr_html_()


def test_it_takes_names_and_settings_as_fine_tune_does(folder, tmp_path):
    tiny_frame().to_csv(tmp_path / "mine.csv", index=False)
    settings = {"data": str(tmp_path / "mine.csv"), "max_length": 8}
    assert ftk.compatibility("text-classification", folder, weights=False, **settings).names == ["truncation"]
    with pytest.raises(UnknownNameError, match="max_length"):
        ftk.compatibility("text-classification", folder, max_lenght=8)
    with pytest.raises(DataError, match="no training split"):
        ftk.compatibility(ftk.TextClassification(names=["a", "b"]), folder)


def test_the_test_split_is_not_looked_at(folder):
    rows = tiny_frame()
    parts = {
        name: datasets.Dataset.from_pandas(rows[i::3].reset_index(drop=True)) for i, name in enumerate(data.SPLITS)
    }
    parts["test"] = parts["test"].map(lambda row: {"text": "qqq " * 100 + row["text"]})
    assert ftk.compatibility(ftk.TextClassification(datasets.DatasetDict(parts)), folder, weights=False).healthy


# --- heads


def test_an_architecture_without_the_head_is_named_and_nothing_else_looked_at(task, resnet, folder):
    found = ftk.compatibility(task, resnet)
    assert found.names == ["no head for the task"] and "'resnet'" in found.findings[0].evidence
    assert "pocket-bert" in found.findings[0].advice
    assert ftk.compatibility(ftk.ImageClassification(tiny_pictures()), folder).names == ["no head for the task"]


def test_a_processor_of_another_size_is_found_by_trying(tmp_path):
    task = ftk.ImageClassification(tiny_pictures())
    vit = write_tiny_vit(tmp_path / "vit")
    assert ftk.compatibility(task, str(vit)).healthy
    wrong = transformers.ViTImageProcessorPil(size={"height": 2 * SIDE, "width": 2 * SIDE})
    wrong.save_pretrained(vit)
    found = ftk.compatibility(task, str(vit))
    assert found.names == ["examples refused"] and found.findings[0].severity == "high"
    assert "ValueError" in found.findings[0].evidence and "64" in found.findings[0].evidence
    assert ftk.compatibility(task, str(vit), weights=False).healthy


@pytest.mark.parametrize(
    "names, severity",
    [
        (["negative", "positive"], None),
        (["Negative", "Positive"], None),
        (["positive", "negative"], None),  # its rows are brought into the task's order
        (["ham", "spam"], "low"),
        (["one", "two", "three"], None),  # as many as no head is kept for
        (["LABEL_0", "LABEL_1"], None),  # without names nothing is known of it
    ],
)
def test_a_head_that_is_kept_but_means_other_classes(task, folder, tmp_path, names, severity):
    settings = {"num_labels": len(names), "id2label": dict(enumerate(names))}
    config = checkpoints.configuration(folder, **settings)
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path)
    checkpoints.processor(folder).save_pretrained(tmp_path)
    found = ftk.compatibility(task, str(tmp_path))
    assert [(one.name, one.severity) for one in found.findings] == (
        [("head of other classes", severity)] if severity else []
    )
    assert any("neither masked nor next words" in reason for reason in found.skipped)


# --- words


@pytest.fixture(scope="module")
def known():
    """Sentences of words that a tokenizer was made from."""
    draw = random.Random(0)
    words = ["".join(draw.choices(string.ascii_lowercase, k=draw.randint(3, 9))) for _ in range(100)]
    return [" ".join(draw.choices(words, k=12)) for _ in range(60)]


@pytest.mark.parametrize("kind, size", [("bert", 450), ("gpt2", 700)])
def test_words_that_a_tokenizer_was_not_made_for_are_shattered(known, kind, size):
    processor = vocabulary.train(kind, known, size)
    assert texts.shattered(processor, known) is None
    draw = random.Random(1)
    other = [" ".join("".join(draw.sample(word, len(word))) for word in text.split()) for text in known]
    found = texts.shattered(processor, other, " in the target")
    pieces = sum(piece != "Ġ" for text in other for piece in processor.tokenize(text))  # which is a space alone
    assert f"{pieces / 720:.1f} pieces a word" in found.evidence and "in the target" in found.what
    assert "720 words" in found.evidence and "|" in found.evidence and found.severity == "high"


def test_few_words_are_not_judged(known):
    processor = vocabulary.train("bert", known, 450)
    assert texts.shattered(processor, ["zqxzqx jxkvjq"] * 20) is None


def test_marks_and_numbers_are_no_shattered_words(known):
    processor = vocabulary.train("bert", known, 450)
    assert texts.shattered(processor, [f"{text} (12.5) --> [a_b] ==" for text in known]) is None


def test_unknown_words_are_named_as_after_a_run(folder):
    strange = ftk.TextClassification(frame([f"quite unheard of {i}" for i in range(30)]))
    found = ftk.compatibility(strange, folder, weights=False).findings[0]
    assert (found.name, found.severity) == ("unknown words", "high") and "'quite'" in found.evidence


# --- familiarity


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A GPT that has learnt in which order the words of tiny works stand."""
    folder = tmp_path_factory.mktemp("models") / "reader"
    task = ftk.Completion(tiny_works(paragraphs=20)["text"].to_frame())
    start = write_tiny_gpt2(folder / "start", spread=0.1)
    run = ftk.fine_tune(task, str(start), epochs=4, learning_rate=1e-2, batch_size=8)
    return str(run.save(folder / "run"))


def test_texts_in_the_order_that_a_model_knows_are_familiar(reader):
    told = tiny_works(seed=5)["text"].tolist()
    given = checkpoints.configuration(reader), checkpoints.processor(reader)
    found = familiarity.measure(told, reader, *given)
    assert found.share > texts.KNOWN and found.what == "next"
    backwards = [" ".join(reversed(text.split())) for text in told]
    assert familiarity.measure(backwards, reader, *given).share < texts.KNOWN


def test_unfamiliar_texts_are_a_finding(reader):
    told = tiny_works(seed=5)["text"].tolist()
    assert ftk.compatibility(ftk.TextClassification(frame(told)), reader).healthy
    backwards = [" ".join(reversed(text.split())) for text in told]
    found = ftk.compatibility(ftk.TextClassification(frame(backwards)), reader)
    assert found.names == ["unfamiliar texts"] and "nats" in found.findings[0].evidence


def test_the_loss_is_the_mean_over_all_pieces(reader):
    model, processor = checkpoints.load_weights(reader, "AutoModelForCausalLM").eval(), checkpoints.processor(reader)
    said = ["the film was good", "we", "they and it was very bad but not so poor the meal"]
    losses = []
    for text in said:
        ids = torch.tensor([[processor.bos_token_id, *processor(text, add_special_tokens=False)["input_ids"]]])
        with torch.no_grad():
            logs = model(ids).logits.log_softmax(-1)
        losses += [-logs[0, place, ids[0, place + 1]].item() for place in range(ids.shape[1] - 1)]
    assert familiarity._causal(said, model, processor) == pytest.approx(np.mean(losses), abs=1e-4)


def test_texts_without_spaces_are_parted_into_characters():
    assert familiarity._parts("这部电影非常好看我很喜欢它的故事") == (list("这部电影非常好看我很喜欢它的故事"), "")
    assert familiarity._parts("a good film") == (["a", "good", "film"], " ")


def test_texts_too_short_for_an_order_are_not_judged(folder):
    found = familiarity.measure(["good film"] * 500, folder, checkpoints.configuration(folder), None)
    assert "0 words in texts of 4 or more" in found


def test_french_and_shuffled_letters_are_strange_to_pocket_bert_and_english_is_not():
    """The measurement that the bounds of the rules rest on, with the weights that ship."""
    rows, draw = data.read("phrases")["train"][:300], random.Random(0)
    given = checkpoints.configuration("pocket-bert"), checkpoints.processor("pocket-bert")
    english, french = (rows[name].tolist() for name in ("source", "target"))
    letters = [" ".join("".join(draw.sample(w, len(w))) for w in text.split()) for text in english]
    shares = [familiarity.measure(said, "pocket-bert", *given).share for said in (english, french, letters)]
    assert shares[0] > texts.KNOWN + 0.05 and max(shares[1:]) < texts.KNOWN
    assert texts.shattered(given[1], english) is None and texts.shattered(given[1], letters)


# --- pictures


@pytest.mark.parametrize(
    "side, names, severity",
    [(4, ["small pictures"], "low"), (2, ["small pictures"], "medium"), (16, [], None), (96, [], None),
     (256, ["large pictures"], "low"), (512, ["large pictures"], "medium")],
)  # fmt: skip
def test_pictures_far_from_the_models_size_are_named(resnet, side, names, severity):
    rows = tiny_pictures(24)
    rows["image"] = [image.resize((side, side)) for image in rows["image"]]
    found = ftk.compatibility(ftk.ImageClassification(rows), resnet, weights=False)
    assert found.names == names and [one.severity for one in found.findings] == ([severity] if severity else [])


@pytest.mark.parametrize(
    "kind, size, settings, resized",
    [
        (transformers.ViTImageProcessorPil, {"height": 96, "width": 96}, {}, (96, 96)),
        (transformers.CLIPImageProcessorPil, {"shortest_edge": 48}, {"do_center_crop": False}, (96, 48)),
        (transformers.DetrImageProcessorPil, {"shortest_edge": 64, "longest_edge": 80}, {"do_pad": False}, (80, 40)),
    ],
)
def test_the_scale_is_that_of_the_processors_own_pictures(kind, size, settings, resized):
    processor = kind(size=size)
    shape = processor(np.zeros((20, 40, 3), np.uint8), return_tensors="np", **settings)["pixel_values"][0].shape
    assert shape[1:] == resized[::-1]
    expected = np.sqrt(resized[0] / 40 * resized[1] / 20)
    assert pictures.scales(processor, np.array([[40, 20]])) == pytest.approx([expected])


def test_a_processor_that_keeps_sizes_is_not_judged():
    kept = transformers.ViTImageProcessorPil(do_resize=False, size={"height": 96, "width": 96})
    assert pictures.scales(kept, np.array([[4, 4]])) is None


# --- sounds


def hissing(seed, rate, seconds=0.4):
    """White noise, which has all pitches up to half of the rate."""
    return 0.1 * np.random.default_rng(seed).standard_normal(round(rate * seconds)).astype(np.float32)


def clips(rate, stored=None):
    made = [hissing(i, rate) for i in range(24)]
    kept = [encoded(files.resample(clip, rate, stored or rate), rate=stored or rate) for clip in made]
    return ftk.AudioClassification(pd.DataFrame({"audio": kept, "label": ["a", "b"] * 12}))


def test_sounds_of_a_lower_rate_lack_the_upper_band(wav2vec2):
    assert ftk.compatibility(clips(16_000), wav2vec2).healthy
    found = ftk.compatibility(clips(8_000), wav2vec2)
    assert found.names == ["narrow band"] and "files hold fewer" in found.findings[0].evidence
    upsampled = ftk.compatibility(clips(8_000, stored=16_000), wav2vec2)
    assert upsampled.names == ["narrow band"] and "converted from a lower rate" in upsampled.findings[0].evidence


def test_the_highest_pitch_is_where_a_tone_stands():
    assert sounds.highest(tone("high", 1.0), 16_000) > 4_000  # there is noise in it
    times = np.arange(16_000) / 16_000
    pure = (np.sin(2 * np.pi * 1000 * times) + np.sin(2 * np.pi * 3000 * times)).astype(np.float32)
    assert sounds.highest(pure, 16_000) == pytest.approx(3000, abs=100)
    assert sounds.highest(np.zeros(1000, np.float32), 16_000) == 0


def test_sounds_longer_than_the_model_is_given_are_named(wav2vec2):
    rows = tiny_sounds()
    short = ftk.compatibility(ftk.AudioClassification(rows, seconds=0.3), wav2vec2, weights=False)
    assert "truncation" in short.names and "seconds=0.3" in repr(short)
    for fine in ({"seconds": 0.9}, {"seconds": 0.3, "long": "windows"}):
        assert "truncation" not in ftk.compatibility(ftk.AudioClassification(rows, **fine), wav2vec2).names
