"""Vocabulary transfer: a pretrained model goes on with another tokenizer and keeps the words that both know."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .errors import ModelError

PENALTY = 10.0  # of the ridge regression, for teacher's vectors of length one
SHORTEST = 3  # letters of the words that the map is learnt from
FEWEST = 50  # of these words


def transfer(model: Any, old: Any, new: Any, taught: np.ndarray, tokens: np.ndarray) -> None:
    """Put the pieces of the tokenizer `new` in place of those of `old`, in the model's embeddings and output bias.

    A piece of both keeps its vector. Another gets the one that its teacher's vector foretells by the linear map that
    fits the common words best (Mikolov, Le and Sutskever 2013, "Exploiting Similarities among Languages"; Minixhofer
    et al. 2022, "WECHSEL"), stretched to the length that vectors have here, and the bias that its frequency foretells.
    taught: the teacher's vectors of the new pieces, (new pieces, teacher's width) float32, zeros where it has none;
    tokens: a text in new pieces, (tokens,) ids. The model is changed in place. Raises ModelError where the two
    tokenizers share too few words.
    """
    had, has = old.get_vocab(), new.get_vocab()
    common = sorted(has.keys() & had.keys(), key=has.__getitem__)
    before, after = ([ids[piece] for piece in common] for ids in (had, has))
    words = [piece for piece in common if piece.isalpha() and len(piece) >= SHORTEST and taught[has[piece]].any()]
    if len(words) < FEWEST:
        raise ModelError(
            f"The new tokenizer shares {len(words)} words with the model's own; expected {FEWEST} or more, from which "
            "to foretell the vectors of the others. Take one of the same kind and language, or start='random'."
        )
    embedding, output = model.get_input_embeddings().weight, model.get_output_embeddings()
    frequency = np.log(np.bincount(tokens, minlength=len(new)) + 1.0)
    kept: list[tuple[np.ndarray, np.ndarray]] = []  # what the model holds for each old piece, and will for each new
    for weight in {id(w): w for w in (embedding, output.weight)}.values():
        vectors = weight.detach().float().cpu().numpy()
        known = vectors[[had[word] for word in words]]
        kept.append((vectors, _foretold(taught, taught[[has[word] for word in words]], known)))
    bias = getattr(output, "bias", None)
    if bias is not None:
        held = bias.detach().float().cpu().numpy()
        met = frequency[after] > 0  # special tokens never occur, whatever their bias
        line = np.polyfit(frequency[after][met], held[before][met], 1)
        kept.append((held, np.polyval(line, frequency).astype(np.float32)))
    model.resize_token_embeddings(len(new), mean_resizing=False)
    output = model.get_output_embeddings()
    changed = {id(w): w for w in (model.get_input_embeddings().weight, output.weight)}.values()
    with torch.no_grad():
        for place, (own, made) in zip([*changed, *([output.bias] if bias is not None else [])], kept, strict=True):
            made[after] = own[before]
            place.copy_(torch.from_numpy(made))


def _foretold(taught: np.ndarray, of_words: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A vector for each new piece by ridge regression from `of_words` to `known`, as far from the mean as these are."""
    middle, mean = of_words.mean(0), known.mean(0)
    x = of_words - middle
    weights = np.linalg.solve(x.T @ x + PENALTY * np.eye(x.shape[1]), x.T @ (known - mean))
    made = (taught - middle) @ weights
    has_teacher: np.ndarray = np.asarray(taught.any(axis=1))
    scale = np.linalg.norm(known - mean, axis=1).mean() / np.linalg.norm(made[has_teacher], axis=1).mean()
    return (made * has_teacher[:, None] * scale + mean).astype(np.float32)
