"""Tiny data set folders, written to `tmp_path`."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tasks.core.artifacts import read_table
from tasks.core.vocabulary import Dataset
from tasks.data.stages import ingest

Content = str | bytes | pl.DataFrame | None
Files = dict[str, Content]
Ingested = tuple[Dataset, dict[str, pl.DataFrame]]

GENERIC: Files = {
    "ratings.csv": "user,item,rating,timestamp\n2,10,5,300\n1,20,3.5,200\n1,10,4,100\n",
    "items.csv": "item,title,year\n20,Alien,1979\n10,Heat,1995\n",
    "dataset.toml": 'name = "tiny"\nscale = [1.0, 5.0]\nrelevant_at = 4.0\n',
}

MOVIELENS: Files = {
    "ratings.csv": "userId,movieId,rating,timestamp\n2,10,5.0,300\n1,20,3.5,200\n1,10,4.0,100\n",
    "movies.csv": (
        "movieId,title,genres\n"
        '10,"American President, The (1995)",Comedy|Drama\n'
        "20,Alien (1979),(no genres listed)\n"
    ),
}

PARQUET: Files = {
    "ratings.parquet": pl.DataFrame(
        {"user": [1, 2], "item": [10, 20], "rating": [4.0, 5.0], "timestamp": [100, 200]}
    ),
    "items.parquet": pl.DataFrame({"item": [10, 20], "title": ["Heat", "Alien"]}),
}


def write_folder(folder: Path, files: Files) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        if isinstance(content, pl.DataFrame):
            content.write_parquet(folder / name)
        elif content is not None:
            raw = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(raw)
    return folder


@pytest.fixture
def home(tmp_path) -> Path:
    return Path(tmp_path) / "home"


@pytest.fixture
def folder_of(tmp_path) -> Callable[[Files], Path]:
    return lambda files: write_folder(tmp_path / "data", files)


@pytest.fixture
def ingested(home, folder_of) -> Callable[[Files], Ingested]:
    """Ingest a folder of these files; gives the record and what its Parquet files hold."""

    def run(files: Files) -> Ingested:
        dataset = ingest(home, str(folder_of(files)))
        written = {"ratings": dataset.ratings, "items": dataset.items, "tags": dataset.tags}
        return dataset, {k: read_table(home, v) for k, v in written.items() if v is not None}

    return run


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = Path(__file__).parents[2].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    return folder
