"""Whether ftk.compatibility() names what does not fit, and is silent on what does; and what its bounds rest on.

python benchmarks/compatibility.py cases    # pairs of task and pocket model that fit, and such as do not
python benchmarks/compatibility.py texts    # pieces a word and what the order of words saves, by model and text
python benchmarks/compatibility.py sizes    # a linear classifier over pocket-resnet on cells of fewer and fewer pixels
python benchmarks/compatibility.py bands    # the highest pitch in commands, as they are and gone through lower rates

A pair that does not fit counts as named when the expected finding is there; one that fits as accused when any is.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import finetune_kit as ftk
from finetune_kit import checkpoints, corpora, data, vectors
from finetune_kit.data import sounds as files
from finetune_kit.data.images import upright
from finetune_kit.suitability import familiarity
from finetune_kit.suitability.sounds import highest
from finetune_kit.suitability.texts import cut_words, pieces_a_word

COUNT = 300  # texts of a kind
GERMAN = (
    "Das Essen war kalt und der Kellner unfreundlich, wir kommen nicht wieder.",
    "Ein wunderbarer Film, den ich jedem empfehlen kann, der gute Geschichten mag.",
    "Das Zimmer war sauber, aber das Frühstück war eine große Enttäuschung für uns.",
    "Die Lieferung kam zu spät, und die Hälfte der Gläser war zerbrochen.",
)
MODELS = ("pocket-bert", "pocket-gpt", "pocket-t5")


def some(rows: Any) -> list[str]:
    found = list(rows)
    return random.Random(0).sample(found, min(COUNT, len(found)))


def shuffled(text: str) -> str:
    """The letters of each word in another order."""
    draw = random.Random(text)
    return " ".join("".join(draw.sample(word, len(word))) for word in text.split())


def texts() -> dict[str, list[str]]:
    reviews, phrases = data.read("reviews")["train"]["text"], data.read("phrases")["train"]
    return {
        "reviews": some(reviews),
        "questions": some(data.read("questions")["train"]["text"]),
        "passages": some(data.read("passages")["train"]["context"]),
        "phrases, English": some(phrases["source"]),
        "python-docs": some(text for _, text in corpora.read("python-docs")),
        "phrases, French": some(phrases["target"]),
        "German": [f"{text} {number}" for number, text in enumerate(GERMAN * 10)],
        "reviews, letters shuffled": list(map(shuffled, some(reviews))),
        "reviews, capitals": [text.upper() for text in some(reviews)],
    }


def classified(rows: list[str]) -> ftk.TextClassification:
    """A task over texts; its labels mean nothing."""
    frame = pd.DataFrame({"text": rows, "label": [f"class {i % 2}" for i in range(len(rows))]})
    return ftk.TextClassification(frame)


def cells(side: int) -> ftk.ImageClassification:
    frame = data.read("cells")["train"]
    pictures = [upright(cell["bytes"]).resize((side, side)) for cell in frame["image"]]
    return ftk.ImageClassification(frame.assign(image=pictures))


def commands(rate: int, stored: int) -> ftk.AudioClassification:
    """Clips that went through a rate and are stored at another one."""
    frame = data.read("commands")["train"].head(COUNT)
    clips = [files.resample(files.samples(cell, rate), rate, stored) for cell in frame["audio"]]
    return ftk.AudioClassification(frame.assign(audio=[(clip, stored) for clip in clips]))


def pairs() -> list[tuple[str, str, Callable[[], Any], str | None]]:
    """What the pair is, the model, the task, and the finding expected."""
    said = texts()
    fitting: list[tuple[str, str | None]] = [
        ("sentiment", None), ("text-classification", None), ("question-answering", None), ("completion", None),
        ("object-detection", None), ("audio-classification", None), ("sentiment", "pocket-gpt"),
        ("text-classification", "pocket-gpt"), ("translation", "pocket-t5"), ("generative-qa", None),
    ]  # fmt: skip
    found: list[tuple[str, str, Callable[[], Any], str | None]] = [
        (name, model or "", lambda name=name: name, None)
        for name, model in fitting  # type: ignore[misc]
    ]
    found += [("cells", "pocket-resnet", lambda: ftk.ImageClassification("cells"), None)]
    found += [("faces", "pocket-resnet", lambda: ftk.ImageClassification("faces"), None)]
    unfamiliar, shattered = "unfamiliar texts", "shattered words"
    for kind, model, expected in (
        ("phrases, French", "pocket-bert", unfamiliar), ("phrases, French", "pocket-gpt", unfamiliar),
        ("German", "pocket-bert", shattered), ("German", "pocket-gpt", unfamiliar),
        ("reviews, letters shuffled", "pocket-bert", unfamiliar),
        ("reviews, letters shuffled", "pocket-gpt", shattered),
        ("reviews, capitals", "pocket-gpt", shattered), ("reviews, capitals", "pocket-bert", None),
    ):  # fmt: skip
        found.append((kind, model, lambda kind=kind: classified(said[kind]), expected))  # type: ignore[misc]
    return [
        *found,
        ("translation", "pocket-gpt", lambda: "translation", shattered),
        ("sentiment", "pocket-resnet", lambda: "sentiment", "no head for the task"),
        ("digits", "pocket-resnet", lambda: "image-classification", "small pictures"),
        ("cells of 8 pixels", "pocket-resnet", lambda: cells(8), "small pictures"),
        ("cells of 640 pixels", "pocket-resnet", lambda: cells(640), "large pictures"),
        ("commands at 8 kHz", "pocket-wav2vec2", lambda: commands(8_000, 8_000), "narrow band"),
        ("commands gone through 8 kHz", "pocket-wav2vec2", lambda: commands(8_000, 16_000), "narrow band"),
    ]


def show_cases() -> None:
    right, cases = 0, pairs()
    for title, model, make, expected in cases:
        names = ftk.compatibility(make(), model or None).names
        good = expected in names if expected else not names
        right += good
        print(f"{'ok ' if good else 'NOT'} {title}, {model or 'its default'}: {names}, expected {expected}", flush=True)
    print(f"{right} of {len(cases)} as expected")


def show_texts() -> None:
    for model in MODELS:
        processor, config = checkpoints.processor(model), checkpoints.configuration(model)
        for kind, said in texts().items():
            order = familiarity.measure(said, model, config, processor)
            saved = order if isinstance(order, str) else f"order saves {order.share:.1%} of {order.shuffled:.2f} nats"
            print(
                f"{model}, {kind}: {pieces_a_word(cut_words(processor, said)):.2f} pieces a word; {saved}", flush=True
            )


def show_sizes() -> None:
    network, processor = checkpoints.load_weights("pocket-resnet", "AutoModel"), checkpoints.processor("pocket-resnet")
    splits = ftk.ImageClassification("cells").splits
    for side in (64, 48, 32, 24, 16, 12, 8):
        seen = [
            vectors.of_images([image.resize((side, side)) for image in part["image"]], network, processor)
            for part in (splits["train"], splits["validation"])
        ]
        classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
        score = classifier.fit(seen[0], splits["train"]["label"][:]).score(seen[1], splits["validation"]["label"][:])
        print(f"cells, {side} pixels, enlarged {96 / side:.3g} times: {score:.1%}", flush=True)


def show_bands() -> None:
    clips = [files.samples(cell, 16_000) for cell in data.read("commands")["train"]["audio"].head(COUNT)]
    for rate in (16_000, 11_025, 8_000):
        gone = [files.resample(files.resample(clip, 16_000, rate), rate, 16_000) for clip in clips]
        tops = np.percentile([highest(clip, 16_000) for clip in gone], [1, 10, 50, 90])
        print(
            f"commands through {rate:,}: highest pitch, 1st, 10th, 50th and 90th percentile: {tops.round()}", flush=True
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shown = {"cases": show_cases, "texts": show_texts, "sizes": show_sizes, "bands": show_bands}
    parser.add_argument("what", choices=shown)
    shown[parser.parse_args().what]()
