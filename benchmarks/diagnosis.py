"""Whether run.diagnose() names what is wrong: twelve runs made to go wrong, and twelve healthy ones.

python benchmarks/diagnosis.py --out diagnosis.csv [--only reviews-rate-high ...] [--list]

Pocket models on `reviews`, `questions` and `digits`. A run that goes wrong counts as named when one of the names that
fit what was done to it is among the findings; a healthy one as accused when there is any finding. Each line of the CSV
is one run; a call that is repeated goes on where it was broken off. The aim: eleven named or more, one accused or none.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import datasets
import numpy as np

import finetune_kit as ftk
from finetune_kit import tasks

MODELS = {"reviews": "pocket-bert", "questions": "pocket-bert", "digits": "pocket-resnet"}
KINDS = {"reviews": "TextClassification", "questions": "TextClassification", "digits": "ImageClassification"}


@dataclass(frozen=True)
class Case:
    """A run. expected: names of which one must be found; none for a healthy run. spoil: what is done to the data."""

    name: str
    data: str
    expected: tuple[str, ...] = ()
    strategy: str = "full"
    settings: dict[str, Any] = field(default_factory=dict)
    spoil: Callable[[datasets.DatasetDict], datasets.DatasetDict] | None = None

    def task(self) -> tasks.Task:
        make = getattr(ftk, KINDS[self.data])
        whole = make(self.data)
        return whole if self.spoil is None else make(self.spoil(whole.splits))


def relabelled(part: datasets.Dataset, labels: np.ndarray) -> datasets.Dataset:
    """A split under other labels."""
    return part.remove_columns("label").add_column("label", labels.tolist()).cast(part.features)


def leaked(splits: datasets.DatasetDict) -> datasets.DatasetDict:
    """Half of the validation examples stand in the training split too."""
    some = splits["validation"].select(range(len(splits["validation"]) // 2))
    return with_train(splits, datasets.concatenate_datasets([splits["train"], some]))


def contradicted(splits: datasets.DatasetDict) -> datasets.DatasetDict:
    """A tenth of the training examples come again under another label."""
    some = splits["train"].shuffle(seed=0).select(range(len(splits["train"]) // 10))
    classes = some.features["label"].num_classes
    others = (np.array(some["label"][:]) + 1) % classes
    return with_train(splits, datasets.concatenate_datasets([splits["train"], relabelled(some, others)]))


def shuffled(splits: datasets.DatasetDict) -> datasets.DatasetDict:
    """Training labels without any bearing on the examples."""
    labels = np.random.default_rng(0).permutation(np.array(splits["train"]["label"][:]))
    return with_train(splits, relabelled(splits["train"], labels))


def lopsided(splits: datasets.DatasetDict) -> datasets.DatasetDict:
    """Of the classes behind the first two, 4 training examples each are left."""
    labels = np.array(splits["train"]["label"][:])
    classes = splits["train"].features["label"].num_classes
    small = [np.flatnonzero(labels == number)[:4] for number in range(min(2, classes - 1), classes)]
    rows = np.concatenate([np.flatnonzero(labels < min(2, classes - 1)), *small])
    return with_train(splits, splits["train"].select(np.sort(rows)))


def enciphered(splits: datasets.DatasetDict) -> datasets.DatasetDict:
    """Every letter moved to where no English tokenizer knows it."""
    moved = {ord(letter): chr(0x2D30 + number) for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
    return splits.map(lambda row: {"text": row["text"].lower().translate(moved)})


def with_train(splits: datasets.DatasetDict, train: datasets.Dataset) -> datasets.DatasetDict:
    return datasets.DatasetDict({**splits, "train": train})


WRONG = [
    Case("reviews-rate-high", "reviews", ("learning rate too high", "divergence"), settings={"learning_rate": 0.1}),
    Case("digits-rate-high", "digits", ("learning rate too high", "divergence"), settings={"learning_rate": 1.0}),
    Case("questions-rate-low", "questions", ("learning rate too low",), settings={"learning_rate": 1e-6}),
    Case("digits-rate-low", "digits", ("learning rate too low",), settings={"learning_rate": 1e-6, "labels": 200}),
    Case("questions-few-steps", "questions", ("too few steps",), settings={"epochs": 0.1}),
    Case("digits-few-steps", "digits", ("too few steps",), settings={"epochs": 0.05}),
    Case("reviews-few-labels", "reviews", ("overfitting",), settings={"labels": 8, "epochs": 100}),
    Case("questions-labels-shuffled", "questions", ("underfitting", "overfitting"), spoil=shuffled),
    Case("reviews-leak", "reviews", ("leakage between splits",), spoil=leaked),
    Case("questions-contradictions", "questions", ("contradictory labels",), spoil=contradicted),
    Case("digits-lopsided", "digits", ("class imbalance", "hidden class"), spoil=lopsided),
    Case("reviews-enciphered", "reviews", ("unknown words",), spoil=enciphered),
]
HEALTHY = [
    Case("reviews-all", "reviews"),
    Case("reviews-512", "reviews", settings={"labels": 512}),
    Case("reviews-seed", "reviews", settings={"seed": 1}),
    Case("reviews-last-2", "reviews", strategy="last-2"),
    Case("questions-all", "questions", settings={"learning_rate": 1e-3, "epochs": 6}),
    Case("questions-gradual", "questions", strategy="gradual"),
    Case("questions-seed", "questions", settings={"learning_rate": 1e-3, "epochs": 6, "seed": 1}),
    Case("questions-lora", "questions", strategy="lora"),
    Case("digits-all", "digits"),
    Case("digits-rate", "digits", settings={"learning_rate": 2e-3}),
    Case("digits-500", "digits", settings={"labels": 500}),
    Case("digits-scratch", "digits", strategy="scratch", settings={"epochs": 6}),
]
COLUMNS = ("case", "expected", "found", "right", "before", "after", "seconds")


def examined(case: Case) -> dict[str, Any]:
    """One run, and what its diagnosis names."""
    run = ftk.fine_tune(case.task(), MODELS[case.data], case.strategy, **case.settings)
    diagnosis = run.diagnose()
    print(f"--- {case.name}: {run!r}\n{diagnosis!r}\n", flush=True)
    right = bool(set(case.expected) & set(diagnosis.names)) if case.expected else diagnosis.healthy
    name = run.task.metric.name
    scores = round(run.before[name], 4), round(run.after[name], 4), round(run.seconds, 1)
    texts = "; ".join(case.expected), "; ".join(diagnosis.names)
    return dict(zip(COLUMNS, (case.name, *texts, right, *scores), strict=True))


def read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def append(path: Path, row: dict[str, Any]) -> None:
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def summary(rows: list[dict[str, str]]) -> str:
    """How many were named and accused, and which went otherwise than they should."""
    wrong, healthy = ([row for row in rows if bool(row["expected"]) == is_wrong] for is_wrong in (True, False))
    named = sum(row["right"] == "True" for row in wrong)
    accused = sum(row["right"] != "True" for row in healthy)
    missed = [f"  {row['case']}: {row['found'] or 'nothing'}" for row in rows if row["right"] != "True"]
    lines = [f"named {named} of {len(wrong)} that went wrong; accused {accused} of {len(healthy)} healthy"]
    return "\n".join([*lines, *missed])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("diagnosis.csv"))
    parser.add_argument("--only", nargs="+", help="names of runs; all by default")
    parser.add_argument("--list", action="store_true", help="what runs there are, and no more")
    args = parser.parse_args()
    cases = [case for case in [*WRONG, *HEALTHY] if not args.only or case.name in args.only]
    if args.list:
        for case in cases:
            print(dataclasses.replace(case, spoil=None), case.spoil.__name__ if case.spoil else "")
        return
    done = {row["case"] for row in read(args.out)}
    for case in cases:
        if case.name not in done:
            append(args.out, examined(case))
    print(summary(read(args.out)))


if __name__ == "__main__":
    main()
