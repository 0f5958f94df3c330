"""Typed words read as a wish: what is wanted, what is not, years, and titles named as examples.

Rules for English do it; what they do not know stays part of what is wanted.
"""

import re
import unicodedata
from collections.abc import Callable

from tasks.core.text import LONGEST
from tasks.core.vocabulary import Id, Record

FindTitle = Callable[[str], Id | None]
"""The item with this title, letter case, accents and articles aside; None where there is none."""

_TYPOGRAPHY = str.maketrans({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-"})

_DECADES = {
    **{"twenties": 20, "thirties": 30, "forties": 40, "fifties": 50},
    **{"sixties": 60, "seventies": 70, "eighties": 80, "nineties": 90},
}
_FROM = r"(?:\b(?:from|in|of|out of|during)\s+)?(?:the\s+)?"
_DECADE = re.compile(
    rf"{_FROM}(?:early |late |mid-?)?(?:(?P<long>(?:19|20)\d0)|'?(?P<short>\d0))'?s\b"
    rf"|{_FROM}\b(?P<word>{'|'.join(_DECADES)})\b",
    re.IGNORECASE,
)
_YEAR = r"((?:18|19|20)\d\d)"
_BETWEEN = re.compile(
    rf"\b(?:between|from)\s+{_YEAR}\s*(?:and|to|until|-)\s*{_YEAR}\b|\b{_YEAR}\s*-\s*{_YEAR}\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(rf"\b(?:before|until|older than)\s+(?:the\s+)?{_YEAR}\b", re.IGNORECASE)
_AFTER = re.compile(rf"\b(?:after|since|newer than)\s+(?:the\s+)?{_YEAR}\b", re.IGNORECASE)
_IN_YEAR = re.compile(rf"\b(?:from|of|year)\s+{_YEAR}\b", re.IGNORECASE)
_END = r"(?=\s*(?:[,.;:!?]|\bbut\b|\bplease\b|\bonly\b|$))"
_NOT = re.compile(
    r"\b(?:(?:but|and|with|please)\s+)?(?:no|not|nothing|without|never|avoid|except(?:\s+for)?)\s+"
    r"(?!but\b|only\b|just\b)(?:(?:too|very|any|a|an|the|more|much)\s+)*"
    rf"(?P<what>[^,.;:!?]+?){_END}",
    re.IGNORECASE,
)
_LIKE = re.compile(
    r"(?<!\bi )(?<!\bwe )(?<!\byou )(?<!\bwould )(?<!\bpeople )"
    r"\b(?:like|similar to|such as|in the style of|reminiscent of)\s+[\"']?",
    re.IGNORECASE,
)
_LONGEST_TITLE = 8
"""Words of a title that is looked for after "like"."""
_MORE_TITLES = re.compile(
    r"[\"']?\s*(?:,|,?\s*\bor\b|,?\s*\band\b|&)\s*[\"']?(?=\S)", re.IGNORECASE
)
_AFTER_TITLE = re.compile(
    r"\s*$|\s*[\"']?\s*(?:[,.;:!?]|\b(?:but|and|or|with|only|from|without)\b)", re.IGNORECASE
)
_ALTERNATIVES = re.compile(r"\s+(?:or|and|nor)\s+", re.IGNORECASE)
_OPEN = "and", "or", "with", "of", "the", "a", "in", "but"
_JOINS = "and", "or", "but"
"""Words that no wish ends with, and those that none begins with."""


class Wish(Record):
    """A wish as it was understood.

    `text`: as typed, cleaned; `wanted`: what of it an item's text should be like; `unwanted`: words
    for what it should not be; years, first and last included; `titles`: items named as examples.
    """

    text: str
    wanted: str
    unwanted: tuple[str, ...] = ()
    first_year: int | None = None
    last_year: int | None = None
    titles: tuple[Id, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether there is anything to go by."""
        years = self.first_year, self.last_year
        return bool(self.wanted or self.titles or self.unwanted or any(years))


def read_wish(typed: str, find_title: FindTitle, newest: int) -> Wish:
    """The wish that somebody typed; `newest` is the year that "the 20s" cannot lie after."""
    text = cleaned(typed)
    rest, titles = _without_titles(text, find_title)
    rest, unwanted = _without_unwanted(rest)
    rest, first, last = _without_years(rest, newest)
    return Wish(
        text=text,
        wanted=_tidied(rest),
        unwanted=unwanted,
        first_year=first,
        last_year=last,
        titles=titles,
    )


def cleaned(typed: str) -> str:
    """One line of at most LONGEST characters that a reader can see: no control characters."""
    plain = typed[: 4 * LONGEST].translate(_TYPOGRAPHY)
    kept = (c if unicodedata.category(c)[0] != "C" else " " for c in plain)
    return " ".join("".join(kept).split())[:LONGEST].strip()


def _without_titles(text: str, find_title: FindTitle) -> tuple[str, tuple[Id, ...]]:
    """The text without "like TITLE or TITLE", and the items."""
    titles: list[Id] = []
    for match in reversed(list(_LIKE.finditer(text))):
        end, named = match.end(), []
        while found := _title_at(text, end, find_title):
            item, end = found
            named.append(item)
            more = _MORE_TITLES.match(text, end)
            if not more:
                break
            end = more.end()
        if named:
            titles = named + titles
            text = f"{text[: match.start()]} {text[end:]}"
    return text, tuple(dict.fromkeys(titles))


def _title_at(text: str, start: int, find_title: FindTitle) -> tuple[Id, int] | None:
    """The longest title from here on that ends where a name may end, and where it does."""
    words = list(re.finditer(r"\S+", text[start:]))[:_LONGEST_TITLE]
    for word in reversed(words):
        end = start + word.end()
        typed = text[start:end]
        bare = typed.rstrip("\"'.,;:!?")
        item = find_title(bare.lstrip("\"'"))
        if item is not None and (bare != typed or _AFTER_TITLE.match(text, end)):
            return item, start + len(bare)
    return None


def _without_unwanted(text: str) -> tuple[str, tuple[str, ...]]:
    unwanted = [
        part.strip()
        for match in _NOT.finditer(text)
        for part in _ALTERNATIVES.split(match["what"])
        if part.strip()
    ]
    return _NOT.sub(" ", text), tuple(dict.fromkeys(unwanted))


def _without_years(text: str, newest: int) -> tuple[str, int | None, int | None]:
    """The text without its years, the first and the last of them; several periods span one."""
    spans: list[tuple[int | None, int | None]] = []

    def note(first: int | None, last: int | None) -> str:
        spans.append((first, last))
        return " "

    def between(match: re.Match[str]) -> str:
        years = sorted(int(year) for year in match.groups() if year)
        return note(years[0], years[1])

    text = _BETWEEN.sub(between, text)
    text = _BEFORE.sub(lambda m: note(None, int(m[1]) - 1), text)
    text = _AFTER.sub(lambda m: note(int(m[1]), None), text)
    text = _DECADE.sub(lambda m: note(*_decade(m, newest)), text)
    text = _IN_YEAR.sub(lambda m: note(int(m[1]), int(m[1])), text)
    firsts = [first for first, _ in spans if first is not None]
    lasts = [last for _, last in spans if last is not None]
    return text, min(firsts, default=None), max(lasts, default=None)


def _decade(match: re.Match[str], newest: int) -> tuple[int, int]:
    """First and last year; of "the 20s" the newest that has begun."""
    if match["long"]:
        first = int(match["long"])
    else:
        short = int(match["short"]) if match["short"] else _DECADES[match["word"].lower()]
        first = 2000 + short if 2000 + short <= newest and short < 30 else 1900 + short
    return first, first + 9


def _tidied(text: str) -> str:
    words = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split())).strip(" ,.;:-").split()
    while words and words[-1].lower() in _OPEN:
        words.pop()
    while words and words[0].lower() in _JOINS:
        words.pop(0)
    kept = " ".join(words).strip(" ,.;:-")
    return kept if re.search(r"\w", kept) else ""
