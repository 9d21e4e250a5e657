"""Familiarity: how much the order of the words in some texts helps a model to guess them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .. import checkpoints, probes
from ..objectives.base import IGNORED

MASKED, CAUSAL = ("ForMaskedLM", "ForPreTraining"), ("LMHeadModel", "ForCausalLM")  # how classes of each kind end
SHORTEST, LONGEST = 4, 80  # words of a text: with fewer there is no order; those beyond are not read
LEAST, ENOUGH = 200, 2_000  # words that are looked at
ROUNDS = 4  # times that words are hidden at most, each time others, until ENOUGH have been looked at
WIDE = 12  # characters a word, from which on a text counts as one without spaces
BATCH = 16


@dataclass(frozen=True)
class Familiarity:
    """The loss of a model in nats a piece, on texts as they are and with their words shuffled."""

    what: str
    loss: float
    shuffled: float

    @property
    def share(self) -> float:
        """What the order of the words saves of the loss, 1 at most; 0 and less where the model does not know it."""
        return 1 - self.loss / self.shuffled


def measure(texts: list[str], name: str, network: Any, processor: Any) -> Familiarity | str:
    """How familiar a checkpoint is with texts; or, in words, why that cannot be said.

    The control is the texts themselves with their words in another order, in the characters' order where there are
    no spaces: so it needs no texts that the model is known to know (after Sinha et al. 2021, "Masked Language
    Modeling and the Distributional Hypothesis: Order Word Matters"). network: the checkpoint's configuration.
    """
    made_by = network.architectures or []
    if any(kind.endswith(MASKED) for kind in made_by) and checkpoints.has_head(network, "AutoModelForMaskedLM"):
        what = "hidden"
    elif any(kind.endswith(CAUSAL) for kind in made_by) and checkpoints.has_head(network, "AutoModelForCausalLM"):
        what = "next"
    else:
        return "it guesses neither masked nor next words"
    draw = np.random.default_rng(0)
    chosen, total = [], 0
    for number in draw.permutation(len(texts)):
        parts, between = _parts(texts[number])
        if total < ENOUGH and len(parts) >= SHORTEST:
            chosen.append((parts, between))
            total += len(parts)
    if total < LEAST:
        return f"they hold {total} words in texts of {SHORTEST} or more; expected {LEAST}"
    plain = [between.join(parts) for parts, between in chosen]
    mixed = [between.join(draw.permutation(parts).tolist()) for parts, between in chosen]
    if what == "hidden":
        rounds = min(ROUNDS, max(1, round(ENOUGH / total)))
        return Familiarity(what, *(_masked(part, name, rounds) for part in (plain, mixed)))
    model = checkpoints.load_weights(name, "AutoModelForCausalLM").eval()
    return Familiarity(what, *(_causal(part, model, processor) for part in (plain, mixed)))


def _parts(text: str) -> tuple[list[str], str]:
    """The words of a text, or its characters where it has no spaces; and what stands between them."""
    words = text.split()
    if len(text) > WIDE * len(words):
        return list(text)[:LONGEST], ""
    return words[:LONGEST], " "


def _masked(texts: list[str], name: str, rounds: int) -> float:
    return float(np.mean([math.log(probes.guessing(texts, name, seed=seed)["perplexity"]) for seed in range(rounds)]))


def _causal(texts: list[str], model: Any, processor: Any) -> float:
    start = [token for token in (processor.bos_token_id,) if token is not None]
    longest = min(checkpoints.longest(model.config), 2 * LONGEST)
    encoded = [(start + processor(text, add_special_tokens=False)["input_ids"])[:longest] for text in texts]
    encoded.sort(key=len)
    total, counted = 0.0, 0
    with torch.inference_mode(), checkpoints.quiet():
        for first in range(0, len(encoded), BATCH):
            some = encoded[first : first + BATCH]
            width = max(map(len, some))
            ids = torch.tensor([row + [row[-1]] * (width - len(row)) for row in some])  # (batch, width)
            kept = torch.arange(width) < torch.tensor([[len(row)] for row in some])
            labels = ids.masked_fill(~kept, IGNORED)
            pieces = int((labels[:, 1:] != IGNORED).sum())
            total += model(input_ids=ids, attention_mask=kept.long(), labels=labels).loss.item() * pieces
            counted += pieces
    return total / counted
