"""Generation: how a model writes a text, token by token, and the shapes in which it takes what it is given."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import transformers

from ..checkpoints import longest, quiet
from ..config import Settings, require, require_number, require_seed
from ..errors import ConfigError, ModelError
from ..objectives.base import IGNORED


@dataclass(frozen=True)
class Generation(Settings):
    """How a text is written.

    beams: how many continuations are kept at each token; 1 takes the likeliest next one
    (greedy). sample: draw the next token in place of it, from the likeliest that make up
    `top_p` of the probability (Holtzman et al. 2020), at this `temperature` (below 1 plays it
    safe). new_tokens: at most. stop: texts after which writing ends. seed: of the draws; of one
    seed, the same prompt is gone on with in the same way.
    """

    beams: int = 1
    sample: bool = False
    temperature: float = 1.0
    top_p: float = 1.0
    new_tokens: int = 64
    stop: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("beams", "new_tokens"):
            require_number(name, getattr(self, name), int, 1, "a whole number, 1 or more")
        require(isinstance(self.sample, bool), "sample", self.sample, "True or False")
        warm = _is_number(self.temperature) and 0 < self.temperature < math.inf
        require(warm, "temperature", self.temperature, "a number above 0")
        require(_is_number(self.top_p) and 0 < self.top_p <= 1, "top_p", self.top_p, "a share above 0, at most 1")
        texts = isinstance(self.stop, (list, tuple)) and all(isinstance(text, str) and text for text in self.stop)
        require(texts, "stop", self.stop, "texts in a list or tuple")
        require_seed(self.seed)
        object.__setattr__(self, "stop", tuple(self.stop))

    @classmethod
    def of(cls, given: Generation | dict[str, Any] | None, **usual: Any) -> Generation:
        """What was given, be it as a mapping of settings; the usual settings if nothing was."""
        if isinstance(given, Generation):
            return given
        if given is not None and not isinstance(given, dict):
            raise ConfigError(f"generation={given!r}: expected a Generation or a mapping of its settings.")
        return cls.from_dict({**usual, **(given or {})})


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Written(NamedTuple):
    """A text that a model wrote, and whether it came to its end before there were too many tokens."""

    text: str
    ended: bool


def generate(model: Any, processor: Any, batch: dict[str, torch.Tensor], how: Generation) -> list[str]:
    """The texts alone of `write`."""
    return [found.text for found in write(model, processor, batch, how)]


def write(model: Any, processor: Any, batch: dict[str, torch.Tensor], how: Generation) -> list[Written]:
    """What the model writes after each prompt of a batch, without the prompt and without special tokens.

    Ends at the model's end token, at a stop text or after `new_tokens`; a stop text is cut off.
    Of the places that a decoder has, if their number is fixed, new tokens get half at most; a
    prompt that does not fit in the others loses its beginning. What stands beside a prompt in
    the batch does not change what follows it.
    """
    settings: dict[str, Any] = {"num_beams": how.beams, "do_sample": how.sample}
    if how.sample:
        settings |= {"temperature": how.temperature, "top_p": how.top_p, "top_k": 0}
    places, settings["max_new_tokens"] = room(model.config, how.new_tokens)
    ends = _ends(model, processor)
    found: list[Written] = []
    # Seeding reaches all GPUs, so the state of each is put back. Of GPT's prompts, which begin with
    # the token that it pads with too, transformers would say that their mask is missing.
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())), quiet():
        for ids, mask in _parts(batch, model.config.is_encoder_decoder, how.sample):
            ids, mask = ids[:, -places:], mask[:, -places:]
            prompt = 0 if model.config.is_encoder_decoder else ids.shape[1]
            torch.manual_seed(zlib.crc32(str(ids.tolist()).encode(), how.seed))
            written = model.generate(
                input_ids=ids,
                attention_mask=mask,
                pad_token_id=processor.pad_token_id,
                eos_token_id=sorted(ends) or None,
                stopping_criteria=[_Stop(how.stop, processor, prompt)] if how.stop else None,
                **settings,
            )
            texts = processor.batch_decode(written[:, prompt:], skip_special_tokens=True)
            new = written[:, prompt or 1 :].tolist()  # the first token of an encoder's decoder is none
            for text, tokens in zip(texts, new, strict=True):
                kept = _cut(text, how.stop)
                found.append(Written(kept.strip(), kept != text or not ends.isdisjoint(tokens)))
    return found


def room(config: Any, wanted: int) -> tuple[int, int]:
    """The most tokens of a prompt, and the most new ones."""
    places = longest(config)
    if config.is_encoder_decoder:  # which counts the two apart
        return places, min(wanted, places - 1)
    new = min(wanted, places // 2)
    return places - new, new


def _parts(
    batch: dict[str, torch.Tensor], encoder: bool, one_by_one: bool
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Tokens and mask of the prompts, one by one or together: then with a decoder's padding on the left."""
    ids, mask = batch["input_ids"], batch["attention_mask"]
    if one_by_one:
        for row, counts in zip(ids, mask.bool(), strict=True):
            yield row[counts][None], mask.new_ones(1, int(counts.sum()))
        return
    if not encoder:  # an encoder may count its places from the left, so its prompts stay where they are
        order = mask.argsort(dim=1, stable=True)
        ids, mask = ids.gather(1, order), mask.gather(1, order)
    yield ids, mask


