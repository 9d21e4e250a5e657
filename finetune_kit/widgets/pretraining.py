"""The pretraining panel: choose a start and a corpus, watch masked words being guessed better, ask the result."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets as ipw

from .. import plots, pretraining, probes
from ..config import STARTS
from ..corpora import PYTHON_DOCS
from ..errors import FinetuneKitError
from ..history import History
from . import parts
from .live import LivePanel, call

MINUTES = (0.25, 0.5, 1, 2, 5, 10, 30)
BY_STEPS = 0  # minutes, where the number of steps is given in their place
SHOWN = 6  # moments of which the guesses are shown


SENTENCES = ["Return the [MASK] of the string.", "If the file does not [MASK], raise an error."]


def pretrain_panel(
    model: str = "pocket-bert", corpus: Any = PYTHON_DOCS, sentences: list[str] | None = None, **settings: Any
) -> PretrainingPanel:
    """The panel of live pretraining, over a model and any corpus that `ftk.pretrain` takes.

    sentences: with [MASK] (or, for a GPT, to be continued), guessed at every measurement.
    settings: those of `ftk.pretrain` to begin with, such as start='counted', minutes=1 or
    vocabulary=4000. `panel.start()` does what the button does, `panel.wait()` returns the Pretrained.
    """
    return PretrainingPanel(model, corpus, sentences, settings)


class PretrainingPanel(LivePanel):
    """The panel. Attributes of use in code: `result`, the latest Pretrained, and `error`, the latest message or ''."""

    verb = "Pretrain"
    idle = "Not pretrained."

    def __init__(self, model: str, corpus: Any, sentences: list[str] | None, settings: dict[str, Any]):
        self.model, self.corpus, self.given = model, corpus, {"minutes": 1, "start": "counted", **settings}
        self.watched = SENTENCES if sentences is None else sentences
        super().__init__()

    def _controls(self) -> list[Any]:
        minutes = [(f"{m:g}", m) for m in sorted({*MINUTES, self.given["minutes"] or 1})]
        if self.given["minutes"] is None:  # as many steps as are given
            minutes.insert(0, (f"{self.given.get('steps', 1000)} steps", BY_STEPS))
        self.start_from = ipw.Dropdown(options=[(s, s) for s in STARTS], value=self.given["start"], description="Start")
        self.minutes = ipw.SelectionSlider(
            options=minutes, value=self.given["minutes"] or BY_STEPS, description="Minutes", continuous_update=False
        )
        shown = self.corpus if isinstance(self.corpus, str) else "(from code)"
        self.source = ipw.Combobox(
            options=[PYTHON_DOCS], value=shown, description="Corpus", ensure_option=False,
            placeholder="python-docs, a text file or a folder",
        )  # fmt: skip
        return [self.start_from, self.minutes, self.source]

    def _outputs(self) -> list[Any]:
        self.pace, self.guesses, self.scores, self.answer = (ipw.HTML() for _ in range(4))
        self.sentence = parts.question("A sentence with [MASK], then Enter", self.try_sentence)
        return [self.pace, self.guesses, self.scores, ipw.VBox([self.sentence, self.answer])]

    def settings(self) -> dict[str, Any]:
        """The arguments of `ftk.pretrain` that the controls stand for, the corpus aside."""
        chosen = {**self.given, "start": self.start_from.value, "minutes": self.minutes.value or None}
        if chosen["start"] == "checkpoint":  # goes on with the model's own vocabulary
            chosen.pop("vocabulary", None)
        return {name: value for name, value in chosen.items() if value is not None}

    def _work(self, history: History, stop: threading.Event) -> Any:
        written = self.source.value.strip()
        corpus = self.corpus if written == "(from code)" else written
        return pretraining.pretrain(
            self.model, corpus, sentences=self.watched, history=history, stop=stop, **self.settings()
        )

    def try_sentence(self) -> None:
        """Show the likeliest words for the mask of the sentence in the box, as the latest model guesses."""
        text = self.sentence.value
        if not text.strip():
            self.answer.value = ""
            return
        if self.result is None and "shape" in self.given:
            self.answer.value = parts.message("Pretrain the model first, then ask it.")
            return
        try:
            table = probes.fill_mask(text, self.result or self.model)
        except FinetuneKitError as error:
            self.answer.value = parts.message(str(error), "error")
            return
        first = table[table["mask"] == 1]
        self.answer.value = parts.bars(dict(zip(first["word"], first["probability"], strict=True)))

    # --- what it shows

    def _clear(self) -> None:
        for widget in (self.pace, self.guesses, self.scores, self.answer):
            widget.value = ""

    def _follow(self, history: History) -> None:
        super()._follow(history)
        _, losses = history.series("train_loss")
        if losses and history.phase == "training":
            _, paces = history.series("tokens_per_second")
            self.pace.value = parts.message(f"Training loss {losses[-1]:.2f}, {paces[-1]:,.0f} tokens a second.")
        moments = [row for row in history.rows if "guesses" in row]
        if moments:
            self.guesses.value = guess_table(moments)

    def _curves(self, history: History, axes: list[Any]) -> None:
        plots.perplexity_curve(history, axes[0])
        plots.metric_curve(history, "accuracy", history.before.get("accuracy"), axes[1])
        axes[1].set_ylabel("hidden words guessed right")

    def _show_result(self) -> None:
        done = self.result
        forms = {"accuracy": "{:.1%}", "perplexity": "{:,.0f}"}
        rows = [
            [name, *(forms.get(name, "{:.2f}").format(value) for value in (old, done.after[name]))]
            for name, old in done.before.items()
        ]
        caption = f"{done.history.step:,} steps in {done.seconds:.0f} s, {done.tokens_per_second:,.0f} tokens a second"
        self.scores.value = parts.table(["held-out works", "before", "after"], rows, caption)
        self.try_sentence()

    def _source(self) -> str:
        corpus = "corpus" if self.source.value == "(from code)" else repr(self.source.value)
        return call("pretrain", repr(self.model), corpus, *(f"{k}={v!r}" for k, v in self.settings().items()))


def guess_table(moments: list[dict[str, Any]]) -> str:
    """The guesses of a few moments as HTML: a row a moment, a column a sentence; the first and the latest included."""
    every = max(1, -(-(len(moments) - 1) // (SHOWN - 1)))
    chosen = [*moments[:-1:every], moments[-1]]
    sentences = list(moments[-1]["guesses"])
    rows = [[f"{row['step']:,}", *(row["guesses"][sentence] for sentence in sentences)] for row in chosen]
    return parts.table(["step", *sentences], rows)
