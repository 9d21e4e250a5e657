"""Pieces: what a tokenizer cuts a text into, and which characters of the text each piece stands for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple


class Piece(NamedTuple):
    """A piece of a text: its name in the vocabulary, its number there, and the characters that it stands for.

    known: False where the tokenizer has no piece for what the text says. continues: whether it
    goes on with the word of the piece before. Several pieces may stand for one character, as
    bytes do for an emoji.
    """

    token: str
    id: int
    known: bool
    continues: bool
    start: int
    end: int


def cut(processor: Any, texts: list[str]) -> list[list[Piece]]:
    """The pieces of each text, special tokens left out. processor: a fast tokenizer."""
    if not texts:  # of which transformers makes an IndexError
        return []
    encodings = processor(texts, add_special_tokens=False, verbose=False).encodings
    return [_pieces(text, one, processor) for text, one in zip(texts, encodings, strict=True)]


def _pieces(text: str, encoding: Any, processor: Any) -> list[Piece]:
    unknown, written = processor.unk_token_id, processor.unk_token
    pieces: list[Piece] = []
    last_word, last_end = None, -1
    names = processor.convert_ids_to_tokens(encoding.ids)  # where Unigram knows none, encoding.tokens has the text
    rows = zip(names, encoding.ids, encoding.word_ids, encoding.offsets, strict=True)
    for token, number, word, (start, end) in rows:
        known = number != unknown or text[start:end] == written  # a GPT's end token is its unknown one too
        # Some tokenizers take a whole text for one word: then white space parts words.
        continues = word == last_word and start <= last_end and not text[start : start + 1].isspace()
        pieces.append(Piece(token, number, known, continues, start, end))
        last_word, last_end = word, end
    return pieces


def words(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """The pieces of each word; marks count as words where the tokenizer parts them from their word."""
    word: list[Piece] = []
    for piece in pieces:
        if word and not piece.continues:
            yield word
            word = []
        word.append(piece)
    if word:
        yield word


def own_texts(text: str, pieces: list[Piece]) -> list[str]:
    """What to write for each piece, so that no character comes twice: of pieces that share one the last has it."""
    following = [piece.start for piece in pieces[1:]] + [len(text)]
    return [text[piece.start : min(piece.end, after)] for piece, after in zip(pieces, following, strict=True)]


def spoken(text: str) -> bool:
    """Whether there is a letter, a number or an accent in it, and not marks and signs alone."""
    return any(unicodedata.category(character)[0] in "LMN" for character in text)
