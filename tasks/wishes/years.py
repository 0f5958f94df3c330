"""Years that a wish asks for: "from the seventies", "before 1980", "between 1990 and 1995"."""

import re
from typing import NamedTuple

_DECADES = {
    **{"twenties": 20, "thirties": 30, "forties": 40, "fifties": 50},
    **{"sixties": 60, "seventies": 70, "eighties": 80, "nineties": 90},
}
_YEAR = r"(?<!\d)((?:18|19|20)\d\d)(?!\d)"
_NAMED = "|".join(_DECADES)
_DECADE = (
    r"(?:the\s+)?(?:(?:early|mid|late)[\s-]+)?"
    rf"(?:(?<!\d)(?P<long>(?:18|19|20)\d0)'?s\b|(?<![\d'])'?(?P<short>\d0)'?s\b|\b(?P<word>{_NAMED})\b)"
)
_NOT_MEANT = re.compile(
    r"\b(?:no|not|nothing|his|her|their|my)\s+(?:(?:from|in|of)\s+)?(?:the\s+)?$", re.IGNORECASE
)
"""What comes before years that are not asked for: "not from the 80s", "in his forties"."""
_NEGATED = r"\b(?:no|not|nothing)\s+(?:\w+\s+)?"


class Years(NamedTuple):
    """First and last year, both included; None where there is no limit."""

    first: int | None = None
    last: int | None = None


def without_years(text: str, newest: int) -> tuple[str, Years]:
    """The text without its years, and these; several periods span one.

    `newest`: the last year that "the 20s" may begin in. Limits that leave no year are passed over.
    """
    spans: list[Years] = []

    def taken(first: int | None, last: int | None) -> str:
        spans.append(Years(first, last))
        return " "

    def between(match: re.Match[str]) -> str:
        years = sorted(int(year) for year in match.groups() if year)
        return taken(years[0], years[1])

    def decade(match: re.Match[str]) -> int:
        return _first_of(match, newest)

    def inside(match: re.Match[str]) -> str:
        if _NOT_MEANT.search(match.string[: match.start()]):
            return match[0]
        first = decade(match) if "long" in match.re.groupindex else int(match[1])
        return taken(first, first + 9 if "long" in match.re.groupindex else first)

    before, after = r"(?:before|older than|pre-?)\s*", r"(?:after|newer than|post-?)\s*"
    rules = (
        (rf"\b(?:between|from)\s+{_YEAR}\s*(?:and|to|until|-)\s*{_YEAR}", between),
        (rf"{_YEAR}\s*-\s*{_YEAR}", between),
        (rf"{_NEGATED}{before}(?:the\s+)?{_YEAR}", lambda m: taken(int(m[1]), None)),
        (rf"{_NEGATED}{after}(?:the\s+)?{_YEAR}", lambda m: taken(None, int(m[1]))),
        (rf"\b{before}(?:the\s+)?{_YEAR}", lambda m: taken(None, int(m[1]) - 1)),
        (rf"\b(?:until|up to)\s+{_YEAR}", lambda m: taken(None, int(m[1]))),
        (rf"\b{after}(?:the\s+)?{_YEAR}", lambda m: taken(int(m[1]) + 1, None)),
        (rf"\bsince\s+{_YEAR}", lambda m: taken(int(m[1]), None)),
        (rf"\b{before}{_DECADE}", lambda m: taken(None, decade(m) - 1)),
        (rf"\b{after}{_DECADE}", lambda m: taken(decade(m) + 10, None)),
        (rf"\bsince\s+{_DECADE}", lambda m: taken(decade(m), None)),
        (rf"\b(?:(?:from|in|of|out of|during)\s+)?{_DECADE}", inside),
        (rf"\b(?:from|of|year)\s+{_YEAR}", inside),
    )
    for rule, read in rules:
        text = re.sub(rule, read, text, flags=re.IGNORECASE)
    return text, _spanned(spans)


def _spanned(spans: list[Years]) -> Years:
    firsts = [first for first, _ in spans if first is not None]
    lasts = [last for _, last in spans if last is not None]
    first, last = min(firsts, default=None), max(lasts, default=None)
    if first is not None and last is not None and first > last:
        return Years()
    return Years(first, last)


def _first_of(match: re.Match[str], newest: int) -> int:
    """The first year of a decade; of "the 20s" the newest that has begun."""
    if match["long"]:
        return int(match["long"])
    short = int(match["short"]) if match["short"] else _DECADES[match["word"].lower()]
    return 2000 + short if 2000 + short <= newest else 1900 + short
