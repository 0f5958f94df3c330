"""People shown by their own ratings: by those that may be seen, in place of what a model writes."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flows.pipeline import Pipeline
from flows.similarity import shown_to_scorer, with_ratings, with_way
from tasks.core.artifacts import read_table
from tasks.core.errors import SettingsError
from tests.flows.small import options, pipeline_of, world
from tests.support.direct import Direct
from tests.support.worlds import World


def asking(home: Path, **given: object) -> tuple[World, Pipeline]:
    settings = options(home, scorer="llm", llm_model="m", **given)
    made = world(home / "data", settings)
    return made, with_way(pipeline_of(made, settings, Direct(home)), "ratings")


def test_no_rating_is_shown_that_is_held_out(tmp_path: Path) -> None:
    made, pipeline = asking(tmp_path)
    shown = read_table(tmp_path, shown_to_scorer(pipeline).profiles)
    rated = shown.select("user", "mean_rating", "rated").explode("rated").unnest("rated")
    titled = made.items.select("item", "title").join(made.parts.train, on="item")
    same = ["user", "title", "rating"]
    assert rated.height > 100
    assert rated.join(titled.select(same), on=same, how="anti").is_empty()
    means = made.parts.train.group_by("user").agg(pl.col("rating").mean()).sort("user")
    both = shown.select("user", "mean_rating").sort("user")
    assert both["mean_rating"].to_list() == pytest.approx(means["rating"].to_list())


def test_nothing_is_written_for_who_is_shown_by_ratings_unless_that_is_wanted(
    tmp_path: Path,
) -> None:
    assert not asking(tmp_path / "one")[1].writes_tastes
    assert asking(tmp_path / "two", profile_writer="llm")[1].writes_tastes
    assert with_way(asking(tmp_path / "three")[1], "probability").writes_tastes


def test_where_nobody_rated_anything_there_are_no_ratings_to_show(tmp_path: Path) -> None:
    _, pipeline = asking(tmp_path)
    info = pipeline.dataset.info.model_copy(update={"implicit": True})
    implicit = replace(pipeline, dataset=pipeline.dataset.model_copy(update={"info": info}))
    prepared = shown_to_scorer(with_way(pipeline, "probability"), write=False)
    with pytest.raises(SettingsError, match="nobody rated anything"):
        with_ratings(implicit, prepared)
