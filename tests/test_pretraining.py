"""The pretraining recipe against brute force, plain transformers, and its own interruption."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

from finetune_kit import pretraining
from finetune_kit.config import PretrainingRecipe, Stage
from finetune_kit.errors import ConfigError, DataError

RECIPE = PretrainingRecipe(
    stages=(
        Stage(length=16, batch_size=8, steps=6, warmup_steps=1),
        Stage(length=32, batch_size=4, steps=4, schedule="linear", warmup_steps=1),
    ),
    vocabulary=200,
    width=16,
    layers=2,
    heads=2,
    inner_width=32,
    positions=32,
    held_out_share=0.3,
)


@pytest.fixture
def corpus(tmp_path):
    rng = np.random.default_rng(0)
    words = ["sea", "ship", "wind", "sail", "king", "queen", "court", "crown", "and", "the", "of", "was"]
    rows = [
        {"title": f"work {i // 40}", "text": " ".join(rng.choice(words, 20)) + " @-@ end <unk> ."} for i in range(800)
    ]
    folder = tmp_path / "corpus"
    folder.mkdir()
    pd.DataFrame(rows).to_parquet(folder / "works.parquet")
    return folder


def test_corpus_is_read_with_its_marks_made_plain(corpus):
    source, text = next(pretraining.read_corpus(corpus))
    assert source == "work 0" and text.endswith("-end [UNK] .")


def test_whole_works_are_held_out_in_about_the_share_asked():
    held = [pretraining.held_out(f"title {i}", 0.1) for i in range(5000)]
    assert abs(np.mean(held) - 0.1) < 0.02
    assert held == [pretraining.held_out(f"title {i}", 0.1) for i in range(5000)]


def test_counted_vectors_are_the_factorised_ppmi_table():
    rng = np.random.default_rng(1)
    tokens, size, width = rng.integers(0, 12, 3000).astype(np.uint16), 12, 4
    counts = np.zeros((size, size))
    for i in range(len(tokens)):
        for distance in range(1, 6):
            if i + distance < len(tokens):
                counts[tokens[i], tokens[i + distance]] += 1 / distance
                counts[tokens[i + distance], tokens[i]] += 1 / distance
    word, context = counts.sum(1), counts.sum(1) ** 0.75
    ppmi = np.maximum(0, np.log(counts * context.sum() / np.outer(word, context)))
    u, s, _ = np.linalg.svd(ppmi)
    expected = u[:, 1 : width + 1] * np.sqrt(s[1 : width + 1])
    expected *= 0.05 / expected.std()
    found = pretraining.count_word_vectors(tokens, size, width)
    # Singular vectors are known up to their sign: compare what does not depend on it.
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-4)
    assert found.std() == pytest.approx(0.05, rel=1e-4)


def test_blocks_hold_every_token_in_order_between_their_marks():
    blocks = pretraining.TokenBlocks(np.arange(100, 132, dtype=np.uint16), 12, cls=2, sep=3)
    assert len(blocks) == 3
    assert blocks[1]["input_ids"].tolist() == [2, *range(110, 120), 3]
    assert blocks[1]["special_tokens_mask"].tolist() == [1] + [0] * 10 + [1]


def test_loss_at_masked_positions_is_that_of_plain_transformers(tmp_path):
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    model = transformers.BertForMaskedLM(config).eval()
    ids = torch.randint(5, 50, (3, 10))
    labels = torch.where(torch.rand(3, 10) < 0.4, ids, -100)
    args = transformers.TrainingArguments(output_dir=str(tmp_path), report_to="none", use_cpu=True)
    trainer = pretraining.MaskedWordTrainer(model, args)
    with torch.no_grad():
        found = trainer.compute_loss(model, {"input_ids": ids, "labels": labels})
        expected = model(input_ids=ids, labels=labels).loss
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_recipe_makes_an_ordinary_checkpoint_and_resumes(corpus, tmp_path):
    out = tmp_path / "out"
    folder = pretraining.pretrain(RECIPE, corpus, out)
    weights = (folder / "model.safetensors").read_bytes()
    fill = transformers.pipeline("fill-mask", str(folder))
    assert len(fill("the [MASK] was")) == 5
    scores = json.loads((out / "stage-2-done" / "scores.json").read_text())
    assert scores["validation_perplexity"] == pytest.approx(np.exp(scores["validation_loss"]))
    # Stopped in the second stage: its checkpoint is there, its result is not.
    (out / "stage-2-done" / "model.safetensors").unlink()
    for file in (out / "stage-2-done").iterdir():
        file.unlink()
    (out / "stage-2-done").rmdir()
    assert (pretraining.pretrain(RECIPE, corpus, out) / "model.safetensors").read_bytes() == weights


def test_counted_start_is_the_embedding_layer(corpus, tmp_path):
    out = tmp_path / "out"
    pretraining.pretrain(RECIPE, corpus, out)
    start = transformers.BertForMaskedLM.from_pretrained(out / "start")
    tokens = np.load(out / "train.npy")
    size = start.config.vocab_size
    vectors = pretraining.count_word_vectors(tokens, size, RECIPE.width)
    np.testing.assert_allclose(start.bert.embeddings.word_embeddings.weight.detach(), vectors, atol=1e-4)
    frequency = np.bincount(tokens, minlength=size) + 1
    np.testing.assert_allclose(
        start.cls.predictions.bias.detach(), np.log(frequency / frequency.sum()), rtol=1e-4, atol=1e-4
    )


def test_bad_input_is_a_clear_error(tmp_path, corpus):
    with pytest.raises(DataError, match="No parquet file"):
        list(pretraining.read_corpus(tmp_path / "nowhere"))
    pd.DataFrame({"words": ["a"]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(DataError, match="expected 'text'"):
        list(pretraining.read_corpus(tmp_path))
    with pytest.raises(ConfigError, match="positions"):
        PretrainingRecipe(stages=(Stage(length=512),), positions=128)
    everything = PretrainingRecipe.from_dict({**RECIPE.to_dict(), "held_out_share": 1e-9})
    with pytest.raises(DataError, match="held out"):
        pretraining.pretrain(everything, corpus, tmp_path / "out")
