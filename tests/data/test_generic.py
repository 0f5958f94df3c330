import polars as pl
import pytest

from tasks.core.artifacts import read_table
from tasks.data.stages import ingest
from tests.data.conftest import GENERIC, PARQUET, Files, write_folder

TEXT_IDS = GENERIC | {
    "ratings.csv": "user,item,rating\n1,007,4\n2,12,5\n",
    "items.csv": "item,title\n12,Alien\n007,Heat\n",
}


def test_parquet_and_csv_give_the_same(home, tmp_path):
    toml = GENERIC["dataset.toml"]
    as_csv: Files = {"dataset.toml": toml}
    for name, frame in PARQUET.items():
        assert isinstance(frame, pl.DataFrame)
        as_csv[name.replace("parquet", "csv")] = frame.write_csv()
    from_parquet = ingest(home, str(write_folder(tmp_path / "a", PARQUET | {"dataset.toml": toml})))
    from_csv = ingest(home, str(write_folder(tmp_path / "b", as_csv)))
    assert from_csv.model_copy(update={"remarks": from_parquet.remarks}) == from_parquet


def test_parquet_is_read_where_both_are_there(ingested):
    _, tables = ingested(GENERIC | {"ratings.parquet": PARQUET["ratings.parquet"]})
    assert tables["ratings"].rows() == [(1, 10, 4.0, 100), (2, 20, 5.0, 200)]


def test_tmdb_ids_are_taken_where_the_items_file_has_them(ingested):
    items = "item,title,tmdb_id\n10,Heat,949\n20,Alien,\n"
    _, tables = ingested(GENERIC | {"items.csv": items})
    assert tables["items"]["tmdb_id"].to_list() == [949, None]


def test_whole_numbers_are_ids_as_numbers(ingested):
    _, tables = ingested(GENERIC)
    assert tables["ratings"].rows() == [(1, 10, 4.0, 100), (1, 20, 3.5, 200), (2, 10, 5.0, 300)]
    assert tables["items"]["item"].to_list() == [10, 20]


def test_text_ids_keep_their_zeros_and_stay_text_in_both_tables(ingested):
    _, tables = ingested(TEXT_IDS)
    assert tables["ratings"].select("user", "item").rows() == [(1, "007"), (2, "12")]
    assert tables["items"]["item"].to_list() == ["007", "12"]


def test_plain_numbers_in_ratings_meet_text_ids_of_items(ingested):
    dataset, tables = ingested(TEXT_IDS | {"ratings.csv": "user,item,rating\n1,12,4\n2,12,5\n"})
    assert tables["ratings"]["item"].to_list() == ["12", "12"]
    assert dataset.dropped == {}


def test_dataset_toml_is_taken_at_its_word(ingested):
    toml = 'name = "films"\nnoun = "film"\nnoun_plural = "films"\nscale = [0, 5]\nrelevant_at = 3\n'
    info = ingested(GENERIC | {"dataset.toml": toml})[0].info
    assert (info.name, info.noun, info.noun_plural) == ("films", "film", "films")
    assert (info.scale, info.relevant_at) == ((0.0, 5.0), 3.0)


def test_without_dataset_toml_the_scale_is_that_of_the_ratings(ingested):
    info = ingested(GENERIC | {"dataset.toml": None})[0].info
    assert (info.name, info.noun) == ("data", "item")
    assert (info.scale, info.relevant_at) == ((3.5, 5.0), 4.625)


def test_a_scale_without_relevant_at_counts_its_upper_quarter_as_liked(ingested):
    info = ingested(GENERIC | {"dataset.toml": "scale = [1, 5]\n"})[0].info
    assert (info.scale, info.relevant_at) == ((1.0, 5.0), 4.0)


def test_relevant_at_without_a_scale_is_kept(ingested):
    info = ingested(GENERIC | {"dataset.toml": "relevant_at = 4.5\n"})[0].info
    assert (info.scale, info.relevant_at) == ((3.5, 5.0), 4.5)


def test_what_is_dropped_is_counted_and_what_is_not_is_not_mentioned(ingested):
    rows = "1,10,4,100\n1,10,2,50\n1,20,3,1\n2,99,5,1\n"
    dataset, tables = ingested(
        GENERIC | {"ratings.csv": f"user,item,rating,timestamp\n{rows}"},
    )
    assert tables["ratings"].rows() == [(1, 10, 4.0, 100), (1, 20, 3.0, 1)]
    assert dataset.dropped == {
        "ratings dropped: the items file lacks their item": 1,
        "ratings dropped: the same user rated the same item later": 1,
    }
    assert dataset.users == 1


def test_an_item_without_a_title_is_named_by_its_id(ingested):
    dataset, tables = ingested(GENERIC | {"items.csv": "item,title\n10,\n20,Alien\n"})
    assert tables["items"]["title"].to_list() == ["item 10", "Alien"]
    assert dataset.dropped == {"items kept without a title: named by their id": 1}


def test_the_same_data_is_written_to_the_same_files(home, folder_of):
    folder = str(folder_of(GENERIC))
    assert ingest(home, folder) == ingest(home, folder)
    assert len([path for path in home.rglob("*") if path.is_file()]) == 2


@pytest.mark.parametrize(
    ("name", "counts", "scale"),
    [
        ("boardgames", (43660, 901, 1452168), (1.0, 10.0)),
        ("books", (1295, 14684, 62656), (1.0, 10.0)),
        ("jokes", (5000, 100, 363209), (-10.0, 10.0)),
    ],
)
def test_real_data_comes_whole(shared, home, name, counts, scale):
    dataset = ingest(home, str(shared / name))
    assert (dataset.users, dataset.items.rows, dataset.ratings.rows) == counts
    assert (dataset.info.name, dataset.info.scale, dataset.dropped) == (name, scale, {})


def test_ratings_of_jokes_are_the_decimals_that_were_given(shared, home):
    ratings = read_table(home, ingest(home, str(shared / "jokes")).ratings)
    assert ratings.row(0) == (1, 1, -1.6, None)
    assert (ratings["rating"] == ratings["rating"].round(2)).all()
