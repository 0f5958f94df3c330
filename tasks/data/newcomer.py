"""Adding one new person's ratings to a data set's: which item a typed title means, and joining."""

import re
from collections.abc import Callable, Hashable, Sequence

import polars as pl
from rapidfuzz import fuzz, process, utils

from tasks.core.errors import AmbiguousTitleError, NewcomerError
from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, TITLE, USER, YEAR, DatasetInfo, Id

Choose = Callable[[str, Sequence[str]], int | None]
"""Which of several labels a typed title means, by position; None for none of them."""

SURE = 90.0
CLEAR = 4.0
"""A match is taken without asking at 90 of 100, and 4 ahead of the next best."""

PLAUSIBLE = 60.0
MOST_ALTERNATIVES = 5

Hashables = Sequence[Hashable]

_WITH_YEAR = re.compile(r"^(?P<title>.*\S)\s*\((?P<year>\d{4})\)\s*$")


def parse_rates(
    rates: Sequence[str],
    items: pl.DataFrame,
    info: DatasetInfo,
    choose: Choose = lambda _typed, _labels: None,
) -> list[tuple[Id, float]]:
    """(item, rating) of each "TITLE=RATING"; a title given twice counts with its last rating.

    Where several items could be meant, `choose` may settle it.
    Raises NewcomerError when one is malformed or off the data set's scale, and the errors of
    `find_item`.
    """
    given: dict[Id, float] = {}
    low, high = info.scale
    for rate in rates:
        title, equals, value = rate.rpartition("=")
        rating = _number(value)
        if not equals or rating is None or not low <= rating <= high:
            raise NewcomerError(
                f"'{rate}' is not TITLE=RATING with a rating from {low:g} to {high:g}.",
                'Write it as --rate "Heat (1995)=4".',
            )
        given[_settled(title.strip(), items, choose)] = rating
    return list(given.items())


def _settled(title: str, items: pl.DataFrame, choose: Choose) -> Id:
    try:
        return find_item(title, items)
    except AmbiguousTitleError as unsure:
        chosen = choose(title, [label for _, label in unsure.alternatives])
        if chosen is None:
            raise
        return find_item(f"#{unsure.alternatives[chosen][0]}", items)


def add_newcomer(
    ratings: pl.DataFrame, rated: Sequence[tuple[Id, float]]
) -> tuple[pl.DataFrame, Id]:
    """Ratings with those of a new user, and the user's id: the highest plus 1, or "you"."""
    newcomer: Id = "you"
    if ratings.schema[USER] != pl.String:
        newcomer = int(ratings[USER].max()) + 1  # type: ignore[arg-type]
    else:
        while (ratings[USER] == newcomer).any():
            newcomer = f"{newcomer}'"
    rows = [{USER: newcomer, ITEM: item, RATING: rating, TIMESTAMP: None} for item, rating in rated]
    theirs = pl.DataFrame(rows, schema=ratings.schema)
    return pl.concat([ratings, theirs]).sort(USER, ITEM), newcomer


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def find_item(typed: str, items: pl.DataFrame) -> Id:
    """Id of the item whose title is meant; "#12" names an id, "Heat (1995)" title and year.

    Raises NewcomerError when nothing comes close and AmbiguousTitleError, with the
    alternatives, when more than one item could be meant.
    """
    if typed.startswith("#"):
        return _by_id(typed, items)
    match = _WITH_YEAR.match(typed)
    title, year = (match["title"], int(match["year"])) if match else (typed, None)
    if not utils.default_process(title):
        raise NewcomerError(f"'{typed}' is not a title.", 'Type one, as in "Heat (1995)=5".')
    exact = _exactly(typed, title, year, items)
    if exact is not None:
        return exact
    closest = _closest(title, year, items)
    if not closest:
        raise NewcomerError(
            f"No title comes close to '{typed}'.",
            "Check the spelling; titles are those of the data set (--data).",
        )
    likeness, item, _ = closest[0]
    runner_up = closest[1][0] if len(closest) > 1 else 0.0
    if likeness >= SURE and likeness - runner_up >= CLEAR:
        return item
    raise AmbiguousTitleError(typed, [(str(item), label) for _, item, label in closest])


def _by_id(typed: str, items: pl.DataFrame) -> Id:
    chosen = items.filter(pl.col(ITEM).cast(pl.String) == typed[1:])
    if chosen.is_empty():
        raise NewcomerError(f"There is no item {typed}.", "Check the id, or type the title.")
    item: Id = chosen[ITEM][0]
    return item


def _exactly(typed: str, title: str, year: int | None, items: pl.DataFrame) -> Id | None:
    """The one item titled as typed, letter case aside; a year may be part of it."""
    name = pl.col(TITLE).str.to_lowercase()
    titled = name == title.lower()
    dated = titled if year is None else titled & (pl.col(YEAR) == year)
    for same in (dated, name == typed.strip().lower()):
        ids = items.filter(same)[ITEM]
        if len(ids) == 1:
            item: Id = ids[0]
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
    closest = []
    for _, likeness, row in matches:
        item, name, released = rows[row]
        label = f"{name} ({released})" if released else name
        closest.append((likeness - 10.0 * (year is not None and released != year), item, label))
    closest.sort(key=lambda match: -match[0])
    return closest[:MOST_ALTERNATIVES]


def _likeness(typed: Hashables, title: Hashables, *, score_cutoff: float | None = None) -> float:
    """Likeness of 100, whatever the word order ("Matrix, The"); 85 at most for part of a title."""
    whole = fuzz.token_sort_ratio(typed, title, score_cutoff=score_cutoff)
    return max(whole, 0.85 * fuzz.token_set_ratio(typed, title, score_cutoff=score_cutoff))
