"""Which item of the catalogue a typed title means."""

import re
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import polars as pl
from rapidfuzz import fuzz, process

from tasks.core.errors import AmbiguousTitleError, NewcomerError
from tasks.core.vocabulary import ITEM, TITLE, YEAR, Id
from tasks.data.titles import Titles, plain_title, titles_of

SURE = 88.0
CLEAR = 4.0
"""A match is taken without asking at 88 of 100, and 4 ahead of the next best."""
YEARS_OFF = 1
"""Years by which a typed one may be wrong."""
BETTER_KNOWN = 3.0
"""Of items with the same title the best known is meant, if so many times as often rated."""

PLAUSIBLE = 60.0
MOST_ALTERNATIVES = 5

Hashables = Sequence[Hashable]

_WITH_YEAR = re.compile(r"^(?P<title>.*\S)\s*[(, ]\s*(?P<year>(?:18|19|20)\d\d)\)?\s*$")


class KnownTitles(NamedTuple):
    """Titles by what they are compared by, and of every item what there is to know.

    `plain`: its whole title in the form that is compared.
    """

    titles: Titles
    plain: dict[Id, str]
    labels: dict[Id, str]
    years: dict[Id, int | None]
    counts: dict[Id, int]

    @classmethod
    def of(cls, items: pl.DataFrame, counts: pl.DataFrame) -> "KnownTitles":
        """That of items; `counts` (item, count) of ratings."""
        rows = items.select(ITEM, TITLE, YEAR).rows()
        return cls(
            titles=titles_of(items, counts),
            plain={item: plain_title(title) for item, title, _ in rows},
            labels={item: f"{title} ({year})" if year else title for item, title, year in rows},
            years={item: year for item, _, year in rows},
            counts=dict(counts.select(ITEM, "count").iter_rows()),
        )


def find_item(typed: str, catalogue: KnownTitles) -> Id:
    """Id of the item whose title is meant; "#12" names an id, "Heat (1995)" title and year.

    Case, accents, articles and names in parentheses do not matter. Raises NewcomerError when
    nothing comes close and AmbiguousTitleError, with the alternatives, when more than one item
    could be meant.
    """
    if typed.startswith("#"):
        return _by_id(typed, catalogue)
    if not plain_title(typed):
        raise NewcomerError(f"'{typed}' is not a title.", 'Type one, as in "Heat (1995)=5".')
    match = _WITH_YEAR.match(typed)
    title, year = (match["title"], int(match["year"])) if match else (typed, None)
    for name, dated in ((typed, None), (title, year)):
        item = called(plain_title(name), dated, catalogue)
        if item is not None:
            return item
    closest = _closest(title, year, catalogue)
    if not closest:
        raise NewcomerError(
            f"No title comes close to '{typed}'.",
            "Check the spelling; titles are those of the data set (--data).",
        )
    likeness, first = closest[0]
    rest = [item for near, item in closest[1:] if likeness - near < CLEAR]
    sure = likeness >= SURE and _same_numbers(title, catalogue.plain[first])
    near_year = year is None or abs((catalogue.years[first] or year) - year) <= YEARS_OFF
    if sure and near_year and all(_better_known(first, item, catalogue) for item in rest):
        return first
    shown = [(str(item), catalogue.labels[item]) for _, item in closest]
    raise AmbiguousTitleError({typed: shown})


def _by_id(typed: str, catalogue: KnownTitles) -> Id:
    for item in catalogue.labels:
        if str(item) == typed[1:]:
            return item
    raise NewcomerError(f"There is no item {typed}.", "Check the id, or type the title.")


def called(name: str, year: int | None, catalogue: KnownTitles) -> Id | None:
    """The item with this title, of several the one that is much better known than the next.

    Where none is, the only one whose whole title it is, unless another is much better known.
    """
    named = catalogue.titles.get(name, [])
    if year is not None:
        named = [item for item in named if catalogue.years[item] == year]
    if not named:
        return None
    if len(named) == 1 or _better_known(named[0], named[1], catalogue):
        return named[0]
    whole = [item for item in named if catalogue.plain[item] == name]
    clear = len(whole) == 1 and not _better_known(named[0], whole[0], catalogue)
    return whole[0] if clear else None


def _better_known(first: Id, second: Id, catalogue: KnownTitles) -> bool:
    known = catalogue.counts
    return known.get(first, 0) >= BETTER_KNOWN * max(known.get(second, 0), 1)


def _same_numbers(typed: str, plain: str) -> bool:
    """Whether every number typed stands in the title: "Alien 3" is not "Alien"."""
    return set(re.findall(r"\d+", typed)) <= set(re.findall(r"\d+", plain))


def _closest(title: str, year: int | None, catalogue: KnownTitles) -> list[tuple[float, Id]]:
    """Up to five (likeness of 100, item), best first; a wrong year costs 10."""
    names = list(catalogue.titles)
    matches = process.extract(
        plain_title(title), names, scorer=_likeness, limit=50, score_cutoff=PLAUSIBLE
    )
    best: dict[Id, float] = {}
    for name, likeness, _ in matches:
        for item in catalogue.titles[name]:
            near = likeness - 10.0 * (year is not None and catalogue.years[item] != year)
            best[item] = max(near, best.get(item, 0.0))
    ordered = sorted(best.items(), key=lambda one: (-one[1], -catalogue.counts.get(one[0], 0)))
    return [(near, item) for item, near in ordered[:MOST_ALTERNATIVES]]


def _likeness(typed: Hashables, title: Hashables, *, score_cutoff: float | None = None) -> float:
    """Likeness of 100, whatever the word order or the blanks; 85 at most for part of a title."""
    joined = fuzz.ratio(str(typed).replace(" ", ""), str(title).replace(" ", ""))
    whole = fuzz.token_sort_ratio(typed, title, score_cutoff=score_cutoff)
    part = fuzz.token_set_ratio(typed, title, score_cutoff=score_cutoff)
    return max(joined, whole, 0.85 * part)
