"""Models over sound of a few thousand weights as folders on disk, and the sound files to train them on."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import torch
import transformers

RATE = 16_000
KINDS = ("high", "low")
HERTZ = {"high": 1500, "low": 300}
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
CONVOLUTIONS = {
    "conv_dim": [8, 8, 8], "conv_stride": [8, 8, 5], "conv_kernel": [16, 8, 5], "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2, "classifier_proj_size": 16,
}  # fmt: skip
STILL = {"hidden_dropout": 0.0, "attention_dropout": 0.0, "feat_proj_dropout": 0.0, "layerdrop": 0.0}


def write_tiny_wav2vec2(folder: Path, seed: int = 0) -> Path:
    """Norms over each frame, and a mask for what is padding: as the pocket model and wav2vec2 large."""
    torch.manual_seed(seed)
    norms = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
    config = transformers.Wav2Vec2Config(**SMALL, **CONVOLUTIONS, **STILL, **norms)
    transformers.Wav2Vec2ForSequenceClassification(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True).save_pretrained(folder)
    return folder


def write_tiny_hubert(folder: Path, seed: int = 0) -> Path:
    """Norms over all frames, and no mask: as HuBERT base and wav2vec2 base."""
    torch.manual_seed(seed)
    config = transformers.HubertConfig(**SMALL, **CONVOLUTIONS, **STILL, feat_extract_norm="group")
    transformers.HubertForSequenceClassification(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(return_attention_mask=False).save_pretrained(folder)
    return folder


def write_tiny_ast(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    config = transformers.ASTConfig(
        **SMALL, max_length=128, num_mel_bins=32, patch_size=16, frequency_stride=16, time_stride=16
    )
    transformers.ASTForAudioClassification(config).save_pretrained(folder)
    transformers.ASTFeatureExtractor(max_length=128, num_mel_bins=32).save_pretrained(folder)
    return folder


def write_tiny_whisper(folder: Path, seed: int = 0) -> Path:
    """The whole recogniser, encoder and decoder, as the hub has it; two seconds of sound at a time."""
    torch.manual_seed(seed)
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    shape = {"d_model": 16, "encoder_layers": 2, "decoder_layers": 1, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
    tokens = {"vocab_size": 20, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    config = transformers.WhisperConfig(
        **shape, **heads, **tokens, num_mel_bins=20, max_source_positions=100, suppress_tokens=None,
        begin_suppress_tokens=None,
    )  # fmt: skip
    transformers.WhisperForConditionalGeneration(config).save_pretrained(folder)
    transformers.WhisperFeatureExtractor(feature_size=20, chunk_length=2).save_pretrained(folder)
    return folder


WRITERS = {
    "wav2vec2": write_tiny_wav2vec2,
    "hubert": write_tiny_hubert,
    "ast": write_tiny_ast,
    "whisper": write_tiny_whisper,
}


def tone(kind: str, seconds: float = 0.5, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """A high or a low tone in some noise, float32 (samples,)."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate)) / rate
    sound = 0.3 * np.sin(2 * np.pi * (HERTZ[kind] * rng.uniform(0.8, 1.2) * times + rng.random()))
    return (sound + 0.02 * rng.standard_normal(len(times))).astype(np.float32)


def encoded(clip: np.ndarray, kind: str = "WAV", rate: int = RATE, subtype: str | None = None) -> bytes:
    """The bytes of a sound file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, clip, rate, subtype, format=kind)
    return buffer.getvalue()


def wav(seed: int = 0, seconds: float = 0.3) -> bytes:
    """A WAV file like no other of another seed."""
    return encoded(tone(KINDS[seed % 2], seconds, seed))


def tiny_sounds(count: int = 60, seed: int = 0) -> pd.DataFrame:
    """High and low tones of 0.3 to 0.8 seconds as WAV files, half of each: columns audio, label."""
    rng = np.random.default_rng(seed)
    kinds = [KINDS[i % 2] for i in range(count)]
    clips = [tone(kind, rng.uniform(0.3, 0.8), 1000 * seed + i) for i, kind in enumerate(kinds)]
    return pd.DataFrame({"audio": [encoded(clip) for clip in clips], "label": kinds})
