"""Text to text: what translation and generative question answering share, by a T5 kind or a GPT kind of model."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import datasets
import torch

from ..errors import ModelError
from ..objectives.base import IGNORED
from .generation import end_token, generate, with_padding
from .writing import WritingTask


class TextToText(WritingTask):
    """One text in, one text out. The loss counts the answer alone; the best weights are those of the least loss."""

    auto_class = "AutoModelForSeq2SeqLM"
    between = ""  # what a decoder reads between the prompt and the answer

    @abstractmethod
    def prompt(self, row: dict[str, Any]) -> str:
        """What the model is given of an example."""

    @abstractmethod
    def answer(self, row: dict[str, Any]) -> str:
        """What it shall write."""

    def model_class(self, config: Any) -> str:
        return "AutoModelForSeq2SeqLM" if config.is_encoder_decoder else "AutoModelForCausalLM"

    def encode(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        """`input_ids` and, where the truth is there, `labels`.

        An encoder-decoder reads the prompt and writes the answer. A decoder reads both in one
        sequence, in its chat template if it has one, and the prompt's labels are IGNORED. For
        either a prompt too long for `max_length` tokens loses its beginning.
        """
        if config is None:
            raise ModelError("Text to text needs the model's configuration; pass config=model.config.")
        answered = set(self.truth_columns) <= set(dataset.column_names)
        rows = list(dataset)
        prompts = [self.prompt(row) for row in rows]
        answers = [self.answer(row) for row in rows] if answered else None
        if config.is_encoder_decoder:
            encoded = _two_sequences(processor, prompts, answers, max_length)
        else:
            prompts = [text + self.between for text in prompts]
            encoded = _one_sequence(with_padding(processor), prompts, answers, max_length)
        return datasets.Dataset.from_dict(encoded)

    def outputs(self, model: Any, processor: Any, batch: dict[str, torch.Tensor]) -> list[str]:
        return generate(model, processor, batch, self.generation)

    def decide(self, outputs: list[str]) -> list[str]:
        return outputs


def _two_sequences(processor: Any, prompts: list[str], answers: list[str] | None, length: int) -> dict[str, Any]:
    read = processor(prompts, return_special_tokens_mask=True, verbose=False)
    marks = read["special_tokens_mask"]
    encoded = {
        "input_ids": [_cut(ids, mark, length) for ids, mark in zip(read["input_ids"], marks, strict=True)],
    }
    if answers is not None:
        written = processor(text_target=answers, truncation=True, max_length=length)["input_ids"]
        end = end_token(processor)
        # Not every tokenizer puts the end token there by itself, and without it no model learns to stop.
        encoded["labels"] = [ids if end in ids else [*ids[: length - 1], end] for ids in written]
    return encoded


def _cut(ids: list[int], special: list[int], length: int) -> list[int]:
    """The last `length` tokens, of which those that are marked as special stay.

    Not by the tokenizer's `truncation_side`, which would be saved with it.
    """
    ordinary = [place for place, mark in enumerate(special) if not mark]
    away = set(ordinary[: max(0, len(ids) - length)])
    return [token for place, token in enumerate(ids) if place not in away]


def _one_sequence(processor: Any, prompts: list[str], answers: list[str] | None, length: int) -> dict[str, Any]:
    encoded: dict[str, Any] = {"input_ids": [], "labels": []}
    for number, text in enumerate(prompts):
        prompt = _prompt_ids(processor, text)
        if answers is None:
            encoded["input_ids"].append(prompt[-length:])
            continue
        answer = processor(answers[number], add_special_tokens=False)["input_ids"][: length // 2]
        answer = [*answer, end_token(processor)]
        prompt = prompt[-max(1, length - len(answer)) :]
        encoded["input_ids"].append(prompt + answer)
        encoded["labels"].append([IGNORED] * len(prompt) + answer)
    if answers is None:
        del encoded["labels"]
    return encoded


def _prompt_ids(processor: Any, text: str) -> list[int]:
    """The prompt as token ids, as the user's turn where the tokenizer has a chat template."""
    if getattr(processor, "chat_template", None):
        turn = [{"role": "user", "content": text}]
        ids = processor.apply_chat_template(turn, add_generation_prompt=True, tokenize=True, return_dict=True)
        return list(ids["input_ids"])
    start = [] if processor.bos_token_id is None else [processor.bos_token_id]
    return [*start, *processor(text, add_special_tokens=False)["input_ids"]]
