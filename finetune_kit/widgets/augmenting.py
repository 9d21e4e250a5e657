"""The preview of augmentation: a training picture, and what training may see of it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as ipw
import torch

from ..augmentation import WAYS, Augmentation
from ..inspection.picture_examples import PictureExample, example
from ..inspection.pictures import PictureInspection
from . import parts, pictures

DRAWS = 8  # altered pictures beside the original
ADVICE = (
    "Augmentation alters the pictures that training sees, anew at every step. It is off for validation and test, "
    "whose scores are those of the pictures as they are. Choose only what leaves the class as it is: a mirrored 2 "
    "is no 2."
)


class Augmenter(ipw.VBox):  # type: ignore[misc]
    """Ways of augmenting to choose from, a training picture, and some draws beside it.

    changed: called with what to do, when a control is used. Attributes of use in code: `ways`, those that are chosen,
    and `shown`, the original and the draws as PictureExamples.
    """

    def __init__(self, inspection: PictureInspection, changed: Callable[[Callable[[], None]], None]):
        self.inspection, self.seed = inspection, 0
        self.shown: list[PictureExample] = []
        mine: list[str] = inspection.task.augment.ways  # type: ignore[attr-defined]
        self.choices = {
            way: ipw.Checkbox(
                value=way in (mine or WAYS), description=_said(way), indent=False, layout=ipw.Layout(width="auto")
            )
            for way in WAYS
        }
        last = max(0, len(inspection.splits["train"]) - 1)
        self.row = ipw.BoundedIntText(min=0, max=last, description="Picture", layout=ipw.Layout(width="180px"))
        self.again = ipw.Button(description="Draw again", icon="refresh", layout=ipw.Layout(width="auto"))
        self.note, self.grid = ipw.HTML(), ipw.HTML()
        for control in (*self.choices.values(), self.row):
            control.observe(lambda _: changed(self.draw), "value")
        self.again.on_click(lambda _: changed(self._draw_again))
        wrapped = ipw.Layout(flex_flow="row wrap", align_items="center", grid_gap="4px 16px")
        used = f"This task trains with {', '.join(mine)}." if mine else "This task trains without."
        super().__init__(
            [
                ipw.HTML(parts.message(f"{ADVICE} {used}")),
                ipw.VBox([*self.choices.values()]),
                ipw.HBox(
                    [self.row, ipw.HTML(parts.message(f"of train[0] to train[{last}]")), self.again], layout=wrapped
                ),
                self.note,
                self.grid,
            ]
        )

    @property
    def ways(self) -> list[str]:
        """The ways that are chosen."""
        return [way for way, box in self.choices.items() if box.value]

    def draw(self) -> None:
        """Show the chosen picture, and draws of it by the chosen ways."""
        (original,) = self.inspection.examples("train", [self.row.value])
        self.shown = [original, *altered(original, self.ways, self.seed)]
        heads = ["as it is", *(f"draw {number}" for number in range(1, DRAWS + 1))]
        names = self.inspection.names
        made = [
            pictures.card(one.image, head, one.title.split("\n")[1:], one.objects, names)
            for head, one in zip(heads, self.shown, strict=True)
        ]
        key = pictures.legend(names) if self.inspection.boxed else ""
        self.grid.value = key + pictures.cards(made)
        none = "" if self.ways else "Nothing is chosen: training sees the pictures as they are."
        self.note.value = parts.message(none)

    def _draw_again(self) -> None:
        self.seed += 1
        self.draw()

    def source(self, task: str) -> list[str]:
        """The lines of code that make these draws. task: the name of a task that fine_tune takes, or ''."""
        given = "row['image'], row['boxes']" if self.inspection.boxed else "row['image']"
        use = f"ftk.fine_tune({task!r}, " if task else f"ftk.{type(self.inspection.task).__name__}(..., "
        how = f"settings={{'augment': {self.ways}}})" if task else f"augment={self.ways})"
        return [
            f"augment = ftk.Augmentation({self.ways})",
            f"torch.manual_seed({self.seed})",
            f"row = inspection.splits['train'][{self.row.value}]",
            f"draws = [augment({given}) for _ in range({DRAWS})]  # picture, boxes, which boxes are left",
            "sheet = ftk.plots.contact_sheet([picture for picture, *_ in draws], columns=4)",
            f"# To train with it: {use}{how}",
        ]


def _said(way: str) -> str:
    """A way of augmenting and what it does, from its own docstring."""
    what = (WAYS[way].__doc__ or "").split("\n")[0].removesuffix(".")
    return f"{way}: {what[:1].lower()}{what[1:]}"


def altered(original: PictureExample, ways: list[str], seed: int) -> list[PictureExample]:
    """DRAWS of a picture as training may see it; the random numbers of others stay as they were."""
    augment = Augmentation(ways)
    table = original.objects
    boxes, labels = None, []
    if table is not None:
        corners = table[["left", "top", "right", "bottom"]].to_numpy()
        boxes, labels = corners - corners[:, [0, 1, 0, 1]] * [0, 0, 1, 1], table["label"].tolist()
    made = []
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for _ in range(DRAWS):
            image, moved, kept = augment(original.image, boxes)
            left = [original.truth] if table is None else [labels[i] for i in kept]
            made.append(example(original.place, image, left, None if table is None else moved))
    return made
