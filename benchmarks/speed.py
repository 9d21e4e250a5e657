"""What each speed rule of the kit gains on this machine, as ratios of medians measured in one run.

python benchmarks/speed.py
"""

import statistics
import subprocess
import sys
import time

import torch
import transformers

import finetune_kit as ftk

LENGTH, REPEATS = 32, 15  # tokens, steps


def step_seconds(batch_size: int, attention: str, bf16: bool) -> float:
    """Median seconds of one training step of the pocket BERT."""
    transformers.logging.set_verbosity_error()
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        ftk.locate("pocket-bert"), dtype=torch.float32, attn_implementation=attention
    ).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    ids, labels = torch.randint(5, 7600, (batch_size, LENGTH)), torch.randint(0, 2, (batch_size,))
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def import_seconds() -> float:
    """Median seconds of `import finetune_kit`, the interpreter's own start taken off."""

    def median(code: str) -> float:
        runs = []
        for _ in range(7):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            runs.append(time.perf_counter() - start)
        return statistics.median(runs)

    return median("import finetune_kit") - median("pass")


def main() -> None:
    print(f"import finetune_kit: {import_seconds():.3f} s")
    for batch_size in (8, 16, 32, 64):
        base = step_seconds(batch_size, "sdpa", bf16=False)
        eager, both = step_seconds(batch_size, "eager", bf16=False), step_seconds(batch_size, "eager", bf16=True)
        print(
            f"batch {batch_size}: eager attention {base / eager:.2f} times as fast as SDPA, "
            f"bf16 on top {eager / both:.2f} times ({1000 * both:.0f} ms a step)"
        )


if __name__ == "__main__":
    main()
