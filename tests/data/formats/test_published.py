"""Formats as they are published, each from a small file written after its description."""

import gzip
import io
import json
import time
import zipfile

import polars as pl
import pyarrow as pa
import pytest

from tasks.core.artifacts import read_table
from tasks.core.errors import BadDataError, SettingsError
from tasks.data.formats.finding_files import find_files
from tasks.data.stages import ingest
from tests.data.conftest import MOVIELENS, write_folder

FLAGS = ["0"] * 19
ML_1M = {
    "ratings.dat": "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n",
    "movies.dat": "1193::Amélie (2001)::Comedy|Romance\n661::City, The (1995)::Drama\n".encode(
        "latin-1"
    ),
    "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n",
}
ML_100K = {
    "u.data": "196\t242\t3\t881250949\n186\t302\t4\t891717742\n",
    "u.item": (
        "242|Kolya (1996)|24-Jan-1997||http://x/?Kolya%20(1996)|"
        + "|".join([*FLAGS[:5], "1"])
        + "|"
        + "|".join(FLAGS[6:])
        + "\n"
        '302|L.A. "C" (1997)|01-Jan-1997||http://y|' + "|".join(["1", *FLAGS[1:]]) + "\n"
    ),
    "u.user": "1|24|M|technician|85711\n",
    "u.genre": "unknown|0\nAction|1\n",
}
BOOKS = {
    "BX-Book-Ratings.csv": (
        '"User-ID";"ISBN";"Book-Rating"\n"276725";"034545104X";"0"\n"276726";"0155061224";"5"\n'
        '"276727";"034545104X";"10"\n'
    ),
    "BX-Books.csv": (
        '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher"\n'
        '"034545104X";"Flesh \\"Tones\\"; a Caf\xe9";"M. J. Rose";"2002";"B"\n'
        '"0155061224";"Rites";"J. Rose";"0";"H"\n'
    ).encode("latin-1"),
    "BX-Users.csv": '"User-ID";"Location";"Age"\n"276725";"tyler, usa";NULL\n',
}
NETFLIX = {
    "mv_0000001.txt": "1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n",
    "mv_0000002.txt": "2:\n1488844,4,2005-09-05\n",
    "movie_titles.csv": b"1,2003,Dinosaur Planet\n2,NULL,Isle of Man, The Caf\xe9\n",
}
RECBOLE = {
    "set.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    "196\t242\t3\t881250949\n186\t302\t3.5\t891717742\n",
    "set.item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    '242\tKolya "K"\t1996\tComedy\n302\tL.A. Confidential\t1997\tCrime Film-Noir\n',
}


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


AMAZON = {
    "Books_5.json.gz": gzip.compress(
        lines(
            {"overall": 5.0, "reviewerID": "A1", "asin": "B01", "unixReviewTime": 1514764800},
            {"overall": 2.0, "reviewerID": "A2", "asin": "B02", "unixReviewTime": 1514764801},
        ).encode()
    ),
    "meta_Books.json.gz": gzip.compress(
        lines(
            {"asin": "B01", "title": "One", "category": ["Books", "Art"], "description": ["Long."]},
            {"asin": "B02", "title": "Two", "category": [], "description": []},
        ).encode()
    ),
}
AMAZON_2023 = {
    "Beauty.jsonl": lines(
        {
            "rating": 4.0,
            "title": "Nice!",
            "asin": "B1",
            "parent_asin": "B0",
            "user_id": "A",
            "timestamp": 1588687728923,
        },
    ),
    "meta_Beauty.jsonl": lines({"main_category": "All", "title": "Soap", "parent_asin": "B0"}),
}
YELP = {
    "yelp_academic_dataset_review.json": lines(
        {
            "review_id": "r",
            "user_id": "u1",
            "business_id": "b1",
            "stars": 4.0,
            "text": "x",
            "date": "2016-03-09 00:56:38",
        },
    ),
    "yelp_academic_dataset_business.json": lines(
        {
            "business_id": "b1",
            "name": "Café",
            "stars": 3.5,
            "review_count": 7,
            "categories": "Pizza, Bars",
        },
    ),
    "yelp_academic_dataset_tip.json": lines(
        {"user_id": "u1", "business_id": "b1", "text": "y", "date": "2016-03-09 00:56:38"},
    ),
}
STEAM = {
    "steam_reviews.json": "{u'username': u'Ann', u'hours': 0.1, u'product_id': u'7', u'date':"
    " u'2017-12-17', u'text': u'it\\'s'}\n"
    "{u'username': u'Ann', u'hours': 5, u'product_id': u'7', u'date': u'2017-12-18'}\n",
    "steam_games.json": "{u'id': u'7', u'app_name': u'Run', u'developer': u'D', u'genres':"
    " [u'Indie', u'Action']}\n",
}


def read(home, tmp_path, files):
    dataset = ingest(home, str(write_folder(tmp_path / "data", files)))
    return dataset, read_table(home, dataset.ratings).rows(), read_table(home, dataset.items)


