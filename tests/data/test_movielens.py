import polars as pl
import pytest

from tasks.core.artifacts import read_table
from tasks.data.formats.prepare import year_apart
from tasks.data.stages import ingest
from tests.data.conftest import MOVIELENS


def test_titles_are_split_from_their_years_and_genres_kept(ingested):
    _, tables = ingested(MOVIELENS)
    assert tables["items"].select("item", "title", "year", "genres").rows() == [
        (10, "American President, The", 1995, "Comedy|Drama"),
        (20, "Alien", 1979, None),
    ]


def test_ratings_come_sorted_with_times_and_the_known_scale(ingested):
    dataset, tables = ingested(MOVIELENS)
    assert tables["ratings"].rows() == [(1, 10, 4.0, 100), (1, 20, 3.5, 200), (2, 10, 5.0, 300)]
    assert (dataset.info.scale, dataset.info.relevant_at) == ((0.5, 5.0), 4.0)
    assert (dataset.users, dataset.tags, dataset.dropped) == (2, None, {})


def test_line_endings_make_no_difference(ingested, tmp_path):
    lf, _ = ingested(MOVIELENS)
    (tmp_path / "data").rename(tmp_path / "lf")
    crlf = {name: str(text).replace("\n", "\r\n") for name, text in MOVIELENS.items()}
    assert ingested(crlf)[0] == lf


@pytest.mark.parametrize(
    ("written", "title", "year"),
    [
        ("Heat (1995)", "Heat", "1995"),
        ("Heat (1995) ", "Heat", "1995"),
        ("Seven (a.k.a. Se7en) (1995)", "Seven (a.k.a. Se7en)", "1995"),
        ("Doctor Who (2005-2008)", "Doctor Who", "2005"),
        ("Doctor Who (2005\u2013)", "Doctor Who", "2005"),
        ("2001: A Space Odyssey", "2001: A Space Odyssey", None),
        ("1984 (remade)", "1984 (remade)", None),
    ],
)
def test_the_year_is_what_stands_in_brackets_at_the_end(written, title, year):
    movies = pl.DataFrame({"title": [written], "genres": ["Drama"]})
    assert year_apart(movies.lazy()).collect().select("title", "year").row(0) == (title, year)


def test_optional_files_are_joined(ingested):
    dataset, tables = ingested(
        MOVIELENS
        | {
            "descriptions.csv": 'movieId,description\n20,"In space, no one hears"\n',
            "imdb_scores.csv": "movieId,imdb_rating,imdb_votes\n20,8.5,900\n",
            "links.csv": "movieId,imdbId,tmdbId\n10,0112346,\n20,0078748,348\n",
        }
    )
    assert tables["items"].select("item", "description", "quality", "votes", "tmdb_id").rows() == [
        (10, None, None, None, None),
        (20, "In space, no one hears", 8.5, 900, 348),
    ]
    assert tables["items"].schema["tmdb_id"] == pl.Int64
    assert dataset.dropped == {}


def test_without_links_the_column_is_there_and_empty(ingested):
    _, tables = ingested(MOVIELENS)
    assert tables["items"]["tmdb_id"].to_list() == [None, None]


@pytest.mark.parametrize(
    ("file", "columns", "value", "what"),
    [
        ("descriptions.csv", "movieId,description", "x", "descriptions"),
        ("imdb_scores.csv", "movieId,imdb_rating,imdb_votes", "8,1", "IMDb figures"),
        ("links.csv", "movieId,imdbId,tmdbId", "1,348", "links"),
    ],
)
def test_surplus_rows_of_an_optional_file_are_dropped_and_counted(
    ingested, file, columns, value, what
):
    rows = "".join(f"{movie},{value}\n" for movie in (20, 99, 20))
    dataset, tables = ingested(MOVIELENS | {file: f"{columns}\n{rows}"})
    assert tables["items"]["item"].to_list() == [10, 20]
    reason = f"{what} dropped: repeated, or the items file lacks their item"
    assert dataset.dropped == {reason: 2}


def test_tags_are_normalised(ingested):
    dataset, tables = ingested(
        MOVIELENS
        | {"tags.csv": "userId,movieId,tag,timestamp\n2,10, Witty ,5\n2,10,witty,6\n2,20,dark,7\n"}
    )
    assert tables["tags"].rows() == [(2, 10, "witty")]
    assert dataset.dropped == {
        "tags dropped: empty or repeated": 1,
        "tags dropped: their user has not rated their item": 1,
    }


def test_a_movie_without_a_title_is_named_by_its_id(ingested):
    movies = "movieId,title,genres\n10,,Drama\n20,Alien (1979),Horror\n"
    dataset, tables = ingested(MOVIELENS | {"movies.csv": movies})
    assert tables["items"]["title"].to_list() == ["movie 10", "Alien"]
    assert dataset.dropped == {"items kept without a title: named by their id": 1}


def test_ml_latest_small_comes_whole(shared, home):
    dataset = ingest(home, str(shared / "ml-latest-small"))
    assert (dataset.users, dataset.items.rows, dataset.ratings.rows) == (610, 9742, 100836)
    assert dataset.dropped == {"tags dropped: their user has not rated their item": 207}
    items = read_table(home, dataset.items)
    assert items["description"].null_count() == 0
    assert (items["tmdb_id"].len(), items["tmdb_id"].null_count()) == (9742, 8)
    assert items.row(by_predicate=pl.col("item") == 1, named=True)["tmdb_id"] == 862
    assert items.row(by_predicate=pl.col("item") == 11, named=True)["title"] == (
        "American President, The"
    )
