"""Which learning rate suits each strategy, and how far off the layer map's prediction of the seconds is.

python benchmarks/strategy_defaults.py --out strategy_defaults.csv [--tasks reviews questions ...] [--labels 64 512]
    [--strategies lora bitfit ...] [--rates 1e-3 3e-3] [--seeds 3] [--patience 1 2]
python benchmarks/strategy_defaults.py --seconds --out seconds.csv

Every score is on the validation split, after the weights were chosen on it: good enough to choose between rates, too
high to report. Each line of the CSV is one run; a call that is repeated goes on where it was broken off.

What the defaults for models below 20 million weights were chosen on: accuracy in % on the validation split with 64
and 512 labels (40 and 80 steps), at three rates, mean of two seeds (* one seed), with pocket-bert's third version,
pocket-resnet's first and pocket-wav2vec2's second. The rates stand above each column (--rates); the default of a ResNet
is three times the one named here.

    strategy   default   questions: pocket-bert            digits: pocket-resnet             commands: pocket-wav2vec2
                         1e-4       3e-4       1e-3        3e-4       1e-3       3e-3        1e-4     3e-4     1e-3
    full        3e-4     27 / 49    38 / 64    40 / 67     76 / 93    90 / 98    93 / 99     43 / 70  64 / 85  70 / 84
    scratch     1e-3     13 / 14    19 / 17    29 / 42     77 / 94    83 / 97    84 / 97     10 / -   11 / 9   12 / 7
    l2-sp       3e-4     27 / 44*   37 / 62*   39 / 63*    74 / 93*   89 / 97*   92 / 99*
    last-2      3e-4     27 / 41*   32 / 51*   38 / 59*    76 / 93*   90 / 97*   93 / 99*
    head-full   3e-4     34 / 49*   37 / 53*   39 / 54*    90 / 95*   90 / 98*   96 / 99*
                         1e-3       3e-3       1e-2        3e-3       1e-2       3e-2        1e-3     3e-3     1e-2
    gradual     3e-3     33 / 51*   39 / 56*   41 / 53*    92 / 98*   95 / 99*   93 / 97*
    head        3e-3     32 / 49    36 / 48    37 / 50     88 / 94    91 / 97    91 / 97     65 / 78* 68 / 81* 66 / 72*
    lora        3e-3     36 / 52    40 / 58    33 / 37     91 / 96    95 / 99    28 / 15     68 / 80* 69 / 83* 66 / 86*
    bitfit      5e-3     31 / 49    38 / 50    39 / 53     89 / 96    93 / 98    93 / 97     65 / -*  69 / -*  67 / -*

With pocket-t5's second version on 1,250 pairs of `phrases` (390 steps, validation BLEU, one seed): full 31, 42, 30 at
3e-4, 1e-3 and 3e-3; gradual 14, 23 and 31 at 1e-3, 3e-3 and 1e-2; from scratch 9, 5 and 1 at 1e-3, 3e-3 and 1e-2; lora
28, 1 and 0 and head 0.4, 0.4 and 0.8 at 3e-3, 1e-2 and 3e-2 (--tasks phrases --labels 1250 --patience 2 --seeds 1). So
what a T5 never wrote before wants 1e-3, which is no default of all T5: where it has learnt in pretraining what the task
asks, as of questions on a passage, 1e-3 spoils it.

`full` and its kin keep 3e-4, though `questions` would take 1e-3: on `reviews` with 512 labels 1e-4, 3e-4 and 1e-3 give
73, 76 and 74 %, and on `commands` the higher rate loses with many labels. From scratch the same rates give 51, 60 and
71 % on `reviews`; a lower one would flatter pretraining. Twice the steps (--patience 2) bring `questions` with 512
labels from 64 to 66 % (full) and from 58 to 60 % (lora). At 32 labels of `reviews` 60 steps
(--patience 1.5) gave no more than 40, with the first version.
The rates for larger models are those usual in the papers and in peft's examples; they were not measured here.

The seconds that the layer map predicts (--seconds): 72 runs on one core beside other work, all tasks, strategies and
both numbers of labels. In the median 20 % more than the run then took, half of them between 5 and 33 % more, all
between 14 % less and 78 % more; digits -2 %, questions +19 %, commands +26 %, reviews +37 %.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import time
from pathlib import Path
from typing import Any

import pandas as pd

import finetune_kit as ftk
from finetune_kit import strategies, training

TASKS = {
    "reviews": ("pocket-bert", lambda: ftk.TextClassification("reviews")),
    "questions": ("pocket-bert", lambda: ftk.TextClassification("questions")),
    "digits": ("pocket-resnet", lambda: ftk.ImageClassification("digits")),
    "commands": ("pocket-wav2vec2", lambda: ftk.AudioClassification("commands")),
    "phrases": ("pocket-t5", lambda: ftk.Translation("phrases")),
}
HEAVY, LIGHT = (1e-4, 3e-4, 1e-3), (1e-3, 3e-3, 1e-2)  # rates for strategies that train all weights, or a few
RATES = {
    "scratch": HEAVY, "full": HEAVY, "l2-sp": HEAVY, "head-then-full": HEAVY, "gradual": (3e-4, 1e-3, 3e-3),
    "last-2": HEAVY, "head": LIGHT, "lora": LIGHT, "bitfit": LIGHT,
}  # fmt: skip
KEY = ["task", "labels", "strategy", "learning_rate", "patience", "seed"]


def scored(task: Any, model: str, key: dict[str, Any]) -> dict[str, Any]:
    """One run: its score on the validation split before and after, and its seconds of training."""
    epochs = key["patience"] * training.default_epochs(key["labels"], 16)
    settings = {name: key[name] for name in ("labels", "learning_rate", "seed")}
    run = ftk.fine_tune(task, model, key["strategy"], epochs=epochs, **settings)
    metric = task.metric.name
    return {
        "metric": metric,
        "before": run.before[metric],
        "after": run.after[metric],
        "seconds": round(run.seconds, 1),
    }


def sweep(args: argparse.Namespace) -> None:
    rows = read(args.out)
    done = {tuple(str(row[name]) for name in KEY) for row in rows}
    for name in args.tasks:
        model, make = TASKS[name]
        task = make()
        for labels, patience, strategy in itertools.product(args.labels, args.patience, args.strategies):
            rates = args.rates or RATES.get(strategy) or RATES[type(strategies.parse(strategy)).kind]
            for rate, seed in itertools.product(rates, range(args.seeds)):
                key = dict(zip(KEY, (name, labels, strategy, rate, patience, seed), strict=True))
                if tuple(str(key[part]) for part in KEY) not in done:
                    write(args.out, {**key, **scored(task, model, key)})
    table = pd.read_csv(args.out).groupby(KEY[:-1], sort=False)[["after", "seconds"]].agg(["mean", "std", "count"])
    print(table.round(3).to_string())


def seconds(args: argparse.Namespace) -> None:
    """The seconds of a run as the layer map predicts them, beside those that it takes."""
    for name, strategy, labels in itertools.product(args.tasks, args.strategies, args.labels):
        model, make = TASKS[name]
        task, start = make(), time.perf_counter()
        predicted = ftk.layer_map(task, model, strategy, labels=labels)
        spent = time.perf_counter() - start
        run = ftk.fine_tune(task, model, strategy, labels=labels)
        key = {"task": name, "labels": labels, "strategy": strategy}
        found = {"predicted": predicted.seconds, "true": run.seconds, "off": predicted.seconds / run.seconds - 1}
        write(args.out, {**key, **{what: round(value, 3) for what, value in found.items()}, "spent": round(spent, 1)})


def read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, row: dict[str, Any]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)
    print(*row.values(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--strategies", nargs="+", default=list(RATES))
    parser.add_argument("--labels", type=int, nargs="+", default=[64, 512])
    parser.add_argument("--rates", type=float, nargs="+")
    parser.add_argument("--patience", type=float, nargs="+", default=[1.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", action="store_true", help="check the layer map's prediction of the seconds")
    args = parser.parse_args()
    (seconds if args.seconds else sweep)(args)


if __name__ == "__main__":
    main()
