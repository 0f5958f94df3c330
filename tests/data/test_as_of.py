"""What was known at a moment: nothing later can be told from it."""

import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.core.errors import TooLittleDataError
from tasks.data.stages import as_of_stage, ingest
from tests.support.datasets import write_generic

MOMENT = 1_005_000_000


def known_at(home, ratings, moment=MOMENT):
    """The data set as it was; `ratings` makes the table from that of the generic folder."""
    data = write_generic(home / "data", items=60, users=12, per_user=8)
    table = ratings(pl.read_parquet(data / "ratings.parquet"))
    table.write_parquet(data / "ratings.parquet")
    tags = table.select("user", "item", tag=pl.format("{}!", "item")).sort("user", "item")
    whole = ingest(home, str(data)).model_copy(update={"tags": write_table(home, "tags", tags)})
    return as_of_stage.fn(home, whole, moment)


def as_it_is(table):
    return table


def test_ratings_and_tags_are_of_before_and_the_catalogues_figures_are_gone(tmp_path):
    known = known_at(tmp_path, as_it_is)
    ratings = read_table(tmp_path, known.ratings)
    assert 20 < ratings.height < 12 * 8
    assert ratings["timestamp"].sort()[-1] < MOMENT
    assert known.users == ratings["user"].n_unique()
    tags = read_table(tmp_path, known.tags)
    pairs = ratings.select("user", "item").rows()
    assert sorted(tags.select("user", "item").rows()) == pairs
    items = read_table(tmp_path, known.items)
    assert items["quality"].null_count() == items["votes"].null_count() == items.height


def test_items_that_were_first_rated_later_are_not_known_yet(tmp_path):
    known = known_at(tmp_path, as_it_is)
    items = set(read_table(tmp_path, known.items)["item"])
    every = pl.read_parquet(tmp_path / "data" / "ratings.parquet")
    before = set(every.filter(pl.col("timestamp") < MOMENT)["item"])
    later = set(every["item"]) - before
    assert later and not items & later
    assert before < items, "and those that nobody rates are there as before"


def test_other_ratings_at_the_moment_or_later_change_nothing(tmp_path):
    later = pl.col("timestamp") >= MOMENT

    def changed(table):
        other = pl.when(later).then(5.5 - pl.col("rating")).otherwise("rating")
        return table.with_columns(other.alias("rating"))

    def postponed(table):
        other = pl.when(later).then(pl.col("timestamp") + 10**6).otherwise("timestamp")
        return table.with_columns(other.alias("timestamp"))

    whole = known_at(tmp_path / "whole", as_it_is)
    for change in (changed, postponed):
        assert known_at(tmp_path / change.__name__, change) == whole, change.__name__


def test_a_rating_without_a_time_is_refused_and_counted(tmp_path):
    def undated(table):
        first = pl.int_range(pl.len()) < 2
        return table.with_columns(pl.when(~first).then("timestamp").alias("timestamp"))

    with pytest.raises(TooLittleDataError, match=r"2 of 96 ratings have no timestamp.*--as-of"):
        known_at(tmp_path, undated)


def test_a_moment_before_all_ratings_is_refused_with_the_first_day(tmp_path):
    with pytest.raises(TooLittleDataError, match=r"before 1970-01-02.*first is from 2001-09-"):
        known_at(tmp_path, as_it_is, 100_000)