def _ends(model: Any, processor: Any) -> set[int]:
    """What ends a text: the tokenizer's end token, which fine-tuning teaches, and those that the model knew before."""
    own = model.generation_config.eos_token_id
    known = own if isinstance(own, list) else [own]
    return {token for token in (processor.eos_token_id, *known) if token is not None}


class _Stop(transformers.StoppingCriteria):  # type: ignore[misc]
    """Ends each text that holds one of the stop texts; transformers' own needs a tokenizer of pieces of words."""

    def __init__(self, stop: tuple[str, ...], processor: Any, prompt: int):
        self.stop, self.processor, self.prompt = stop, processor, prompt

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        texts = self.processor.batch_decode(input_ids[:, self.prompt :], skip_special_tokens=True)
        ended = [any(mark in text for mark in self.stop) for text in texts]
        return torch.tensor(ended, device=input_ids.device)


def _cut(text: str, stop: tuple[str, ...]) -> str:
    """The text up to the first stop text in it."""
    return text[: min([text.find(mark) for mark in stop if mark in text], default=len(text))]


def end_token(processor: Any) -> int:
    """The id of the token that ends a text. Raises ModelError where the tokenizer has none."""
    if processor.eos_token_id is None:
        raise ModelError(
            "This tokenizer has no end token (eos_token), so a model could not learn where a text ends; "
            "expected a model that writes, of a GPT or T5 kind."
        )
    return int(processor.eos_token_id)


def with_padding(processor: Any) -> Any:
    """The tokenizer with a token to pad with: a GPT has none of its own, and takes its end token."""
    if processor.pad_token is None:
        end_token(processor)
        processor.pad_token = processor.eos_token
    return processor


def pad(processor: Any, examples: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    """A batch of `input_ids`, `attention_mask` and, where they are given, `labels`: (batch, length) int64 each.

    Padded on the right; `generate` moves a decoder's padding to the other side.
    """
    ids = [example["input_ids"] for example in examples]
    batch = {
        "input_ids": _padded(ids, with_padding(processor).pad_token_id),
        "attention_mask": _padded([[1] * len(row) for row in ids], 0),
    }
    if "labels" in examples[0]:
        batch["labels"] = _padded([example["labels"] for example in examples], IGNORED)
    return batch


def _padded(rows: list[list[int]], filler: int) -> torch.Tensor:
    length = max(map(len, rows))
    return torch.tensor([row + [filler] * (length - len(row)) for row in rows])
