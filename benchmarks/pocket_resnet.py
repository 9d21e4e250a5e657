"""What pretraining on made images buys: few labels, pretrained against from scratch and against simple baselines.

python benchmarks/pocket_resnet.py --model data/models/pocket-resnet --cifar FOLDER --seeds 3

FOLDER holds cifar10_train.parquet and cifar10_test.parquet (columns image, the bytes of a file, and label); without it
only scikit-learn's digits are measured. Each number is a mean over seeds, which draw the labelled examples and the
weights anew. The learning rate of each way is the better of two on held-back images; the test images are seen once.
"""

import argparse
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import transformers
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from finetune_kit import training

RATES = (1e-3, 3e-3)
BATCH = 32
HELD_BACK = 500  # images on which a learning rate is chosen


@dataclass(frozen=True)
class Problem:
    """Images, uint8 (n, height, width, 3), and labels, int64 (n,), to learn from and to be tested on."""

    name: str
    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    a_class: int
    steps: int
    mirrored: bool  # whether an image and its mirror image are of one class, so that half may be mirrored in training

    def pick(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers of the labelled examples, `a_class` of each class, and of the held-back ones."""
        order = np.random.default_rng(seed).permutation(len(self.labels))
        chosen = np.concatenate([order[self.labels[order] == c][: self.a_class] for c in np.unique(self.labels)])
        return chosen, np.setdiff1d(order, chosen, assume_unique=True)[:HELD_BACK]


def digits(a_class: int, steps: int) -> Problem:
    """scikit-learn's digits: 8 x 8, stretched to 32 x 32; the last 1,000 are the test."""
    bunch = load_digits()
    grey = [Image.fromarray((i / 16 * 255).astype(np.uint8)).resize((32, 32), Image.BICUBIC) for i in bunch.images]
    images = np.stack([np.asarray(i.convert("RGB")) for i in grey])
    rest = slice(None, -1000), slice(-1000, None)
    learn, test = ((images[part], bunch.target[part]) for part in rest)
    return Problem(f"digits, {a_class} a class", *learn, *test, a_class, steps, mirrored=False)


def cifar(folder: Path, a_class: int, steps: int) -> Problem:
    """CIFAR-10 from the two parquet files in `folder`."""
    names: list[str] = []
    parts = []
    for split in ("train", "test"):
        frame = pd.read_parquet(folder / f"cifar10_{split}.parquet")
        names = names or sorted(frame["label"].unique())
        images = np.stack([np.asarray(Image.open(io.BytesIO(b)).convert("RGB")) for b in frame["image"]])
        parts += [images, frame["label"].map(names.index).to_numpy()]
    return Problem(f"CIFAR-10, {a_class} a class", *parts, a_class, steps, mirrored=True)


def pixels(processor: Any, images: np.ndarray) -> torch.Tensor:
    """Images as the model takes them: float32 (n, 3, height, width), channels last, where convolutions are faster."""
    found = processor(list(images), return_tensors="pt")["pixel_values"]
    return found.contiguous(memory_format=torch.channels_last)


def build(folder: Path, way: str, classes: int, seed: int) -> Any:
    """The model with a fresh head over `classes` classes, its body pretrained or random."""
    torch.manual_seed(seed)
    kind = transformers.AutoModelForImageClassification
    if way == "from scratch":
        config = transformers.AutoConfig.from_pretrained(folder, num_labels=classes)
        return kind.from_config(config, dtype=torch.float32)  # the file may hold halves
    return kind.from_pretrained(folder, num_labels=classes, ignore_mismatched_sizes=True, dtype=torch.float32)


def fine_tune(model: Any, inputs: torch.Tensor, labels: torch.Tensor, rate: float, problem: Problem, seed: int) -> None:
    """Train every weight of `model` in place: AdamW, a tenth of the steps of warm-up, then linear decay.

    In bf16 where the processor multiplies in it; elsewhere that would take nine times as long.
    """
    fast = training.precision("auto", BATCH)["bf16"]
    shuffle = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, fused=True)
    schedule = transformers.get_linear_schedule_with_warmup(optimiser, problem.steps // 10, problem.steps)
    order = torch.empty(0, dtype=torch.long)
    model.train()
    for _ in range(problem.steps):
        if len(order) < min(BATCH, len(labels)):
            order = torch.randperm(len(labels), generator=shuffle)
        rows, order = order[:BATCH], order[BATCH:]
        images = inputs[rows]
        if problem.mirrored:
            images = torch.where(torch.rand(len(rows), 1, 1, 1, generator=shuffle) < 0.5, images.flip(3), images)
        with torch.autocast("cpu", torch.bfloat16, enabled=fast):
            loss = model(pixel_values=images, labels=labels[rows]).loss
        loss.backward()
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()


@torch.inference_mode()
def accuracy(model: Any, inputs: torch.Tensor, labels: np.ndarray) -> float:
    """Accuracy in %."""
    model.eval()
    found = torch.cat([model(pixel_values=part).logits.argmax(dim=1) for part in inputs.split(256)])
    return 100 * float((found.numpy() == labels).mean())


def neural(problem: Problem, folder: Path, way: str, seeds: int) -> list[float]:
    """Test accuracy of each seed at the learning rate that is better on the held-back images."""
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    test = pixels(processor, problem.test_images)
    held, tested = np.zeros((len(RATES), seeds)), np.zeros((len(RATES), seeds))
    for seed in range(seeds):
        chosen, back = problem.pick(seed)
        inputs, labels = pixels(processor, problem.images[chosen]), torch.from_numpy(problem.labels[chosen])
        held_back = pixels(processor, problem.images[back])
        for number, rate in enumerate(RATES):
            model = build(folder, way, len(np.unique(problem.labels)), seed)
            fine_tune(model, inputs, labels, rate, problem, seed)
            held[number, seed] = accuracy(model, held_back, problem.labels[back])
            tested[number, seed] = accuracy(model, test, problem.test_labels)
    return list(tested[held.mean(axis=1).argmax()])


def baseline(problem: Problem, method: Any, seeds: int) -> list[float]:
    """Test accuracy of each seed of a scikit-learn classifier on the pixels."""
    flat, test = (images.reshape(len(images), -1) / 255 for images in (problem.images, problem.test_images))
    scores = []
    for seed in range(seeds):
        chosen, _ = problem.pick(seed)
        method.fit(flat[chosen], problem.labels[chosen])
        scores.append(100 * method.score(test, problem.test_labels))
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a from_pretrained folder with an image processor")
    parser.add_argument("--cifar", type=Path, help="folder of cifar10_train.parquet and cifar10_test.parquet")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()  # that the head is new is meant
    transformers.logging.disable_progress_bar()
    problems = [digits(1, 60), digits(2, 60)] + ([cifar(args.cifar, 20, 300)] if args.cifar else [])
    rows = []
    for problem in problems:
        scores = {way: neural(problem, args.model, way, args.seeds) for way in ("pretrained", "from scratch")}
        scores["nearest centroid"] = baseline(problem, NearestCentroid(), args.seeds)
        regression = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
        scores["logistic regression"] = baseline(problem, regression, args.seeds)
        rows += [(problem.name, way, np.mean(s), np.std(s), len(s)) for way, s in scores.items()]
        print(problem.name, {way: [round(float(one), 1) for one in s] for way, s in scores.items()}, flush=True)
    table = pd.DataFrame(rows, columns=["problem", "start", "accuracy %", "deviation", "seeds"])
    print(table.round(1).to_string(index=False))


if __name__ == "__main__":
    main()