def test_movielens_1m(home, tmp_path):
    dataset, ratings, items = read(home, tmp_path, ML_1M)
    assert ratings[0] == (1, 661, 3.0, 978302109)
    assert items.select("item", "title", "year", "genres").rows() == [
        (661, "City, The", 1995, "Drama"),
        (1193, "Amélie", 2001, "Comedy|Romance"),
    ]
    assert (dataset.info.noun, dataset.info.relevant_at) == ("movie", 4.0)
    assert "MovieLens 1M" in dataset.remarks[0]
    assert any("movies.dat" in one and "latin-1" in one for one in dataset.remarks)


def test_movielens_100k(home, tmp_path):
    dataset, ratings, items = read(home, tmp_path, ML_100K)
    assert ratings == [(186, 302, 4.0, 891717742), (196, 242, 3.0, 881250949)]
    assert items.select("title", "year", "genres").rows() == [
        ("Kolya", 1996, "Comedy"),
        ('L.A. "C"', 1997, None),
    ]
    assert dataset.info.scale == (1.0, 5.0)


def test_book_crossing_drops_zeros_and_says_so(home, tmp_path):
    dataset, ratings, items = read(home, tmp_path, BOOKS)
    assert [row[:3] for row in ratings] == [
        (276726, "0155061224", 5.0),
        (276727, "034545104X", 10.0),
    ]
    assert items.select("title", "year").rows() == [
        ("Rites", None),
        ('Flesh "Tones"; a Café', 2002),
    ]
    assert [n for reason, n in dataset.dropped.items() if "not how it was liked" in reason] == [1]


def test_book_crossing_as_implicit_uses_every_row(home, tmp_path):
    dataset, ratings, _ = read(home, tmp_path, BOOKS | {"dataset.toml": "implicit = true\n"})
    assert [row[2] for row in ratings] == [1.0, 1.0, 1.0]
    assert dataset.info.implicit
    assert dataset.dropped == {}


def test_netflix_in_files_by_film(home, tmp_path):
    _, ratings, items = read(home, tmp_path, NETFLIX)
    assert ratings == [
        (822109, 1, 5.0, 1115942400),
        (1488844, 1, 3.0, 1125964800),
        (1488844, 2, 4.0, 1125878400),
    ]
    assert items.select("title", "year").rows() == [
        ("Dinosaur Planet", 2003),
        ("Isle of Man, The Café", None),
    ]


def test_recbole(home, tmp_path):
    dataset, ratings, items = read(home, tmp_path, RECBOLE)
    assert ratings[1] == (196, 242, 3.0, 881250949)
    assert items["title"].to_list() == ['Kolya "K"', "L.A. Confidential"]
    assert any("user_id:token -> user" in remark for remark in dataset.remarks)


def test_amazon(home, tmp_path):
    dataset, ratings, items = read(home, tmp_path, AMAZON)
    assert ratings[0] == ("A1", "B01", 5.0, 1514764800)
    assert items.select("title", "genres", "description").rows() == [
        ("One", "Books|Art", "Long."),
        ("Two", None, None),
    ]
    assert "gzip" in dataset.remarks[0]


def test_amazon_of_2023_takes_the_products_title_not_the_reviews(home, tmp_path):
    _, ratings, items = read(home, tmp_path, AMAZON_2023)
    assert ratings == [("A", "B0", 4.0, 1588687728)]
    assert items["title"].to_list() == ["Soap"]


def test_yelp_takes_reviews_and_not_tips(home, tmp_path):
    _, ratings, items = read(home, tmp_path, YELP)
    assert ratings == [("u1", "b1", 4.0, 1457484998)]
    assert items.select("title", "genres").rows() == [("Café", "Pizza|Bars")]


def test_steam_is_implicit_and_sums_what_is_repeated(home, tmp_path):
    dataset, ratings, items = read(home, tmp_path, STEAM)
    assert ratings == [("Ann", 7, 2.0, 1513555200)]
    assert items.select("title", "genres").rows() == [("Run", "Indie|Action")]
    assert dataset.info.implicit
    assert any("implicit" in remark for remark in dataset.remarks)


def zipped(files, folder=""):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return packed.getvalue()


def test_an_archive_is_opened(home, tmp_path):
    (tmp_path / "ml.zip").write_bytes(zipped(ML_1M, "ml-1m/"))
    dataset = ingest(home, str(tmp_path / "ml.zip"))
    assert (dataset.ratings.rows, dataset.items.rows) == (3, 2)


def test_movielens_csv_in_an_archive(home, tmp_path):
    (tmp_path / "ml-32m.zip").write_bytes(zipped(MOVIELENS, "ml-32m/"))
    dataset = ingest(home, str(tmp_path / "ml-32m.zip"))
    items = read_table(home, dataset.items)
    assert items.select("title", "year", "genres").rows()[1] == ("Alien", 1979, None)
    assert dataset.info.scale == (0.5, 5.0)


