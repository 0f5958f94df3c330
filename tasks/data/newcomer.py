"""Adding one new person's ratings to a data set's."""

from collections.abc import Callable, Sequence

import polars as pl

from tasks.core.errors import AmbiguousTitleError, BadRatingError
from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER, DatasetInfo, Id
from tasks.data.titles import find_item

Choose = Callable[[str, Sequence[str]], int | None]
"""Which of several labels a typed title means, by position; None for none of them."""


def parse_rates(
    rates: Sequence[str],
    items: pl.DataFrame,
    info: DatasetInfo,
    choose: Choose = lambda _typed, _labels: None,
) -> list[tuple[Id, float]]:
    """(item, rating) of each "TITLE=RATING"; a title given twice counts with its last rating.

    Where several items could be meant, `choose` may settle it.
    Raises BadRatingError when one is malformed or off the data set's scale, and the errors of
    `titles.find_item`.
    """
    given: dict[Id, float] = {}
    low, high = info.scale
    for rate in rates:
        title, equals, value = rate.rpartition("=")
        rating = _number(value)
        if not equals or rating is None or not low <= rating <= high:
            raise BadRatingError(
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
