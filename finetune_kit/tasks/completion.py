"""Completion: go on with a text, as a GPT kind does, in the manner of the texts that it was fine-tuned on."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from .. import corpora, data
from ..data.splitting import normalise
from ..errors import DataError
from ..metrics import NextWordAccuracy, Perplexity
from ..objectives.base import IGNORED
from .base import Baseline
from .generation import Generation, end_token, generate
from .texts import checked_texts, tell_cut
from .writing import WritingTask

WHOLE = 10**9  # a block as long as any text
SHARE = 0.15  # of the works, to validation and to test each
MEASURED = 400  # paragraphs that validation and test hold at most: more would take longer than the training


class Completion(WritingTask):
    """Learn the manner of running text, over any data with a text column.

    source: 'python-docs' (the documentation on every machine), text files or a folder of them,
    a CSV, JSON lines or parquet file, a pandas frame, a `datasets.Dataset` or `DatasetDict`, a
    name from the catalogue or a hub id; None for a task without data. Of a corpus, whole works
    go to one split, and a paragraph that several works have to that of the first; validation
    and test hold 400 paragraphs at most. generation: how texts are gone on with. An output is,
    of each text, its loss in nats, its tokens and how many of them were guessed right; of a
    prompt, what follows it. Raises DataError, StorageError or UnknownNameError when the data
    cannot be used.
    """

    record = "completion"
    auto_class = "AutoModelForCausalLM"
    truth_columns = ()
    fields = ("prompt",)

    def __init__(
        self,
        source: Any = None,
        text: str = "text",
        *,
        generation: Generation | dict[str, Any] | None = None,
        drop_bad_rows: bool = False,
        seed: int = 0,
    ):
        self.metrics = (Perplexity(), NextWordAccuracy())
        self.generation = Generation.of(generation, sample=True, temperature=0.8, top_p=0.9, new_tokens=40)
        if source is not None:
            works = _works(source)
            frames = data.read(source) if works is None else _by_work(works, seed)
            self.splits = data.split(data.running(frames, text if works is None else "text", drop_bad_rows), seed)

    def truth(self, dataset: datasets.Dataset) -> list[str]:
        return list(dataset["text"][:])

    def encode(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        """Blocks of at most `max_length` tokens, with the `example` they are of and labels; of a `prompt` its end.

        A text stands between end tokens. A block begins with the last token of the one before
        it, so that each token is guessed once.
        """
        end = end_token(processor)
        if "prompt" in dataset.column_names:
            ids = _tokens(dataset["prompt"][:], processor)
            long = sum(1 + len(tokens) > max_length for tokens in ids)
            tell_cut(long, len(ids), f"prompts are too long for max_length={max_length}", "their beginning is left out")
            return datasets.Dataset.from_dict({"input_ids": [[end, *tokens][-max_length:] for tokens in ids]})
        encoded: dict[str, list[Any]] = {"input_ids": [], "labels": [], "example": []}
        for number, tokens in enumerate(_tokens(dataset["text"][:], processor)):
            whole = [end, *tokens, end]
            for start in range(0, len(whole) - 1, max_length - 1):
                block = whole[start : start + max_length]
                encoded["input_ids"].append(block)
                encoded["labels"].append([IGNORED, *block[1:]])
                encoded["example"].append(number)
        return datasets.Dataset.from_dict(encoded)

    def outputs(self, model: Any, processor: Any, batch: dict[str, torch.Tensor]) -> Any:
        if "labels" not in batch:
            return generate(model, processor, batch, self.generation)
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1].float()
        truth = batch["labels"][:, 1:]
        counted = truth != IGNORED
        nats = F.cross_entropy(logits.transpose(1, 2), truth, reduction="none", ignore_index=IGNORED).sum(1)
        hits = ((logits.argmax(-1) == truth) & counted).sum(1)
        return torch.stack([nats, counted.sum(1), hits], dim=1).float().cpu().numpy()  # (batch, 3)

    def gather(self, outputs: Any, encoded: datasets.Dataset, dataset: datasets.Dataset) -> Any:
        """The sums over the blocks of each text: (texts, 3) float32."""
        if "example" not in encoded.column_names:
            return outputs
        sums = np.zeros((len(dataset), 3), np.float32)
        np.add.at(sums, encoded["example"][:], outputs)
        return sums

    def decide(self, outputs: Any) -> Any:
        return outputs

    def score(self, predictions: np.ndarray, truth: list[str]) -> dict[str, float]:
        nats, tokens, hits = np.asarray(predictions, dtype=np.float64).T
        values = (nats.tolist(), hits.astype(int).tolist())
        counts = tokens.astype(int).tolist()
        scores: dict[str, float] = {}
        for metric, value in zip(self.metrics, values, strict=True):
            scores |= metric.compute(predictions=value, references=counts)
        return scores

    def quality(self, predictions: np.ndarray, truth: list[str]) -> np.ndarray:
        """The share of each text's tokens that was guessed right."""
        _, tokens, hits = np.asarray(predictions).T
        return hits / np.maximum(tokens, 1)

    def words(self, predictions: Any) -> list[str]:
        if isinstance(predictions, list):
            return list(predictions)
        return [f"perplexity {np.exp(nats / max(tokens, 1)):.1f}" for nats, tokens, _ in predictions]

    def inputs(self, examples: Any) -> datasets.Dataset:
        return datasets.Dataset.from_dict({"prompt": checked_texts(examples)})

    def show(self, examples: datasets.Dataset, outputs: list[str]) -> Any:
        import pandas as pd

        return pd.DataFrame({"prompt": examples["prompt"][:], "prediction": outputs})

    def baselines(self, processor: Any = None) -> dict[str, Baseline]:
        """Token frequencies; none without the processor, whose tokens they count."""
        return {} if processor is None else {"token frequencies": functools.partial(token_frequencies, self, processor)}


