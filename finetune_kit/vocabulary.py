"""Vocabulary: tokenizers trained on a corpus, and how many pieces a word falls into."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from .errors import ConfigError, unknown_name

SENTINELS = 100  # T5's <extra_id_0> to <extra_id_99>


def train(kind: str, texts: Iterable[str], size: int) -> Any:
    """A new tokenizer of `size` pieces, special tokens included, of the kind that a model type uses.

    kind: transformers' model type: 'bert' gets lower-casing WordPiece (Wu et al. 2016), 'gpt2'
    byte-level BPE (Sennrich et al. 2016, Radford et al. 2019), 't5' Unigram (Kudo 2018) with
    sentinels. Raises ConfigError when the corpus has no room for that many.
    """
    if kind not in MAKERS:
        raise unknown_name("kind of tokenizer", kind, MAKERS, "A model of another kind keeps its own: vocabulary=None.")
    made = MAKERS[kind](iter(texts), size)
    if len(made) < size:
        raise ConfigError(f"vocabulary={size}: expected at most {len(made):,}, for this corpus allows no more pieces.")
    return made


def _bert(texts: Iterator[str], size: int) -> Any:
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    raw = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    raw.normalizer = normalizers.BertNormalizer(lowercase=True)
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, limit_alphabet=200, special_tokens=specials, show_progress=False
    )
    raw.train_from_iterator(_batches(texts), trainer)
    raw.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [(mark, specials.index(mark)) for mark in ("[CLS]", "[SEP]")]
    )
    raw.decoder = decoders.WordPiece()
    return transformers.BertTokenizerFast(tokenizer_object=raw, do_lower_case=True)


def _gpt2(texts: Iterator[str], size: int) -> Any:
    end = "<|endoftext|>"
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=[end], initial_alphabet=alphabet, show_progress=False)
    raw.train_from_iterator(_batches(texts), trainer)
    raw.post_processor = processors.ByteLevel(trim_offsets=False)
    raw.decoder = decoders.ByteLevel()
    names = dict.fromkeys(("bos_token", "eos_token", "unk_token", "pad_token"), end)
    return transformers.GPT2TokenizerFast(tokenizer_object=raw, **names)


def _t5(texts: Iterator[str], size: int) -> Any:
    sentinels = [f"<extra_id_{i}>" for i in range(SENTINELS)]
    specials = ["<pad>", "</s>", "<unk>"]
    raw = Tokenizer(models.Unigram())
    raw.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(r" {2,}", " ")])
    raw.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size - SENTINELS, special_tokens=specials, unk_token="<unk>", show_progress=False
    )
    raw.train_from_iterator(_batches(texts), trainer)
    raw.post_processor = processors.TemplateProcessing("$A </s>", "$A </s> $B </s>", [("</s>", 1)])
    raw.decoder = decoders.Metaspace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        additional_special_tokens=sentinels, model_max_length=512,
    )  # fmt: skip


def _batches(texts: Iterator[str]) -> Iterator[list[str]]:
    """Texts by the thousand: one by one they are handed over between threads at a high price."""
    while batch := list(itertools.islice(texts, 1000)):
        yield batch


MAKERS = {"bert": _bert, "gpt2": _gpt2, "t5": _t5}


def fertility(processor: Any, texts: Iterable[str]) -> float:
    """Pieces a word: how finely a tokenizer cuts these texts, 1.0 when every word is a piece (Rust et al. 2021)."""
    pieces = words = 0
    for text in texts:
        pieces += len(processor(text, add_special_tokens=False, verbose=False)["input_ids"])
        words += len(text.split())
    return pieces / max(words, 1)
