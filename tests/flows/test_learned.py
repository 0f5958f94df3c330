"""The learned re-ranker in whole flows: what it is fitted on, what it ranks, and what is shown."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from prefect import flow

from flows.cells import Evaluation
from flows.evaluate import evaluate
from flows.nightly import nightly
from tasks.core.artifacts import read_table
from tasks.evaluation.cell import Cell, Figures
from tasks.features.stages import features_of
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.sources import EvaluateOptions
from tasks.store.query import query
from tests.support.command import run
from tests.support.datasets import write_generic
from tests.support.in_process import flows_in
from tests.support.options import plain_evaluation, plain_settings
from tests.support.small_trees import small_trees
from tests.support.whole_app import app
from tests.support.worlds import Recording, moved

BEST = Path(__file__).parents[2] / "deployments" / "best.toml"
PAIR = ["user", "item"]
USERS, ITEMS = 20, 45
TEXT_FEATURES = {"nearest liked text", "liked texts", "disliked texts", "text"}
SEVERAL = {"svd": 15, "ease": 10, "text": 5}
SPLIT: dict[str, Any] = {"protocol": "split", "sources": SEVERAL, "learn_users": 12}
SPLIT |= {"seed": 2**32 - 1}


class Seen:
    """One cell's figures and what every stage of it gave, in the order in which they ran."""

    def __init__(self, settings: EvaluationSettings, steps: Recording, figures: Figures) -> None:
        self.home, self.label = settings.home, settings.scorer_label
        self.steps, self.figures = steps, figures
        self.outer, *self.inner = steps.made["split"]
        self.labelled = [self.read(table) for table in steps.made["make features"]]
        (ranking,) = (call for call in steps.calls if call.stage == "rank")
        self.lists, given = self.read(ranking.gave), ranking.given
        users, pairs = self.read(given["users"])["user"], self.read(given["pairs"])
        self.features = features_of(
            self.home, users, pairs, given["known"], given["ranker"].features
        )

    def read(self, artifact: Any) -> pl.DataFrame:
        return read_table(self.home, artifact)


Measure = Callable[..., Seen]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("few"), users=USERS, items=ITEMS, per_user=14)


@pytest.fixture(scope="module")
def measure(tmp_path_factory: pytest.TempPathFactory, data: Path, server: str) -> Measure:
    """Measures one cell with the learned re-ranker, in a home that all share."""
    home = tmp_path_factory.mktemp("home")

    @flow
    def one_cell(settings: EvaluationSettings) -> Seen:
        steps = Recording(settings.home)
        figures = Evaluation(steps).measure(Cell(label="learned", settings=settings)).figures
        assert figures
        return Seen(settings, steps, figures)

    def run_here(folder: Path = data, **given: Any) -> Seen:
        small: dict[str, Any] = {"seeds": 1, "reranker": "learned"}
        small |= {} if "sources" in given else {"search_count": 20}
        settings = plain_evaluation(home=home, data=str(folder), **small | given)
        with flows_in(home, server):
            return one_cell(settings)

    return run_here


@pytest.fixture(scope="module")
def split(measure: Measure) -> Seen:
    """Several sources under `split`; inner seeds must not go beyond the largest one."""
    return measure(**SPLIT)


@pytest.fixture(scope="module")
def cold(measure: Measure) -> Seen:
    """New items, which no base model knows."""
    return measure(protocol="cold-item", model="ease", learn_splits=2)


def test_the_best_configuration_gives_figures(tmp_path: Path, data: Path, server: str) -> None:
    given: dict[str, Any] = {"data": str(data), "home": tmp_path, "seeds": 1, "method": "best"}
    with flows_in(tmp_path, server), small_trees():
        evaluate(EvaluateOptions(**given).settings())
    cells = query(tmp_path, "SELECT model, reranker, scorer, status FROM cells")
    assert cells.rows() == [("ease", "learned", "embedded", "run")]
    shown = query(tmp_path, "FROM figures").filter(metric="NDCG", k=10)
    assert sorted(shown["list"]) == ["base", "reranked"] and (shown["mean"] > 0).all()
    assert query(tmp_path, "FROM comparisons").height > 5


def test_its_options_are_read_from_the_command_line_over_a_file() -> None:
    words = f"evaluate --method {BEST} --without language --without dates --sources.svd 50"
    _, bound, _ = app.parse_args(words.split(), print_error=False, exit_on_error=False)
    chosen = bound.arguments["settings"].settings().method
    assert (chosen.model, chosen.reranker) == ("ease", "learned")
    assert chosen.without == ("language", "dates")
    assert (chosen.sources["svd"], chosen.sources["ease"]) == (50, 200)


