"""What pocket-bert is worth: few labels of TREC, AG News and reviews, against from scratch and TF-IDF.

python benchmarks/pocket_bert.py --data FOLDER [--model FOLDER] [--only trec-8 ...] [--strategies scratch full ...]
    [--without-quiz]

FOLDER holds trec_train.parquet, trec_test.parquet and ag_news.parquet with the columns text and label
(Li and Roth 2002; Zhang et al. 2015). Scores are those of the test split; AG News' 7,600 items are split here.
With --without-quiz those of TREC's test questions are left out that pocket-bert's recipe asks word for word in its
quiz: the capital of a country is asked for in few ways.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import datasets
import pandas as pd
import pyarrow.parquet as pq

import finetune_kit as ftk
from finetune_kit.synthetic import quiz

QUIZ, SEED = 50_000, 0  # as in data/models/pocket-bert/recipe.yaml


def source(folder: Path, name: str) -> object:
    """A data set with its own splits, or without any: the kit then makes them."""
    parts = {part: folder / f"{name}_{part}.parquet" for part in ("train", "test")}
    if not parts["train"].exists():
        return pd.read_parquet(folder / f"{name}.parquet")
    return datasets.DatasetDict({part: datasets.Dataset(pq.read_table(file)) for part, file in parts.items()})


def without_quiz(data: datasets.DatasetDict) -> datasets.DatasetDict:
    """The data with a test split of only those questions that the quiz does not ask."""
    asked = {plain(question) for question, _ in quiz.make(QUIZ, SEED)}
    kept = data["test"].filter(lambda row: plain(row["text"]) not in asked)
    print(f"{len(data['test']) - len(kept)} of {len(data['test'])} test questions are in the quiz")
    return datasets.DatasetDict({**data, "test": kept})


def plain(text: str) -> str:
    """The text's letters and figures, in lower case."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


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
    parser.add_argument("--without-quiz", action="store_true")
    parser.add_argument("--strategies", nargs="+", default=["scratch", "full"])
    args = parser.parse_args()
    rows = []
    for name in args.only:
        dataset, labels, settings = STUDIES[name]
        data = dataset if dataset == "reviews" else source(args.data, dataset)
        task = ftk.TextClassification(without_quiz(data) if args.without_quiz and dataset == "trec" else data)
        found = ftk.compare(task, args.strategies, model=args.model, labels=[labels], seeds=args.seeds, **settings)
        rows.append(found.table.assign(study=name))
        print(name, found, sep="\n", flush=True)
    print(pd.concat(rows).pivot(index="study", columns="method", values="accuracy").round(3).to_string())


if __name__ == "__main__":
    main()
