"""A BERT of a few thousand weights as a folder on disk, with its tokenizer, and small texts to train it on."""

from pathlib import Path

import pandas as pd
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = [
    "good",
    "bad",
    "fine",
    "poor",
    "film",
    "meal",
    "book",
    "hotel",
    "the",
    "a",
    "was",
    "is",
    "and",
    "not",
    "very",
    "we",
    "it",
    "they",
    "but",
    "so",
]
GOOD = ["good", "fine"]
BAD = ["bad", "poor"]


def write_tiny_bert(folder: Path, seed: int = 0) -> Path:
    """A masked-word checkpoint without dropout, so that a hand-written loop can repeat its training."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: i for i, word in enumerate([*specials, *WORDS])}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), specials, strict=True))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, **names)
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    transformers.BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_frame(rows: int = 60) -> pd.DataFrame:
    """Distinct short texts whose label one of two words gives away."""
    texts, labels = [], []
    nouns, fillers = ["film", "meal", "book", "hotel"], ["very", "so", "not", "but", "and", "we", "it", "they"]
    for i in range(rows):
        word = (GOOD if i % 2 else BAD)[(i // 2) % 2]
        extra = " ".join(fillers[(i >> shift) % len(fillers)] for shift in (0, 2, 4))
        texts.append(f"the {nouns[i % 4]} was {word} {extra}")
        labels.append("positive" if i % 2 else "negative")
    return pd.DataFrame({"text": texts, "label": labels})
