"""The comparison: all its results, and what may be said of their differences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..config import RunConfig
from ..errors import DataError, unknown_name
from ..tasks import Task
from . import budgets, joining, remembered, statistics
from .results import BASELINE, Result, is_mean
from .statistics import Interval

MOST_SAID = 8  # differences in words below a table; `differences()` has all of them


@dataclass
class Comparison:
    """The results of a comparison, in the order in which they came in.

    split: the one that the scores are of. data: a fingerprint of each split. stopped: whether it was
    ended early; the same call goes on from there.
    """

    task: Task
    model: str
    results: list[Result] = field(default_factory=list)
    stopped: bool = False
    split: str = "test"
    data: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def methods(self) -> list[str]:
        """The names of what was compared, trained models before baselines."""
        return list(dict.fromkeys(r.method for r in sorted(self.results, key=lambda r: r.kind == BASELINE)))

    @property
    def counts(self) -> list[int]:
        """The numbers of labels, fewest first."""
        return sorted({r.labels for r in self.results})

    @property
    def table(self) -> Any:
        """Mean and spread (standard deviation over the seeds) per method and label count, as a pandas DataFrame.

        steps: taken by each run. seconds: of training, measured, its evaluations included; both at the median. With
        forgetting=True also `old_metric` and its spread; nan of what did not start from the checkpoint.
        """
        import pandas as pd

        metric, old = self.task.metric.name, self.old_metric
        rows = []
        for labels, method in sorted(dict.fromkeys((r.labels, r.method) for r in self.results), key=lambda one: one[0]):
            same = self.cell(method, labels)
            scores = np.array([r.scores[metric] for r in same])
            looked = dict(zip((old, "old_spread"), remembered.mean_and_spread(same, old), strict=True)) if old else {}
            rows.append(
                {
                    "labels": labels,
                    "method": method,
                    metric: scores.mean(),
                    "spread": scores.std(ddof=1) if len(scores) > 1 else float("nan"),
                    "seeds": len(same),
                    "steps": int(np.median([r.steps for r in same])),
                    "seconds": float(np.median([r.seconds for r in same])),
                    "trainable": same[0].trainable_share,
                    **looked,
                }
            )
        return pd.DataFrame(rows)

    @property
    def old_metric(self) -> str | None:
        """The old task's score that is shown, such as 'old_perplexity'; None where no run looked back at it."""
        return remembered.headline(self.results)

    def cell(self, method: str, labels: int) -> list[Result]:
        """The results of one method at one number of labels, one a seed."""
        return [r for r in self.results if (r.method, r.labels) == (method, labels)]

    @property
    def budget(self) -> str:
        """What was the same for every run, in words: its steps, or its seconds and the steps that each method got."""
        return budgets.in_words(self.results)

    @property
    def best(self) -> RunConfig:
        """The settings with the best mean score on the validation split, with the first of their seeds.

        Raises DataError where nothing was trained.
        """
        trained = [r for r in self.results if r.config]
        if not trained:
            raise DataError("This comparison holds no trained run yet; expected at least one to choose from.")
        found: dict[tuple[str, int], list[Result]] = {}
        for result in trained:
            found.setdefault((result.method, result.labels), []).append(result)
        first = max(found.values(), key=self._validated)[0]
        return RunConfig.from_dict(first.config)

    def _validated(self, some: list[Result]) -> float:
        """The mean validation score, turned so that more is better; a score that is no number is worst."""
        metric = self.task.metric
        mean = float(np.mean([r.validation[metric.name] for r in some]))
        return -np.inf if np.isnan(mean) else mean if metric.higher_is_better else -mean

    def difference(self, method: str, against: str, labels: int) -> Interval:
        """How far `method` scores above `against` on the same labels and seeds, with its 95 % interval.

        Over the seeds that both have and, where the metric is a mean over examples, over the test
        examples too (`statistics.resampled` says how). Raises UnknownNameError for a method, and
        DataError where they have no seed in common.
        """
        for name in (method, against):
            if name not in self.methods:
                raise unknown_name("method in this comparison", name, self.methods)
        seeds, examples = self.paired([(against, labels), (method, labels)])
        return statistics.difference(seeds, examples)

    def paired(self, cells: list[tuple[str, int]]) -> tuple[np.ndarray, np.ndarray | None]:
        """The scores (seeds, cells) of several methods with label counts, for the seeds that all of them have.

        And the qualities (cells, examples) averaged over these seeds, or None where the headline metric
        is no mean of them. Raises DataError where they have no seed in common.
        """
        by_seed = [{r.seed: r for r in self.cell(method, labels)} for method, labels in cells]
        common = sorted(set.intersection(*(set(one) for one in by_seed)))
        if not common:
            names = ", ".join(dict.fromkeys(f"{method} with {labels} labels" for method, labels in cells))
            raise DataError(f"No seed was run for all of: {names}. Call it again, and it goes on with those that lack.")
        rows = [[one[seed] for one in by_seed] for seed in common]  # seeds, cells
        metric = self.task.metric.name
        scores = np.array([[r.scores[metric] for r in row] for row in rows], float)
        if not all(is_mean(r, metric) for row in rows for r in row):
            return scores, None
        return scores, np.mean([np.stack([np.asarray(r.qualities) for r in row]) for row in rows], axis=0)

    def differences(self, against: str | None = None) -> Any:
        """Every method against one of them at each number of labels, as a pandas DataFrame.

        against: by default the method that was run first. Columns: labels, method, against,
        difference, low, high (95 %), verdict (better, worse, within the noise, or unknown with one seed
        and no scores of single examples), over. Each interval stands alone: of twenty, one misses. Raises
        UnknownNameError for another method.
        """
        import pandas as pd

        reference = against or next(iter(self.methods), "")
        if against is not None and against not in self.methods:
            raise unknown_name("method in this comparison", against, self.methods)
        rows = []
        for labels in self.counts:
            for method in self.methods:
                if method == reference or not (self.cell(method, labels) and self.cell(reference, labels)):
                    continue
                found = self.difference(method, reference, labels)
                rows.append(
                    {
                        "labels": labels,
                        "method": method,
                        "against": reference,
                        "difference": found.value,
                        "low": found.low,
                        "high": found.high,
                        "verdict": self.verdict(found),
                        "over": found.basis,
                    }
                )
        columns = ["labels", "method", "against", "difference", "low", "high", "verdict", "over"]
        return pd.DataFrame(rows, columns=columns)

    def verdict(self, found: Interval) -> str:
        """Better, worse, within the noise, or unknown, of a difference in the headline metric."""
        if not found.known:
            return "unknown"
        if not found.excludes(0):
            return "within the noise"
        return "better" if (found.value > 0) == self.task.metric.higher_is_better else "worse"

    def sentences(self, against: str | None = None) -> list[str]:
        """Every difference between trained methods in plain words."""
        trained = {r.method for r in self.results if r.kind != BASELINE}
        rows = self.differences(against).itertuples(index=False)
        return [self._sentence(row) for row in rows if row.method in trained]

    def _sentence(self, row: Any) -> str:
        unit = 100 if self.task.metric.is_share else 1
        size, low, high = (unit * value for value in (row.difference, row.low, row.high))
        side = "above" if size >= 0 else "below"
        name = self.task.metric.name.replace("_", " ")
        what = f"{abs(size):.1f} points of {name}" if unit == 100 else f"{abs(size):.1f} in {name}"
        start = f"With {row.labels:,} labels {row.method} is {what} {side} {row.against}"
        if row.verdict == "unknown":
            return f"{start}; whether that is more than noise, one seed cannot tell."
        interval = f"95 % interval {low:+.1f} to {high:+.1f} over {row.over}"
        return f"{start}: {row.verdict} ({interval})."

    def joined(self, other: Comparison) -> Comparison:
        """This comparison and another one on the same data as one; where they are of two models, methods name theirs.

        Raises DataError, with what differs, where the data, the metric or the split do, and ConfigError
        where both hold the same run.
        """
        return joining.joined(self, other)

    def __repr__(self) -> str:
        return "\n".join([self._shown_table().to_string(index=False, float_format=_three), *self.said()])

    def _repr_html_(self) -> str:
        import html

        table = self._shown_table().to_html(index=False, float_format=_three)
        said = "".join(f"<li>{html.escape(line)}</li>" for line in self.said())
        return f"{table}<ul>{said}</ul>" if said else str(table)

    def _shown_table(self) -> Any:
        return self.table

    def said(self) -> list[str]:
        """What is said below the table, a sentence each."""
        lines = self.sentences() if self.results else []
        if len(lines) > MOST_SAID:
            lines = [f"{len(lines)} differences: differences() tells which are more than noise."]
        return [*lines, *self.notes(), *self._stopped()]

    def notes(self) -> list[str]:
        """What is said whatever the differences are: the budget, and what is left of the old task."""
        spent = [f"Every run: {self.budget}."] if self.budget else []
        return [*spent, *remembered.in_words(self.results)]

    def _stopped(self) -> list[str]:
        return ["Stopped: these are the finished runs; the same call goes on with the others."] if self.stopped else []


def _three(value: float) -> str:
    return f"{value:.3f}"
