"""What pretraining buys on real tasks: against from scratch and simple methods, at several numbers of labels.

python benchmarks/few_labels.py --out few_labels.csv --data FOLDER [--task trec phrases ...] [--labels 64 256 all]

FOLDER holds, all .parquet: trec_train, trec_test and ag_news (columns text and label; Li and Roth 2002, Zhang et al.
2015), multi30k_en_fr_train, _val and _test (columns en and fr; Elliott et al. 2016), cifar10_train and _test (image,
the bytes of a file, and label; Krizhevsky 2009), raccoon_detection (image, boxes_xywh, labels; its last 40 are the
test) and spoken_digits (audio, the bytes of a file, label and speaker: each of three speakers is the test of one study,
and the other two have spoken the labelled clips). Tasks over the kit's own data need none. Every run is one of
ftk.fine_tune: the validation split chooses its weights, and when it has ended it is measured once on the test split,
and of `phrases` on the sentences written by hand. Each line of the CSV is one score. A call that is repeated goes on
where it was broken off.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow.parquet as pq
from pocket_bert import source

import finetune_kit as ftk
from finetune_kit import tasks

STRATEGIES = {"pretrained": "full", "from scratch": "scratch"}
KEY = ["task", "method", "model", "labels", "seed", "epochs", "few"]  # what tells one row's lines from another's


@dataclass(frozen=True)
class Study:
    """A task over the data in a folder, and the numbers of training examples (None for all) that it is measured at.

    settings: those of both runs that are not the kit's own; scratch: those of the run from scratch beside them.
    """

    make: Callable[[Path], tasks.Task]
    labels: tuple[int | None, ...]
    splits: tuple[str, ...] = ("test",)
    settings: dict[str, Any] = field(default_factory=dict)
    scratch: dict[str, Any] = field(default_factory=dict)


def captions(folder: Path) -> datasets.DatasetDict:
    """Multi30k, with 200 captions for validation: each run has them translated before and after training."""
    files = {"train": "train", "validation": "val", "test": "test"}
    parts = {part: pq.read_table(folder / f"multi30k_en_fr_{file}.parquet") for part, file in files.items()}
    parts["validation"] = parts["validation"].slice(0, 200)
    return datasets.DatasetDict({part: datasets.Dataset(table) for part, table in parts.items()})


def raccoons(folder: Path) -> datasets.DatasetDict:
    """160 photographs of raccoons to learn from, 40 of them for validation, and 40 to test on."""
    every = datasets.Dataset(pq.read_table(folder / "raccoon_detection.parquet"))
    parts = {"train": range(120), "validation": range(120, 160), "test": range(160, 200)}
    return datasets.DatasetDict({part: every.select(rows) for part, rows in parts.items()})


WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def spoken_by_another(folder: Path, tested: int) -> datasets.DatasetDict:
    """Spoken digits: one of the speakers as the test, ten clips of each digit by the others held back.

    The classes are named by the words, by which a checkpoint that has heard them knows them.
    """
    frame = pd.read_parquet(folder / "spoken_digits.parquet").sample(frac=1, random_state=0)
    frame["label"] = [WORDS[int(digit)] for digit in frame["label"]]
    of_tested = frame["speaker"] == sorted(frame["speaker"].unique())[tested]
    held_back = frame[~of_tested].groupby("label").head(10)
    parts = {"train": frame[~of_tested].drop(held_back.index), "validation": held_back, "test": frame[of_tested]}
    columns = ["audio", "label"]
    return datasets.DatasetDict({name: datasets.Dataset.from_pandas(part[columns], preserve_index=False)
                                 for name, part in parts.items()})  # fmt: skip


# For both ways alike. Networks over pictures want larger steps than those over texts; photographs may be mirrored.
PICTURES = {"learning_rate": 1e-3}
STUDIES = {
    "trec": Study(lambda folder: ftk.TextClassification(source(folder, "trec")), (48, 192, None)),
    "ag-news": Study(lambda folder: ftk.TextClassification(source(folder, "ag_news")), (32, 128, 512)),
    "questions": Study(lambda _: ftk.TextClassification("questions"), (64, 256, None)),
    "passages": Study(lambda _: ftk.ExtractiveQA("passages"), (128, 512, None)),
    "written-answers": Study(lambda _: ftk.GenerativeQA("passages"), (240, None)),
    "phrases": Study(
        lambda _: ftk.Translation("phrases"), (500, 1250, None), ("test", "handwritten"),
        {"learning_rate": 1e-3, "max_length": 64},
    ),
    "multi30k": Study(
        lambda folder: ftk.Translation(captions(folder), "en", "fr"), (500, 2000, 8000),
        settings={"learning_rate": 1e-3},
    ),
    "digits": Study(lambda _: ftk.ImageClassification("digits"), (20, 100), settings=PICTURES | {"epochs": 25}),
    "faces": Study(lambda _: ftk.ImageClassification("faces"), (20, None), settings=PICTURES | {"epochs": 12}),
    "cifar10": Study(
        lambda folder: ftk.ImageClassification(source(folder, "cifar10"), augment=["flip"]), (200, 1000),
        settings=PICTURES | {"epochs": 12},
    ),
    "raccoons": Study(
        lambda folder: ftk.ObjectDetection(raccoons(folder), boxes="boxes_xywh", augment=["flip", "crop"]), (None,),
        settings=PICTURES | {"batch_size": 8, "epochs": 30},
    ),
    **{
        f"spoken-digits-{tested + 1}": Study(
            lambda folder, tested=tested: ftk.AudioClassification(
                spoken_by_another(folder, tested), seconds=1.0, augment=["speed", "shift", "noise"]
            ),
            (50, 200), settings={"epochs": 20},
            # The better of 3e-4 and 1e-3 for each way, by the clips held back of the first study.
            scratch={"learning_rate": 1e-3},
        )
        for tested in range(3)
    },
}  # fmt: skip


class Scores:
    """The CSV: a line a score, appended as each row ends."""

    def __init__(self, path: Path):
        self.path, self.lines = path, []
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                self.lines = list(csv.DictReader(file))

    def __contains__(self, row: dict[str, str]) -> bool:
        return any(row == {name: line[name] for name in KEY} for line in self.lines)

    def add(self, row: dict[str, str], found: dict[str, dict[str, float]], seconds: float) -> None:
        """Append the scores of one row, by split and metric."""
        spent = f"{seconds:.1f}"
        new = [
            {**row, "split": split, "metric": metric, "score": str(score), "seconds": spent}
            for split, scores in found.items()
            for metric, score in scores.items()
        ]
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, new[0])
            if not self.lines:
                writer.writeheader()
            writer.writerows(new)
        self.lines += new

    def table(self, like: dict[str, str], metrics: tuple[Any, ...]) -> str:
        """Mean ± deviation (number of seeds) of all rows of this task and size; a metric that is a share in percent."""
        frame = pd.DataFrame([line for line in self.lines if all(line[name] == like[name] for name in ("task", "few"))])
        percent = {metric.name: 100 if metric.is_share else 1 for metric in metrics}
        frame["score"] = frame["score"].astype(float) * frame["metric"].map(percent)
        frame["on"] = frame["split"] + " " + frame["metric"]
        keys = ["labels", "method", "model", "epochs", "on"]
        found = frame.groupby(keys, sort=False)["score"].agg(["mean", "std", "count"])
        texts = [
            f"{mean:.1f} ± {std:.1f} ({seeds})" if seeds > 1 else f"{mean:.1f}"
            for mean, std, seeds in found.itertuples(index=False)
        ]
        return pd.Series(texts, found.index).unstack(sort=False).to_string()


def plan(args: argparse.Namespace, name: str, task: tasks.Task) -> Iterator[tuple[dict[str, str], Callable[[], Any]]]:
    """Each row of a study by its key, and what gives its scores by split."""
    study = STUDIES[name]
    config = tasks.configure(task, args.model, **study.settings)
    for labels, seed in itertools.product(args.labels or study.labels, range(args.seeds)):
        common = {"task": name, "labels": str(labels or "all"), "seed": str(seed), "few": str(args.few or "")}
        for method, learn in task.baselines().items():
            row = {**common, "method": method, "model": "", "epochs": ""}
            yield row, lambda learn=learn, labels=labels, seed=seed: baseline(task, learn, labels, seed, study.splits)
        batches = math.ceil((labels or len(task.splits["train"])) / config.batch_size)
        epochs = args.steps / batches if args.steps else args.epochs or study.settings.get("epochs")
        settings = {**study.settings, "model": config.model, "labels": labels, "seed": seed, "epochs": epochs}
        for method, strategy in STRATEGIES.items():
            row = {**common, "method": method, "model": config.model, "epochs": f"{epochs:g}" if epochs else ""}
            own = study.scratch if strategy == "scratch" else {}
            yield row, lambda how={**settings, "strategy": strategy, **own}: model(task, how, study.splits)


def baseline(task: tasks.Task, learn: Any, labels: int | None, seed: int, splits: tuple[str, ...]) -> Any:
    train, parts = task.sample(labels, seed), {split: task.splits[split] for split in splits}
    return {split: task.score(learn(train, part), task.truth(part)) for split, part in parts.items()}


def model(task: tasks.Task, settings: dict[str, Any], splits: tuple[str, ...]) -> Any:
    run = ftk.fine_tune(task, **settings)
    return {split: run.evaluate(split) for split in splits}


def shortened(task: tasks.Task, few: int | None) -> tasks.Task:
    """The task with at most `few` examples in each split but the training split, in place."""
    for split, part in task.splits.items():
        if few and split != "train":
            task.splits[split] = part.select(range(min(few, len(part))))
    return task


def count(text: str) -> int | None:
    return None if text == "all" else int(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the CSV to append to")
    parser.add_argument("--data", type=Path, default=Path(), help="the folder of the data sets that are not the kit's")
    parser.add_argument("--task", nargs="+", choices=STUDIES, default=list(STUDIES))
    parser.add_argument("--labels", nargs="+", type=count, help="numbers of training examples, or all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--model", help="by default that of the task's record")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=float, help="by default the kit's own")
    length.add_argument("--steps", type=int)
    parser.add_argument("--few", type=int, help="examples of validation and test at most, to try this script")
    args = parser.parse_args()
    scores, tables = Scores(args.out), []
    for name in args.task:
        task = shortened(STUDIES[name].make(args.data), args.few)
        for row, measure in plan(args, name, task):
            if row not in scores:
                start = time.perf_counter()
                found = measure()
                scores.add(row, found, time.perf_counter() - start)
                print(name, scores.table(row, task.metrics), sep="\n", flush=True)
        tables.append(f"{name}\n{scores.table(row, task.metrics)}")
    print("\nIn all", *tables, sep="\n\n")


if __name__ == "__main__":
    main()
