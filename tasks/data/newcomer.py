"""People who are not among the users of a data set: their ids, and what they say they rated."""

from collections.abc import Callable, Sequence

import polars as pl

from tasks.core.errors import AmbiguousTitleError, NewcomerError
from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER, DatasetInfo, Id
from tasks.data.finding import KnownTitles, find_item

Choose = Callable[[str, Sequence[str]], int | None]
"""Which of several labels a typed title means, by position; None for none of them."""


def parse_rates(
    rates: Sequence[str],
    catalogue: KnownTitles,
    info: DatasetInfo,
    choose: Choose = lambda _typed, _labels: None,
) -> list[tuple[Id, float]]:
    """(item, rating) of each "TITLE=RATING"; a title given twice counts with its last rating.

    Where several items could be meant, `choose` may settle it.
    Raises NewcomerError when one is malformed or off the data set's scale, or nothing comes close;
    AmbiguousTitleError with all titles that could mean several items.
    """
    given: dict[Id, float] = {}
    unsure: dict[str, list[tuple[str, str]]] = {}
    low, high = info.scale
    for rate in rates:
        title, equals, value = rate.rpartition("=")
        rating = _number(value)
        if not equals or rating is None or not low <= rating <= high:
            raise NewcomerError(
                f"'{rate}' is not TITLE=RATING with a rating from {low:g} to {high:g}.",
                'Write it as --rate "Heat (1995)=4".',
            )
        try:
            given[_settled(title.strip(), catalogue, choose)] = rating
        except AmbiguousTitleError as error:
            unsure |= error.unsure
    if unsure:
        raise AmbiguousTitleError(unsure)
    return list(given.items())


def _settled(typed: str, catalogue: KnownTitles, choose: Choose) -> Id:
    try:
        return find_item(typed, catalogue)
    except AmbiguousTitleError as error:
        alternatives = error.unsure[typed]
        chosen = choose(typed, [label for _, label in alternatives])
        if chosen is None:
            raise
        return find_item(f"#{alternatives[chosen][0]}", catalogue)


def new_ids(users: pl.Series, count: int) -> list[Id]:
    """So many ids that no user has: the highest plus 1, 2, ..., or "you", "you 2", ..."""
    if users.dtype != pl.String:
        highest = int(users.max() or 0)  # type: ignore[arg-type]
        return [highest + 1 + number for number in range(count)]
    taken, free, number = set(users.to_list()), list[Id](), 1
    while len(free) < count:
        name = "you" if number == 1 else f"you {number}"
        free += [] if name in taken else [name]
        number += 1
    return free


def ratings_of(
    people: Sequence[Id], rated: Sequence[tuple[Id, float]], schema: pl.Schema
) -> pl.DataFrame:
    """The same ratings for each of these people, in the form of a data set's."""
    rows = [(user, item, rating, None) for user in people for item, rating in rated]
    columns = (USER, ITEM, RATING, TIMESTAMP)
    table = pl.DataFrame(rows, {name: schema[name] for name in columns}, orient="row")
    return table.select(schema.names()).sort(USER, ITEM)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
