"""Every kind of broken input stops ingest, says where it is wrong, and leaves no file behind."""

import io

import polars as pl
import pytest

from tasks.core.errors import BadDataError
from tasks.data.stages import ingest
from tests.data.conftest import GENERIC, MOVIELENS, PARQUET

HEADER = "user,item,rating,timestamp\n"
FIRST = "1,10,4,100\n"


def ratings(row):
    return GENERIC | {"ratings.csv": f"{HEADER}{FIRST}{row}\n"}


def parquet(table, **columns):
    frame = PARQUET[f"{table}.parquet"]
    assert isinstance(frame, pl.DataFrame)
    return PARQUET | {f"{table}.parquet": frame.with_columns(**columns)}


def truncated():
    whole = io.BytesIO()
    frame = PARQUET["ratings.parquet"]
    assert isinstance(frame, pl.DataFrame)
    frame.write_parquet(whole)
    return PARQUET | {"ratings.parquet": whole.getvalue()[:-40]}


def case(name, files, file, row, column, says):
    return pytest.param(files, file, row, column, says, id=name)


CASES = [
    case(
        "ratings file missing",
        MOVIELENS | {"ratings.csv": None},
        "ratings.csv",
        None,
        None,
        "missing",
    ),
    case("file empty", GENERIC | {"ratings.csv": ""}, "ratings.csv", None, None, "empty"),
    case("header only", GENERIC | {"ratings.csv": HEADER}, "ratings.csv", None, None, "no rows"),
    case(
        "column missing",
        GENERIC | {"ratings.csv": "user,rating\n1,10\n"},
        "ratings.csv",
        None,
        "item",
        "found: user, rating",
    ),
    case(
        "rating mistyped",
        GENERIC | {"ratings.csv": "user,item,ratng\n1,10,4\n"},
        "ratings.csv",
        None,
        "rating",
        "found: user, item, ratng",
    ),
    case(
        "MovieLens column missing",
        MOVIELENS | {"movies.csv": "movieId,title\n10,Heat (1995)\n"},
        "movies.csv",
        None,
        "genres",
        "found: movieId, title",
    ),
    case(
        "byte that is not UTF-8",
        GENERIC | {"items.csv": b"item,title,year\n10,H\xc3\xa9at,1995\n20,Am\xe9lie,2001\n"},
        "items.csv",
        3,
        "title",
        "0xe9",
    ),
    case("text as rating", ratings("2,10,good,1"), "ratings.csv", 3, "rating", "'good'"),
    case("NaN rating", ratings("2,10,NaN,1"), "ratings.csv", 3, "rating", "'NaN'"),
    case("infinite rating", ratings("2,10,-inf,1"), "ratings.csv", 3, "rating", "'-inf'"),
    case("rating that overflows", ratings("2,10,1e999,1"), "ratings.csv", 3, "rating", "'1e999'"),
    case("rating missing", ratings("2,10,,1"), "ratings.csv", 3, "rating", "missing"),
    case("row too short", ratings("2,10"), "ratings.csv", 3, "rating", "missing"),
    case("rating above the scale", ratings("2,10,5.5,1"), "ratings.csv", 3, "rating", "1 to 5"),
    case("rating below the scale", ratings("2,10,0,1"), "ratings.csv", 3, "rating", "1 to 5"),
    case(
        "MovieLens rating off the scale",
        MOVIELENS | {"ratings.csv": "userId,movieId,rating\n1,10,4\n1,20,0\n"},
        "ratings.csv",
        3,
        "rating",
        "0.5 to 5",
    ),
    case("user id missing", ratings(",10,4,1"), "ratings.csv", 3, "user", "id is missing"),
    case(
        "MovieLens user id missing",
        MOVIELENS | {"ratings.csv": "userId,movieId,rating\n1,10,4\n,20,4\n"},
        "ratings.csv",
        3,
        "userId",
        "id is missing",
    ),
    case("user id blank", ratings("  ,10,4,1"), "ratings.csv", 3, "user", "id is missing"),
    case("item id missing", ratings("2,,4,1"), "ratings.csv", 3, "item", "id is missing"),
    case("text as timestamp", ratings("2,10,4,noon"), "ratings.csv", 3, "timestamp", "'noon'"),
    case(
        "item id doubled",
        GENERIC | {"items.csv": "item,title\n10,Heat\n20,Alien\n10,Heat\n"},
        "items.csv",
        4,
        "item",
        "item 10 appears a second time",
    ),
    case(
        "two item ids doubled",
        GENERIC | {"items.csv": "item,title\n10,Heat\n20,Alien\n10,Heat\n20,Alien\n"},
        "items.csv",
        4,
        "item",
        "item 10 appears a second time",
    ),
    case(
        "text as year",
        GENERIC | {"items.csv": "item,title,year\n10,Heat,old\n20,Alien,1979\n"},
        "items.csv",
        2,
        "year",
        "'old'",
    ),
    case(
        "IMDb rating that is text",
        MOVIELENS | {"imdb_scores.csv": "movieId,imdb_rating,imdb_votes\n20,8,5\n10,x,5\n"},
        "imdb_scores.csv",
        3,
        "imdb_rating",
        "'x'",
    ),
    case(
        "TMDB id that is text",
        MOVIELENS | {"links.csv": "movieId,imdbId,tmdbId\n20,1,348\n10,2,tt9087\n"},
        "links.csv",
        3,
        "tmdbId",
        "'tt9087' is not a whole number",
    ),
    case(
        "TMDB id with a fraction",
        GENERIC | {"items.csv": "item,title,tmdb_id\n10,Heat,949.5\n20,Alien,348\n"},
        "items.csv",
        2,
        "tmdb_id",
        "'949.5' is not a whole number",
    ),
    case(
        "links without TMDB's column",
        MOVIELENS | {"links.csv": "movieId,imdbId\n10,2\n"},
        "links.csv",
        None,
        "tmdbId",
        "found: movieId, imdbId",
    ),
    case(
        "link without its movie",
        MOVIELENS | {"links.csv": "movieId,imdbId,tmdbId\n10,1,348\n,2,9087\n"},
        "links.csv",
        3,
        "movieId",
        "id is missing",
    ),
    case("too many fields", ratings("2,10,4,1,9"), "ratings.csv", 3, None, "5 fields"),
    case(
        "quote never closed",
        GENERIC | {"items.csv": 'item,title\n10,"Heat\n20,Alien\n'},
        "items.csv",
        None,
        None,
        "not a CSV file",
    ),
    case("Parquet truncated", truncated(), "ratings.parquet", None, None, "not a whole Parquet"),
    case(
        "Parquet ids with fractions",
        parquet("items", item=pl.Series([10.0, 20.5])),
        "items.parquet",
        2,
        "item",
        "'20.5' is not a whole number",
    ),
    case(
        "Parquet ids that are bytes",
        parquet("items", item=pl.Series([b"\xff", b"\xfe"])),
        "items.parquet",
        None,
        "item",
        "not Binary",
    ),
    case(
        "Parquet ratings that are lists",
        parquet("ratings", rating=pl.concat_list("rating")),
        "ratings.parquet",
        None,
        "rating",
        "List",
    ),
    case(
        "Parquet titles that are lists",
        parquet("items", title=pl.concat_list("title")),
        "items.parquet",
        None,
        "title",
        "List",
    ),
    case(
        "Parquet rating NaN",
        parquet("ratings", rating=pl.Series([4.0, float("nan")])),
        "ratings.parquet",
        2,
        "rating",
        "not a number",
    ),
    case(
        "Parquet user id null",
        parquet("ratings", user=pl.Series([1, None])),
        "ratings.parquet",
        2,
        "user",
        "id is missing",
    ),
    case(
        "dataset.toml malformed",
        GENERIC | {"dataset.toml": "scale = [1,\n"},
        "dataset.toml",
        None,
        None,
        "not valid TOML",
    ),
    case(
        "dataset.toml not UTF-8",
        GENERIC | {"dataset.toml": b'name = "\xe9"\n'},
        "dataset.toml",
        None,
        None,
        "not valid TOML",
    ),
    case(
        "dataset.toml key unknown",
        GENERIC | {"dataset.toml": "sclae = [1, 5]\n"},
        "dataset.toml",
        None,
        "sclae",
        "not permitted",
    ),
    case(
        "dataset.toml scale is text",
        GENERIC | {"dataset.toml": 'scale = "1 to 5"\n'},
        "dataset.toml",
        None,
        "scale",
        "tuple",
    ),
    case(
        "dataset.toml scale upside down",
        GENERIC | {"dataset.toml": "scale = [5, 1]\n"},
        "dataset.toml",
        None,
        "scale",
        "[lowest, highest]",
    ),
    case(
        "ratings mostly of unknown items",
        GENERIC | {"ratings.csv": "user,item,rating\n1,10,4\n1,98,4\n2,99,5\n"},
        "ratings.csv",
        3,
        "item",
        "2 of 3 ratings are for items unknown to the items file, the first is 98",
    ),
    case(
        "tags without an item",
        MOVIELENS | {"tags.csv": "userId,movieId,tag\n1,10,slow\n1,,dark\n"},
        "tags.csv",
        3,
        "movieId",
        "id is missing",
    ),
]


@pytest.mark.parametrize(("files", "file", "row", "column", "says"), CASES)
def test_broken_input_names_its_place_and_leaves_no_file(
    home, folder_of, files, file, row, column, says
):
    folder = folder_of(files)
    with pytest.raises(BadDataError) as caught:
        ingest(home, str(folder))
    error = caught.value
    assert (error.file, error.row, error.column) == (folder / file, row, column)
    assert str(error).startswith(str(folder / file))
    assert says in error.what
    assert row is None or f"row {row}" in error.what
    assert column is None or f"column '{column}'" in error.what
    assert error.fix
    assert not [path for path in home.rglob("*") if path.is_file()]
