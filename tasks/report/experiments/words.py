"""How results are written: numbers, names and verdicts, as Markdown."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from tasks.models.registry import model_label

MISSING = "-"
SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~#&$]")
ZERO = re.compile(r"^(-?)0\.")
BOLD = {"higher": "**higher**", "lower": "**lower**"}
NONE_SHOWN = "no difference shown"


class Markdown(str):
    """Text that is Markdown already; every other text is escaped when it is written."""

    __slots__ = ()


def written(value: object) -> str:
    """A value as it may stand in a line or a table's cell; a dash where there is none."""
    if isinstance(value, Markdown):
        return value
    return MISSING if value is None else escaped(str(value))


def escaped(text: str) -> Markdown:
    """One line in which no character means anything but itself."""
    return Markdown(SPECIAL.sub(r"\\\g<0>", " ".join(text.split())))


def code(text: str) -> Markdown:
    """A code block; its fence is longer than any run of backticks in the text."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown(f"{fence}\n{text}\n{fence}")


def figure(value: float | None, places: int = 3) -> Markdown:
    """As in .406; metrics lie between 0 and 1, so a zero before the point says nothing."""
    return Markdown(MISSING if value is None else ZERO.sub(r"\1.", _number(value, places)))


def change(value: float | None, places: int = 4) -> Markdown:
    """A difference, as in +.0012."""
    if value is None:
        return Markdown(MISSING)
    said = figure(value, places)
    return Markdown(f"+{said}") if value > 0 and said != figure(0.0, places) else said


def span(low: float | None, high: float | None, places: int = 3) -> Markdown:
    """An interval around a figure, as in [.395, .417]; nothing where there is none."""
    known = low is not None and high is not None
    return Markdown(f"[{figure(low, places)}, {figure(high, places)}]" if known else "")


def estimate(made: Mapping[str, float | None] | None, places: int = 3) -> Markdown:
    """A row's `mean` with its interval from `low` to `high`, as in .406 [.395, .417]."""
    if made is None or made["mean"] is None:
        return Markdown(MISSING)
    around = span(made["low"], made["high"], places)
    return Markdown(f"{figure(made['mean'], places)} {around}".rstrip())


def difference(value: float | None, low: float, high: float, word: str) -> Markdown:
    """A comparison, as in +.0012 [-.0003, +.0028], no difference shown."""
    if value is None:
        return Markdown(MISSING)
    return Markdown(f"{change(value)} [{change(low)}, {change(high)}], {verdict(word)}")


def count(number: int) -> Markdown:
    """As in 100,836."""
    return Markdown(f"{number:,}")


def percent(share: float | None) -> Markdown:
    """A share of people, as in 12 %."""
    return Markdown(MISSING if share is None else f"{100 * share:.0f} %")


def p_value(p: float) -> Markdown:
    """As in p = .012, or p < .001."""
    return Markdown("p < .001" if p < 0.001 else f"p = {figure(p)}")


def duration(seconds: float) -> Markdown:
    """Minutes, or seconds where it took less than two minutes."""
    return Markdown(f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min")


def day(moment: datetime) -> Markdown:
    """As in 24 November 2026."""
    return Markdown(f"{moment.day} {moment:%B %Y}")


def model_name(model: str) -> str:
    """A base model as people write it."""
    return model_label(model)


def at_ten(metric: str) -> str:
    """A metric at ten places, as in "NDCG@10", or "NDCG@10 liked"."""
    name, _, kind = metric.partition(" ")
    return f"{name}@10 {kind}".rstrip()


def verdict(word: str) -> Markdown:
    """A comparison's verdict; a difference that was shown stands out."""
    return Markdown(BOLD.get(word, escaped(word)))


def seeds(first: int, number: int) -> str:
    """As in "0 to 9"."""
    return f"{first}" if number == 1 else f"{first} to {first + number - 1}"


def tally(verdicts: Iterable[str]) -> Markdown:
    """As in "higher in 2 of 9 comparisons, lower in 1, no difference shown in 6"."""
    counts = Counter(verdicts)
    total = sum(counts.values())
    parts = [
        f"higher in {counts['higher']} of {total} comparisons",
        f"lower in {counts['lower']}",
        f"no difference shown in {counts[NONE_SHOWN]}",
    ]
    return Markdown(", ".join(parts))


def _number(value: float, places: int) -> str:
    """Rounded, without a minus before zero."""
    return f"{round(value, places) + 0.0:.{places}f}"