def _tokens(texts: list[str], processor: Any) -> list[list[int]]:
    """The tokens of each text, however many, and none that mark its ends."""
    return list(processor(texts, add_special_tokens=False, verbose=False)["input_ids"])


def token_frequencies(
    task: Completion, processor: Any, train: datasets.Dataset, examples: datasets.Dataset
) -> np.ndarray:
    """A unigram model over the model's own tokens, one added to each count; (texts, 3), like the task's outputs."""
    counted = Counter(token for row in task.encode(train, processor, WHOLE)["input_ids"][:] for token in row[1:])
    counts = np.ones(len(processor))
    for token, count in counted.items():
        counts[token] += count
    nats, commonest = -np.log(counts / counts.sum()), int(counts.argmax())
    rows = [np.array(row[1:]) for row in task.encode(examples, processor, WHOLE)["input_ids"][:]]
    return np.array([[nats[row].sum(), len(row), (row == commonest).sum()] for row in rows])


def _works(source: Any) -> list[tuple[str, str]] | None:
    """(work, paragraph) of the Python documentation, text files, a folder or a list; None for another source."""
    named = isinstance(source, (str, Path)) and (
        source == corpora.PYTHON_DOCS or Path(source).suffix.lower() in corpora.TEXT_SUFFIXES or _is_folder(source)
    )
    if not named and not isinstance(source, list):
        return None
    works = list(corpora.read(source))
    if len(works) < len(data.SPLITS):
        raise DataError(
            f"{'The list' if isinstance(source, list) else source} holds {len(works)} paragraphs; at least "
            f"{len(data.SPLITS)} are needed, one for each of {', '.join(data.SPLITS)}. Empty lines part paragraphs."
        )
    return works


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:  # too long for a path
        return False


def _by_work(passages: list[tuple[str, str]], seed: int) -> dict[str, pd.DataFrame]:
    """Splits of whole works; of fewer than six works one split, to be divided by paragraphs.

    A paragraph that several works have stays in the first, so that no split knows it from another.
    Of the works held out, MEASURED paragraphs, drawn with the seed, do for a measurement.
    """
    frame = pd.DataFrame(passages, columns=["work", "text"])
    first = frame.groupby(frame["text"].map(normalise))["work"].transform("first")
    frame = frame[frame["work"] == first]
    works = sorted(frame["work"].unique())
    if len(works) < 6:
        return {"all": frame}
    order = np.random.default_rng(seed).permutation(len(works))
    size = max(1, round(SHARE * len(works)))
    places = {"test": order[:size], "validation": order[size : 2 * size], "train": order[2 * size :]}
    parts = {name: frame[frame["work"].isin([works[i] for i in chosen])] for name, chosen in places.items()}
    few = {name: part.sample(min(MEASURED, len(part)), random_state=seed) for name, part in parts.items()}
    return {**few, "train": parts["train"]}
