"""Forgetting: how well a model that is being fine-tuned still does what its checkpoint was pretrained for."""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import checkpoints, corpora, objectives, strategies
from .config import PretrainingRecipe, Stage
from .corpora import Material
from .errors import ConfigError, ModelError
from .history import History
from .metrics import Criterion, Metric
from .objectives import Learnable, MadeObjective, TextObjective
from .objectives.base import IGNORED, Batch

RECIPE = "recipe.yaml"  # beside the weights of a model that the kit has pretrained
SHARE = 0.05  # of the documentation's works: those that `ftk.pretrain` holds out too
TOKENS = 4_096  # of them that are read at most
LENGTH = 64  # tokens a sequence, as far as the model's positions go
MADE = 200  # pictures, scenes or spoken words that are made to measure on
CHUNK = 32  # examples that are measured at a time
NAME = "old_"  # before the names of the scores in a history
HEADLINES = ("old_perplexity", "old_ap50", "old_accuracy", "old_loss")  # the first that there is, is shown
FALLING = ("old_perplexity", "old_loss")  # of these the lower is the better


class OldTask:
    """What a checkpoint was pretrained for, to be asked of every model that grows out of it.

    objective: the pretraining. model: the checkpoint with its pretraining head, which each measurement
    gives other weights. inputs: the examples as one batch, made once: the same words are hidden, the same
    pictures shown each time.
    """

    def __init__(self, objective: Learnable, model: Any, inputs: Batch):
        self.objective, self.model, self.inputs = objective, model.eval(), inputs

    def measure(self, model: Any, whole: bool = False) -> dict[str, float]:
        """The scores of a model's body under the checkpoint's old head, such as `old_loss` and `old_perplexity`.

        The loss is in nats a word piece that counts, or a picture or sound. model: it may carry LoRA's layers; it
        stays as it is. Word vectors that serve as the old head's output too count as body. whole: the model
        has no new head, and is measured with the one it has.
        """
        self._take(model, whole)
        total, counted, found = 0.0, 0, []
        rows = len(self.inputs["labels"])
        with torch.inference_mode(), checkpoints.quiet():
            for start in range(0, rows, CHUNK):
                part = {name: value[start : start + CHUNK].to(model.device) for name, value in self.inputs.items()}
                loss, outputs = self.objective.loss(self.model, part)
                output = next(value for name, value in outputs.items() if name != "loss").float().cpu().numpy()
                weight = int((output != IGNORED).sum()) if isinstance(self.objective, TextObjective) else len(output)
                total, counted = total + float(loss) * weight, counted + weight
                found.append(output)
        mean = total / max(counted, 1)
        scores = self.objective.measure(np.concatenate(found), self.inputs["labels"].numpy())
        return {f"{NAME}{name}": value for name, value in {"loss": mean, **self.objective.read(mean), **scores}.items()}

    def _take(self, model: Any, whole: bool) -> None:
        """Give the old model the weights of another one, as far as both have them and the head is not new."""
        if hasattr(model, "peft_config"):
            model = copy.deepcopy(model)
            strategies.merge(model)
        source, target = (one if whole else one.base_model for one in (model, self.model))
        known = target.state_dict()
        shared = {n: w for n, w in source.state_dict().items() if n in known and w.shape == known[n].shape}
        target.load_state_dict(shared, strict=False)
        self.model.to(model.device)


@dataclass(frozen=True)
class HeldOut(Material):
    """A few token ids, (tokens,), in place of a corpus on disk."""

    stream: np.ndarray

    def tokens(self, split: str) -> np.ndarray:
        """The token ids, whatever the split."""
        return self.stream


