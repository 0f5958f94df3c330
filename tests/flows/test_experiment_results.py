"""What a grid leaves to be asked for: comparisons, views, shipped statements, published figures."""

from pathlib import Path

import polars as pl
import pytest

import sql
from tasks.store.query import find_statement, query
from tests.support.grids import LABELS, Ran


@pytest.fixture
def home(grid_run: Ran) -> Path:
    return grid_run.home


def test_declared_comparisons_are_paired_by_model_and_by_user(home: Path) -> None:
    told = query(home, "SELECT * FROM ablation WHERE metric = 'NDCG' AND k = 10")
    pairs = {says: [] for says in told["says"]}  # type: ignore[var-annotated]
    for says, mine, theirs in told.select("says", "model", "against_model").rows():
        pairs[says].append((mine, theirs))
    assert {says: sorted(some) for says, some in pairs.items()} == {
        "what similarity adds": [("knn", "knn"), ("svd", "svd")],
        "against the most popular": [("knn", "popularity"), ("svd", "popularity")],
    }
    assert set(told["experiment"]) == {"small"} and set(told["users"]) == {14}
    values = query(
        home,
        "SELECT model, label, user, avg(value) AS value FROM user_metrics JOIN cells"
        " USING (run_id, cell) WHERE metric = 'NDCG' AND k = 10 AND list = 'reranked' GROUP BY ALL",
    )
    for model in ("svd", "knn"):
        mine, theirs = (
            values.filter(model=model, label=label).sort("user")["value"]
            for label in ("all", "without similarity")
        )
        row = told.filter(model=model, says="what similarity adds").row(0, named=True)
        assert row["difference"] == pytest.approx((mine - theirs).mean())
        assert row["better"] == pytest.approx((mine > theirs).mean())
        assert row["difference"] == pytest.approx(row["mean"] - row["against_mean"])


def test_every_reranked_list_is_held_against_its_base_list(home: Path) -> None:
    lift = query(home, "SELECT * FROM lift_over_base WHERE metric = 'NDCG' AND k = 10")
    assert lift["label"].to_list() == LABELS[:4]
    for row in lift.to_dicts():
        assert row["relative"] == pytest.approx(row["difference"] / row["base"])


@pytest.mark.parametrize(
    "view", ["leaderboard", "ablation", "lift_over_base", "cost_per_point", "losers", "figures"]
)
def test_a_view_over_grids_gives_rows(home: Path, view: str) -> None:
    assert query(home, f"FROM {view}").height


def test_the_leaderboard_has_a_row_per_method(home: Path) -> None:
    board = query(home, "SELECT method, model, ndcg FROM leaderboard")
    assert sorted(board.select("method", "model").rows()) == [
        ("all", "knn"),
        ("all", "svd"),
        ("base: knn", "knn"),
        ("base: popularity", "popularity"),
        ("base: svd", "svd"),
        ("without similarity", "knn"),
        ("without similarity", "svd"),
    ]
    assert board["ndcg"].is_sorted(descending=True)


def test_losers_are_users_whose_list_got_worse(home: Path) -> None:
    shown = query(home, "SELECT DISTINCT cell, user FROM losers")
    worse = query(
        home,
        "SELECT base.cell, base.user FROM user_metrics AS base JOIN user_metrics AS ours"
        " USING (run_id, cell, seed, user, metric, k) WHERE base.list = 'base'"
        " AND ours.list = 'reranked' AND metric = 'NDCG' AND k = 10 AND seed = 0"
        " AND ours.value < base.value",
    )
    assert sorted(shown.rows()) == sorted(worse.rows())


def test_every_statement_that_ships_runs_on_an_experiment(home: Path) -> None:
    run = {"run_id": query(home, "SELECT run_id FROM runs").item()}
    folder = Path(sql.__file__).parent
    others = {folder / "evaluation" / "judgements.sql"}  # of no experiment
    for file in set((folder / "evaluation").glob("*.sql")) - others:
        assert query(home, sql.statement(f"evaluation/{file.name}"), run).height, file.name
    for name in sql.questions():
        query(home, find_statement(name))
    for view in sql.VIEWS:
        query(home, f"FROM {view}")


def test_published_figures_stand_beside_ours(home: Path) -> None:
    run = {"run_id": query(home, "SELECT run_id FROM runs").item()}
    rows = query(home, sql.statement("evaluation/beside_published.sql"), run)
    ours = query(home, "FROM figures").filter(metric="NDCG", k=10, model="svd", label="all")
    means = dict(ours.select("list", "mean").iter_rows())
    assert rows.select("method", "dataset", "published", "corrected", "ours").rows() == [
        ("SVD", "films", 0.09, 0.1, means["base"]),
        ("SVD + words", "films", 0.15, None, means["reranked"]),
    ]


def test_users_of_all_cells_are_counted_as_text(home: Path) -> None:
    users = query(home, "SELECT DISTINCT user FROM user_metrics")["user"]
    assert users.dtype == pl.String and set(users) == {str(user) for user in range(1, 15)}
