"""Vocabulary: tokenizers trained on a corpus, and how many pieces a word falls into."""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from .errors import ConfigError, unknown_name

ALPHABET = 200  # letters that get a piece of their own, but for BPE over bytes
# A mark is no part of a word, nor is what stands before one with an apostrophe (l'homme).
ELISION, MARK = r"▁?\p{L}+'(?=\p{L}{2})", r"▁?[^\p{L}\p{N}'▁]"
SENTINELS = 100  # T5's <extra_id_0> to <extra_id_99>


def train(kind: str, texts: Iterable[str], size: int) -> Any:
    """A new tokenizer of `size` pieces, special tokens included, of the kind that a model type uses.

    kind: transformers' model type: 'bert' gets lower-casing WordPiece (Wu et al. 2016), 'gpt2'
    byte-level BPE (Sennrich et al. 2016, Radford et al. 2019), 't5' BPE over words with
    sentinels. Raises ConfigError when the corpus has no room for that many.
    """
    if kind not in MAKERS:
        raise unknown_name("kind of tokenizer", kind, MAKERS, "A model of another kind keeps its own: vocabulary=None.")
    try:
        made = MAKERS[kind](iter(texts), size)
    except Exception as error:  # the trainers raise nothing narrower when not even the letters fit
        raise ConfigError(f"vocabulary={size}: expected more pieces: {' '.join(str(error).split())[:200]}") from error
    if len(made) != size:
        bound = "at most" if len(made) < size else "at least"
        raise ConfigError(f"vocabulary={size}: expected {bound} {len(made):,} pieces from this corpus.")
    return made


def _bert(stream: Iterator[str], size: int) -> Any:
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    texts = list(stream)
    raw = _word_pieces()
    # The trainer meets the inner letters in no fixed order, and its later choices hang on that: name them first.
    letters: Counter[str] = Counter()
    for text in texts:
        letters.update(raw.normalizer.normalize_str(text))
    inner = sorted(f"##{letter}" for letter, _ in letters.most_common(ALPHABET) if not letter.isspace())
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, limit_alphabet=ALPHABET, special_tokens=[*specials, *inner], show_progress=False
    )
    raw.train_from_iterator(_batches(iter(texts)), trainer)
    made = _word_pieces(raw.get_vocab())  # without the mark that the trainer puts on what was named
    made.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [(mark, specials.index(mark)) for mark in ("[CLS]", "[SEP]")]
    )
    made.decoder = decoders.WordPiece()
    return transformers.BertTokenizerFast(tokenizer_object=made, do_lower_case=True)


def words(text: str) -> list[str]:
    """The lower-cased words and marks that WordPiece cuts into pieces."""
    raw = _word_pieces()
    return [word for word, _ in raw.pre_tokenizer.pre_tokenize_str(raw.normalizer.normalize_str(text))]


def with_words(processor: Any, whole: Iterable[str], size: int) -> Any:
    """A WordPiece tokenizer with these whole words added, the first ones first, until it has `size` pieces.

    Raises ConfigError when the words do not suffice.
    """
    pieces = dict.fromkeys(sorted(processor.get_vocab(), key=processor.get_vocab().get))
    for word in whole:
        if len(pieces) >= size:
            break
        pieces[word] = None
    if len(pieces) != size:
        raise ConfigError(f"size={size}: expected {len(pieces):,}, for there are no more words, or fewer pieces.")
    made = copy.deepcopy(processor.backend_tokenizer)
    made.model = models.WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]")
    return transformers.BertTokenizerFast(tokenizer_object=made, do_lower_case=True)


def _word_pieces(vocabulary: dict[str, int] | None = None) -> Tokenizer:
    made = Tokenizer(models.WordPiece(vocabulary or {}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made


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
    # Not Unigram, as T5's own: its trainer never proposes a word that is followed by its end alone: "to-ujour-s".
    sentinels = [f"<extra_id_{i}>" for i in range(SENTINELS)]
    specials = ["<pad>", "</s>", "<unk>"]
    raw = Tokenizer(models.BPE(unk_token="<unk>"))
    raw.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(r" {2,}", " ")])
    parted = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in (ELISION, MARK)]
    raw.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), *parted])
    trainer = trainers.BpeTrainer(
        vocab_size=size - SENTINELS, special_tokens=specials, limit_alphabet=ALPHABET, show_progress=False
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
