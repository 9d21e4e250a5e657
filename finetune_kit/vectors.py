"""Vectors: one for each text, image or sound, as a pretrained network sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from . import checkpoints

RATE = 16_000  # hertz: what the speech models of transformers read


def of_texts(texts: list[str], network: Any, processor: Any, batch: int = 32) -> np.ndarray:
    """The mean of the last hidden states of each text's tokens: (texts, width) float32."""
    found = []
    backbone = getattr(network, "base_model", network)
    backbone = backbone.get_encoder() if getattr(network.config, "is_encoder_decoder", False) else backbone
    longest = min(checkpoints.longest(network.config), 512)
    if processor.pad_token is None:
        processor.pad_token = processor.eos_token
    network.eval()
    order = np.argsort([len(text) for text in texts], kind="stable")  # texts of like length pad each other least
    with torch.inference_mode():
        for start in range(0, len(texts), batch):
            some = [texts[i] for i in order[start : start + batch]]
            inputs = processor(some, padding=True, truncation=True, max_length=longest, return_tensors="pt")
            inputs = inputs.to(network.device)
            hidden = backbone(**inputs).last_hidden_state.float()  # (batch, length, width)
            weight = inputs["attention_mask"].unsqueeze(-1)
            found.append(((hidden * weight).sum(1) / weight.sum(1)).cpu().numpy())
    return np.concatenate(found)[np.argsort(order)]


def of_images(images: Iterable[Any], network: Any, processor: Any) -> np.ndarray:
    """The mean of the last hidden states over each image's places: (images, width) float32.

    images: PIL images or arrays, (height, width, 3) uint8.
    """
    return _of_each(({"images": image} for image in images), network, processor)


def of_sounds(sounds: Iterable[np.ndarray], network: Any, processor: Any) -> np.ndarray:
    """The mean of the last hidden states over each sound's frames: (sounds, width) float32.

    sounds: samples at 16 kHz, (samples,) float32 from -1 to 1.
    """
    return _of_each(({"raw_speech": sound, "sampling_rate": RATE} for sound in sounds), network, processor)


def _of_each(examples: Iterable[dict[str, Any]], network: Any, processor: Any) -> np.ndarray:
    """One example at a time: sounds differ in length, and what pads them must not be heard."""
    network.eval()
    backbone, found = getattr(network, "base_model", network), []
    with torch.inference_mode():
        for example in examples:
            inputs = processor(**example, return_tensors="pt").to(network.device)
            hidden = backbone(**inputs).last_hidden_state.float()
            # (1, width, height, width of the map) of a convolutional network, (1, places, width) of others
            mean = hidden.flatten(2).mean(2) if hidden.ndim == 4 else hidden.mean(1)
            found.append(mean[0].cpu().numpy())
    return np.stack(found)
