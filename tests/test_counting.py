"""Counted word vectors against brute force, and what a counted start puts where."""

import numpy as np
import pytest
import torch
import transformers
from tiny import write_tiny_gpt2, write_tiny_t5

from finetune_kit import counting
from finetune_kit.errors import ConfigError, DataError


def brute_force(tokens, size, width, window=5):
    counts = np.zeros((size, size))
    for i in range(len(tokens)):
        for distance in range(1, window + 1):
            if i + distance < len(tokens):
                counts[tokens[i], tokens[i + distance]] += 1 / distance
                counts[tokens[i + distance], tokens[i]] += 1 / distance
    word, context = counts.sum(1), counts.sum(1) ** 0.75
    with np.errstate(divide="ignore", invalid="ignore"):
        ppmi = np.nan_to_num(np.maximum(0, np.log(counts * context.sum() / np.outer(word, context))))
    u, s, _ = np.linalg.svd(ppmi)
    vectors = u[:, 1 : width + 1] * np.sqrt(s[1 : width + 1])
    return vectors * (0.05 / vectors.std())


@pytest.fixture(scope="module")
def tokens():
    """Twelve word pieces of which some keep company; 12 to 14 never occur."""
    draw = np.random.default_rng(1)
    groups = draw.integers(0, 3, 1000)
    return (groups[:, None] * 4 + draw.integers(0, 4, (1000, 3))).ravel().astype(np.uint16)


@pytest.mark.parametrize("window", [1, 5])
def test_vectors_are_the_factorised_ppmi_table(tokens, window):
    found, expected = counting.word_vectors(tokens, 15, 4, window), brute_force(tokens, 15, 4, window)
    assert found.shape == (15, 4) and found.dtype == np.float32
    # Singular vectors are known up to their sign: compare what does not depend on it.
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-4)
    assert found.std() == pytest.approx(0.05, rel=1e-4)


def test_words_that_keep_the_same_company_lie_together(tokens):
    vectors = counting.word_vectors(tokens, 12, 2)  # three groups differ in two directions; further ones are noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    inside = np.kron(np.eye(3), np.ones((4, 4))).astype(bool)
    assert cosine[inside].mean() > cosine[~inside].mean() + 0.5


def test_counting_by_chunks_loses_only_pairs_across_their_edges(tokens, monkeypatch):
    whole = counting.word_vectors(tokens, 12, 4)
    monkeypatch.setattr(counting, "CHUNK", 500)
    parts = counting.word_vectors(tokens, 12, 4)
    np.testing.assert_allclose(parts @ parts.T, whole @ whole.T, atol=2e-3)
    monkeypatch.setattr(counting, "CHUNK", len(tokens) - 2)  # the last chunk is shorter than the window
    parts = counting.word_vectors(tokens, 12, 4)
    np.testing.assert_allclose(parts @ parts.T, whole @ whole.T, atol=2e-3)


def toy(kind, folder):
    if kind == "bert":
        shape = {"hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
        return transformers.BertForMaskedLM(transformers.BertConfig(vocab_size=20, **shape))
    write = {"gpt2": write_tiny_gpt2, "t5": write_tiny_t5}[kind]
    auto = {"gpt2": "AutoModelForCausalLM", "t5": "AutoModelForSeq2SeqLM"}[kind]
    return getattr(transformers, auto).from_pretrained(write(folder))


@pytest.mark.parametrize("kind", ["bert", "gpt2", "t5"])
def test_a_counted_start_is_the_embeddings_and_with_them_the_tied_output(tmp_path, kind):
    model = toy(kind, tmp_path)
    embedding = model.get_input_embeddings().weight
    rows, width = embedding.shape
    draw = np.random.default_rng(0)
    used = np.arange(rows - 2) if kind == "bert" else np.arange(rows)
    tokens = draw.choice(used, 4000, p=np.arange(1, len(used) + 1) / np.arange(1, len(used) + 1).sum())
    size = len(used)
    spread = max(0.05, embedding.std().item())
    beyond, others = embedding[size:].detach().clone(), {n: p.detach().clone() for n, p in model.named_parameters()}
    counting.counted_start(model, tokens.astype(np.uint16), size, seed=3)
    expected = counting.word_vectors(tokens, size, width, seed=3)
    np.testing.assert_allclose(embedding[:size].detach(), expected * spread / 0.05, rtol=1e-4, atol=1e-6)
    assert torch.equal(embedding[size:], beyond) and embedding.requires_grad
    output = model.get_output_embeddings()
    assert output.weight.data_ptr() == embedding.data_ptr()
    bias = getattr(output, "bias", None)
    assert (bias is not None) == (kind == "bert")
    if bias is not None:
        frequency = np.bincount(tokens, minlength=size) + 1
        np.testing.assert_allclose(bias[:size].detach(), np.log(frequency / frequency.sum()), rtol=1e-4, atol=1e-4)
        assert model.cls.predictions.bias.data_ptr() == bias.data_ptr()
    changed = {n for n, p in model.named_parameters() if not torch.equal(p, others[n])}
    assert len(changed) == (2 if kind == "bert" else 1)


def test_a_bert_guesses_word_frequencies_from_the_start(tokens, tmp_path):
    model = toy("bert", tmp_path).eval()
    counting.counted_start(model, tokens, 20, seed=0)
    before = torch.nn.functional.cross_entropy(torch.zeros(1, 20), torch.tensor([3]))
    labels = torch.from_numpy(tokens[:60].astype(np.int64)).reshape(6, 10)
    with torch.no_grad():
        assert model(input_ids=labels, labels=labels).loss < before


def test_too_few_different_pieces_is_an_error_that_says_what_to_do(tmp_path):
    model = toy("bert", tmp_path)
    with pytest.raises(DataError, match=r"5 different word pieces.*start='random'"):
        counting.counted_start(model, np.arange(5).repeat(20).astype(np.uint16), 20, seed=0)


def test_a_taught_start_is_counted_vectors_beside_the_teachers_principal_components(tokens, tmp_path):
    from sklearn.decomposition import PCA

    model = toy("bert", tmp_path)
    taught = np.random.default_rng(3).normal(size=(20, 6)).astype(np.float32)
    taught[:3] = 0  # special tokens
    random = model.get_input_embeddings().weight.detach().clone()
    counting.counted_start(model, tokens, 20, seed=0, taught=taught)
    made = model.get_input_embeddings().weight.detach()
    assert torch.equal(made[:3], random[:3])
    np.testing.assert_allclose(made[3:, :2], counting.word_vectors(tokens, 20, 2)[3:], atol=1e-6)
    parts = PCA(2).fit_transform(taught[3:])
    parts *= 0.05 / parts.std()
    np.testing.assert_allclose(np.abs(made[3:, 2:]), np.abs(parts), atol=1e-5)  # known up to their sign
    assert made[15:, :2].abs().max() < 1e-6 < made[15:, 2:].abs().min()  # never met: only the teacher knows them


def test_a_teacher_too_narrow_for_half_the_width_is_refused(tokens, tmp_path):
    with pytest.raises(ConfigError, match="at least 2 dimensions"):
        counting.counted_start(toy("bert", tmp_path), tokens, 20, seed=0, taught=np.ones((20, 1), np.float32))
