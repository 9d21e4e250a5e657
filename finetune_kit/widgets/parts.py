"""Parts that panels share: background work with a stop, live pictures, small HTML tables."""

from __future__ import annotations

import html
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from .. import plots
from ..inspection import Passage, Piece, own_texts
from . import pictures, sound

BOXED = 4  # inches: of a picture with boxes
LONG = 300  # pieces of a text that are shown before its middle is left out
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


class Html(str):
    """A text that is HTML already, and stands in a table as it is."""


def message(text: str, kind: str = "note") -> str:
    """One line of HTML: a note, or an error with a mark that does not rest on colour alone."""
    if not text:
        return ""
    mark, color = ("Error: ", "#D55E00") if kind == "error" else ("", "inherit")
    return (
        f'<div class="ftk-{kind}" role="status" style="color:{color};line-height:1.4">{mark}{html.escape(text)}</div>'
    )


def shortened(value: Any, longest: int) -> str:
    """A text on one line, cut after `longest` letters at most, between words if that leaves half of them or more.

    A text without spaces, such as a Chinese one or an address, is cut within: between words nothing would be left.
    """
    text = " ".join(str(value).split())
    if len(text) <= longest:
        return text
    end = text.rfind(" ", longest // 2, longest + 1)
    return f"{text[: longest if end < 0 else end]} …"


def table(header: list[str], rows: list[list[Any]], caption: str = "") -> str:
    """A plain HTML table in the theme's colours; cells are escaped, PIL images become thumbnails, sounds players."""

    def cells(values: list[Any], tag: str) -> str:
        style = "padding:2px 12px 2px 0;text-align:left;vertical-align:top;line-height:1.35"
        said = map(_cell, values)
        return "".join(f'<{tag} style="{style}">{one}</{tag}>' for one in said)

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    title = (
        f'<caption style="text-align:left;white-space:nowrap;opacity:.75">{html.escape(caption)}</caption>'
        if caption
        else ""
    )
    return f'<table style="border-collapse:collapse">{title}<tr>{cells(header, "th")}</tr>{body}</table>'


def _cell(value: Any) -> str:
    if isinstance(value, Html):
        return value
    if sound.is_sound(value):
        return sound.played(value)
    return pictures.thumbnail(value) if pictures.is_picture(value) else html.escape(str(value))


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
    """One prediction as a picture: probabilities as bars, boxes, a span marked in its passage, or the text written."""
    shares = {name[2:-1]: share for name, share in row.items() if name.startswith("p(")}
    if "objects" in row:
        drawn = plots.png(lambda ax: plots.objects(row["image"], row["objects"], ax), 1, BOXED, BOXED)
        return f"{pictures.shown(drawn, 96 * BOXED)}{message(row['prediction'])}"
    if shares:
        return (pictures.thumbnail(row["image"], 128) if "image" in row else "") + bars(shares)
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


# Words take turns in two tints, which show on white and on black; a dashed line stands between the pieces of a word.
PIECES_STYLE = """<style>
.ftk-text { line-height: 1.9; max-width: 860px; margin: 2px 0 6px; white-space: pre-wrap; overflow-wrap: anywhere }
.ftk-text.ftk-numbered { line-height: 2.6 }
.ftk-text span[title] { padding: 2px 2px; border-radius: 2px }
.ftk-blue { background: rgba(86, 180, 233, .35) }
.ftk-orange { background: rgba(230, 159, 0, .3) }
.ftk-text .ftk-goes-on { border-inline-start: 1px dashed rgba(128, 128, 128, .9); border-radius: 0 }
.ftk-unknown { background: rgba(213, 94, 0, .3); outline: 2px dotted #D55E00; outline-offset: -1px }
.ftk-sign { opacity: .6 }
.ftk-unread { opacity: .35 }
.ftk-mark { font-weight: bold; white-space: nowrap }
.ftk-text rt { font-size: 65%; padding: 0 2px }
</style>"""


def pieces(passage: Passage, numbers: bool = False) -> str:
    """A text as coloured pieces; wants PIECES_STYLE once on the page.

    The tooltip of a piece tells its number in the vocabulary, which `numbers` writes above it.
    An unknown piece has a frame and a question mark. Scissors stand where the bound on the
    length cuts, and what is cut off is faint. Of a very long text the middle is left out.
    """
    texts = own_texts(passage.text, passage.pieces)
    kept = _worth_showing(passage)
    spans: list[str] = []
    end, blue, hidden = 0, False, 0
    for place, (piece, own) in enumerate(zip(passage.pieces, texts, strict=True)):
        blue = blue if piece.continues else not blue
        gap, end = passage.text[end : piece.start], max(end, piece.end)
        if place not in kept:
            hidden += 1
            continue
        if hidden:
            spans.append(f'<span class="ftk-mark">… {hidden:,} more pieces …</span>')
            gap, hidden = "", 0
        faint = passage.unread[0] <= place < passage.unread[1]
        shown = html.escape(gap) + _piece(piece, own, blue, numbers)
        spans.append(_cut_mark(passage, place) + (f'<span class="ftk-unread">{shown}</span>' if faint else shown))
    numbered = " ftk-numbered" if numbers else ""
    return f'<div class="ftk-text{numbered}" dir="auto">{"".join(spans)}{html.escape(passage.text[end:])}</div>'


def _piece(piece: Piece, own: str, blue: bool, numbers: bool) -> str:
    """One piece. Of several that share a letter all but the last show as a dot."""
    inner = own.lstrip()  # the space that many pieces begin with stays outside
    before, after = (own[: len(own) - len(inner)], "") if inner else ("", "\n" * own.count("\n"))
    sign = ("↵" * len(after) or "␣") if own else "·"
    shown = html.escape(inner) if inner else f'<span class="ftk-sign">{sign}</span>'
    title = f"{piece.token}, number {piece.id:,}"
    look = ["ftk-blue" if blue else "ftk-orange"]
    if piece.continues:
        look.append("ftk-goes-on")
    if not piece.known:
        look, shown, title = [*look[1:], "ftk-unknown"], f"{shown}<sup>?</sup>", f"{title}: unknown to this tokenizer"
    if numbers:
        shown = f"<ruby>{shown}<rt>{piece.id}</rt></ruby>"
    return f'{html.escape(before)}<span class="{" ".join(look)}" title="{html.escape(title)}">{shown}</span>{after}'


def _cut_mark(passage: Passage, place: int) -> str:
    """The scissors before a piece, if the bound cuts there."""
    first, again = passage.unread
    if place == passage.border:
        says = "the first window ends here; the next one begins a little before"
    elif first < again and place in (first, again):
        says = "cut off from here on" if place == first else "read from here on"
    else:
        return ""
    return f'<span class="ftk-mark" role="img" aria-label="{says}" title="{says}">✂</span>'


def _worth_showing(passage: Passage) -> set[int]:
    """The places of the pieces that are shown: all, or of a long text its ends and where it is cut."""
    number = len(passage.pieces)
    if number <= 2 * LONG:
        return set(range(number))
    cuts = [place for place in (*passage.unread, passage.border or 0) if place]
    near = [range(max(0, place - LONG // 4), min(number, place + LONG // 4)) for place in cuts]
    return {*range(LONG), *range(number - LONG // 2, number), *(place for around in near for place in around)}


def code(text: str) -> str:
    """Source code as HTML."""
    return f'<pre style="margin:0;line-height:1.4">{html.escape(text)}</pre>'


def summed_up(summary: str, warnings: list[str]) -> str:
    """What a data set is, and what to look into before training, as HTML."""
    looks = "".join(f"<li>{html.escape(text)}</li>" for text in warnings)
    return message(summary) + (f'<ul style="margin:0;line-height:1.4">{looks}</ul>' if looks else "")


def class_filter(names: list[str]) -> ipw.Dropdown:
    """A choice of one class, or '' for every one."""
    return ipw.Dropdown(options=[("every class", ""), *((n, n) for n in names)], value="", description="Class")


def balance_picture() -> LivePicture:
    """A picture of the examples of each class, by split."""
    return LivePicture(
        lambda classes: plots.png(
            lambda ax: plots.class_balance(classes, ax), height=plots.class_balance_height(classes)
        )
    )
