from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.core.artifacts import read_table, write_table
from tasks.core.errors import DiskFullError, StoreError
from tasks.core.vocabulary import Artifact
from tasks.data.enriching.fill import (
    FOUND,
    apply,
    apply_enrichment_stage,
    enrichment_of,
    file_of,
    from_movies,
    from_writer,
    load,
    merge,
    nothing_found,
    save,
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


def shown(rows):
    return rows.select("item", "description", "quality", "votes", "tmdb_id").rows()


def test_overview_and_figures_fill_what_is_null_and_nothing_else():
    rows = from_movies(
        ITEMS,
        movies(
            (1, "Cops.", 7.9, 60, None), (2, "Else.", 1.0, 1, None), (3, "Balloons.", 7.0, 5, 8)
        ),
    )
    assert shown(rows) == [(1, "Cops.", 7.9, 60, None), (3, "Balloons.", None, None, 8)]
    assert rows["description_source"].to_list() == ["tmdb", "tmdb"]
    assert rows["fetched_at"].to_list() == [NOW, NOW]
    assert shown(apply(ITEMS, rows)) == [
        (1, "Cops.", 7.9, 60, 949),
        (2, "A plot.", 8.5, 900, None),
        (3, "Balloons.", 8.3, None, 8),
    ]


def test_a_rating_of_one_source_never_stands_beside_the_votes_of_another():
    for quality, votes in ((8.3, None), (None, 12)):
        items = catalogue({"item": 1, "title": "Up", "quality": quality, "votes": votes})
        rows = from_movies(items, movies((1, "", 7.0, 5, None)))
        assert rows.is_empty()
        forced = nothing_found(items).vstack(
            from_movies(catalogue({"item": 1, "title": "Up"}), movies((1, "", 7.0, 5, None)))
        )
        assert shown(apply(items, forced)) == [(1, None, quality, votes, None)]


def test_no_votes_mean_that_nothing_is_known():
    rows = from_movies(ITEMS, movies((1, "Cops.", 0.0, 0, None)))
    assert shown(rows) == [(1, "Cops.", None, None, None)]


def test_an_empty_overview_is_none_and_has_no_source():
    rows = from_movies(ITEMS, movies((1, " \n ", 7.9, 60, None)))
    assert shown(rows) == [(1, None, 7.9, 60, None)]
    assert rows["description_source"].to_list() == [None]


def test_texts_from_outside_are_cleaned():
    rows = from_movies(ITEMS, movies((1, "Cops\x07\n and\t robbers \u202e", 7.9, 60, None)))
    written = from_writer(ITEMS, {3: " Balloons\n fly. " + "x" * 5000, 2: "Else.", 1: "\x00"})
    assert rows["description"].to_list() == ["Cops and robbers"]
    assert written["item"].to_list() == [3]
    assert written["description"][0].startswith("Balloons fly. xxx")
    assert len(written["description"][0]) == 2000
    assert written["description_source"].to_list() == ["llm"]
    assert written["fetched_at"].to_list() == [None]


def test_a_repaired_id_replaces_an_outdated_one():
    rows = from_movies(ITEMS, movies((1, "Cops.", 7.9, 60, 1000)))
    assert apply(ITEMS, rows)["tmdb_id"].to_list() == [1000, None, None]


def test_a_text_is_only_joined_to_an_item_that_is_still_called_the_same():
    rows = from_movies(ITEMS, movies((1, "Cops.", 7.9, 60, None), (3, "Balloons.", 0, 0, None)))
    renamed = ITEMS.with_columns(title=pl.lit("Heat"), year=pl.lit(1986, pl.Int32))
    assert_frame_equal(apply(renamed, rows), renamed)
    assert still_wanted(renamed, rows).is_empty()


def test_an_item_without_a_year_is_joined_too():
    items = catalogue({"item": 1, "title": "Heat"})
    rows = from_movies(items, movies((1, "Cops.", 7.9, 60, None)))
    assert apply(items, rows)["description"].to_list() == ["Cops."]


def test_ids_that_have_become_text_still_meet():
    rows = from_movies(ITEMS, movies((1, "Cops.", 7.9, 60, None)))
    as_text = ITEMS.with_columns(pl.col("item").cast(pl.String))
    assert apply(as_text, rows)["description"].to_list() == ["Cops.", "A plot.", None]
    named = ITEMS.with_columns(pl.format("m{}", "item").alias("item"))
    assert_frame_equal(apply(named, rows), named)


def test_the_earlier_of_two_tables_wins_and_its_gaps_are_filled():
    rows = from_movies(ITEMS, movies((1, "", 7.9, 60, 1000)))
    written = from_writer(ITEMS, {1: "Written.", 3: "Balloons."})
    both = merge(rows, written)
    assert shown(both) == [(1, "Written.", 7.9, 60, 1000), (3, "Balloons.", None, None, None)]
    assert both["description_source"].to_list() == ["llm", "llm"]
    later = from_movies(ITEMS, movies((1, "From TMDB.", 1.0, 1, 2000)))
    assert_frame_equal(merge(both, later), both)


def test_what_the_catalogue_has_by_now_is_no_longer_wanted():
    rows = from_movies(ITEMS, movies((1, "Cops.", 7.9, 60, None), (3, "Balloons.", 0, 0, None)))
    now = ITEMS.with_columns(description=pl.lit("A plot of its own."))
    assert shown(still_wanted(now, rows)) == [(1, None, 7.9, 60, None)]
    assert still_wanted(now, rows)["description_source"].to_list() == [None]


def test_the_table_has_its_columns_and_types_also_without_rows():
    for rows in (
        nothing_found(ITEMS),
        from_movies(ITEMS, movies()),
        from_writer(ITEMS, {}),
        merge(nothing_found(ITEMS), nothing_found(ITEMS)),
    ):
        assert rows.schema == {"item": pl.Int64(), **FOUND}
    assert_frame_equal(apply(ITEMS, nothing_found(ITEMS)), ITEMS)


CATALOGUE = catalogue({"item": 1, "title": "Heat"}, {"item": 2, "title": "Alien"})
WRITTEN = from_writer(CATALOGUE, {1: "Cops."}).with_columns(
    fetched_at=pl.lit(datetime(2026, 11, 22, tzinfo=UTC)).dt.cast_time_unit("us")
)


def kept(home, name) -> pl.DataFrame:
    rows = load(home, name)
    assert rows is not None
    return rows


def snapshot(home) -> Artifact:
    rows = enrichment_of(home, "films")
    assert rows is not None
    return rows


def test_what_is_kept_comes_back(home):
    assert load(home, "films") is None
    save(home, "films", WRITTEN)
    assert_frame_equal(kept(home, "films"), WRITTEN)
    save(home, "films", nothing_found(CATALOGUE))
    assert kept(home, "films").is_empty()


@pytest.mark.parametrize(
    "name", ["../../etc", "a/b", "", ".", "films [2024] *", "ä" * 300, "Films"]
)
def test_every_name_has_a_file_of_its_own_inside_the_folder(home, name):
    save(home, "films", nothing_found(CATALOGUE))
    file = save(home, name, WRITTEN)
    assert file.parent == home / "enriched" and file == file_of(home, name)
    assert kept(home, "films").is_empty()
    assert_frame_equal(kept(home, name), WRITTEN)


def test_nothing_half_written_is_left(home):
    class Broken(pl.DataFrame):
        def write_parquet(self, file, **_):
            file.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    save(home, "films", WRITTEN)
    with pytest.raises(DiskFullError, match="is full"):
        save(home, "films", Broken(WRITTEN))
    assert_frame_equal(kept(home, "films"), WRITTEN)
    assert [file.name for file in (home / "enriched").iterdir()] == [file_of(home, "films").name]


@pytest.mark.parametrize("damage", [b"", b"PAR1 no"])
def test_a_damaged_file_is_an_error_that_names_it(home, damage):
    save(home, "films", WRITTEN).write_bytes(damage)
    with pytest.raises(StoreError, match=r"films-.*\.parquet") as caught:
        load(home, "films")
    assert "Delete it" in caught.value.fix


def test_a_table_of_something_else_is_an_error(home):
    file = save(home, "films", WRITTEN)
    CATALOGUE.write_parquet(file)
    with pytest.raises(StoreError, match="not a whole table"):
        load(home, "films")


def test_an_enrichment_is_a_file_that_a_later_one_leaves_alone(home):
    assert enrichment_of(home, "films") is None
    save(home, "films", WRITTEN)
    before = snapshot(home)
    assert before == snapshot(home)
    save(home, "films", nothing_found(CATALOGUE))
    after = snapshot(home)
    assert (before.rows, after.rows) == (1, 0) and before.sha256 != after.sha256
    assert_frame_equal(read_table(home, before), WRITTEN)


def test_the_task_gives_items_with_their_nulls_filled(home):
    save(home, "films", WRITTEN)
    items = write_table(home, "items", CATALOGUE)
    filled = apply_enrichment_stage.fn(home, items, snapshot(home))
    table = read_table(home, filled)
    assert table.schema == CATALOGUE.schema
    assert table["description"].to_list() == ["Cops.", None]


def test_the_tasks_key_follows_the_content_of_both(home):
    def key(items, rows):
        given = {"home": home, "items": items, "enrichment": rows}
        return apply_enrichment_stage.key(given)

    save(home, "films", WRITTEN)
    items, rows = write_table(home, "items", CATALOGUE), snapshot(home)
    others = rows.model_copy(update={"sha256": "other"}), items.model_copy(update={"sha256": "x"})
    assert len({key(items, rows), key(items, others[0]), key(others[1], rows)}) == 3
