"""The image data sets that the kit draws: write their parquet files again, or measure what their cards say.

python benchmarks/image_datasets.py write data/datasets cells street harbour
python benchmarks/image_datasets.py measure data/datasets

A split is drawn from a seed of its own and stored as JPEG; the same drawings come back in every version of Pillow and
NumPy that draws and counts alike.
"""

import argparse
import io
import itertools
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import datasets
import numpy as np
import pandas as pd
from PIL import Image

from finetune_kit.synthetic import cells, harbour, street

BOX = [datasets.Value("float32")]


@dataclass(frozen=True)
class Recipe:
    """How a data set is made: by which drawer, how many pictures a split, from which seeds, at which JPEG quality."""

    drawer: ModuleType
    counts: dict[str, int]
    first_seed: int
    quality: int

    def seed(self, split: str) -> int:
        return self.first_seed + list(self.counts).index(split)


RECIPES = {
    "cells": Recipe(cells, {"train": 800, "validation": 200, "test": 200}, 11, 92),
    "street": Recipe(street, {"train": 500, "validation": 100, "test": 100}, 21, 90),
    "harbour": Recipe(harbour, {"train": 160, "validation": 60, "test": 80}, 31, 90),
}


def rows(name: str, split: str, count: int | None = None) -> list[dict[str, Any]]:
    """The split's rows, or its first `count`: image, and label or boxes and labels."""
    recipe = RECIPES[name]
    images, *marks = recipe.drawer.draw(count or recipe.counts[split], recipe.seed(split))
    pictures = [{"bytes": jpeg(image, recipe.quality), "path": None} for image in images]
    if name == "cells":
        return [{"image": p, "label": cells.NAMES[i]} for p, i in zip(pictures, marks[0], strict=True)]
    return [
        {"image": picture, "boxes": boxes.tolist(), "labels": [recipe.drawer.NAMES[i] for i in ids]}
        for picture, boxes, ids in zip(pictures, *marks, strict=True)
    ]


def jpeg(image: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="JPEG", quality=quality, subsampling=0, optimize=True)
    return buffer.getvalue()


def pixels(frame: pd.DataFrame) -> np.ndarray:
    """The pictures of a split, uint8 (n, h, w, 3)."""
    return np.stack([np.asarray(Image.open(io.BytesIO(cell["bytes"])).convert("RGB")) for cell in frame["image"]])


def write(folder: Path, names: list[str]) -> None:
    for name in names:
        recipe = RECIPES[name]
        marks = {"label": datasets.Value("string")} if name == "cells" else {
            "boxes": [BOX], "labels": [datasets.Value("string")]}  # fmt: skip
        features = datasets.Features({"image": datasets.Image(), **marks})
        for split in recipe.counts:
            made = datasets.Dataset.from_list(rows(name, split), features=features)
            path = folder / name / f"{split}.parquet"
            made.to_parquet(path)
            print(f"{path}: {len(made)} rows, {path.stat().st_size / 1e6:.2f} MB", flush=True)


# --- what the cards say ----------------------------------------------------------------------------------


def measure(folder: Path) -> None:
    frames = {
        name: {split: pd.read_parquet(folder / name / f"{split}.parquet") for split in recipe.counts}
        for name, recipe in RECIPES.items()
    }
    for name in ("street", "harbour"):
        for split, frame in frames[name].items():
            print(name, split, described(frame))
    train, test = (frames["cells"][split] for split in ("train", "test"))
    print("cells", {split: frame["label"].value_counts().to_dict() for split, frame in frames["cells"].items()})
    print(f"cells, logistic regression on means and deviations of the channels: {by_colour(train, test):.3f}")
    print(f"cells, logistic regression on the pixels: {by_pixels(train, test):.3f}")
    for a_class in (5, 20, 200):
        print(
            f"cells, small network from scratch, {a_class} a class: {by_network(train, test, a_class):.3f}", flush=True
        )
    packaged()


