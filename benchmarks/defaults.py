"""Which learning rate and how many steps suit each strategy: accuracy on the validation split, mean of several seeds.

python benchmarks/defaults.py --labels 32 512 --strategies scratch full --rates 1e-4 3e-4 1e-3
"""

import argparse
import itertools

import pandas as pd

import finetune_kit as ftk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=int, nargs="+", default=[32, 512])
    parser.add_argument("--strategies", nargs="+", default=["scratch", "head", "last-2", "full"])
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-4, 3e-4, 1e-3])
    parser.add_argument("--steps", type=int, nargs="+", default=[60])
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    task = ftk.TextClassification("reviews")
    rows = []
    grid = itertools.product(args.labels, args.strategies, args.rates, args.steps, range(args.seeds))
    for labels, strategy, rate, steps, seed in grid:
        epochs = steps / -(-labels // args.batch_size)
        settings = {"learning_rate": rate, "epochs": epochs, "batch_size": args.batch_size, "seed": seed}
        run = ftk.fine_tune(task, "pocket-bert", strategy, labels=labels, **settings)
        rows.append((labels, strategy, rate, steps, run.after["accuracy"], run.seconds))
        print(*rows[-1], flush=True)
    keys = ["labels", "strategy", "learning_rate", "steps"]
    frame = pd.DataFrame(rows, columns=[*keys, "accuracy", "seconds"])
    print(frame.groupby(keys, sort=False).agg(["mean", "std"]).round(3).to_string())


if __name__ == "__main__":
    main()
