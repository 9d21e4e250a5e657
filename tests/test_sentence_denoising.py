"""Sentence denoising: what is cut, how far words move, and which sentences are read."""

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import t5_tokenizer

from finetune_kit import corpora, objectives
from finetune_kit.config import Stage
from finetune_kit.errors import ConfigError, DataError
from finetune_kit.objectives.sentence_denoising import SentenceDenoising
from finetune_kit.objectives.span_corruption import sentinels

MARKS, END = list(range(900, 1000)), 1
TEXTS = {
    "one": "The cat sat on a mat. A dog ran! Was it late?",
    "two": "It rained all of that day. No.",
    "three": "They went home again before night.",
    "four": "He sang an old song to her.",
}


@pytest.fixture
def material(tmp_path):
    words = [mark for text in TEXTS.values() for word in text.split() for mark in (word, word.rstrip(".!?"))]
    frame = pd.DataFrame({"title": list(TEXTS), "text": list(TEXTS.values())})
    processor = t5_tokenizer(words=list(dict.fromkeys(words)))
    corpora.encode(frame, processor, 0.3, [], tmp_path)
    return corpora.Material(frame, tmp_path, processor, 0.3, 0)


def read(objective, split, length, material):
    made = objective.examples(split, length, material)
    return [material.processor.decode(row["input_ids"], skip_special_tokens=True) for row in made]


def test_the_sentence_itself_is_the_target_and_the_source_has_what_was_not_cut():
    objective = SentenceDenoising(0.3, 2.0, moved=2)
    torch.manual_seed(0)
    for size in (3, 5, 12, 30) * 20:
        ids = np.random.default_rng(size).permutation(np.arange(2, 900))[:size]
        source, target = objective.stirred(ids, MARKS, END)
        cut, spans = objective.spans(size)
        assert target.tolist() == [*ids, END] and source[-1] == END
        assert sorted(t for t in source if t in MARKS) == MARKS[:spans]
        kept = [t for t in source[:-1] if t not in MARKS]
        assert len(set(kept)) == len(kept) == size - cut and set(kept) <= set(ids)


@pytest.mark.parametrize("moved", [0, 1, 3])
def test_a_token_moves_by_so_many_places_at_most_and_some_by_that_many(moved):
    objective, ids = SentenceDenoising(0.1, 2.0, moved=moved), np.arange(2, 42)
    torch.manual_seed(0)
    farthest = 0
    for _ in range(200):
        state = torch.get_rng_state()
        source, _ = objective.stirred(ids, MARKS, END)
        torch.set_rng_state(state)
        still, _ = objective.corrupt(ids, MARKS, END)
        places = {token: place for place, token in enumerate(still)}
        farthest = max(farthest, *(abs(places[token] - place) for place, token in enumerate(source)))
    assert farthest == moved


def test_single_sentences_are_read_those_of_a_length_that_fits(material):
    every = read(SentenceDenoising(), "train", 20, material) + read(SentenceDenoising(), "validation", 20, material)
    assert sorted(every) == sorted([
        "The cat sat on a mat.", "A dog ran!", "Was it late?", "It rained all of that day.",
        "They went home again before night.", "He sang an old song to her.",
    ])  # fmt: skip
    short = [s for part in ("train", "validation") for s in read(SentenceDenoising(), part, 7, material) if len(s) < 14]
    assert sorted(short) == ["A dog ran!", "Was it late?"]


def test_a_batch_is_padded_and_padding_counts_for_nothing(material):
    processor = material.processor
    examples = list(SentenceDenoising().examples("train", 20, material))
    batch = SentenceDenoising().collator(processor)(examples)
    sizes = [len(row["input_ids"]) for row in examples]
    assert (batch["labels"] != -100).sum(1).tolist() == sizes and min(sizes) < max(sizes)
    assert torch.equal(batch["attention_mask"].bool(), batch["input_ids"] != processor.pad_token_id)
    marks = set(sentinels(processor))
    assert all(marks & set(row.tolist()) for row in batch["input_ids"])
    assert not any(marks & set(row.tolist()) for row in batch["labels"])


def test_so_many_sentences_are_spread_over_the_corpus(material):
    assert len(read(SentenceDenoising(sentences=2), "train", 20, material)) == 2
    with pytest.raises(DataError, match=r"no sentence of 4 to 4 tokens"):
        SentenceDenoising(sentences=1).examples("train", 4, material)


@pytest.mark.parametrize(
    "settings", [{"moved": -1}, {"moved": 1.5}, {"sentences": 0}, {"noise_share": 0.9}, {"works": 1}]
)
def test_a_bad_setting_is_named_with_what_was_expected(settings):
    with pytest.raises(ConfigError, match=rf"{next(iter(settings))}=.*expected"):
        objectives.resolve(Stage(objective="sentence-denoising", settings=settings))


@pytest.mark.parametrize("split", ["train", "validation"])
def test_only_works_whose_names_begin_so_are_read(material, split):
    for name in {work for work, _ in material.passages(split)}:
        found = read(SentenceDenoising(works=name), split, 20, material)
        assert found and all(sentence in TEXTS[name] for sentence in found)
    with pytest.raises(DataError, match="works='five'"):
        SentenceDenoising(works="five").examples(split, 4, material)
