"""Numbers, sums of money, years, dates and times of the clock as they are written in English."""

from __future__ import annotations

from collections.abc import Callable

from .draw import Draw
from .lexicon import words

ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SEASONS = ("spring", "summer", "autumn", "winter")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MARKS = ("dawn", "noon", "midnight", "sunset", "nightfall", "sunrise")


def spelt(number: int) -> str:
    """A number from 0 to 99 in words."""
    if number < 20:
        return ONES[number]
    ten, one = divmod(number, 10)
    return TENS[ten - 2] + (f"-{ONES[one]}" if one else "")


def number(draw: Draw, low: int, high: int) -> str:
    """A number between the two: small ones mostly in words, large ones with a comma and often round."""
    value = draw.between(low, high)
    if value > 150 and draw.chance(0.6):
        step = 10 ** (len(str(value)) - 2)
        value = max(value // step * step, low)
    if value <= 12:
        return spelt(value) if draw.chance(0.8) else str(value)
    if value < 100 and draw.chance(0.3):
        return spelt(value)
    return f"{value:,}"


def money(draw: Draw, low: int, high: int) -> str:
    """A sum in one of many currencies."""
    return f"{number(draw, low, high)} {draw.of(words('currency'))}"


def year(draw: Draw, low: int = 1700, high: int = 1990) -> str:
    """A year between the two."""
    return str(draw.between(low, high))


def day(draw: Draw) -> str:
    """A day of the year."""
    return f"{draw.between(1, 28)} {draw.of(MONTHS)}"


def dated(draw: Draw, when: int) -> str:
    """A date in this year, the words before it divided from it by ^."""
    kind = draw.random()
    if kind < 0.45:
        return f"in ^{when}"
    if kind < 0.6:
        return f"in ^{draw.of(MONTHS)} {when}"
    if kind < 0.8:
        return f"on ^{day(draw)} {when}"
    if kind < 0.92:
        return f"in ^the {draw.of(SEASONS)} of {when}"
    return draw.of((f"at ^Easter {when}", f"at ^Christmas {when}", f"at ^the end of {when}", f"early in ^{when}"))


def date(draw: Draw, low: int = 1750, high: int = 1980) -> str:
    """A date with the preposition before it."""
    return dated(draw, draw.between(low, high)).replace("^", "")


def clock(draw: Draw) -> str:
    """A time of the day."""
    hour, kind = draw.between(1, 12), draw.random()
    if kind < 0.3:
        return f"{spelt(hour)} o'clock"
    if kind < 0.45:
        return f"half past {spelt(hour)}"
    if kind < 0.55:
        return f"{draw.of(('a quarter', 'ten', 'twenty'))} {draw.of(('past', 'to'))} {spelt(hour)}"
    if kind < 0.9:
        return f"{hour}.{draw.of(('15', '30', '45', '10', '05', '40', '20'))}"
    return draw.of(MARKS)


MAKERS: dict[str, Callable[..., str]] = {
    "number": number, "money": money, "year": year, "date": date, "day": day, "clock": clock,
}  # fmt: skip
for _name, _options in (("month", MONTHS), ("season", SEASONS), ("weekday", DAYS)):
    MAKERS[_name] = lambda draw, options=tuple(_options): draw.of(options)