def test_a_source_that_is_no_model_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = run("evaluate", "--home", home, "--sources.svd", 50, "--sources.nearest", 50)
    assert done.returncode == 1 and done.stdout == ""
    assert "there is no base model 'nearest'" in done.stderr and "Traceback" not in done.stderr
    assert not home.exists()


def test_inner_splits_part_the_train_ratings_alone(split: Seen) -> None:
    train = split.read(split.outer.train).sort(PAIR)
    assert len(split.inner) == len(split.labelled) == 2
    parts = [(split.read(one.train), split.read(one.held_out)) for one in split.inner]
    for inner_train, inner_held_out in parts:
        assert pl.concat([inner_train, inner_held_out]).sort(PAIR).equals(train)
        assert inner_held_out.height > 20
    assert not parts[0][1].equals(parts[1][1])


def test_inner_tables_tell_what_was_held_out_among_candidates_made_without_it(split: Seen) -> None:
    for table, one in zip(split.labelled, split.inner, strict=True):
        held_out, rated = split.read(one.held_out), split.read(one.train)
        expected = table.select(PAIR).join(held_out, on=PAIR, how="semi").sort(PAIR)
        assert table.filter("held_out").select(PAIR).sort(PAIR).equals(expected)
        assert 0 < expected.height < table.height
        assert table.join(rated, on=PAIR, how="semi").is_empty()
        assert table["user"].n_unique() == one.users.rows == 12
    assert "held_out" not in split.features.columns


def test_every_split_has_models_and_candidates_of_its_own(split: Seen) -> None:
    made = split.steps.made
    for stage in ("train on texts", "join candidates", "make item facts"):
        assert len({artifact.sha256 for artifact in made[stage]}) == 3, stage
    assert len({artifact.sha256 for artifact in made["train"]}) == 6
    assert len(made["find candidates"]) == 9


def test_the_weights_are_of_the_inner_tables_and_order_the_outer_candidates(split: Seen) -> None:
    assert split.figures.learned and split.figures.learned.trees is None
    weights = split.figures.learned.weights
    assert weights.data == [table.sha256 for table in split.steps.made["make features"]]
    assert weights.rows == sum(table.height for table in split.labelled)
    assert set(SEVERAL) | TEXT_FEATURES <= set(weights.features)
    likely = split.features.select(PAIR).with_columns(
        likely=pl.Series(weights.probabilities(split.features))
    )
    joined = split.lists.join(likely, on=PAIR)
    assert joined.height == split.lists.height == split.features.height
    for _, mine in joined.group_by("user"):
        assert mine.sort("rank")["likely"].is_sorted(descending=True)
    assert not joined["rank"].equals(joined["base_rank"])


def test_the_work_of_inner_splits_is_counted_as_re_ranking(split: Seen) -> None:
    records = [r for r in split.steps.records if r.role == "candidates"]
    outer = sum(r.work_seconds for r in records if r.part == "split seed 4294967295")
    assert split.figures.base_seconds == pytest.approx(outer) and outer > 0
    inner = sum(r.work_seconds for r in records) - outer
    assert split.figures.rerank_seconds > inner > 0


def test_new_items_are_ranked_by_what_describes_them(cold: Seen) -> None:
    assert cold.outer.new_items
    fresh = cold.read(cold.outer.new_items)["item"]
    assert cold.lists.height == cold.outer.users.rows * fresh.len()
    assert set(cold.lists["item"]) == set(fresh)
    for _, mine in cold.lists.group_by("user"):
        assert sorted(mine["rank"]) == list(range(1, fresh.len() + 1))
    assert not cold.lists["rank"].equals(cold.lists["base_rank"])
    assert cold.figures.learned and set(cold.figures.learned.weights.features) >= TEXT_FEATURES
    assert not {"ease", "svd"} & set(cold.figures.learned.weights.features)


def test_what_is_learned_of_new_items_is_learned_from_other_items(cold: Seen) -> None:
    fresh = set(cold.features["item"])
    for table, one in zip(cold.labelled, cold.inner, strict=True):
        assert set(table["item"]) == set(cold.read(one.new_items)["item"])
        assert not fresh & set(table["item"])


