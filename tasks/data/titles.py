"""Finding the item that somebody means by a typed title."""

import re
from collections.abc import Hashable, Sequence

import polars as pl
from rapidfuzz import fuzz, process, utils

from tasks.core.errors import AmbiguousTitleError, UnknownTitleError
from tasks.core.vocabulary import ITEM, TITLE, YEAR, Id

SURE = 90.0
CLEAR = 4.0
"""A match is taken without asking at 90 of 100, and 4 ahead of the next best."""

PLAUSIBLE = 60.0
SHOWN = 5

Hashables = Sequence[Hashable]

_WITH_YEAR = re.compile(r"^(?P<title>.*\S)\s*\((?P<year>\d{4})\)\s*$")


def find_item(typed: str, items: pl.DataFrame) -> Id:
    """Id of the item whose title is meant; "#12" names an id, "Heat (1995)" title and year.

    Raises UnknownTitleError when nothing comes close and AmbiguousTitleError, with the
    alternatives, when more than one item could be meant.
    """
    if typed.startswith("#"):
        return _by_id(typed, items)
    match = _WITH_YEAR.match(typed)
    title, year = (match["title"], int(match["year"])) if match else (typed, None)
    if not utils.default_process(title):
        raise UnknownTitleError(f"'{typed}' is not a title.", 'Type one, as in "Heat (1995)=5".')
    exact = _exactly(typed, title, year, items)
    if exact is not None:
        return exact
    found = _closest(title, year, items)
    if not found:
        raise UnknownTitleError(
            f"No title comes close to '{typed}'.",
            "Check the spelling; titles are those of the data set (--data).",
        )
    runner_up = found[1][0] if len(found) > 1 else 0.0
    if found[0][0] >= SURE and found[0][0] - runner_up >= CLEAR:
        return found[0][1]
    raise AmbiguousTitleError(typed, [(str(item), label) for _, item, label in found])


def _by_id(typed: str, items: pl.DataFrame) -> Id:
    chosen = items.filter(pl.col(ITEM).cast(pl.String) == typed[1:])
    if chosen.is_empty():
        raise UnknownTitleError(f"There is no item {typed}.", "Check the id, or type the title.")
    item: Id = chosen[ITEM][0]
    return item


def _exactly(typed: str, title: str, year: int | None, items: pl.DataFrame) -> Id | None:
    """The one item titled as typed, letter case aside; a year may be part of it."""
    name = pl.col(TITLE).str.to_lowercase()
    titled = name == title.lower()
    dated = titled if year is None else titled & (pl.col(YEAR) == year)
    for same in (dated, name == typed.strip().lower()):
        found = items.filter(same)[ITEM]
        if len(found) == 1:
            item: Id = found[0]
            return item
    return None


def _closest(title: str, year: int | None, items: pl.DataFrame) -> list[tuple[float, Id, str]]:
    """Up to five (likeness of 100, item, label), best first; a wrong year costs 10."""
    matches = process.extract(
        title,
        items[TITLE].to_list(),
        scorer=_likeness,
        processor=utils.default_process,
        limit=50,
        score_cutoff=PLAUSIBLE,
    )
    rows = items.select(ITEM, TITLE, YEAR).rows()
    found = []
    for _, likeness, row in matches:
        item, name, released = rows[row]
        label = f"{name} ({released})" if released else name
        found.append((likeness - 10.0 * (year is not None and released != year), item, label))
    found.sort(key=lambda match: -match[0])
    return found[:SHOWN]


def _likeness(typed: Hashables, title: Hashables, *, score_cutoff: float | None = None) -> float:
    """Likeness of 100, whatever the word order ("Matrix, The"); 85 at most for part of a title."""
    whole = fuzz.token_sort_ratio(typed, title, score_cutoff=score_cutoff)
    return max(whole, 0.85 * fuzz.token_set_ratio(typed, title, score_cutoff=score_cutoff))
