"""Whether a movie of TMDB is the one a catalogue means: by title and year, or the judge's word."""

import re
import unicodedata
from collections.abc import Iterator

from rapidfuzz import fuzz, utils

from tasks.data.enriching.records import Movie

SURE = 95.0
PLAUSIBLE = 50.0
"""Likenesses of 100: from the first two titles are one, below the second they are none."""

_BRACKETED = re.compile(r"\s+\((?:a\.?k\.?a\.?\s+)?([^()]+)\)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+|\b[ivx]+\b")
_ARTICLE_LAST = re.compile(
    r"^(?P<title>.+), (?P<article>The|An?|L[aeo]s?|L'|El|I[ln]?|Gli|Une?|Una|Der|Die|Das|Eine?|Den?"
    r"|Det|Het|Os?)$",
    re.IGNORECASE,
)


def titles_in(title: str) -> list[str]:
    """The titles in one, the main one first, articles in front.

    "City of Lost Children, The (Cité des enfants perdus, La)" holds "The City of Lost Children"
    and "La Cité des enfants perdus"; the whole comes last, as brackets may belong to the title.
    """
    main = _BRACKETED.sub("", title).strip()
    names = [main, *(name.strip() for name in _BRACKETED.findall(title)), title]
    return list(dict.fromkeys(_article_first(name) for name in names))


def is_same(title: str, year: int | None, movie: Movie) -> bool | None:
    """Whether a hit is the movie meant: True or False when sure, None when somebody should judge.

    Sure are a title all but equal and a year at most one off; and two titles with little in
    common, or titles merely alike while the years differ.
    """
    likeness, gap = title_likeness(title, movie), year_gap(year, movie)
    if likeness >= SURE and gap is not None and gap <= 1:
        return True if _numbers_agree(title, movie) else None
    if likeness < PLAUSIBLE:
        return False
    if likeness < SURE and gap is not None and gap > 1:
        return False
    return None


def is_outdated(title: str, year: int | None, movie: Movie) -> bool:
    """Whether an id that the catalogue gives leads elsewhere: neither title nor year agree.

    One of the two is enough: titles are translated, and years differ between countries.
    """
    gap = year_gap(year, movie)
    return (gap is None or gap > 1) and title_likeness(title, movie) < PLAUSIBLE


def closeness(title: str, year: int | None, movie: Movie) -> tuple[float, int]:
    """What to order hits by, the best lowest: unlikeness of the titles, then the years' gap."""
    gap = year_gap(year, movie)
    return 100.0 - title_likeness(title, movie), 2 if gap is None else gap


def title_likeness(title: str, movie: Movie) -> float:
    """Of 100, the best over both sides' titles; 85 where they agree in words but not in order."""
    return max((_alike(mine, its) for mine, its in _pairs(title, movie)), default=0.0)


def year_gap(year: int | None, movie: Movie) -> int | None:
    """Years between the two releases, None where one is not known."""
    return None if year is None or movie.year is None else abs(year - movie.year)


def _alike(mine: str, its: str) -> float:
    return max(fuzz.ratio(mine, its), 0.85 * fuzz.token_set_ratio(mine, its))


def _numbers_agree(title: str, movie: Movie) -> bool:
    """Whether the titles that are alike have the same numbers: "Part II" is not "Part III"."""
    alike = [pair for pair in _pairs(title, movie) if _alike(*pair) >= SURE]
    return any(_NUMBER.findall(mine) == _NUMBER.findall(its) for mine, its in alike)


def _pairs(title: str, movie: Movie) -> Iterator[tuple[str, str]]:
    for mine in titles_in(title):
        for its in dict.fromkeys((movie.title, movie.original_title)):
            if its:
                yield _normal(mine), _normal(its)


def _article_first(title: str) -> str:
    match = _ARTICLE_LAST.match(title)
    if not match:
        return title
    blank = "" if match["article"].endswith("'") else " "
    return f"{match['article']}{blank}{match['title']}"


def _normal(title: str) -> str:
    """Lower case without accents and punctuation; other scripts stay as they are."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", title) if not unicodedata.combining(c))
    return utils.default_process(plain.replace("&", " and "))
