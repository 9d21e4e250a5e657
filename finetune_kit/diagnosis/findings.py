"""Findings: what a diagnosis says, in words."""

from __future__ import annotations

import html
from dataclasses import dataclass

SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True)
class Finding:
    """One thing that is probably wrong with a run.

    severity: 'high' spoils the run, 'medium' costs quality or makes a score doubtful, 'low' is worth knowing.
    what: what it is; evidence: the numbers that it rests on; advice: what to try. A sentence or two each.
    """

    name: str
    severity: str
    what: str
    evidence: str
    advice: str


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What a run suffers from, the most important first. skipped: what could not be looked at, and why."""

    findings: tuple[Finding, ...]
    skipped: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of the findings."""
        return [finding.name for finding in self.findings]

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def summary(self) -> str:
        """How much was found, in a sentence."""
        if self.healthy:
            return "Nothing wrong was found in this run."
        count = len(self.findings)
        return f"{count} finding{'s' if count > 1 else ''}, the most important first."

    def __repr__(self) -> str:
        lines = [self.summary]
        for number, one in enumerate(self.findings, 1):
            lines += [f"{number}. {one.name} ({one.severity}). {one.what}"]
            lines += [f"   evidence: {one.evidence}", f"   try: {one.advice}"]
        return "\n".join([*lines, *(f"not looked at: {reason}" for reason in self.skipped)])

    def _repr_html_(self) -> str:
        items = "".join(
            f"<li><b>{html.escape(one.name)}</b> ({one.severity}). {html.escape(one.what)}<br>"
            f"Evidence: {html.escape(one.evidence)}<br>Try: {html.escape(one.advice)}</li>"
            for one in self.findings
        )
        skipped = "".join(f"<p><small>Not looked at: {html.escape(reason)}</small></p>" for reason in self.skipped)
        return f"<p>{html.escape(self.summary)}</p>" + (f"<ol>{items}</ol>" if items else "") + skipped
