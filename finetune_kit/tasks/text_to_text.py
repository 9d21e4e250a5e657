"""Text to text: what translation and generative question answering share, by a T5 kind or a GPT kind of model."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import datasets
import torch

from ..errors import ModelError
from ..objectives.base import IGNORED
from .generation import Written, end_token, room, with_padding, write
from .texts import tell_cut
from .writing import WritingTask

NEW_TOKENS = "A generation with more new_tokens writes more."


class TextToText(WritingTask):
    """One text in, one text out. The loss counts the answer alone; the best weights are those of the least loss."""

    auto_class = "AutoModelForSeq2SeqLM"
    nouns = ("sources", "targets")  # what messages call that which is read and that which is written
    between = ""  # what a decoder reads between the prompt and the answer

    @abstractmethod
    def prompt(self, row: dict[str, Any]) -> str:
        """What the model is given of an example."""

    @abstractmethod
    def answer(self, row: dict[str, Any]) -> str:
        """What it shall write."""

    def head_class(self, config: Any) -> str:
        return "AutoModelForSeq2SeqLM" if config.is_encoder_decoder else "AutoModelForCausalLM"

    def encode(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        """`input_ids` and, where the truth is there, `labels`.

        An encoder-decoder reads the prompt and writes the answer. A decoder reads both in one
        sequence, in its chat template if it has one, and the prompt's labels are IGNORED. For
        either a prompt too long for `max_length` tokens loses its beginning, and an answer its
        end; how many do is told.
        """
        if config is None:
            raise ModelError("Text to text needs the model's configuration; pass config=model.config.")
        answered = set(self.truth_columns) <= set(dataset.column_names)
        rows = list(dataset)
        prompts = [self.prompt(row) for row in rows]
        answers = [self.answer(row) for row in rows] if answered else None
        places, written = room(config, self.generation.new_tokens)
        if config.is_encoder_decoder:
            encoded, lost = _two_sequences(processor, prompts, answers, max_length)
        else:
            # Before an answer that is yet to be written there must be places for it.
            length = max_length if answered else min(max_length, places)
            prompts = [text + self.between for text in prompts]
            encoded, lost = _one_sequence(with_padding(processor), prompts, answers, length)
        self._tell(lost, len(rows), max_length, written)
        return datasets.Dataset.from_dict(encoded)

    def _tell(self, lost: _Lost, rows: int, length: int, written: int) -> None:
        read, wanted = self.nouns
        tell_cut(lost.prompts, rows, f"{read} are too long for max_length={length}", "their beginning is left out")
        tell_cut(lost.answers, rows, f"{wanted} are too long for max_length={length}", "their end is not learnt")
        long = sum(tokens > written for tokens in lost.lengths)
        fate = "they cannot be written to the end"
        tell_cut(long, rows, f"{wanted} have more than new_tokens={written} tokens", fate, NEW_TOKENS)

    def outputs(self, model: Any, processor: Any, batch: dict[str, torch.Tensor]) -> list[Written]:
        return write(model, processor, batch, self.generation)

    def gather(self, outputs: list[Written], encoded: datasets.Dataset, dataset: datasets.Dataset) -> list[str]:
        """The texts; of new examples it is told how many were broken off."""
        if not set(self.truth_columns) <= set(dataset.column_names):
            broken = sum(not found.ended for found in outputs)
            limit = f"predictions reached new_tokens={self.generation.new_tokens}"
            tell_cut(broken, len(outputs), limit, "they break off before the model ended them", NEW_TOKENS)
        return [found.text for found in outputs]

    def decide(self, outputs: list[str]) -> list[str]:
        return outputs


@dataclass(frozen=True)
class _Lost:
    """How many prompts and answers were cut, and of how many tokens each answer was before, its end token aside."""

    prompts: int
    answers: int
    lengths: list[int]


def _two_sequences(
    processor: Any, prompts: list[str], answers: list[str] | None, length: int
) -> tuple[dict[str, Any], _Lost]:
    read = processor(prompts, return_special_tokens_mask=True, verbose=False)
    marks = read["special_tokens_mask"]
    encoded = {
        "input_ids": [_cut(ids, mark, length) for ids, mark in zip(read["input_ids"], marks, strict=True)],
    }
    long = sum(len(ids) > length for ids in read["input_ids"])
    if answers is None:
        return encoded, _Lost(long, 0, [])
    whole = processor(text_target=answers, verbose=False)["input_ids"]
    written = processor(text_target=answers, truncation=True, max_length=length)["input_ids"]
    end = end_token(processor)
    # Not every tokenizer puts the end token there by itself, and without it no model learns to stop.
    encoded["labels"] = [ids if end in ids else [*ids[: length - 1], end] for ids in written]
    lengths = [len(ids) - (end in ids) for ids in whole]
    return encoded, _Lost(long, sum(tokens >= length for tokens in lengths), lengths)


def _cut(ids: list[int], special: list[int], length: int) -> list[int]:
    """The last `length` tokens, of which those that are marked as special stay.

    Not by the tokenizer's `truncation_side`, which would be saved with it.
    """
    ordinary = [place for place, mark in enumerate(special) if not mark]
    away = set(ordinary[: max(0, len(ids) - length)])
    return [token for place, token in enumerate(ids) if place not in away]


def _one_sequence(
    processor: Any, prompts: list[str], answers: list[str] | None, length: int
) -> tuple[dict[str, Any], _Lost]:
    read = [_prompt_ids(processor, text) for text in prompts]
    if answers is None:
        return {"input_ids": [ids[-length:] for ids in read]}, _Lost(sum(len(ids) > length for ids in read), 0, [])
    encoded: dict[str, Any] = {"input_ids": [], "labels": []}
    whole = processor(answers, add_special_tokens=False, verbose=False)["input_ids"]
    for ids, written in zip(read, whole, strict=True):
        answer = [*written[: length // 2], end_token(processor)]
        prompt = ids[-max(1, length - len(answer)) :]
        encoded["input_ids"].append(prompt + answer)
        encoded["labels"].append([IGNORED] * len(prompt) + answer)
    long = sum(len(ids) > row.count(IGNORED) for ids, row in zip(read, encoded["labels"], strict=True))
    lengths = [len(written) for written in whole]
    return encoded, _Lost(long, sum(tokens > length // 2 for tokens in lengths), lengths)


def _prompt_ids(processor: Any, text: str) -> list[int]:
    """The prompt as token ids, as the user's turn where the tokenizer has a chat template."""
    if getattr(processor, "chat_template", None):
        turn = [{"role": "user", "content": text}]
        ids = processor.apply_chat_template(turn, add_generation_prompt=True, tokenize=True, return_dict=True)
        return list(ids["input_ids"])
    start = [] if processor.bos_token_id is None else [processor.bos_token_id]
    return [*start, *processor(text, add_special_tokens=False, verbose=False)["input_ids"]]
