from datetime import UTC, datetime

import polars as pl
from polars.testing import assert_frame_equal

from tasks.data.enriching.fill import (
    FOUND,
    apply,
    from_movies,
    from_writer,
    merge,
    nothing_found,
    still_wanted,
)
from tests.data.enriching.conftest import catalogue

NOW = datetime(2026, 11, 22, tzinfo=UTC)

ITEMS = catalogue(
    {"item": 1, "title": "Heat", "year": 1995, "tmdb_id": 949},
    {"item": 2, "title": "Alien", "description": "A plot.", "quality": 8.5, "votes": 900},
    {"item": 3, "title": "Up", "year": 2009, "quality": 8.3},
)


def movies(*rows):
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "item": pl.Int64,
        "overview": pl.String,
        "vote_average": pl.Float64,
        "vote_count": pl.Int64,
        "tmdb_id": pl.Int64,
        "fetched_at": pl.Datetime("us", "UTC"),
    }
    return pl.DataFrame([(*row, NOW) for row in rows], schema=schema, orient="row")


def shown(found):
    return found.select("item", "description", "quality", "votes", "tmdb_id").rows()


def test_overview_and_figures_fill_what_is_null_and_nothing_else():
    found = from_movies(
        ITEMS,
        movies(
            (1, "Cops.", 7.9, 60, None), (2, "Else.", 1.0, 1, None), (3, "Balloons.", 7.0, 5, 8)
        ),
    )
    assert shown(found) == [(1, "Cops.", 7.9, 60, None), (3, "Balloons.", None, None, 8)]
    assert found["description_source"].to_list() == ["tmdb", "tmdb"]
    assert found["fetched_at"].to_list() == [NOW, NOW]
    assert shown(apply(ITEMS, found)) == [
        (1, "Cops.", 7.9, 60, 949),
        (2, "A plot.", 8.5, 900, None),
        (3, "Balloons.", 8.3, None, 8),
    ]


def test_a_rating_of_one_source_never_stands_beside_the_votes_of_another():
    for quality, votes in ((8.3, None), (None, 12)):
        items = catalogue({"item": 1, "title": "Up", "quality": quality, "votes": votes})
        found = from_movies(items, movies((1, "", 7.0, 5, None)))
        assert found.is_empty()
        forced = nothing_found(items).vstack(
            from_movies(catalogue({"item": 1, "title": "Up"}), movies((1, "", 7.0, 5, None)))
        )
        assert shown(apply(items, forced)) == [(1, None, quality, votes, None)]


def test_no_votes_mean_that_nothing_is_known():
    found = from_movies(ITEMS, movies((1, "Cops.", 0.0, 0, None)))
    assert shown(found) == [(1, "Cops.", None, None, None)]


def test_an_empty_overview_is_none_and_has_no_source():
    found = from_movies(ITEMS, movies((1, " \n ", 7.9, 60, None)))
    assert shown(found) == [(1, None, 7.9, 60, None)]
    assert found["description_source"].to_list() == [None]


def test_texts_from_outside_are_cleaned():
    told = from_movies(ITEMS, movies((1, "Cops\x07\n and\t robbers \u202e", 7.9, 60, None)))
    written = from_writer(ITEMS, {3: " Balloons\n fly. " + "x" * 5000, 2: "Else.", 1: "\x00"})
    assert told["description"].to_list() == ["Cops and robbers"]
    assert written["item"].to_list() == [3]
    assert written["description"][0].startswith("Balloons fly. xxx")
    assert len(written["description"][0]) == 2000
    assert written["description_source"].to_list() == ["llm"]
    assert written["fetched_at"].to_list() == [None]


def test_a_repaired_id_replaces_an_outdated_one():
    found = from_movies(ITEMS, movies((1, "Cops.", 7.9, 60, 1000)))
    assert apply(ITEMS, found)["tmdb_id"].to_list() == [1000, None, None]


def test_a_text_is_only_joined_to_an_item_that_is_still_called_the_same():
    found = from_movies(ITEMS, movies((1, "Cops.", 7.9, 60, None), (3, "Balloons.", 0, 0, None)))
    renamed = ITEMS.with_columns(title=pl.lit("Heat"), year=pl.lit(1986, pl.Int32))
    assert_frame_equal(apply(renamed, found), renamed)
    assert still_wanted(renamed, found).is_empty()


def test_an_item_without_a_year_is_joined_too():
    items = catalogue({"item": 1, "title": "Heat"})
    found = from_movies(items, movies((1, "Cops.", 7.9, 60, None)))
    assert apply(items, found)["description"].to_list() == ["Cops."]


def test_ids_that_have_become_text_still_meet():
    found = from_movies(ITEMS, movies((1, "Cops.", 7.9, 60, None)))
    as_text = ITEMS.with_columns(pl.col("item").cast(pl.String))
    assert apply(as_text, found)["description"].to_list() == ["Cops.", "A plot.", None]
    named = ITEMS.with_columns(pl.format("m{}", "item").alias("item"))
    assert_frame_equal(apply(named, found), named)


def test_the_earlier_of_two_tables_wins_and_its_gaps_are_filled():
    told = from_movies(ITEMS, movies((1, "", 7.9, 60, 1000)))
    written = from_writer(ITEMS, {1: "Written.", 3: "Balloons."})
    both = merge(told, written)
    assert shown(both) == [(1, "Written.", 7.9, 60, 1000), (3, "Balloons.", None, None, None)]
    assert both["description_source"].to_list() == ["llm", "llm"]
    later = from_movies(ITEMS, movies((1, "From TMDB.", 1.0, 1, 2000)))
    assert_frame_equal(merge(both, later), both)


def test_what_the_catalogue_has_by_now_is_no_longer_wanted():
    found = from_movies(ITEMS, movies((1, "Cops.", 7.9, 60, None), (3, "Balloons.", 0, 0, None)))
    now = ITEMS.with_columns(description=pl.lit("A plot of its own."))
    assert shown(still_wanted(now, found)) == [(1, None, 7.9, 60, None)]
    assert still_wanted(now, found)["description_source"].to_list() == [None]


def test_the_table_has_its_columns_and_types_also_without_rows():
    for found in (
        nothing_found(ITEMS),
        from_movies(ITEMS, movies()),
        from_writer(ITEMS, {}),
        merge(nothing_found(ITEMS), nothing_found(ITEMS)),
    ):
        assert found.schema == {"item": pl.Int64(), **FOUND}
    assert_frame_equal(apply(ITEMS, nothing_found(ITEMS)), ITEMS)
