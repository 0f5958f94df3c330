"""Adding one new person's ratings to a data set's."""

from collections.abc import Sequence

import polars as pl

from tasks.errors import BadRatingError
from tasks.ingest.titles import find_item
from tasks.vocabulary import ITEM, RATING, TIMESTAMP, USER, DatasetInfo, Id


def parse_rates(
    rates: Sequence[str], items: pl.DataFrame, info: DatasetInfo
) -> list[tuple[Id, float]]:
    """(item, rating) of each "TITLE=RATING"; a title given twice counts with its last rating.

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
        given[find_item(title.strip(), items)] = rating
    return list(given.items())


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