def old_task(name: str, corpus: str | None = None) -> OldTask:
    """What the checkpoint of this name was pretrained for, ready to be measured.

    Of a model with its recipe beside it, that of the recipe; else what models of its kind are pretrained for:
    masked words, the next word, corrupted spans. corpus: the text, from its beginning, as `corpora.read` takes
    it; by default what `ftk.pretrain` holds out of the documentation of the Python installation. Pictures, scenes
    and spoken words are made as the recipe makes them. Raises ConfigError for a model whose pretraining is not known
    or cannot be repeated here, DataError for a text too short, ModelError where the checkpoint has no longer the
    head that it was pretrained with, SpeechError for spoken words without eSpeak NG.
    """
    with torch.random.fork_rng():  # whoever trains afterwards draws what they would have drawn
        stage = stage_of(name)
        objective = objectives.resolve(stage)
        model, processor = checkpoints.load_weights(name, objective.auto_class), checkpoints.processor(name)
        if type(model).__name__ not in (checkpoints.configuration(name).architectures or []):
            raise ModelError(
                f"forgetting=True: the checkpoint {name!r} has no {type(model).__name__}'s head, with which its old "
                "task would be done; expected one as it was pretrained, or forgetting=False."
            )
        torch.manual_seed(0)
        length = min(LENGTH, stage.length, checkpoints.longest(model.config))
        material = HeldOut(corpus, Path(), processor, SHARE, 0, _tokens(objective, processor, corpus))
        examples: Any = objective.examples("validation", length, material)
        inputs = objective.collator(processor)([examples[place] for place in range(len(examples))])
    return OldTask(objective, model, dict(inputs))


def headline(names: Collection[str]) -> str | None:
    """The one of several old scores that is shown first; None where there is none."""
    return next((name for name in HEADLINES if name in names), None)


def in_words(name: str) -> str:
    """An old score's name as people read it, and which way is better."""
    return f"{name.removeprefix(NAME).replace('_', ' ')} ({'lower' if name in FALLING else 'higher'} is better)"


def shown(name: str, value: float) -> str:
    """An old score as people read it: a share in percent, a perplexity with one decimal, a loss in nats with three."""
    if name not in FALLING:
        return f"{value:.1%}"
    return f"{value:.3f}" if name == f"{NAME}loss" else f"{value:,.1f}"


def before_and_after(history: History, chooses: Metric | Criterion) -> tuple[dict[str, float], dict[str, float]]:
    """The old scores of the untouched checkpoint, and of the weights that a run has kept, out of its history.

    chooses: what decided which weights are kept. Both are {} of a run that did not look back.
    """
    rows = [row for row in history.rows if f"{NAME}loss" in row]
    if not rows:
        return {}, {}
    kept = history.best(f"validation_{chooses.name}", chooses.higher_is_better) or rows[-1]
    before, after = ({n: v for n, v in row.items() if n.startswith(NAME)} for row in (rows[0], kept))
    return before, after


def stage_of(name: str) -> Stage:
    """The stage of pretraining that is the old task: the recipe's last one that can be measured, or the usual one.

    Raises ConfigError for a model whose pretraining is not known or cannot be repeated here.
    """
    recipe = Path(checkpoints.locate(name)) / RECIPE
    stages = PretrainingRecipe.from_yaml(recipe).stages if recipe.is_file() else ()
    if stages and isinstance(objectives.resolve(stages[-1]), MadeObjective):
        settings = {**stages[-1].settings, "validation": MADE}
        return Stage(objective=stages[-1].objective, settings=settings)
    try:
        usual = objectives.default_for(checkpoints.configuration(name))
    except ConfigError as error:
        raise ConfigError(
            f"forgetting=True: what {name!r} was pretrained for is not known here, or its data are not at hand; "
            "expected a model of text, or one with the kit's recipe beside it, such as pocket-resnet."
        ) from error
    return next((stage for stage in reversed(stages) if stage.objective == usual), Stage(objective=usual))


def _tokens(objective: Learnable, processor: Any, corpus: str | None) -> np.ndarray:
    """The first TOKENS ids of the text, with what the objective puts behind each paragraph."""
    if not isinstance(objective, TextObjective):
        if corpus is not None:
            raise ConfigError(f"forgetting={corpus!r}: expected True, for the old task of this model is not over text.")
        return np.zeros(0, np.int64)
    lacking, found = objective.fits(processor), list[int]()
    if lacking:
        raise ConfigError(f"forgetting=True: the tokenizer lacks {lacking}, which the old task needs.")
    for _, text in corpora.python_docs_held_out(SHARE) if corpus is None else corpora.read(corpus):
        found += processor(text, add_special_tokens=False, verbose=False)["input_ids"] + objective.separator(processor)
        if len(found) >= TOKENS:
            break
    return np.array(found[:TOKENS], np.int64)