def described(frame: pd.DataFrame) -> dict[str, Any]:
    """Objects a scene and a class, and how large their boxes are."""
    sides = np.array([max(box[2], box[3]) for boxes in frame["boxes"] for box in boxes])
    names = pd.Series([label for labels in frame["labels"] for label in labels])
    a_scene = frame["labels"].map(len)
    return {
        "scenes": len(frame),
        "objects": len(names),
        "a scene": f"{a_scene.min()} to {a_scene.max()}, mean {a_scene.mean():.1f}",
        **names.value_counts().to_dict(),
        "longer side, 10 %, 50 %, 90 %": np.percentile(sides, [10, 50, 90]).round().astype(int).tolist(),
    }


def colours(images: np.ndarray) -> np.ndarray:
    """Mean and standard deviation of each channel of pictures (n, h, w, 3): (n, 6)."""
    return np.concatenate([images.mean(axis=(1, 2)), images.std(axis=(1, 2))], axis=1)


def by_colour(train: pd.DataFrame, test: pd.DataFrame) -> float:
    """Accuracy of logistic regression that sees only the means and deviations of the channels."""
    return _regression(colours(pixels(train)), train["label"], colours(pixels(test)), test["label"])


def by_pixels(train: pd.DataFrame, test: pd.DataFrame) -> float:
    """Accuracy of logistic regression on the pictures reduced to 16 x 16."""
    small = [pixels(f)[:, ::4, ::4].reshape(len(f), -1) / 255 for f in (train, test)]
    return _regression(small[0], train["label"], small[1], test["label"])


def _regression(train: np.ndarray, labels: pd.Series, test: np.ndarray, answers: pd.Series) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    return float(model.fit(train, labels).score(test, answers))


def by_network(train: pd.DataFrame, test: pd.DataFrame, a_class: int, steps: int = 200, batch: int = 20) -> float:
    """Accuracy of a network of four convolutions from random weights, with the first `a_class` cells of each kind."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    widths, layers = (3, 16, 32, 64, 64), list[nn.Module]()
    for inner, outer in itertools.pairwise(widths):
        layers += [nn.Conv2d(inner, outer, 3, padding=1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], len(cells.NAMES)))
    train = train.groupby("label", sort=False).head(a_class)
    data = [torch.from_numpy(pixels(f)).permute(0, 3, 1, 2).float() / 127.5 - 1 for f in (train, test)]
    ids = [torch.tensor([cells.NAMES.index(label) for label in f["label"]]) for f in (train, test)]
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps)
    for _ in range(steps):
        chosen = torch.randperm(len(train))[:batch]
        images = torch.rot90(data[0][chosen], int(torch.randint(4, ())), (2, 3))  # a cell may be turned or mirrored
        images = images.flip(3) if torch.rand(()) < 0.5 else images
        loss = nn.functional.cross_entropy(model(images), ids[0][chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval()
    with torch.no_grad():
        return float((model(data[1]).argmax(dim=1) == ids[1]).float().mean())


def packaged() -> None:
    """What the cards of `digits` and `faces` say, these where scikit-image is there."""
    from finetune_kit.data.packaged import digits, faces
    from finetune_kit.errors import StorageError

    print("digits", digits()["all"]["label"].value_counts().sort_index().to_dict())
    try:
        frame = faces()["all"]
    except StorageError as error:
        print(error)
        return
    black = pixels(frame)[..., 0].reshape(len(frame), -1) <= 2
    is_face = (frame["label"] == "face").to_numpy()
    rule = (black.mean(axis=1) < 0.01) == is_face
    print("faces", frame["label"].value_counts().to_dict(), f"told by having under 1 % black pixels: {rule.mean():.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["write", "measure"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", default=list(RECIPES), help="the data sets to write; all if none is named")
    args = parser.parse_args()
    write(args.folder, args.names) if args.what == "write" else measure(args.folder)


if __name__ == "__main__":
    main()
