"""What pocket-gpt is worth: perplexity on held-out books after the same fine-tuning on 200 paragraphs.

python benchmarks/pocket_gpt.py --corpus FOLDER [--model pocket-gpt]

FOLDER is the corpus that the model was pretrained on. Paragraphs to fine-tune on come from works
that its pretraining held out, those to measure on from other held-out works.
"""

from __future__ import annotations

import argparse
import math
import random

import torch
from torch.nn import functional as F

import finetune_kit as ftk
from finetune_kit import corpora

PROMPTS = ["He opened the door and", "The old woman looked at", "In the morning the ship", "I do not know why"]


def perplexity(model: torch.nn.Module, processor: object, texts: list[str]) -> float:
    """Per token, of each text by itself: the end-of-text token before it, at most 256 tokens."""
    loss = tokens = 0.0
    model.eval()
    with torch.inference_mode():
        for text in texts:
            ids = torch.tensor([[processor.eos_token_id, *processor(text)["input_ids"]][:256]])
            logits = model(input_ids=ids).logits.float()
            loss += F.cross_entropy(logits[0, :-1], ids[0, 1:], reduction="sum").item()
            tokens += ids.shape[1] - 1
    return math.exp(loss / tokens)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--model", default="pocket-gpt")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=150)
    args = parser.parse_args()
    works: dict[str, list[str]] = {}
    for work, text in corpora.read(args.corpus):
        if corpora.held_out(work, 0.01) and len(text.split()) >= 20:
            works.setdefault(work, []).append(text)
    names = sorted(works)
    learn = [text for name in names[::2] for text in works[name]]
    measure = random.Random(0).sample([text for name in names[1::2] for text in works[name]], 300)
    print(f"{len(names)} held-out works, {len(measure)} paragraphs to measure on")
    for seed in range(args.seeds):
        chosen = random.Random(seed).sample(learn, 200)
        for start in ("random", "checkpoint"):
            settings = {"length": 128, "batch_size": 16, "learning_rate": 5e-4, "steps": args.steps, "seed": seed}
            done = ftk.pretrain(args.model, chosen, start=start, **settings)
            found = perplexity(done.model, done.processor, measure)
            print(f"seed {seed}, {start}: perplexity {found:.1f}", flush=True)
    for prompt in PROMPTS:
        for temperature in (0.0, 0.8):
            print(f"temperature {temperature}: {ftk.complete(prompt, args.model, 40, temperature)}")


if __name__ == "__main__":
    main()
