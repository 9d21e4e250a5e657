"""What pocket-bert is worth: few labels of TREC, AG News and reviews, against from scratch and TF-IDF.

python benchmarks/pocket_bert.py --data FOLDER [--model FOLDER] [--only trec-8 ...]

FOLDER holds trec_train.parquet, trec_test.parquet and ag_news.parquet with the columns text and label
(Li and Roth 2002; Zhang et al. 2015). Scores are those of the test split; AG News' 7,600 items are split here.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import datasets
import pandas as pd
import pyarrow.parquet as pq

import finetune_kit as ftk


def source(folder: Path, name: str) -> object:
    """A data set with its own splits, or without any: the kit then makes them."""
    parts = {part: folder / f"{name}_{part}.parquet" for part in ("train", "test")}
    if not parts["train"].exists():
        return pd.read_parquet(folder / f"{name}.parquet")
    return datasets.DatasetDict({part: datasets.Dataset(pq.read_table(file)) for part, file in parts.items()})


# name: (data set, labels in all, settings of the runs)
STUDIES = {
    "trec-8": ("trec", 48, {"epochs": 33.4, "max_length": 64}),
    "trec-all": ("trec", None, {"epochs": 5, "max_length": 64}),
    "ag-8": ("ag_news", 32, {"epochs": 50, "max_length": 96}),
    "reviews-32": ("reviews", 64, {"epochs": 25}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="pocket-bert")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=STUDIES, default=list(STUDIES))
    args = parser.parse_args()
    rows = []
    for name in args.only:
        dataset, labels, settings = STUDIES[name]
        task = ftk.TextClassification(dataset if dataset == "reviews" else source(args.data, dataset))
        found = ftk.compare(task, ["scratch", "full"], model=args.model, labels=[labels], seeds=args.seeds, **settings)
        rows.append(found.table.assign(study=name))
        print(name, found, sep="\n", flush=True)
    print(pd.concat(rows).pivot(index="study", columns="method", values="accuracy").round(3).to_string())


if __name__ == "__main__":
    main()
