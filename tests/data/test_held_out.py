from pathlib import Path

import polars as pl
import pytest

from tasks.core.artifacts import read_table
from tasks.core.errors import BadDataError
from tasks.core.vocabulary import Dataset
from tasks.data.held_out import read_held_out_stage
from tasks.data.stages import ingest
from tests.support.datasets import write_generic


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Dataset]:
    home = tmp_path_factory.mktemp("home")
    folder = write_generic(tmp_path_factory.mktemp("films"), users=6, items=20, per_user=8)
    return home, ingest(home, str(folder))


def read(films, file: Path):
    home, dataset = films
    return read_held_out_stage.fn(home, file=file, fingerprint="", dataset=dataset, columns={})


def written(folder: Path, *rows: str, header: str = "user,item,rating") -> Path:
    file = folder / "held.csv"
    file.write_text("\n".join([header, *rows, ""]), "utf-8")
    return file


def own_pair(films) -> tuple[int, int]:
    home, dataset = films
    user, item = read_table(home, dataset.ratings).select("user", "item").row(0)
    return user, item


def test_a_file_of_csv_or_parquet_is_read_with_ids_as_the_data_set_has_them(films, tmp_path):
    user, item = own_pair(films)
    csv = read(films, written(tmp_path, f"{user},{item},4.5", "2,19,3"))
    table = pl.DataFrame({"userId": [str(user), "2"], "item_id": [item, 19], "stars": [4.5, 3.0]})
    table.write_parquet(tmp_path / "held.parquet")
    parquet = read(films, tmp_path / "held.parquet")
    held = read_table(films[0], csv.ratings)
    assert held.equals(read_table(films[0], parquet.ratings))
    assert held.select("user", "item", "rating").rows() == [(user, item, 4.5), (2, 19, 3.0)]


def test_how_many_are_taken_out_of_train_and_what_is_left_out_is_said(films, tmp_path):
    user, item = own_pair(films)
    rows = (f"{user},{item},4", "99,3,4", "2,777,3", "somebody,3,2")
    made = read(films, written(tmp_path, *rows))
    assert read_table(films[0], made.ratings)["user"].to_list() == [user, 99]
    taken, unknown, nobody = made.remarks
    assert taken == (
        "held out: the 2 ratings of held.csv; 1 of them are among the data set's own, and taken out"
        " of train"
    )
    assert unknown.startswith("1 held-out ratings left out: their item is not the data set's")
    assert nobody == "1 held-out ratings left out: nobody has an id like their user's"


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        (["1,2,9"], "user,item,rating", "held.csv, row 2, column 'rating': 9 is off the scale"),
        (["1,2,4", "1,,4"], "user,item,rating", "held.csv, row 3, column 'item'"),
        (["1,2"], "user,item", "held.csv, column 'rating': the column is missing"),
        (["99,2,4"], "user,item,rating", "held.csv, column 'user': no user"),
    ],
)
def test_a_bad_file_is_named_with_its_row(films, tmp_path, rows, header, says):
    with pytest.raises(BadDataError) as caught:
        read(films, written(tmp_path, *rows, header=header))
    assert says in str(caught.value)


def test_a_missing_file_is_named(films, tmp_path):
    with pytest.raises(BadDataError, match=r"the file is missing\. Check --held-out"):
        read(films, tmp_path / "none.csv")
