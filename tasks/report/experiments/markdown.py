"""How the page of results writes figures, comparisons and verdicts: as Markdown."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from tasks.report.text import MISSING, rounded

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


def verbatim(text: str) -> Markdown:
    """Text of the program's own, which is Markdown as it stands."""
    return Markdown(text)


def code(text: str) -> Markdown:
    """A code block; its fence is longer than any run of backticks in the text."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown(f"{fence}\n{text}\n{fence}")


def figure(value: float | None, places: int = 3) -> Markdown:
    """As in .406; metrics lie between 0 and 1, so a zero before the point says nothing."""
    if value is None:
        return Markdown(MISSING)
    return Markdown(ZERO.sub(r"\1.", f"{rounded(value, places):.{places}f}"))


def change(value: float | None, places: int = 4) -> Markdown:
    """A difference, as in +.0012."""
    rises = value is not None and rounded(value, places) > 0
    return Markdown(f"{'+' if rises else ''}{figure(value, places)}")


def estimate(row: Mapping[str, float | None] | None, places: int = 3) -> Markdown:
    """A row's `mean` with its interval from `low` to `high`, as in .406 [.395, .417]."""
    if row is None or row["mean"] is None:
        return Markdown(MISSING)
    mean, low, high = (figure(row[name], places) for name in ("mean", "low", "high"))
    return (
        mean if row["low"] is None or row["high"] is None else Markdown(f"{mean} [{low}, {high}]")
    )


def difference(value: float | None, low: float, high: float, word: str) -> Markdown:
    """A comparison, as in +.0012 [-.0003, +.0028], no difference shown."""
    if value is None:
        return Markdown(MISSING)
    return Markdown(f"{change(value)} [{change(low)}, {change(high)}], {verdict(word)}")


def p_value(p: float) -> Markdown:
    """As in p = .012, or p < .001."""
    return Markdown("p < .001" if p < 0.001 else f"p = {figure(p)}")


def verdict(word: str) -> Markdown:
    """A comparison's verdict, in bold where there is a difference."""
    return Markdown(BOLD.get(word, escaped(word)))


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


def at(metric: str, places: int) -> str:
    """A metric at so many places, as in "NDCG@10", or "NDCG@10 liked"."""
    name, _, kind = metric.partition(" ")
    return f"{name}@{places} {kind}".rstrip()


def at_ten(metric: str) -> str:
    """A metric at ten places."""
    return at(metric, 10)


def seeds(first: int, number: int) -> str:
    """As in "0 to 9"."""
    return f"{first}" if number == 1 else f"{first} to {first + number - 1}"
