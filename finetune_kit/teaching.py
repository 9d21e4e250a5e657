"""Teaching: what a larger model, the teacher, says of texts and of single words. Its weights are not copied."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from . import checkpoints, vectors


class Teacher:
    """An encoder whose mean hidden state is a text's vector. name: a catalogue name, a folder or a hub id."""

    def __init__(self, name: str):
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = checkpoints.load_weights(name, "AutoModel").to(device)
        self.processor = checkpoints.processor(name)

    def vectors(self, texts: list[str]) -> np.ndarray:
        """One vector a text: (texts, teacher's width) float32."""
        return vectors.of_texts(texts, self.network, self.processor)

    def piece_vectors(self, student: Any) -> np.ndarray:
        """One vector for each piece of the student's tokenizer, read alone: (vocabulary, teacher's width) float32.

        Tulkens and van Dongen 2024, "Model2Vec". Special tokens get zeros, for they are no words.
        """
        ids = [number for number in range(len(student)) if number not in set(student.all_special_ids)]
        pieces = [piece.removeprefix("##") for piece in student.convert_ids_to_tokens(ids)]
        said = self.vectors(pieces)
        made = np.zeros((len(student), said.shape[1]), np.float32)
        made[ids] = said / np.linalg.norm(said, axis=1, keepdims=True)
        return made
