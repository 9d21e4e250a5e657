"""Facts: the plain values that the rules judge, and how they are had from a run's parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import datasets
import numpy as np

from .. import checkpoints, strategies, training
from ..config import RunConfig
from ..data.checking import repeated
from ..data.files import each_stored
from ..data.repeats import Place, repeated_sounds, repeats
from ..data.sounds import seconds
from ..data.splitting import SPLITS, has_images, has_labels, has_sounds
from ..errors import FinetuneKitError
from ..history import History
from ..inspection.reading import Reader, Reading
from ..layers import layer_groups
from ..tasks import Task

MEDIA = 10_000  # pictures or sounds up to which repeats are looked for: each must be decoded
READ = 2_000  # examples of a split that are cut into pieces


class Copy(NamedTuple):
    """An example that comes again: where it stands first, where again, and whether the labels differ."""

    first: Place
    again: Place
    contradicts: bool


class Cut(NamedTuple):
    """How many of some examples are not read whole, and the setting that bounds them."""

    lost: int
    of: int
    setting: str


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of a run.

    before, after: the outputs for the validation split. splits: those at hand, 'train' with those
    examples alone that the run learnt from. usual_rate, usual_steps: what the strategy takes where
    the user names none; None for steps where the training split is not at hand. movement: by layer
    group, how far its weights moved, the norm of the change over the norm at the start; {} where not known.
    """

    task: Task
    history: History
    splits: dict[str, datasets.Dataset]
    before: Any
    after: Any
    learning_rate: float
    usual_rate: float
    usual_steps: int | None = None
    stopped: bool = False
    movement: dict[str, float] = field(default_factory=dict)
    copies: tuple[Copy, ...] = ()
    cut: Cut | None = None
    readings: tuple[Reading, ...] = ()

    @property
    def truth(self) -> Any:
        """The truth of the validation split."""
        return self.task.truth(self.splits["validation"])

    @property
    def train_counts(self) -> np.ndarray | None:
        """Examples of each class that the run learnt from, (classes,) int64; None where there is no such thing."""
        train = self.splits.get("train")
        if train is None or not len(train) or not self.task.classes or not has_labels(train):
            return None
        return np.bincount(np.asarray(train["label"][:]), minlength=len(self.task.classes))

    def qualities(self, outputs: Any) -> np.ndarray:
        """How good each answer is, (examples,) float64 from 0 to 1."""
        return np.asarray(self.task.quality(self.task.decide(outputs), self.truth), float)


def gather(
    task: Task,
    config: RunConfig,
    history: History,
    model: Any,
    processor: Any,
    outputs: tuple[Any, Any],
    start: Callable[[], Any],
    stopped: bool,
) -> tuple[Facts, list[str]]:
    """The facts of a run, and what could not be had. See `diagnose` for the arguments."""
    missing: list[str] = []
    splits = {name: task.splits[name] for name in SPLITS if name in task.splits}
    steps = None
    strategy = strategies.parse(config.strategy)
    if "train" in splits:
        splits["train"] = train = task.sample(config.labels, config.seed)
        epochs = strategy.patience * training.default_epochs(len(train), config.batch_size)
        steps = round(epochs * -(-len(train) // config.batch_size))
    else:
        missing.append("the training examples, which a loaded run has not at hand.")
    moved: dict[str, float] = {}
    try:
        moved = movement(start(), model)
    except FinetuneKitError as error:
        missing.append(f"how far the weights moved: {error}")
    usual = strategy.learning_rate(model)
    found = Facts(
        task,
        history,
        splits,
        *outputs,
        learning_rate=usual if config.learning_rate is None else config.learning_rate,
        usual_rate=usual,
        usual_steps=steps,
        stopped=stopped,
        movement=moved,
        copies=copies(splits, missing),
        **_reading(task, processor, model.config, config.max_length, splits),
    )
    return found, missing


def movement(start: Any, model: Any) -> dict[str, float]:
    """How far each layer group moved: the norm of the change of its weights over their norm at the start."""
    was, now = dict(start.named_parameters()), dict(model.named_parameters())
    found = {}
    for group in layer_groups(model):
        names = [name for name in group.parameters if name in was and was[name].shape == now[name].shape]
        before, after = ([held[name].detach().float().cpu() for name in names] for held in (was, now))
        change = sum(float((b - a).square().sum()) for a, b in zip(before, after, strict=True)) ** 0.5
        size = sum(float(weights.square().sum()) for weights in before) ** 0.5
        if names:
            found[group.name] = change / size if size else float("inf") if change else 0.0
    return found


def copies(splits: dict[str, datasets.Dataset], missing: list[str]) -> tuple[Copy, ...]:
    """The examples that come again, texts but for case and white space, pictures and sounds exactly."""
    parts = datasets.DatasetDict({name: part for name, part in splits.items() if len(part)})
    media = [all(map(has, parts.values())) for has in (has_images, has_sounds)]
    if any(media) and sum(map(len, parts.values())) > MEDIA:
        missing.append(f"repeats among more than {MEDIA:,} files; data.report takes the time to find them.")
        return ()
    if any(media):
        found = repeats(parts) if media[0] else repeated_sounds(parts)
        return tuple(Copy(one.first, one.again, one.contradicts) for one in found if one.exact)
    labels = {name: part["label"][:] for name, part in parts.items() if has_labels(part)}
    return tuple(
        Copy(first, again, bool(labels) and labels[first[0]][first[1]] != labels[again[0]][again[1]])
        for first, *later in repeated(parts).values()
        for again in later
    )


def _reading(task: Task, processor: Any, config: Any, length: int, splits: dict[str, datasets.Dataset]) -> Any:
    """The fields `cut` and `readings` of the facts: what a bound leaves out, and what the tokenizer does not know."""
    parts = [part.select(range(min(READ, len(part)))) for name, part in splits.items() if name != "test"]
    if all(map(has_sounds, parts)):
        return {"cut": cut_sounds(task, parts)}
    if any(map(has_images, parts)) or not getattr(processor, "is_fast", False):
        return {}
    return read_texts(Reader(task, processor, config, length), parts)


def cut_sounds(task: Task, parts: Sequence[datasets.Dataset]) -> Cut | None:
    """How many sounds are longer than the task reads; None where it reads them in windows, and so whole."""
    if getattr(task, "long", "windows") == "windows":
        return None
    limit = task.seconds  # type: ignore[attr-defined]
    longer = [seconds(raw) > limit for part in parts for raw in each_stored(part, "audio")]
    return Cut(sum(longer), len(longer), f"seconds={limit:g}")


def read_texts(reader: Reader, parts: Sequence[datasets.Dataset]) -> Any:
    """The fields `cut` and `readings` of the facts over texts: what the reader's bound leaves out, how it cuts them."""
    with checkpoints.quiet():
        readings = tuple(reader.split(part) for part in parts)
    lost = sum(reading.fates["too long"] - reading.fates["windows"] for reading in readings)
    return {"cut": Cut(lost, sum(map(len, parts)), f"max_length={reader.max_length}"), "readings": readings}
