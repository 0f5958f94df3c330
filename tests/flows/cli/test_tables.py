"""Rows for programs: whole, in batches, in every format."""

import io
import json
import subprocess
import sys

import polars as pl
import pytest

from flows.cli.tables import check_target, opened, show_some, write_rows
from tasks.core.errors import SettingsError

ROWS = pl.DataFrame(
    {"user": ["1", "2", "3"], "why": ['a "quoted" line', None, "é"], "items": [[1, 2], [], None]}
)


def batches(rows=ROWS, size=2):
    yield rows.clear()
    yield from rows.iter_slices(size)


def written(how, rows=ROWS):
    out = io.BytesIO()
    write_rows(batches(rows), how, out)
    return out.getvalue()


def test_csv_has_one_header_and_lists_as_json():
    assert written("csv").decode().splitlines() == [
        "user,why,items",
        '1,"a ""quoted"" line","[1, 2]"',
        "2,,[]",
        "3,é,",
    ]


def test_json_is_one_array_whatever_the_batches():
    assert json.loads(written("json")) == ROWS.to_dicts()
    assert written("json", ROWS.clear()) == b"[]\n"


def test_parquet_keeps_kinds_and_every_row():
    assert pl.read_parquet(io.BytesIO(written("parquet"))).equals(ROWS)
    assert pl.read_parquet(io.BytesIO(written("parquet", ROWS.clear()))).schema == ROWS.schema


def test_no_more_than_a_batch_is_held_at_a_time():
    taken: list[pl.DataFrame] = []

    def counted():
        for number, batch in enumerate(batches(size=1)):
            assert len(out.getvalue().splitlines()) == number, "what came before is written"
            taken.append(batch)
            yield batch

    out = io.BytesIO()
    write_rows(counted(), "csv", out)
    assert len(taken) == 4


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one(tmp_path):
    target = tmp_path / "rows.csv"
    target.write_text("old")
    with pytest.raises(RuntimeError), opened(target) as file:
        file.write(b"half")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]
    assert target.read_text() == "old"


def test_a_reader_that_has_seen_enough_ends_the_writing_quietly():
    writes = (
        "from flows.cli.tables import opened\n"
        "with opened(None) as out:\n"
        "    while True: out.write(b'x' * 65536)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", writes], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout and process.stdout.read(10)
    process.stdout.close()
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, b"")


def test_a_table_goes_to_no_file_and_parquet_to_no_terminal(tmp_path, monkeypatch):
    with pytest.raises(SettingsError, match="--format"):
        check_target("table", tmp_path / "rows.txt")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with pytest.raises(SettingsError, match="pipe"):
        check_target("parquet", None)
    check_target("parquet", tmp_path / "rows.parquet")
    check_target("csv", None)


def test_a_table_shows_the_first_rows_and_counts_all(capsys):
    many = pl.DataFrame({"n": range(450)})
    show_some(batches(many, size=150))
    printed = capsys.readouterr().out
    assert "200 of 450 rows" in printed and "│ 199 │" in printed and "200 │" not in printed
