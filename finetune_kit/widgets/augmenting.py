"""The preview of augmentation: a training example, and what training may make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import ipywidgets as ipw
import torch

from ..augmentation import WAYS, Augmentation
from ..inspection.media import MediaInspection
from ..inspection.picture_examples import PictureExample, example
from . import parts, pictures


class Augmenter(ipw.VBox):  # type: ignore[misc]
    """Ways of augmenting to choose from, a training example, and some draws beside it.

    changed: called with what to do, when a control is used. Attributes of use in code: `ways`, those that are chosen,
    and `shown`, the original and the draws.

    known: all ways by name. draws: altered examples beside the original. noun: what an example is.
    """

    known: ClassVar[dict[str, Any]]
    draws: ClassVar[int]
    noun: ClassVar[str]
    advice: ClassVar[str]

    def __init__(self, inspection: MediaInspection, changed: Callable[[Callable[[], None]], None]):
        self.inspection: Any = inspection
        self.seed = 0
        self.shown: list[Any] = []
        mine: list[str] = inspection.task.augment.ways  # type: ignore[attr-defined]
        self.choices = {
            way: ipw.Checkbox(
                value=way in (mine or self.known), description=self._said(way), indent=False,
                layout=ipw.Layout(width="auto"),
            )
            for way in self.known
        }  # fmt: skip
        last = max(0, len(inspection.splits["train"]) - 1)
        self.row = ipw.BoundedIntText(
            min=0, max=last, description=self.noun.capitalize(), layout=ipw.Layout(width="180px")
        )
        self.again = ipw.Button(description="Draw again", icon="refresh", layout=ipw.Layout(width="auto"))
        self.note, self.grid = ipw.HTML(), ipw.HTML()
        more = list(self._more())
        for control in (*self.choices.values(), *more, self.row):
            control.observe(lambda _: changed(self.draw), "value")
        self.again.on_click(lambda _: changed(self._draw_again))
        wrapped = ipw.Layout(flex_flow="row wrap", align_items="center", grid_gap="4px 16px")
        used = f"This task trains with {', '.join(mine)}." if mine else "This task trains without."
        super().__init__(
            [
                ipw.HTML(parts.message(f"{self.advice} {used}")),
                ipw.VBox([*self.choices.values(), *more]),
                ipw.HBox(
                    [self.row, ipw.HTML(parts.message(f"of train[0] to train[{last}]")), self.again], layout=wrapped
                ),
                self.note,
                self.grid,
            ]
        )

    def _more(self) -> Iterable[Any]:
        """Further controls of a kind of example."""
        return ()

    def _draw(self, original: Any) -> list[Any]:
        """Draws of an example as training may see it, from torch's generator."""
        raise NotImplementedError

    def _cards(self, heads: list[str]) -> str:
        """What is shown, each under its head, as HTML."""
        raise NotImplementedError

    def source(self, task: str) -> list[str]:
        """The lines of code that make these draws. task: the name of a task that fine_tune takes, or ''."""
        raise NotImplementedError

    @property
    def ways(self) -> list[str]:
        """The ways that are chosen."""
        return [way for way, box in self.choices.items() if box.value]

    def draw(self) -> None:
        """Show the chosen example, and draws of it by the chosen ways."""
        (original,) = self.inspection.examples("train", [self.row.value])
        with seeded(self.seed):
            self.shown = [original, *self._draw(original)]
        self.grid.value = self._cards(["as it is", *(f"draw {number}" for number in range(1, self.draws + 1))])
        none = "" if self.ways else f"Nothing is chosen: training sees the {self.noun}s as they are."
        self.note.value = parts.message(none)

    def _draw_again(self) -> None:
        self.seed += 1
        self.draw()

    def _use(self, task: str, settings: dict[str, Any]) -> str:
        """How to train with it, in code."""
        given = ", ".join(f"{name}={value}" for name, value in settings.items())
        use = f"ftk.fine_tune({task!r}, settings={settings})" if task else ""
        return f"# To train with it: {use or f'ftk.{type(self.inspection.task).__name__}(..., {given})'}"

    def _said(self, way: str) -> str:
        """A way of augmenting and what it does, from its own docstring."""
        what = (self.known[way].__doc__ or "").split("\n")[0].removesuffix(".")
        return f"{way}: {what[:1].lower()}{what[1:]}"


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw by a seed; the random numbers of others stay as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


class PictureAugmenter(Augmenter):
    """The preview for pictures; `shown` are PictureExamples."""

    known, draws, noun = WAYS, 8, "picture"
    advice = (
        "Augmentation alters the pictures that training sees, anew at every step. It is off for validation and test, "
        "whose scores are those of the pictures as they are. Choose only what leaves the class as it is: a mirrored 2 "
        "is no 2."
    )

    def _draw(self, original: PictureExample) -> list[PictureExample]:
        augment, table = Augmentation(self.ways), original.objects
        boxes, labels = None, []
        if table is not None:
            corners = table[["left", "top", "right", "bottom"]].to_numpy()
            boxes, labels = corners - corners[:, [0, 1, 0, 1]] * [0, 0, 1, 1], table["label"].tolist()
        made = []
        for _ in range(self.draws):
            image, moved, kept = augment(original.image, boxes)
            left = [original.truth] if table is None else [labels[i] for i in kept]
            made.append(example(original.place, image, left, None if table is None else moved))
        return made

    def _cards(self, heads: list[str]) -> str:
        names = self.inspection.names
        made = [
            pictures.card(one.image, head, one.title.split("\n")[1:], one.objects, names)
            for head, one in zip(heads, self.shown, strict=True)
        ]
        return (pictures.legend(names) if self.inspection.boxed else "") + pictures.cards(made)

    def source(self, task: str) -> list[str]:
        """The lines of code that make these draws. task: the name of a task that fine_tune takes, or ''."""
        given = "row['image'], row['boxes']" if self.inspection.boxed else "row['image']"
        return [
            f"augment = ftk.Augmentation({self.ways})",
            f"torch.manual_seed({self.seed})",
            f"row = inspection.splits['train'][{self.row.value}]",
            f"draws = [augment({given}) for _ in range({self.draws})]  # picture, boxes, which boxes are left",
            "sheet = ftk.plots.contact_sheet([picture for picture, *_ in draws], columns=4)",
            self._use(task, {"augment": self.ways}),
        ]
