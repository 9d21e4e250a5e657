"""The text as it is written: capitals, a or an, and the comma that closes an apposition."""

from __future__ import annotations

from ..phrases.english import article

CLOSING = ".,;:?!)"
SOUNDS = {"11": "an", "18": "an", "once": "a", "one": "a"}


def a_or_an(following: str) -> str:
    """'a' or 'an'; of numbers, those that begin with an 8, and 11 and 18, have an 'an'."""
    if following[0] == "8":
        return "an"
    return SOUNDS.get(following.split("-")[0].split(" ")[0]) or article(following)


class Page:
    """A text to which pieces are added. `put` gives the place of the piece."""

    __slots__ = ("capital", "comma", "last", "length", "pieces")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.last = ""  # the latest piece
        self.length = 0
        self.capital = False  # whether the next piece begins a sentence
        self.comma = False  # whether an apposition is open, which ends in a comma unless something else closes it

    def put(self, piece: str) -> int:
        """Add a piece; the place of its first character in the text."""
        start = self.length
        if not piece:
            return start
        if self.comma:
            self.comma = False
            if piece[0] not in CLOSING:
                self.pieces.append(",")
                start += 1
        elif self.last[-2:] in ("a ", "A ") and not self.last[-3:-2].isalnum() and a_or_an(piece) == "an":
            self.pieces[-1] = self.last[:-1] + "n "
            start += 1
        if self.capital:
            piece = piece[0].upper() + piece[1:]
            self.capital = False
        self.last = piece
        self.pieces.append(piece)
        self.length = start + len(piece)
        return start

    @property
    def text(self) -> str:
        """All pieces."""
        return "".join(self.pieces)
