"""A BERT, a GPT-2 and a T5 of a few thousand weights as folders on disk, and small texts to train them on."""

import random
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


def write_tiny_bert(folder: Path, seed: int = 0, spread: float = 0.02) -> Path:
    """A masked-word checkpoint without dropout, so that a hand-written loop can repeat its training.

    spread: the standard deviation of its weights; wider ones learn a small task in fewer steps.
    """
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: i for i, word in enumerate([*specials, *WORDS])}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
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
        initializer_range=spread,
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


def write_tiny_gpt2(folder: Path, seed: int = 0, spread: float = 0.02) -> Path:
    """A next-word checkpoint without dropout over whole words; `<|endoftext|>` is 0, and the words follow."""
    end = "<|endoftext|>"
    tokenizer = _word_level([end], end)
    tokenizer.add_special_tokens({"bos_token": end, "eos_token": end, "pad_token": end})
    torch.manual_seed(seed)
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer), n_embd=16, n_layer=2, n_head=2, n_positions=32, bos_token_id=0, eos_token_id=0,
        pad_token_id=0, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, initializer_range=spread,
    )  # fmt: skip
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_tiny_t5(folder: Path, seed: int = 0, sentinels: int = 20) -> Path:
    """A span-corruption checkpoint without dropout: `<pad>` 0, `</s>` 1, `<unk>` 2, the words, the sentinels."""
    tokenizer = t5_tokenizer(sentinels)
    torch.manual_seed(seed)
    config = transformers.T5Config(
        vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, dropout_rate=0.0,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0,
    )  # fmt: skip
    transformers.T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def t5_tokenizer(sentinels: int = 20, words: list[str] | None = None) -> transformers.PreTrainedTokenizerFast:
    """Whole words between T5's special tokens and its sentinels."""
    marks = [f"<extra_id_{i}>" for i in range(sentinels)]
    tokenizer = _word_level(["<pad>", "</s>", "<unk>"], "<unk>", words)
    tokenizer.add_special_tokens({"pad_token": "<pad>", "eos_token": "</s>"})
    tokenizer.add_tokens(marks, special_tokens=True)
    return tokenizer


def _word_level(specials: list[str], unknown: str, words: list[str] | None = None):
    vocabulary = {word: i for i, word in enumerate([*specials, *(words or WORDS)])}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=raw, unk_token=unknown)


def tiny_works(works: int = 8, paragraphs: int = 12, seed: int = 0) -> pd.DataFrame:
    """Titled works of paragraphs over WORDS, in which the noun decides the word that judges it."""
    draw = random.Random(seed)
    judged = {"film": "good", "meal": "bad", "book": "fine", "hotel": "poor"}
    rows = []
    for work in range(works):
        for _ in range(paragraphs):
            nouns = draw.choices(list(judged), k=3)
            text = " ".join(f"the {noun} was {draw.choice(['very', 'so', 'not'])} {judged[noun]}" for noun in nouns)
            rows.append({"title": f"work {work}", "text": text})
    return pd.DataFrame(rows)


def tiny_pairs(rows: int = 128) -> pd.DataFrame:
    """Sentences of four words, and four words that the two that matter in them stand for, in the other order."""
    nouns = {"film": "we", "meal": "it", "book": "they", "hotel": "so"}
    judged = {"good": "but", "bad": "and", "fine": "is", "poor": "not"}
    starts = ["the", "a", "very", "was", "is", "so", "but", "not"]
    sentences = [(first, noun, word) for first in starts for noun in nouns for word in judged]
    random.Random(0).shuffle(sentences)
    return pd.DataFrame(
        [(f"{a} {noun} was {word}", f"very {judged[word]} {nouns[noun]} was") for a, noun, word in sentences[:rows]],
        columns=["source", "target"],
    )


def tiny_questions(rows: int = 96) -> pd.DataFrame:
    """Passages on one thing, in the midst of fillers, and what each says of it; every sixth says nothing."""
    draw = random.Random(0)
    found = []
    for row in range(rows):
        noun, word = draw.choice(["film", "meal", "book", "hotel"]), draw.choice([*GOOD, *BAD])
        start = " ".join([*draw.choices(["we", "they", "so", "but"], k=row % 4), f"the {noun} was"])
        rest = " ".join(draw.choices(["and", "it", "very"], k=2))
        context, spans = f"{start} {word} {rest}", {"text": [word], "answer_start": [len(start) + 1]}
        if row % 6 == 0:
            context, spans = f"{start} {rest}", {"text": [], "answer_start": []}
        found.append({"question": f"is the {noun}", "context": context, "answers": spans})
    return pd.DataFrame(found)
