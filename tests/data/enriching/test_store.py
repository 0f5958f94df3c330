from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.core.artifacts import read_table, write_table
from tasks.core.vocabulary import Artifact
from tasks.data.enriching.errors import EnrichError
from tasks.data.enriching.fill import from_writer, nothing_found
from tasks.data.enriching.stages import apply_enrichment_stage
from tasks.data.enriching.store import enrichment_of, file_of, load, save
from tests.data.enriching.conftest import catalogue

ITEMS = catalogue({"item": 1, "title": "Heat"}, {"item": 2, "title": "Alien"})
FOUND = from_writer(ITEMS, {1: "Cops."}).with_columns(
    fetched_at=pl.lit(datetime(2026, 11, 22, tzinfo=UTC)).dt.cast_time_unit("us")
)


def kept(home, name) -> pl.DataFrame:
    found = load(home, name)
    assert found is not None
    return found


def snapshot(home) -> Artifact:
    found = enrichment_of(home, "films")
    assert found is not None
    return found


def test_what_is_kept_comes_back(home):
    assert load(home, "films") is None
    save(home, "films", FOUND)
    assert_frame_equal(kept(home, "films"), FOUND)
    save(home, "films", nothing_found(ITEMS))
    assert kept(home, "films").is_empty()


@pytest.mark.parametrize(
    "name", ["../../etc", "a/b", "", ".", "films [2024] *", "ä" * 300, "Films"]
)
def test_every_name_has_a_file_of_its_own_inside_the_folder(home, name):
    save(home, "films", nothing_found(ITEMS))
    file = save(home, name, FOUND)
    assert file.parent == home / "enriched" and file == file_of(home, name)
    assert kept(home, "films").is_empty()
    assert_frame_equal(kept(home, name), FOUND)


def test_nothing_half_written_is_left(home):
    class Broken(pl.DataFrame):
        def write_parquet(self, file, **_):
            file.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    save(home, "films", FOUND)
    with pytest.raises(OSError, match="No space"):
        save(home, "films", Broken(FOUND))
    assert_frame_equal(kept(home, "films"), FOUND)
    assert [file.name for file in (home / "enriched").iterdir()] == [file_of(home, "films").name]


@pytest.mark.parametrize("damage", [b"", b"PAR1 no"])
def test_a_damaged_file_is_an_error_that_names_it(home, damage):
    save(home, "films", FOUND).write_bytes(damage)
    with pytest.raises(EnrichError, match=r"films-.*\.parquet") as caught:
        load(home, "films")
    assert "Delete it" in caught.value.fix


def test_a_table_of_something_else_is_an_error(home):
    file = save(home, "films", FOUND)
    ITEMS.write_parquet(file)
    with pytest.raises(EnrichError, match="not a whole table"):
        load(home, "films")


def test_an_enrichment_is_a_file_that_a_later_one_leaves_alone(home):
    assert enrichment_of(home, "films") is None
    save(home, "films", FOUND)
    before = snapshot(home)
    assert before == snapshot(home)
    save(home, "films", nothing_found(ITEMS))
    after = snapshot(home)
    assert (before.rows, after.rows) == (1, 0) and before.sha256 != after.sha256
    assert_frame_equal(read_table(home, before), FOUND)


def test_the_task_gives_items_with_their_nulls_filled(home):
    save(home, "films", FOUND)
    items = write_table(home, "items", ITEMS)
    filled = apply_enrichment_stage.fn(home, items, snapshot(home))
    table = read_table(home, filled)
    assert table.schema == ITEMS.schema
    assert table["description"].to_list() == ["Cops.", None]


def test_the_tasks_key_follows_the_content_of_both(home):
    def key(items, found):
        given = {"home": home, "items": items, "enrichment": found}
        assert apply_enrichment_stage.cache_key_fn is not None
        return apply_enrichment_stage.cache_key_fn(None, given)  # type: ignore[arg-type]

    save(home, "films", FOUND)
    items, found = write_table(home, "items", ITEMS), snapshot(home)
    others = found.model_copy(update={"sha256": "other"}), items.model_copy(update={"sha256": "x"})
    assert len({key(items, found), key(items, others[0]), key(others[1], found)}) == 3
