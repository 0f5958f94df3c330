"""How pages write numbers, times and names: plain text, which templates escape."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tasks.models.registry import model_label

MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
VERDICTS = {
    "higher": "good",
    "lower": "bad",
    "worse": "bad",
    "not worse": "good",
}
"""How a verdict is shown; others are neither."""


def figure(value: float | None, places: int = 3) -> str:
    """As in 0.234."""
    return MISSING if value is None else f"{rounded(value, places):,.{places}f}"


def change(value: float | None, places: int = 4) -> str:
    """A difference, as in +0.0230 or -0.0041 with a true minus."""
    if value is None:
        return MISSING
    shown = rounded(value, places)
    sign = "+" if shown > 0 else MINUS if shown < 0 else ""
    return f"{sign}{abs(shown):.{places}f}"


def span(low: float | None, high: float | None, places: int = 4) -> str:
    """An interval of a difference, as in +0.0033 to +0.0426."""
    there = low is not None and high is not None
    return f"{change(low, places)} to {change(high, places)}" if there else MISSING


def count(number: int | None) -> str:
    """As in 100,836."""
    return MISSING if number is None else f"{number:,}"


def more(number: int) -> str:
    """A difference of whole numbers, as in +12."""
    return f"+{number:,}" if number > 0 else f"{MINUS}{-number:,}" if number else "0"


def percent(share: float | None, places: int = 0) -> str:
    """As in 12 %."""
    return MISSING if share is None else f"{100 * share:.{places}f} %"


def duration(seconds: float | None) -> str:
    """As in 3 min 25 s, 12.3 s or 1.04 s."""
    if seconds is None:
        return MISSING
    if round(seconds) >= 3600:
        return f"{round(seconds / 60) // 60} h {round(seconds / 60) % 60:02} min"
    if round(seconds) >= 100:
        return f"{round(seconds) // 60} min {round(seconds) % 60:02} s"
    return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds:.2f} s"


def dollars(amount: float | None) -> str:
    """As in $1.25; with four figures after the point below a dime."""
    if amount is None:
        return MISSING
    return f"${amount:,.2f}" if amount == 0 or amount >= 0.1 else f"${amount:.4f}"


def date(moment: datetime) -> str:
    """As in 24 November 2026."""
    return f"{moment.day} {moment:%B %Y}"


def day(moment: datetime) -> str:
    """As in Tuesday, 24 November 2026."""
    return f"{moment:%A}, {date(moment)}"


def clock(moment: datetime) -> str:
    """As in 03:00 UTC."""
    return f"{moment:%H:%M} UTC"


def moment(when: datetime) -> str:
    """As in 24 November 2026, 03:00 UTC."""
    return f"{date(when)}, {clock(when)}"


def model_name(model: str) -> str:
    """A base model as people write it."""
    return model_label(model)


def tone(verdict: str | None) -> str:
    """How a verdict is shown: good, bad or plain."""
    return VERDICTS.get(verdict or "", "plain")


def times(number: int, one: str, several: str | None = None) -> str:
    """As in "1 user" or "610 users"."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def rounded(value: float, places: int) -> float:
    """The value to so many places, and zero without a minus."""
    return round(value, places) + 0.0


def environment(
    package: str,
    filters: Iterable[Callable[..., object]] = (),
    **more: Any,  # noqa: ANN401 - what Jinja takes, escaping above all
) -> Environment:
    """The templates of a package; a name that is not there is an error, never an empty text."""
    made = Environment(  # noqa: S701 - every page says how it escapes
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **more,
    )
    made.filters |= {function.__name__: function for function in filters}
    return made
