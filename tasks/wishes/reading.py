"""Typed words read as a wish: what is wanted, what is not, years, and titles named as examples.

Rules for English do it; what they do not know stays part of what is wanted.
"""

import re
import unicodedata
from collections.abc import Callable

from tasks.core.text import LONGEST
from tasks.core.vocabulary import Id, Record
from tasks.wishes.index import terms_of
from tasks.wishes.years import without_years

FindTitle = Callable[[str], Id | None]
"""The item with this title, letter case, accents and articles aside; None where there is none."""

_TYPOGRAPHY = str.maketrans({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-"})

_END = r"(?=\s*(?:[,.;:!?]|\bbut\b|\bplease\b|\bonly\b|$))"
_NOT = re.compile(
    r"\b(?:(?:but|and|with|please)\s+)?"
    r"(?:(?:i\s+)?(?:do not|don't|dont)\s+(?:want|like|need)(?:\s+to\s+\w+)?"
    r"|no|not|nothing|without|never|avoid|except(?:\s+for)?)\s+"
    r"(?!but\b|only\b|just\b|seen\b)(?:(?:too|very|any|a|an|the|more|much)\s+)*"
    rf"(?P<what>[^,.;:!?]+?){_END}",
    re.IGNORECASE,
)
_KINDS = (
    "films?|movies?|books?|novels?|games?|stor(?:y|ies)|shows?|something|anything|ones?|things?"
)
_LIKE = re.compile(
    rf"(?:(?:^|(?<=[,.;:!?(])|\b(?P<before>{_KINDS}|more|just|much|bit|but|and|or|not|nothing))\s*"
    r"\blike|\bsimilar to|\bsuch as|\bin the style of|\breminiscent of)\s+[\"']?",
    re.IGNORECASE,
)
_AGAINST = re.compile(
    rf"\b(?:no|not|nothing|never|without)(?:\s+(?:{_KINDS}|any))*\s*$", re.IGNORECASE
)
"""What comes before "like TITLE" where that is not wanted."""
_LONGEST_TITLE = 12
"""Words of a title that is looked for after "like"."""
_MORE_TITLES = re.compile(
    r"[\"']?\s*(?:,|,?\s*\bor\b|,?\s*\band\b|&)\s*[\"']?(?=\S)", re.IGNORECASE
)
_AFTER_TITLE = re.compile(
    r"\s*$|\s*[\"']?\s*(?:[,.;:!?]|\b(?:but|and|or|with|only|from|without|in|for|on|about|set)\b)",
    re.IGNORECASE,
)
_ALTERNATIVES = re.compile(r"\s+(?:or|and|nor)\s+", re.IGNORECASE)
_EDGES = " ,.;:-\"'"
_OPEN = "and", "or", "with", "of", "the", "a", "in", "but", "that", "are", "is", "please"
_JOINS = "and", "or", "but"
"""Words that no wish ends with, and those that none begins with."""


class Wish(Record):
    """A wish as it was understood.

    `text`: as typed, cleaned; `wanted`: what of it an item's text should be like; `unwanted`: words
    for what it should not be; years, first and last included; `titles`: items named as examples,
    and `avoided` as examples of what is not wanted.
    """

    text: str
    wanted: str
    unwanted: tuple[str, ...] = ()
    first_year: int | None = None
    last_year: int | None = None
    titles: tuple[Id, ...] = ()
    avoided: tuple[Id, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether there is anything to go by."""
        years = self.first_year, self.last_year
        return bool(self.wanted or self.titles or self.avoided or self.unwanted or any(years))


def read_wish(typed: str, find_title: FindTitle, newest: int) -> Wish:
    """The wish that somebody typed; `newest` is the year that "the 20s" cannot lie after."""
    text = cleaned(typed)
    rest, titles, avoided = _without_titles(text, find_title)
    rest, years = without_years(rest, newest)
    rest, unwanted = _without_unwanted(rest)
    wanted = _tidied(rest)
    if not terms_of(wanted) and (titles or avoided or unwanted or any(years)):
        wanted = ""  # "films", say
    return Wish(
        text=text,
        wanted=wanted,
        unwanted=unwanted,
        first_year=years.first,
        last_year=years.last,
        titles=titles,
        avoided=avoided,
    )


def cleaned(typed: str) -> str:
    """One line of at most LONGEST characters that a reader can see: no control characters."""
    plain = unicodedata.normalize("NFC", typed[: 4 * LONGEST]).translate(_TYPOGRAPHY)
    kept = (c if unicodedata.category(c)[0] != "C" else " " for c in plain)
    return " ".join("".join(kept).split())[:LONGEST].strip()


def _without_titles(text: str, find_title: FindTitle) -> tuple[str, tuple[Id, ...], tuple[Id, ...]]:
    """The text without "like TITLE or TITLE", the items, and those of "nothing like TITLE"."""
    titles: list[Id] = []
    avoided: list[Id] = []
    for match in reversed(list(_LIKE.finditer(text))):
        end, named = match.end(), list[Id]()
        while found := _title_at(text, end, find_title):
            item, end = found
            named.append(item)
            more = _MORE_TITLES.match(text, end)
            if not more:
                break
            end = more.end()
        if not named:
            continue
        before = text[: match.start()] + (match["before"] or "")
        if against := _AGAINST.search(before):
            before, avoided = before[: against.start()], named + avoided
        else:
            titles = named + titles
        text = f"{before} {text[end:]}"
    return text, tuple(dict.fromkeys(titles)), tuple(dict.fromkeys(avoided))


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
        bare
        for match in _NOT.finditer(text)
        for part in _ALTERNATIVES.split(match["what"])
        if (bare := re.sub(r"^(?:no|not|without|any)\s+", "", part.strip(" \"'")))
    ]
    return _NOT.sub(" ", text), tuple(dict.fromkeys(unwanted))


def _tidied(text: str) -> str:
    joined = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split()))
    words = re.sub(r"([,.;:!?])[,.;:]+", r"\1", joined).strip(_EDGES).split()
    while words and words[-1].lower() in _OPEN:
        words.pop()
    while words and words[0].lower() in _JOINS:
        words.pop(0)
    kept = " ".join(words).strip(_EDGES)
    return kept if re.search(r"\w", kept) else ""
