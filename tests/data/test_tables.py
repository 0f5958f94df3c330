import polars as pl
import pytest

from tasks.core.errors import BadDataError
from tasks.data.tables import ROW, read_table

NAMES = {"movieId": "item", "title": "title"}


def test_columns_get_our_names_and_others_are_ignored(tmp_path):
    file = tmp_path / "movies.csv"
    file.write_text("title,more,movieId\nHeat,x,10\n")
    assert read_table(file, NAMES).frame.to_dicts() == [{ROW: 2, "item": "10", "title": "Heat"}]


def test_an_optional_column_may_be_absent(tmp_path):
    file = tmp_path / "movies.csv"
    file.write_text("movieId\n10\n")
    assert read_table(file, NAMES, frozenset({"title"})).frame.columns == [ROW, "item"]


def test_a_missing_column_is_named_as_the_file_should_have_it(tmp_path):
    file = tmp_path / "movies.csv"
    file.write_text("item,title\n10,Heat\n")
    with pytest.raises(BadDataError) as caught:
        read_table(file, NAMES)
    assert caught.value.column == "movieId"


def test_parquet_rows_count_from_1_and_csv_rows_from_2(tmp_path):
    frame = pl.DataFrame({"movieId": [10, 20], "title": ["Heat", "Alien"]})
    frame.write_parquet(tmp_path / "movies.parquet")
    frame.write_csv(tmp_path / "movies.csv")
    assert read_table(tmp_path / "movies.parquet", NAMES).frame[ROW].to_list() == [1, 2]
    assert read_table(tmp_path / "movies.csv", NAMES).frame[ROW].to_list() == [2, 3]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    file = tmp_path / "movies.csv"
    file.write_text("\ufeffmovieId,title\n10,Heat\n", encoding="utf-8")
    assert read_table(file, NAMES).frame["item"].to_list() == ["10"]


def test_a_quoted_field_over_two_lines_is_one_record(tmp_path):
    file = tmp_path / "movies.csv"
    file.write_text('movieId,title\n10,"He\nat"\n20,Alien\n')
    assert read_table(file, NAMES).frame.rows() == [(2, "10", "He\nat"), (3, "20", "Alien")]


@pytest.mark.parametrize("broken", [b"20,Alien,x\n", b"20,\xe9\n"], ids=["fields", "byte"])
def test_a_quoted_field_over_two_lines_does_not_shift_the_row_to_blame(tmp_path, broken):
    file = tmp_path / "movies.csv"
    file.write_bytes(b'movieId,title\n10,"He\nat"\n' + broken)
    with pytest.raises(BadDataError) as caught:
        read_table(file, NAMES)
    assert caught.value.row == 3


def test_a_bad_byte_behind_a_quoted_comma_names_its_own_column(tmp_path):
    file = tmp_path / "movies.csv"
    file.write_bytes(b'movieId,title,genres\r\n10,"Heat, The",\xff\r\n')
    with pytest.raises(BadDataError) as caught:
        read_table(file, NAMES)
    assert (caught.value.row, caught.value.column) == (2, "genres")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("folder", ["plain", "films [2024]", "films*", "ärger \U0001f3ac"])
def test_any_folder_name_will_do(tmp_path, folder, suffix):
    file = tmp_path / folder / f"movies.{suffix}"
    file.parent.mkdir()
    frame = pl.DataFrame({"movieId": ["10"], "title": ["Heat"]})
    with file.open("wb") as target:
        (frame.write_csv if suffix == "csv" else frame.write_parquet)(target)
    assert read_table(file, NAMES).frame["title"].to_list() == ["Heat"]


def test_a_star_in_a_folder_name_does_not_take_in_its_neighbours(tmp_path):
    for folder in ("films*", "films2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "movies.csv").write_text(f"movieId,title\n10,{folder}\n")
    table = read_table(tmp_path / "films*" / "movies.csv", NAMES)
    assert table.frame["title"].to_list() == ["films*"]


def test_a_folder_in_place_of_the_file_counts_as_missing(tmp_path):
    (tmp_path / "movies.csv").mkdir()
    with pytest.raises(BadDataError, match="missing"):
        read_table(tmp_path / "movies.csv", NAMES)
