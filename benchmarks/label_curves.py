"""How many labels pretraining saves: label curves of several tasks, from scratch, the head alone, LoRA and everything.

python benchmarks/label_curves.py --out FOLDER [--data FOLDER] [--task reviews digits ...] [--labels 8 32 128]

`trec` and `spoken-digits` take the folder of data sets of benchmarks/few_labels.py; of the spoken digits the first
speaker is the test and the other two have spoken the labelled clips. Every method gets the same labels, order and
number of steps, the kit's own, and its own default learning rate. Scores are those of the test split, over three seeds.
Written to the folder, for each task: the table as CSV, what is said of it, and the picture. Finished runs are kept in
the kit's cache, so that a call that is repeated goes on where it was broken off.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import few_labels

import finetune_kit as ftk
from finetune_kit import plots, tasks

METHODS = ("scratch", "head", "lora", "full")
# The fewest labels are one a class where there are more than eight classes.
TASKS: dict[str, tuple[Callable[[Path], tasks.Task], tuple[int, ...]]] = {
    "reviews": (lambda _: ftk.TextClassification("reviews"), (8, 32, 128, 512, 1000)),
    "digits": (lambda _: ftk.ImageClassification("digits"), (10, 32, 128, 512, 1000)),
    "commands": (lambda _: ftk.AudioClassification("commands"), (16, 32, 128, 1000)),
    "trec": (few_labels.STUDIES["trec"].make, (8, 32, 128, 432)),  # its rarest class has no more, in balance
    "spoken-digits": (few_labels.STUDIES["spoken-digits-1"].make, (10, 32, 128, 900)),
}


def said(curve: ftk.LabelCurve) -> list[str]:
    """The labels that pretraining saves, and how far LoRA is from training everything at each number of labels."""
    lora = curve.differences("full")
    lora = lora[lora["method"] == "lora"]
    apart = [
        f"lora - full, {row.labels:,} labels: {100 * row.difference:+.1f} points ({100 * row.low:+.1f} to "
        f"{100 * row.high:+.1f}), {row.verdict}"
        for row in lora.itertuples()
    ]
    return [repr(curve.saved(method)) for method in ("full", "lora")] + apart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder of tables and pictures")
    parser.add_argument("--data", type=Path, default=Path(), help="the folder of the data sets that are not the kit's")
    parser.add_argument("--task", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--labels", nargs="+", type=int, help="by default 8 to 1,000, where there are as many")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.task:
        make, labels = TASKS[name]
        curve = ftk.label_curve(make(args.data), args.labels or labels, METHODS, seeds=args.seeds)
        curve.table.to_csv(args.out / f"{name}.csv", index=False)
        lines = said(curve)
        (args.out / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (args.out / f"{name}.png").write_bytes(
            plots.png(lambda ax, of=curve: plots.label_curve(of, ax), width=6, height=4)
        )
        print(name, curve.table.to_string(), *lines, sep="\n", flush=True)


if __name__ == "__main__":
    main()
