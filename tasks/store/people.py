"""What is known of the people whose lists a night's page shows: favourites, and typed tastes."""

import polars as pl

from tasks.core.vocabulary import GENRES, ITEM, RANK, RATING, TASTE_WEIGHT, TEXT, TITLE, USER, YEAR
from tasks.texts.profiles.favourites import favourites

SHOWN = 2_000
"""People whose lists stand in the page: more would make it too large to open at once."""

TASTE = "taste"


def shown_people(lists: pl.LazyFrame) -> pl.Series:
    """The first who have a list, sorted: those that `sql/report/lists.sql` takes."""
    users = lists.select(USER).unique().collect(engine="streaming")
    number = pl.col(USER).cast(pl.Int64, strict=False)
    first = users.sort(number, USER, nulls_last=True).head(SHOWN)
    return first[USER].sort()


def favourite_rows(
    run_id: str, users: pl.Series, ratings: pl.DataFrame, items: pl.DataFrame
) -> pl.DataFrame:
    """Rows of `favourites`: the items that each of `users` rated highest, of all `ratings`."""
    titled = items.select(ITEM, TITLE, YEAR, GENRES)
    best = favourites(users.to_frame(USER), ratings, titled)
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(USER).alias(RANK)
    columns = USER, RANK, ITEM, TITLE, YEAR, GENRES, RATING
    return _of_run(run_id, best.with_columns(place).select(columns))


def taste_rows(run_id: str, users: pl.Series, typed: pl.DataFrame) -> pl.DataFrame:
    """Rows of `tastes`: what each of `users` typed, where it says anything."""
    said = pl.col(TEXT).str.strip_chars() != ""
    theirs = typed.join(users.to_frame(USER), on=USER, how="semi").filter(said).sort(USER)
    return _of_run(run_id, theirs.select(USER, pl.col(TEXT).alias(TASTE), TASTE_WEIGHT))


def _of_run(run_id: str, rows: pl.DataFrame) -> pl.DataFrame:
    ids = pl.col(USER, ITEM) if ITEM in rows.columns else pl.col(USER)
    return rows.with_columns(ids.cast(pl.String)).select(pl.lit(run_id).alias("run_id"), pl.all())
