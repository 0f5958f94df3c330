"""Ratings of items that the items file lacks: up to a share they are left out, above it refused."""

import pytest

from tasks.core.errors import BadDataError
from tasks.data.stages import ingest
from tasks.data.strangers import check_dropped
from tasks.settings.sources import NightlyOptions
from tests.data.conftest import write_folder

ITEMS = "item,title\n" + "".join(f"{item},Title {item}\n" for item in range(10))


def ratings(unknown, known, *, repeated=0):
    """So many of item 99, behind the known ones, the first of which are given twice."""
    rows = [f"{row // 10},{row % 10},4,{row}" for row in range(known)]
    rows += [f"{row // 10},{row % 10},5,{1000 + row}" for row in range(repeated)]
    rows += [f"{row},n/a,3,{2000 + row}" for row in range(unknown)]
    return "user,item,rating,timestamp\n" + "".join(f"{row}\n" for row in rows)


def folder_of(place, *counts, **more):
    return write_folder(place, {"ratings.csv": ratings(*counts, **more), "items.csv": ITEMS})


@pytest.mark.parametrize(("unknown", "refused"), [(0, False), (5, False), (6, True), (40, True)])
def test_above_the_limit_the_rows_the_share_and_the_first_are_named(tmp_path, unknown, refused):
    folder = folder_of(tmp_path / "data", unknown, 90 - unknown, repeated=10)
    dataset = ingest(tmp_path / "home", str(folder))
    if not refused:
        check_dropped(dataset, folder, 5.0)
        return
    with pytest.raises(BadDataError) as caught:
        check_dropped(dataset, folder, 5.0)
    error = caught.value
    assert f"{unknown} of 100 ratings ({unknown}.0 %)" in error.what and "item n/a" in error.what
    assert (error.file, error.row) == (folder / "ratings.csv", 102 - unknown)
    assert error.column == "item" and "--max-dropped" in error.fix and "items file" in error.fix
    check_dropped(dataset, folder, float(unknown))


def test_of_ratings_that_arrived_later_the_file_is_theirs(tmp_path):
    arrived = {"ratings/2026-01.csv": ratings(1, 0)}
    files = {"ratings.csv": ratings(0, 10), "items.csv": ITEMS} | arrived
    folder = write_folder(tmp_path / "data", files)
    with pytest.raises(BadDataError) as caught:
        check_dropped(ingest(tmp_path / "home", str(folder)), folder, 5.0)
    assert (caught.value.file, caught.value.row) == (folder / "ratings" / "2026-01.csv", 2)


def test_many_ratings_are_counted_alike(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "data", 7, 93)
    small = ingest(tmp_path / "home", str(folder))
    monkeypatch.setattr("tasks.data.validate.PART_ROWS", 20)
    assert ingest(tmp_path / "other", str(folder)).stranger == small.stranger
    assert small.stranger is not None and small.stranger.row == 95


@pytest.mark.usefixtures("clean_environment")
def test_the_limit_is_five_percent_and_at_most_half():
    assert NightlyOptions().max_dropped == 5.0
    with pytest.raises(ValueError, match="max_dropped"):
        NightlyOptions(max_dropped=51)