def test_other_held_out_ratings_change_neither_the_weights_nor_the_lists(
    measure: Measure, data: Path, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"protocol": "temporal", "sources": SEVERAL, "learn_splits": 1}
    one = measure(**given)
    shutil.copytree(data, tmp_path / "changed")
    changed = _with_others_held_out(pl.read_parquet(data / "ratings.parquet"), one)
    changed.write_parquet(tmp_path / "changed" / "ratings.parquet")

    two = measure(tmp_path / "changed", **given)

    assert one.outer.train == two.outer.train
    both = one.read(one.outer.held_out), two.read(two.outer.held_out)
    assert both[0].height == both[1].height > 50
    assert both[0].join(both[1], on=PAIR, how="semi").is_empty()
    assert one.figures.learned == two.figures.learned
    different = moved(one.steps.made, two.steps.made)
    assert different - {"find examples"} == {
        "ingest",
        "split",
        "measure",
        "measure all lists",
        "summarise",
    }


def _with_others_held_out(ratings: pl.DataFrame, seen: Seen) -> pl.DataFrame:
    """Everybody's held-out ratings are turned around, and are of items that they had not rated."""
    moment = seen.read(seen.outer.held_out)["timestamp"].min()
    every = set(range(1, ITEMS + 1))
    unrated = {user[0]: every - set(mine["item"]) for user, mine in ratings.group_by("user")}
    rows = [
        (user, item, rating, stamp)
        if stamp < moment
        else (user, unrated[user].pop(), 5.5 - rating, stamp)
        for user, item, rating, stamp in ratings.rows()
    ]
    return pl.DataFrame(rows, schema=ratings.schema, orient="row")


def test_without_language_no_text_is_read_and_the_scorer_is_none(
    measure: Measure, split: Seen
) -> None:
    silent = measure(**SPLIT, learn_splits=1, without=("language",))
    assert set(split.features.columns) >= TEXT_FEATURES
    gone = set(split.features.columns) - set(silent.features.columns)
    assert gone >= TEXT_FEATURES and all("text" in name for name in gone)
    assert "train on texts" not in silent.steps.made
    assert (split.label, silent.label) == ("embedded", "none")


class Night:
    """A night with the learned re-ranker, and one after it on more ratings without a refit."""

    def __init__(self, home: Path, data: Path, server: str) -> None:
        self.home, self.data = home, data
        given: dict[str, Any] = {"home": home, "reranker": "learned", "learn_splits": 1}
        with flows_in(home, server):
            nightly(plain_settings(data=str(data), **given))
            self.lists = query(home, "FROM ranked_items")
            more = home / "more"
            shutil.copytree(data, more)
            ratings = pl.read_parquet(data / "ratings.parquet")
            ratings[:-1].write_parquet(more / "ratings.parquet")
            nightly(plain_settings(data=str(more), refit=0, measure_users=0, **given))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, data: Path, server: str) -> Night:
    return Night(tmp_path_factory.mktemp("night"), data, server)


def test_a_night_gives_everybody_a_whole_list_without_asking_the_scorer(night: Night) -> None:
    for place in ("rank", "base_rank"):
        shown = night.lists.filter(pl.col(place) <= 10)
        sizes = shown.group_by("user").agg(pl.col("item").n_unique().alias("items"))
        assert sizes["items"].to_list() == [10] * USERS
        assert shown["similarity"].null_count() == shown.height
    assert night.lists["reasons"].count() > 10 * USERS / 2
    assert not night.lists["rank"].equals(night.lists["base_rank"])
    assert query(night.home, "SELECT DISTINCT unscored FROM runs").rows() == [(0,)]
    measured = query(night.home, "SELECT protocol, scorer, status FROM cells").rows()
    assert measured == [("loo", "embedded", "run")]


def test_a_night_by_what_was_learned_before_learns_nothing_and_gives_the_changed_user_a_list(
    night: Night,
) -> None:
    stages = query(night.home, "SELECT stage, part FROM stages JOIN latest_run USING (run_id)")
    assert not {"train", "split", "learn to rank"} & set(stages["stage"])
    assert "rank" in set(stages["stage"])
    listed = "FROM ranked_items JOIN latest_run USING (run_id) WHERE listed_in = run_id"
    assert query(night.home, f"SELECT count(DISTINCT user) {listed} AND rank <= 10").item() == 1
    assert query(night.home, f"SELECT count(*) {listed} AND rank <= 10").item() == 10
