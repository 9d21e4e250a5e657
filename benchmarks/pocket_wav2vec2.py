"""What pretraining on synthesised speech buys: spoken digits of a person who is not among the labelled ones.

python benchmarks/pocket_wav2vec2.py --model data/models/pocket-wav2vec2 --digits spoken_digits.parquet --takes 5 20

PARQUET has the columns audio (the bytes of a WAV file), label, speaker and take. Each speaker in turn is the test; the
labelled takes, that many of each digit in all, come evenly from the other speakers. The learning rate of each way is
the better of two on other takes of those same speakers; the tested speaker's takes are seen once, at the end. A row
gives the mean over seeds and rotations, and the deviation over seeds of the mean over rotations.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import transformers
from scipy.signal import stft
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers.audio_utils import mel_filter_bank

from finetune_kit.data.sounds import samples
from finetune_kit.synthetic.speech import RATE

LEARNING_RATES = (3e-4, 1e-3)
BATCH = 32
BF16 = getattr(torch.cpu, "_is_avx512_bf16_supported", bool)()  # where it is quicker
STEPS = 60, 2  # of fine-tuning: so many, and so many more for each labelled take of a digit
HELD_BACK = 100  # clips of the labelled speakers on which a learning rate is chosen


@dataclass(frozen=True)
class Digits:
    """Clips, float32 (samples,) at 16 kHz, with labels, int64 (n,), and speakers, str (n,)."""

    clips: list[np.ndarray]
    labels: np.ndarray
    speakers: np.ndarray

    @classmethod
    def read(cls, path: Path) -> "Digits":
        frame = pd.read_parquet(path)
        names = sorted(frame["label"].unique())
        clips = [samples(content, RATE) for content in frame["audio"]]
        return cls(clips, frame["label"].map(names.index).to_numpy(), frame["speaker"].to_numpy())

    def pick(self, tested: str, takes: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row numbers: the labelled takes of the other speakers, the held-back ones, and the tested speaker's."""
        order = np.random.default_rng(seed).permutation(len(self.labels))
        others = [name for name in np.unique(self.speakers) if name != tested]
        chosen: list[int] = []
        for digit in np.unique(self.labels):
            rows = [order[(self.labels[order] == digit) & (self.speakers[order] == name)] for name in others]
            # Speakers take turns, and which of them begins changes with the digit and the seed.
            turns = [rows[(turn + seed + digit) % len(rows)][turn // len(rows)] for turn in range(takes)]
            chosen += turns
        rest = order[(self.speakers[order] != tested) & ~np.isin(order, chosen)]
        return np.array(chosen), rest[:HELD_BACK], np.flatnonzero(self.speakers == tested)


def inputs(processor: Any, clips: list[np.ndarray]) -> dict[str, torch.Tensor]:
    """One batch as the model takes it: input_values, float32 (batch, samples), and the mask of what is no padding."""
    made = processor(clips, sampling_rate=RATE, padding=True, return_attention_mask=True, return_tensors="pt")
    return dict(made)


def build(folder: Path, way: str, classes: int, seed: int) -> Any:
    """The model with a fresh head over `classes` classes, its body pretrained or random."""
    transformers.set_seed(seed)
    kind = transformers.AutoModelForAudioClassification
    if way == "from scratch":
        return kind.from_config(transformers.AutoConfig.from_pretrained(folder, num_labels=classes, dtype="float32"))
    return kind.from_pretrained(folder, num_labels=classes, ignore_mismatched_sizes=True, dtype=torch.float32)


def batches(rows: np.ndarray, steps: int, seed: int) -> Iterator[np.ndarray]:
    """`steps` batches of rows: passes over all of them, each in a new order."""
    rng, order = np.random.default_rng(seed), np.empty(0, dtype=np.int64)
    for _ in range(steps):
        if len(order) < min(BATCH, len(rows)):
            order = np.concatenate([order, rng.permutation(rows)])
        yield order[:BATCH]
        order = order[BATCH:]


def fine_tune(model: Any, processor: Any, digits: Digits, rows: np.ndarray, rate: float, steps: int, seed: int) -> None:
    """Train every weight of `model` in place: AdamW, a tenth of the steps of warm-up, then linear decay."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, fused=True)
    schedule = transformers.get_linear_schedule_with_warmup(optimiser, steps // 10, steps)
    model.train()
    for batch in batches(rows, steps, seed):
        labels = torch.from_numpy(digits.labels[batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
            loss = model(**inputs(processor, [digits.clips[row] for row in batch]), labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()


@torch.inference_mode()  # type: ignore[untyped-decorator]
def accuracy(model: Any, processor: Any, digits: Digits, rows: np.ndarray) -> float:
    """Accuracy in %."""
    model.eval()
    rows = rows[np.argsort([len(digits.clips[row]) for row in rows])]  # little padding
    parts = np.array_split(rows, max(1, len(rows) // 100))
    found = [model(**inputs(processor, [digits.clips[row] for row in part])).logits.argmax(dim=1) for part in parts]
    return 100 * float((torch.cat(found).numpy() == digits.labels[rows]).mean())


def neural(digits: Digits, folder: Path, way: str, takes: int, seeds: int) -> np.ndarray:
    """Accuracy on each tested speaker with each seed, (speakers, seeds)."""
    processor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    speakers = sorted(set(digits.speakers))
    steps = STEPS[0] + STEPS[1] * takes
    held, tested = (np.zeros((len(LEARNING_RATES), len(speakers), seeds)) for _ in range(2))
    for place in np.ndindex(held.shape):
        rate, speaker, seed = LEARNING_RATES[place[0]], speakers[place[1]], place[2]
        rows, back, test = digits.pick(speaker, takes, seed)
        model = build(folder, way, len(np.unique(digits.labels)), seed)
        fine_tune(model, processor, digits, rows, rate, steps, seed)
        held[place] = accuracy(model, processor, digits, back)
        tested[place] = accuracy(model, processor, digits, test)
    better = held.mean(axis=2).argmax(axis=0)  # of each rotation
    at_better: np.ndarray = tested[better, np.arange(len(speakers))]
    return at_better


def log_mel_means(clips: list[np.ndarray], bands: int = 40) -> np.ndarray:
    """The mean over time of each clip's log power in `bands` mel bands up to 4 kHz, (n, bands)."""
    filters = mel_filter_bank(257, bands, 60.0, 4_000.0, RATE, norm=None, mel_scale="htk")  # (257, bands)
    means = []
    for clip in clips:
        _, _, spectrum = stft(clip, RATE, nperseg=400, noverlap=240, nfft=512)  # (257, frames)
        means.append(np.log(np.abs(spectrum.T) ** 2 @ filters + 1e-10).mean(axis=0))
    return np.stack(means)


def baseline(digits: Digits, method: Any, takes: int, seeds: int) -> np.ndarray:
    """Accuracy on each tested speaker with each seed of a scikit-learn classifier on log-mel means."""
    features, speakers = log_mel_means(digits.clips), sorted(set(digits.speakers))
    scores = np.zeros((len(speakers), seeds))
    for place in np.ndindex(scores.shape):
        rows, _, test = digits.pick(speakers[place[0]], takes, place[1])
        method.fit(features[rows], digits.labels[rows])
        scores[place] = 100 * method.score(features[test], digits.labels[test])
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a from_pretrained folder with a feature extractor")
    parser.add_argument("--digits", type=Path, required=True, help="parquet file of spoken digits")
    parser.add_argument("--takes", type=int, nargs="+", default=[5, 20], help="labelled takes of each digit, in all")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()  # that the head is new is meant
    transformers.logging.disable_progress_bar()
    digits = Digits.read(args.digits)
    regression = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    centroid = make_pipeline(StandardScaler(), NearestCentroid())
    rows = []
    for takes in args.takes:
        scores = {way: neural(digits, args.model, way, takes, args.seeds) for way in ("pretrained", "from scratch")}
        scores["nearest centroid"] = baseline(digits, centroid, takes, args.seeds)
        scores["logistic regression"] = baseline(digits, regression, takes, args.seeds)
        for way, score in scores.items():
            each = dict(zip(sorted(set(digits.speakers)), score.mean(axis=1), strict=True))
            over = {"accuracy %": score.mean(), "deviation": score.mean(axis=0).std()}
            rows.append({"takes": takes, "start": way, **over, **each})
    print(pd.DataFrame(rows).round(1).to_string(index=False))


if __name__ == "__main__":
    main()