PLAIN = "user,item,rating\n1,10,4\n2,10,5\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-8-sig"),
        gzip.compress(PLAIN.encode()),
        pa.compress(PLAIN.encode(), codec="zstd", asbytes=True),
        zipped({"x.csv": PLAIN}),
        PLAIN.partition("\n")[2].encode(),
    ],
    ids=["semicolon", "tab", "UTF-16", "UTF-8 mark", "gzip", "zstd", "zip", "no header"],
)
def test_one_file_in_any_wrapping_and_no_items(home, tmp_path, content):
    (tmp_path / "mine.bin").write_bytes(content)
    dataset = ingest(home, str(tmp_path / "mine.bin"))
    rows = read_table(home, dataset.ratings).select("user", "item", "rating").rows()
    assert rows == [(1, 10, 4.0), (2, 10, 5.0)]
    assert read_table(home, dataset.items)["title"].to_list() == ["item 10"]
    assert any("no items file" in remark for remark in dataset.remarks)


@pytest.mark.parametrize(
    ("files", "file", "row", "says"),
    [
        (ML_1M | {"ratings.dat": "1::2::5::9\n1::3::x::9\n"}, "ratings.dat", 2, "'x' is not a"),
        (ML_100K | {"u.data": "1\t242\t3\t881250949\n1\t302\tx\t1\n"}, "u.data", 2, "'x'"),
        (
            BOOKS | {"BX-Book-Ratings.csv": '"User-ID";"ISBN";"Book-Rating"\n"1";"2";"5"\n1;2;x\n'},
            "BX-Book-Ratings.csv",
            3,
            "'x'",
        ),
        (NETFLIX | {"mv_0000002.txt": "2:\n7,9,2005-01-01\n"}, "mv_0000002.txt", 2, "off the"),
        (NETFLIX | {"mv_0000002.txt": "2:\n7,4,soon\n"}, "mv_0000002.txt", 2, "'soon'"),
        (
            AMAZON
            | {
                "Books_5.json.gz": gzip.compress(
                    lines({"overall": "x", "reviewerID": "A", "asin": "B01"}).encode()
                )
            },
            "Books_5.json.gz",
            1,
            "'x'",
        ),
        (
            AMAZON | {"Books_5.json.gz": AMAZON["Books_5.json.gz"][:-30]},
            "Books_5.json.gz",
            None,
            "cannot be read to its end",
        ),
        (
            YELP
            | {
                "yelp_academic_dataset_review.json": YELP["yelp_academic_dataset_review.json"]
                + "{oops\n"
            },
            "yelp_academic_dataset_review.json",
            2,
            "no JSON object",
        ),
        (
            STEAM | {"steam_reviews.json": STEAM["steam_reviews.json"] + "{u'username': \n"},
            "steam_reviews.json",
            3,
            "no JSON object",
        ),
        (
            RECBOLE | {"set.inter": str(RECBOLE["set.inter"]).replace("3.5", "x")},
            "set.inter",
            3,
            "'x'",
        ),
    ],
    ids=[
        "1M",
        "100K",
        "books",
        "Netflix",
        "Netflix day",
        "Amazon",
        "cut off",
        "Yelp",
        "Steam",
        "RecBole",
    ],
)
def test_what_is_wrong_names_its_file_and_row(home, tmp_path, files, file, row, says):
    with pytest.raises(BadDataError) as caught:
        read(home, tmp_path, files)
    assert (caught.value.file.name, caught.value.row) == (file, row)
    assert says in caught.value.what
    assert caught.value.fix


def test_a_spark_folder_with_partitions_and_awkward_types(home, tmp_path):
    folder = tmp_path / "ratings.parquet"
    for user, day in ((1.0, "2020-01-01"), (2.0, "2020-01-02")):
        part = folder / f"stars={int(user) + 2}"
        part.mkdir(parents=True)
        frame = pl.DataFrame({"uid": [user], "sku": ["a"], "ts": [day]})
        frame.with_columns(
            pl.col("sku").cast(pl.Categorical), pl.col("ts").str.to_datetime()
        ).write_parquet(part / "part-00000.snappy.parquet")
    (folder / "_SUCCESS").touch()
    dataset = ingest(home, str(folder))
    assert read_table(home, dataset.ratings).rows() == [
        (1, "a", 3.0, 1577836800),
        (2, "a", 4.0, 1577923200),
    ]


def test_decimals_are_numbers_and_a_bad_row_of_a_part_names_it(home, tmp_path):
    folder = tmp_path / "set" / "ratings"
    folder.mkdir(parents=True)
    for place, user in enumerate((1, None)):
        frame = pl.DataFrame({"user": [5, user], "item": [1, 2], "rating": ["3.5", "4"]})
        typed = frame.with_columns(pl.col("rating").cast(pl.Decimal(4, 2)))
        typed.write_parquet(folder / f"part-{place}.parquet")
    with pytest.raises(BadDataError) as caught:
        ingest(home, str(folder.parent))
    assert (caught.value.file.name, caught.value.row) == ("part-1.parquet", 2)


def test_one_very_long_line_is_looked_at_in_no_time(tmp_path):
    """Looked for from every place in it, a pattern would take a minute."""
    file = tmp_path / "films.json"
    file.write_text("[" + ", ".join(f'"film {place}"' for place in range(4_000)) + "]")
    started = time.process_time()
    with pytest.raises(SettingsError, match="no file has a user and an item"):
        find_files(tmp_path, {})
    assert time.process_time() - started < 2
