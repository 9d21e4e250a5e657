"""The result of a pretraining: the model, what it scored before and after, and how it got there."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from .. import checkpoints
from ..config import PretrainingRecipe
from ..history import History
from ..runs import prepare_folder, versions
from ..training import writing
from .checks import RECIPE

RECORD = "pretraining.json"
HOW = {
    "checkpoint": "going on from",
    "random": "from scratch",
    "counted": "from counted words",
    "taught": "from a teacher's words",
}


class Pretrained:
    """A pretrained model, and how it got there.

    model and processor are ordinary transformers objects. before and after: the loss on held-out
    works (and the perplexity, or the accuracy), of the same objective, in nats a token.
    """

    def __init__(
        self,
        recipe: PretrainingRecipe,
        model: Any,
        processor: Any,
        history: History,
        before: dict[str, float],
        after: dict[str, float],
        stopped: bool,
        corpus: dict[str, int],
    ):
        self.recipe, self.model, self.processor, self.history = recipe, model, processor, history
        self.before, self.after, self.stopped = before, after, stopped
        self.seconds = history.seconds
        self.corpus = corpus  # counts of the held-out part: paragraphs, words, pieces

    @property
    def tokens_per_second(self) -> float:
        """The pace of the latest stage; 0.0 when nothing was trained."""
        return next(
            (row["tokens_per_second"] for row in reversed(self.history.rows) if "tokens_per_second" in row), 0.0
        )

    @property
    def fertility(self) -> float | None:
        """Word pieces a word on held-out text (Rust et al. 2021); None where there is no text."""
        return self.corpus["pieces"] / self.corpus["words"] if self.corpus else None

    def save(self, folder: str | Path, overwrite: bool = False, half: bool = False) -> Path:
        """Write an ordinary from_pretrained folder, and beside it the recipe and the record.

        half: in half precision, as the embedded models are. Raises StorageError when the
        folder is not empty (unless `overwrite`) or cannot be written.
        """
        folder = Path(folder)
        prepare_folder(folder, overwrite)
        model = copy.deepcopy(self.model).half() if half else self.model
        with checkpoints.quiet(), writing(folder):
            model.save_pretrained(folder)
            self.processor.save_pretrained(folder)
            self.recipe.to_yaml(folder / RECIPE)
            (folder / RECORD).write_text(json.dumps(self._record(), indent=1), encoding="utf-8")
        return folder

    def _record(self) -> dict[str, Any]:
        return {
            "before": self.before,
            "after": self.after,
            "stopped": self.stopped,
            "fertility": self.fertility,
            "steps": self.history.step,
            "seconds": round(self.seconds, 1),
            "versions": versions(),
            "history": self.history.rows,
        }

    def __repr__(self) -> str:
        scores = [f"{name}: {old:.3f} before -> {self.after[name]:.3f} after" for name, old in self.before.items()]
        scores = scores or [f"{name}: {value:.3f}" for name, value in self.after.items()]
        text = f", {len(self.processor):,} pieces, {self.fertility:.2f} a word" if self.fertility else ""
        pace = f", {self.tokens_per_second:,.0f} tokens a second" if self.tokens_per_second else ""
        how = HOW[self.recipe.start]
        return "\n".join(
            [
                f"{self.recipe.model}, {how}: "
                f"{', then '.join(dict.fromkeys(stage.objective for stage in self.recipe.stages))}"
                f"{', stopped early' if self.stopped else ''}",
                *(f"{line} ({'held-out works' if self.fertility else 'made, not learnt from'})" for line in scores),
                f"{self.history.step:,} steps in {self.seconds:.0f} s{pace}{text}",
            ]
        )
