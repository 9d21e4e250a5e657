"""Probes: what a pretrained model knows, asked without any fine-tuning."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import checkpoints, vectors
from .errors import DataError, ModelError
from .objectives.base import IGNORED
from .objectives.masked_words import MaskedWords
from .tasks.texts import checked_texts

KIND = {"masked": "AutoModelForMaskedLM", "causal": "AutoModelForCausalLM", "backbone": "AutoModel"}


def fill_mask(text: str, model: Any = "pocket-bert", count: int = 5) -> Any:
    """The likeliest words for the mask in a text, as a pandas DataFrame with their probabilities.

    text: with `[MASK]` (or the tokenizer's own mask) in it, once or more. model: a name, a
    folder, a hub id, or a Pretrained. Raises DataError for a text without a mask, ModelError
    for a model that guesses no masked words.
    """
    import pandas as pd

    network, processor = _opened(model, "masked")
    rows = _guesses(network, processor, text, count)
    return pd.DataFrame(rows, columns=["mask", "word", "probability"])


def guessing(
    texts: Iterable[str], model: Any = "pocket-bert", masked_share: float = 0.15, seed: int = 0
) -> dict[str, float]:
    """How well a model guesses hidden pieces of these texts: accuracy (0 to 1) and perplexity.

    Each text is read by itself, as far as the model's positions go. The same seed hides the
    same pieces, whatever the model, as long as the vocabulary is the same.
    """
    network, processor = _opened(model, "masked")
    objective = MaskedWords(masked_share)
    collate = objective.collator(processor)
    longest = network.config.max_position_embeddings
    encoded = [processor(text, truncation=True, max_length=longest)["input_ids"] for text in texts]
    if not encoded:
        raise DataError("Found no text to hide words in; expected a list of texts.")
    hits, losses = [], []
    network.eval()
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(seed)
        for start in range(0, len(encoded), 32):
            batch = collate([{"input_ids": ids} for ids in encoded[start : start + 32]])
            loss, outcome = objective.loss(network, {name: value.to(network.device) for name, value in batch.items()})
            hits.append(outcome["hits"][batch["labels"] != IGNORED].cpu())
            losses.append(loss.item() * len(hits[-1]))
    right = torch.cat(hits).float()
    if not len(right):
        raise DataError("Nothing was hidden in texts this short; give longer ones, or a larger masked_share.")
    return {"accuracy": right.mean().item(), **objective.read(sum(losses) / len(right))}


def complete(
    prompt: str,
    model: Any = "pocket-gpt",
    words: int = 40,
    temperature: float = 0.8,
    top_p: float = 0.95,
    seed: int = 0,
) -> str:
    """The prompt and how a GPT goes on with it, up to `words` tokens further.

    temperature: 0 takes the likeliest token each time; else it samples from the likeliest
    that together hold `top_p` (Holtzman et al. 2020, "The Curious Case of Neural Text
    Degeneration"). The same seed gives the same text.
    """
    network, processor = _writer(model)
    return _continue(network, processor, prompt, words, temperature, top_p, seed)


def completions(
    prompts: str | list[str],
    models: Any,
    words: int = 40,
    temperature: float = 0.8,
    top_p: float = 0.95,
    seed: int = 0,
) -> Any:
    """How several GPTs go on with the same prompts: a pandas DataFrame with a row a prompt and a column a model.

    models: names, folders, hub ids, Pretraineds or Runs, in a list; or in a dict by what heads
    their columns, such as {"before": "pocket-gpt", "after": run}. A cell is what `complete` puts
    after the prompt with the same further arguments, the same seed for all. Raises DataError for
    a missing prompt or model and for two columns of one name, ModelError for a model that does
    not continue texts.
    """
    import pandas as pd

    prompts, columns = checked_texts(prompts), _columns(models)
    texts = {
        name: [complete(prompt, model, words, temperature, top_p, seed).removeprefix(prompt) for prompt in prompts]
        for name, model in columns.items()
    }
    return pd.DataFrame(texts, index=pd.Index(prompts, name="prompt"))


def _columns(models: Any) -> dict[str, Any]:
    """Models by what heads their columns: their own names where none are given."""
    if isinstance(models, dict):
        found = models
    else:
        listed = list(models) if isinstance(models, (list, tuple)) else [models]
        found = {_title(model): model for model in listed}
        if len(found) < len(listed):
            twice = Counter(map(_title, listed)).most_common(1)[0][0]
            raise DataError(
                f"Two models are called {twice!r}; expected a dict of models by the names of their columns."
            )
    if not found:
        raise DataError("Found no model; expected names, folders or runs, such as ['pocket-gpt', run].")
    return found


def _title(model: Any) -> str:
    """The name of a model given by one; of a run its model and strategy; else what kind of thing it is."""
    if isinstance(model, (str, Path)):
        return str(model)
    settings = getattr(model, "config", None)
    return f"{settings.model}, {settings.strategy}" if settings else type(model).__name__


def next_words(prompt: str, model: Any = "pocket-gpt", count: int = 8) -> Any:
    """The likeliest tokens to follow a prompt, as a DataFrame with their probabilities; a space is shown as it is.

    model: a GPT by its name, folder or hub id, a Pretrained or a Run. Raises ModelError for a model that does not
    continue texts, DataError for an empty prompt; of a prompt too long for the model the end is read.
    """
    import pandas as pd

    network, processor = _writer(model)
    ids = processor(prompt, return_tensors="pt")["input_ids"][:, -checkpoints.longest(network.config) :]
    if not ids.shape[1]:
        raise DataError("The prompt is empty; expected at least a word.")
    network.eval()
    with torch.inference_mode():
        shares = network(input_ids=ids.to(network.device)).logits[0, -1].float().softmax(-1)  # (vocabulary,)
    best = shares.topk(min(count, len(shares)))
    words = [processor.decode([i]) for i in best.indices.tolist()]
    return pd.DataFrame({"word": words, "probability": best.values.cpu().numpy().round(4)})


def _writer(model: Any) -> tuple[Any, Any]:
    network, processor = _opened(model, "causal")
    if network.config.is_encoder_decoder or not network.can_generate() or processor.mask_token:
        raise ModelError(f"A {type(network).__name__} does not continue texts; expected a GPT, such as 'pocket-gpt'.")
    return network, processor


def neighbours(word: str, model: Any = "pocket-bert", count: int = 8) -> Any:
    """The whole words whose embeddings lie nearest to that of `word`, as a DataFrame with the cosine.

    Raises DataError for a word that the tokenizer has no piece for.
    """
    import pandas as pd

    network, processor = _opened(model, "backbone")
    words, ids = _whole_words(processor)
    wanted = word.strip() if word.strip() in words else word.strip().lower()
    if wanted not in words:
        pieces = processor.tokenize(word)
        raise DataError(f"{word!r} is no single piece of this vocabulary ({' '.join(pieces)}); try a commoner word.")
    table = network.get_input_embeddings().weight.detach().float()[ids]  # (words, width)
    table = table - table.mean(dim=0)
    cosine = torch.nn.functional.cosine_similarity(table, table[words.index(wanted)], dim=-1)
    best = [i for i in cosine.argsort(descending=True).tolist() if words[i].lower() != wanted.lower()][:count]
    return pd.DataFrame({"word": [words[i] for i in best], "cosine": [round(cosine[i].item(), 3) for i in best]})


def nearest(text: str, among: list[str], model: Any = "pocket-bert", count: int = 3) -> Any:
    """The texts that a model takes for most like `text`, as a DataFrame with the cosine.

    A text's vector is the mean of its tokens' last hidden states, the mean over `among` taken off.
    """
    import pandas as pd

    if not among:
        raise DataError("Found no text to compare with; expected a list of texts.")
    places, cosine = _nearest(vectors.of_texts([text, *among], *_opened(model, "backbone")), count)
    return pd.DataFrame({"text": [among[i] for i in places], "cosine": cosine})


def nearest_images(image: Any, among: list[Any], model: Any, count: int = 5) -> Any:
    """The images that a model takes for most like `image`: their places in `among` (from 0) and the cosine.

    image, among: PIL images, or arrays (height, width, 3) uint8. An image's vector is the mean of
    its last hidden states, the mean over `among` taken off.
    """
    import pandas as pd

    if not among:
        raise DataError("Found no image to compare with; expected a list of images.")
    places, cosine = _nearest(vectors.of_images([image, *among], *_opened(model, "backbone")), count)
    return pd.DataFrame({"place": places, "cosine": cosine})


def nearest_sounds(sound: np.ndarray, among: list[np.ndarray], model: Any = "pocket-wav2vec2", count: int = 5) -> Any:
    """The sounds that a model takes for most like `sound`: their places in `among` (from 0) and the cosine.

    sound, among: samples at 16 kHz, (samples,) float32 from -1 to 1. A sound's vector is the mean
    of its last hidden states, the mean over `among` taken off.
    """
    import pandas as pd

    if not among:
        raise DataError("Found no sound to compare with; expected a list of arrays.")
    places, cosine = _nearest(vectors.of_sounds([sound, *among], *_opened(model, "backbone")), count)
    return pd.DataFrame({"place": places, "cosine": cosine})


def _nearest(found: np.ndarray, count: int) -> tuple[list[int], np.ndarray]:
    """The rows after the first that are most like it, by the cosine once their mean is taken off."""
    found = found - found[1:].mean(axis=0)
    found /= np.linalg.norm(found, axis=1, keepdims=True) + 1e-9
    cosine = found[1:] @ found[0]
    best = np.argsort(-cosine, kind="stable")[:count]
    return best.tolist(), cosine[best].round(3)


def guess(network: Any, processor: Any, sentence: str, count: int = 3) -> str:
    """What a model makes of one sentence, in a line: words for its mask, or how it goes on."""
    if processor.mask_token and has_mask(processor, sentence):
        rows = _guesses(network, processor, sentence, count)
        return ", ".join(f"{word} {share:.0%}" for _, word, share in rows)
    if getattr(network, "can_generate", lambda: False)() and not network.config.is_encoder_decoder:
        return _continue(network, processor, sentence, 12, 0.0, 1.0, 0)[len(sentence) :].strip()
    raise DataError(f"{sentence!r} has no [MASK], and this model does not write; expected a sentence with [MASK].")


def has_mask(processor: Any, sentence: str) -> bool:
    """Whether a sentence has a gap to fill: `[MASK]`, or the tokenizer's own mask."""
    return "[MASK]" in sentence or processor.mask_token in sentence


def _guesses(network: Any, processor: Any, text: str, count: int) -> list[tuple[int, str, float]]:
    mask = processor.mask_token
    if mask is None:
        raise ModelError("This model's tokenizer has no mask; fill_mask wants one trained on masked words.")
    text = text.replace("[MASK]", mask)
    longest = network.config.max_position_embeddings
    inputs = processor(text, return_tensors="pt", truncation=True, max_length=longest).to(network.device)
    places = (inputs["input_ids"][0] == processor.mask_token_id).nonzero().ravel().tolist()
    if not places:
        raise DataError(f"{text!r} has no {mask}; put it in place of the word to guess.")
    network.eval()
    with torch.inference_mode():
        shares = network(**inputs).logits[0, places].float().softmax(-1)  # (masks, vocabulary)
    best = shares.topk(min(count, shares.shape[-1]))
    rows = []
    for number, (values, ids) in enumerate(zip(best.values.tolist(), best.indices.tolist(), strict=True), 1):
        words = [processor.decode([i]).strip() for i in ids]
        rows += [(number, word, round(value, 4)) for word, value in zip(words, values, strict=True)]
    return rows


def _continue(
    network: Any, processor: Any, prompt: str, words: int, temperature: float, top_p: float, seed: int
) -> str:
    inputs = processor(prompt, return_tensors="pt").to(network.device)
    room = network.config.max_position_embeddings - inputs["input_ids"].shape[1]
    if room < 1:
        raise DataError(
            f"The prompt has {inputs['input_ids'].shape[1]} tokens; this model takes at most "
            f"{network.config.max_position_embeddings}, answer included. Shorten it."
        )
    if not inputs["input_ids"].shape[1]:
        raise DataError("The prompt is empty; expected at least a word.")
    sampling = {"do_sample": True, "temperature": temperature, "top_p": top_p} if temperature else {"do_sample": False}
    network.eval()
    with torch.random.fork_rng(devices=[]), torch.inference_mode(), checkpoints.quiet():
        torch.manual_seed(seed)
        ids = network.generate(
            **inputs, max_new_tokens=min(words, room), pad_token_id=processor.eos_token_id, **sampling
        )
    return str(processor.decode(ids[0], skip_special_tokens=True))


def _whole_words(processor: Any) -> tuple[list[str], list[int]]:
    """The pieces that are words by themselves: written out, and their ids."""
    found: dict[str, int] = {}
    for piece, i in sorted(processor.get_vocab().items(), key=lambda item: item[1]):
        word = piece.lstrip("Ġ▁")
        starts = piece[:1] in "Ġ▁" if _marks_starts(processor) else not piece.startswith("##")
        if starts and word.isalpha() and len(word) > 1:
            found.setdefault(word, i)
    return list(found), list(found.values())


def _marks_starts(processor: Any) -> bool:
    """Whether the vocabulary marks the pieces that begin a word (GPT, T5), not those that go on (BERT)."""
    return any(piece[:1] in ("Ġ", "▁") for piece in processor.get_vocab())


def _opened(model: Any, kind: str) -> tuple[Any, Any]:
    """The network and its processor behind a name, a folder, a hub id or a Pretrained."""
    if hasattr(model, "model") and hasattr(model, "processor"):
        return model.model, model.processor
    return _load(str(model), KIND[kind])


@functools.lru_cache(maxsize=4)
def _load(name: str, auto_class: str) -> tuple[Any, Any]:
    return checkpoints.load_weights(name, auto_class), checkpoints.processor(name)
