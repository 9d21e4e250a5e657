"""What pretraining a detector on drawn scenes buys: a new set of objects from few pictures, against from scratch.

python benchmarks/pocket_rtdetr.py --model data/models/pocket-rtdetr --pictures 50 --seeds 3

The new objects are `synthetic.scenes.NEW_KINDS`, none of which was pretrained on. Each number is AP50 on unseen scenes,
a mean over seeds, which draw the pictures and the weights anew. The learning rate of each way is the better of two on
held-back scenes; the test scenes are seen once.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import transformers

from finetune_kit.objectives.detection import MadeScenes, ObjectBoxes
from finetune_kit.synthetic import scenes

RATES = (5e-4, 1e-3)
BATCH = 8
HELD_BACK, TEST = 100, 300  # scenes
TEST_SEED = 777_000


def batches(drawn: MadeScenes, collate: Any) -> dict[str, torch.Tensor]:
    """All scenes as one batch."""
    return collate([drawn[i] for i in range(len(drawn))])


def scenes_of(count: int, seed: int, size: int) -> MadeScenes:
    """Scenes of the new objects, without augmentation."""
    return MadeScenes(*scenes.draw(count, seed, size, scenes.NEW_KINDS), augmented=False)


def build(folder: Path, way: str, objective: ObjectBoxes, seed: int) -> Any:
    """The model with a fresh head for the new objects, the rest pretrained or random."""
    torch.manual_seed(seed)
    kind, head = transformers.AutoModelForObjectDetection, objective.head_settings()
    if way == "from scratch":
        config = transformers.AutoConfig.from_pretrained(folder, **head)
        return kind.from_config(config, dtype=torch.float32)  # the file may hold halves
    return kind.from_pretrained(folder, ignore_mismatched_sizes=True, dtype=torch.float32, **head)


def fine_tune(
    model: Any, objective: ObjectBoxes, data: dict[str, torch.Tensor], rate: float, steps: int, seed: int
) -> None:
    """Train every weight of `model` in place: AdamW, a tenth of the steps of warm-up, then linear decay."""
    shuffle = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = transformers.get_linear_schedule_with_warmup(optimiser, steps // 10, steps)
    order = torch.empty(0, dtype=torch.long)
    model.train()
    for _ in range(steps):
        if len(order) < min(BATCH, len(data["labels"])):
            order = torch.randperm(len(data["labels"]), generator=shuffle)
        chosen, order = order[:BATCH], order[BATCH:]
        loss, _ = objective.loss(model, {name: part[chosen] for name, part in data.items()})
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()


@torch.inference_mode()
def ap50(model: Any, objective: ObjectBoxes, data: dict[str, torch.Tensor]) -> float:
    """AP50 from 0 to 1."""
    model.eval()
    outputs = [model(pixel_values=part) for part in data["pixel_values"].split(100)]
    found = torch.cat([torch.cat([o.pred_boxes, o.logits], dim=-1) for o in outputs])
    return objective.measure(found.numpy(), data["labels"].numpy())["ap50"]


def trial(folder: Path, way: str, pictures: int, steps: int, seeds: int) -> tuple[list[float], float]:
    """Test AP50 of each seed at the learning rate that is better on the held-back scenes, and that rate."""
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    objective = ObjectBoxes(scenes.NEW_KINDS, size=processor.size["height"])
    collate = objective.collator(processor)
    test = batches(scenes_of(TEST, TEST_SEED, objective.size), collate)
    held, tested = np.zeros((len(RATES), seeds)), np.zeros((len(RATES), seeds))
    for seed in range(seeds):
        data = batches(scenes_of(pictures, 1000 + seed, objective.size), collate)
        back = batches(scenes_of(HELD_BACK, 2000 + seed, objective.size), collate)
        for number, rate in enumerate(RATES):
            model = build(folder, way, objective, seed)
            fine_tune(model, objective, data, rate, steps, seed)
            held[number, seed], tested[number, seed] = ap50(model, objective, back), ap50(model, objective, test)
    best = int(held.mean(axis=1).argmax())
    return list(tested[best]), RATES[best]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a from_pretrained folder with an image processor")
    parser.add_argument("--pictures", type=int, default=50, help="labelled scenes to fine-tune on")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()  # that the head is new is meant
    transformers.logging.disable_progress_bar()
    rows = []
    for way in ("pretrained", "from scratch"):
        scores, rate = trial(args.model, way, args.pictures, args.steps, args.seeds)
        rows.append((way, np.mean(scores), np.std(scores), rate, args.seeds))
        print(way, [round(float(s), 3) for s in scores], flush=True)
    print(pd.DataFrame(rows, columns=["start", "AP50", "deviation", "learning rate", "seeds"]).round(4).to_string())


if __name__ == "__main__":
    main()
