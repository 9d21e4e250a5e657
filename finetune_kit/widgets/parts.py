"""Parts that panels share: background work with a stop, live pictures, small HTML tables."""

from __future__ import annotations

import html
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

REDRAW = 0.5  # seconds between pictures: more often and the browser, not the training, is the work


def in_colab() -> bool:
    """Whether this is Colab, where updates from a background thread do not reach the page."""
    return "google.colab" in sys.modules


class Worker:
    """Runs one job at a time: in a background thread, or in the foreground in Colab.

    Each job gets a stop event of its own, so that a late click cannot stop the next job.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, job: Callable[[threading.Event], None]) -> None:
        """Run `job(stop)`; returns at once, except in Colab."""
        self._stop = stop = threading.Event()
        if in_colab():
            job(stop)
            return
        self._thread = threading.Thread(target=job, args=(stop,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the running job to stop."""
        self._stop.set()

    def wait(self) -> None:
        """Return when the job has ended; an interrupt of the waiting cell stops the job first."""
        if self._thread is None:
            return
        try:
            self._thread.join()
        except KeyboardInterrupt:
            self.stop()
            self._thread.join()


class LivePicture:
    """An image that is redrawn at most twice a second, from any thread."""

    def __init__(self, draw: Callable[..., bytes]):
        self.draw = draw
        self.widget = ipw.Image(format="png", layout=ipw.Layout(max_width="100%", display="none"))
        self._lock = threading.Lock()
        self._drawn = 0.0

    def update(self, *args: Any, force: bool = False) -> None:
        """Redraw with `draw(*args)`, unless that was done less than half a second ago."""
        with self._lock:
            if force or time.monotonic() - self._drawn >= REDRAW:
                self.widget.value = self.draw(*args)
                self.widget.layout.display = ""
                self._drawn = time.monotonic()

    def hide(self) -> None:
        """Show nothing until the next update."""
        self.widget.layout.display = "none"


def message(text: str, kind: str = "note") -> str:
    """One line of HTML: a note, or an error with a mark that does not rest on colour alone."""
    if not text:
        return ""
    mark, color = ("Error: ", "#D55E00") if kind == "error" else ("", "inherit")
    return (
        f'<div class="ftk-{kind}" role="status" style="color:{color};line-height:1.4">{mark}{html.escape(text)}</div>'
    )


def table(header: list[str], rows: list[list[str]], caption: str = "") -> str:
    """A plain HTML table that takes the theme's colours; cells are escaped, the first column reads as text."""

    def cells(values: list[str], tag: str) -> str:
        style = "padding:2px 12px 2px 0;text-align:left;vertical-align:top;line-height:1.35"
        return "".join(f'<{tag} style="{style}">{html.escape(str(value))}</{tag}>' for value in values)

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    title = (
        f'<caption style="text-align:left;white-space:nowrap;opacity:.75">{html.escape(caption)}</caption>'
        if caption
        else ""
    )
    return f'<table style="border-collapse:collapse">{title}<tr>{cells(header, "th")}</tr>{body}</table>'


def question(placeholder: str, ask: Callable[[], None], name: str = "Try it", long: bool = False) -> Any:
    """A box for a sentence, or a larger one for a passage; `ask` is called when Enter is pressed or it is left."""
    make = ipw.Textarea if long else ipw.Text
    layout = ipw.Layout(width="640px", height="110px") if long else ipw.Layout(width="480px")
    box = make(placeholder=placeholder, description=name.capitalize(), layout=layout, continuous_update=False)
    box.observe(lambda _: ask(), "value")
    return box


def bars(shares: dict[str, float]) -> str:
    """Probabilities as labelled bars."""
    rows = ""
    for name, share in shares.items():
        bar = f'<div style="background:#0072B2;height:12px;width:{max(1.0, 200 * share):.0f}px"></div>'
        rows += (
            f'<tr><td style="padding-right:8px">{html.escape(name)}</td><td style="width:204px">{bar}</td>'
            f"<td>{share:.1%}</td></tr>"
        )
    return f"<table>{rows}</table>"


def answer(row: dict[str, Any]) -> str:
    """One prediction as a picture: probabilities as bars, a span marked in its passage, or the text written."""
    shares = {name[2:-1]: share for name, share in row.items() if name.startswith("p(")}
    if shares:
        return bars(shares)
    if "start" in row:
        note = f"{row['prediction']}: {row['probability']:.0%}. Next: {row['others']}"
        return f"{marked(row['context'], row['start'], row['prediction'])}{message(note)}"
    return f'<p style="line-height:1.4">{html.escape(str(row["prediction"]))}</p>'


def weighed(words: list[str], changes: list[float]) -> str:
    """A text, its words coloured by what they did for a prediction: for it blue, underlined; against it orange."""
    largest = max([abs(change) for change in changes] + [0.05])  # below, it is not worth a colour
    spans = []
    for word, change in zip(words, changes, strict=True):
        colour, line = ("0,114,178", "underline") if change > 0 else ("230,159,0", "line-through dotted")
        strength = abs(change) / largest
        style = f"background:rgba({colour},{0.6 * strength:.2f});padding:0 2px"
        if strength > 0.3:
            style += f";text-decoration:{line}"
        spans.append(f'<span title="{change:+.1%}" style="{style}">{html.escape(word)}</span>')
    note = "Words left out one at a time: underlined ones spoke for the prediction, struck ones against it."
    return f'<p style="line-height:1.7;max-width:640px">{" ".join(spans)}</p>{message(note)}'


def marked(passage: str, start: int, span: str) -> str:
    """A passage with one span of it marked, by colour and by an underline; none where `start` is below 0."""
    if start < 0:
        return f'<p style="line-height:1.5">{html.escape(passage)}</p>'
    before, found, after = passage[:start], passage[start : start + len(span)], passage[start + len(span) :]
    style = "background:#56B4E9;color:#000;text-decoration:underline"
    return (
        f'<p style="line-height:1.5;max-width:640px">{html.escape(before)}<mark style="{style}">{html.escape(found)}'
        f"</mark>{html.escape(after)}</p>"
    )


def code(text: str) -> str:
    """Source code as HTML."""
    return f'<pre style="margin:0;line-height:1.4">{html.escape(text)}</pre>'
