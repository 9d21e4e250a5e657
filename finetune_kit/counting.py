"""Counting: word vectors and word frequencies read off a corpus, the start that pretraining then improves."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .errors import ConfigError, DataError

SPREAD = 0.05  # the standard deviation of word vectors
CHUNK = 5_000_000  # tokens counted at a time: bounds the memory


def word_vectors(tokens: np.ndarray, vocabulary: int, width: int, window: int = 5, seed: int = 0) -> np.ndarray:
    """Word vectors by counting: (vocabulary, width) float32 with a standard deviation of 0.05.

    Co-occurrences within `window` tokens, nearer ones weighing more (1/distance); context
    counts smoothed by the power 0.75; positive pointwise mutual information; randomised
    SVD, its first component (word frequency) dropped, scaled by the square roots of the
    singular values. Levy, Goldberg and Dagan 2015, "Improving Distributional Similarity".
    """
    from scipy import sparse
    from sklearn.utils.extmath import randomized_svd

    counts = np.zeros(vocabulary * vocabulary, dtype=np.float32)
    for start in range(0, len(tokens), CHUNK):
        chunk = tokens[start : start + CHUNK].astype(np.int64)
        for distance in range(1, window + 1):
            pairs = chunk[:-distance] * vocabulary + chunk[distance:]
            counts += np.bincount(pairs, minlength=len(counts)).astype(np.float32) / distance
    table = sparse.csr_matrix(counts.reshape(vocabulary, vocabulary))
    del counts
    table = (table + table.T).tocoo()
    word = np.asarray(table.sum(axis=1)).ravel()
    context = word**0.75
    pmi = np.log(table.data * context.sum() / (word[table.row] * context[table.col]))
    positive = pmi > 0
    ppmi = sparse.csr_matrix((pmi[positive], (table.row[positive], table.col[positive])), shape=table.shape)
    u, s, _ = randomized_svd(ppmi, n_components=width + 1, n_iter=4, random_state=seed)
    vectors = u[:, 1:] * np.sqrt(s[1:])
    return (vectors * (SPREAD / vectors.std())).astype(np.float32)


def counted_start(model: Any, tokens: np.ndarray, vocabulary: int, seed: int, taught: np.ndarray | None = None) -> None:
    """Give `model`, in place, counted word vectors as embeddings and log frequencies as output bias, if it has one.

    tokens: (tokens,) ids. The vectors get the spread that the model's own random embeddings
    have, but 0.05 at least, where words begin to differ. taught: a teacher's vectors of the
    pieces, (vocabulary, teacher's width), zeros where it has none; their principal components
    take the second half of the embedding's dimensions, counted vectors then the first.
    """
    embedding = model.get_input_embeddings().weight
    width = embedding.shape[1] if taught is None else embedding.shape[1] // 2
    if len(np.unique(tokens)) <= width + 1:
        raise DataError(
            f"The corpus has {len(np.unique(tokens)):,} different word pieces, too few to count vectors of {width} "
            "dimensions from. Take a larger corpus, a narrower model, or start='random'."
        )
    frequency = np.bincount(tokens, minlength=vocabulary) + 1.0
    met: Any = frequency > 1  # a piece that never occurs, such as a sentinel, keeps its random vector
    vectors = word_vectors(tokens, vocabulary, width, seed=seed)
    if taught is not None:
        vectors = np.hstack([vectors, _components(taught, embedding.shape[1] - width, seed)])
        met = taught.any(axis=1)
    scale = max(1.0, embedding.std().item() / SPREAD)
    with torch.no_grad():
        embedding[:vocabulary][torch.from_numpy(met)] = torch.from_numpy(vectors * np.float32(scale)).to(embedding)[met]
        bias = getattr(model.get_output_embeddings(), "bias", None)
        if bias is not None:
            bias[:vocabulary] = torch.from_numpy(np.log(frequency / frequency.sum())).to(bias)


def _components(vectors: np.ndarray, width: int, seed: int) -> np.ndarray:
    """The principal components of the rows that are not all zeros: (rows, width) float32."""
    from sklearn.decomposition import PCA

    known = vectors.any(axis=1)
    if min(known.sum(), vectors.shape[1]) < width:
        raise ConfigError(f"start='taught': expected a teacher of at least {width} dimensions and as many words.")
    made = np.zeros((len(vectors), width), np.float32)
    made[known] = PCA(width, random_state=seed).fit_transform(vectors[known])
    return made * np.float32(SPREAD / made[known].std())
