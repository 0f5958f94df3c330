"""Methods measured on made-up data: in real processes, or in this one where that is quicker."""

import json
import math
import subprocess
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from surprise import SVD, Dataset, Reader

from flows.cli.evaluation import show_evaluation
from flows.evaluate import evaluate
from flows.experiment import experiment
from flows.outcomes import EvaluationResult
from tasks.core.protocols import PROTOCOLS
from tasks.core.vocabulary import PlainProtocolName
from tasks.evaluation.grid import read_grid
from tasks.evaluation.splits.protocols import split
from tasks.store.query import query
from tests.support.command import PLAIN, run, succeed
from tests.support.datasets import write_generic
from tests.support.in_process import flows_in
from tests.support.options import plain_evaluation

LABELS = {name: protocol.label(3) for name, protocol in PROTOCOLS.items()}
BOUNDED = ("loo", "split", "cold-item")
TIMED = {"temporal", "user-temporal", "horizon", "cold-item"}
SEEDS = 2
FIGURE = {"model", "scorer", "reranker", "protocol", "list", "metric", "k", "mean", "sd", "low"}
FIGURE |= {"high", "seeds"}
ACCURACY = ("HR", "cHR", "ARHR", "NDCG", "MAP", "Precision", "Recall")

EVERY_PROTOCOL = f"""
name = "every protocol"
[settings]
seeds = {SEEDS}
search_count = 30
profile_style = "favourites"
[[cells]]
label = "scored"
protocol = {list(get_args(PlainProtocolName))}
[[cells]]
label = "floor"
reranker = "random"
protocol = {list(BOUNDED)}
[[cells]]
label = "ceiling"
reranker = "oracle"
protocol = {list(BOUNDED)}
"""


class Ran:
    """A home and what the command said there; `said` is its JSON."""

    def __init__(self, home: Path, done: subprocess.CompletedProcess[str]) -> None:
        self.home, self.done = home, done
        self.said: dict[str, Any] = json.loads(done.stdout, parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, made_up: Path, server: str) -> Ran:
    """Leave-one-out over two seeds, through the real command."""
    home = tmp_path_factory.mktemp("measured")
    options = ["--data", made_up, "--home", home, *PLAIN, "--seeds", SEEDS, "--json", "--verbose"]
    return Ran(home, succeed("evaluate", *options, PREFECT_API_URL=server))


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory, server: str) -> Path:
    """The home after every protocol was run with a scorer, the floor and the ceiling."""
    home = tmp_path_factory.mktemp("everywhere")
    data = write_generic(tmp_path_factory.mktemp("few"), users=16, items=45, per_user=16)
    (home / "grid.toml").write_text(EVERY_PROTOCOL, encoding="utf-8")
    with flows_in(home, server):
        result = experiment(read_grid(home / "grid.toml", {"home": home, "data": str(data)}))
    assert result.without_figures == 0
    return home


def run_here(home: Path, server: str, **given: Any) -> EvaluationResult:
    with flows_in(home, server):
        return evaluate(plain_evaluation(home=home, **given))


def figure(home: Path, *names: str, **where: object) -> tuple[Any, ...]:
    rows = query(home, "FROM figures").filter(**where).select(names)
    assert rows.height == 1
    return rows.row(0)


def test_json_is_one_object_alone_on_stdout_and_progress_goes_to_stderr(measured: Ran) -> None:
    said = measured.said
    assert {"cells", "comparisons"} <= said.keys()
    assert all(cell.keys() >= FIGURE for cell in said["cells"])
    assert "measure all lists, loo seed 1" in measured.done.stderr
    assert "measure all lists, loo seed 1" not in measured.done.stdout
    first = said["cells"][0]
    assert {name: first[name] for name in ("model", "scorer", "reranker", "protocol")} == {
        "model": "svd",
        "scorer": "embedded",
        "reranker": "weighted",
        "protocol": "loo",
    }
    named = {(cell["list"], cell["metric"], cell["k"]) for cell in said["cells"]}
    assert {
        (side, name, k) for side in ("base", "reranked") for name in ACCURACY for k in (1, 5, 10)
    } <= named
    assert {("base", "RMSE", 0), ("base", "candidate recall", 100)} <= named
    assert ("reranked", "RMSE", 0) not in named


def test_json_holds_what_the_results_file_holds(measured: Ran) -> None:
    stored = query(measured.home, "FROM cell_metrics")
    assert len(measured.said["cells"]) == stored.height
    shown = {(c["list"], c["metric"], c["k"]): c["mean"] for c in measured.said["cells"]}
    assert shown == {
        (side, name, k): mean
        for side, name, k, mean in stored.select("list", "metric", "k", "mean").rows()
    }
    told = measured.said["comparisons"]
    assert len(told) == query(measured.home, "FROM comparisons").height
    for one in told:
        key = one["metric"], one["k"]
        assert one["difference"] == pytest.approx(
            shown["reranked", *key] - shown["base", *key], abs=1e-9
        )
        assert one["verdict"] in {"higher", "lower", "no difference shown"}


def test_every_figure_has_an_interval_around_it(measured: Ran) -> None:
    for cell in measured.said["cells"]:
        assert cell["low"] - 1e-9 <= cell["mean"] <= cell["high"] + 1e-9
        assert cell["seeds"] == SEEDS and cell["sd"] >= 0


def _ndcg_of_loo(data: Path, seed: int) -> list[float]:
    """NDCG@10 of Surprise's own predictions, asked for one by one."""
    ratings = pl.read_parquet(data / "ratings.parquet")
    parts = split(ratings, "loo", seed, 0)
    train = Dataset.load_from_df(
        parts.train.select("user", "item", "rating").to_pandas(), Reader(rating_scale=(0.5, 5.0))
    ).build_full_trainset()
    algorithm = SVD(random_state=seed).fit(train)
    values = []
    for user, sought in parts.held_out.select("user", "item").rows():
        rated = set(parts.train.filter(user=user)["item"])
        unrated = set(parts.train["item"]) - rated
        estimates = {item: algorithm.predict(user, item, clip=False).est for item in unrated}
        best = sorted(estimates, key=lambda item: -estimates[item])[:10]
        values.append(1 / math.log2(best.index(sought) + 2) if sought in best else 0.0)
    return values


def test_the_base_lists_ndcg_is_that_of_surprises_own_predictions(
    measured: Ran, made_up: Path
) -> None:
    seeds = [_ndcg_of_loo(made_up, seed) for seed in range(SEEDS)]
    mean, sd, users = figure(measured.home, "mean", "sd", "users", list="base", metric="NDCG", k=10)
    assert users == 30
    assert mean == pytest.approx(sum(map(sum, seeds)) / (30 * SEEDS))
    assert mean > 0.05
    low, high = sorted(sum(values) / 30 for values in seeds)
    assert sd == pytest.approx((high - low) / math.sqrt(2))


def test_single_users_values_make_up_the_figures(measured: Ran) -> None:
    made = query(
        measured.home,
        "SELECT list, metric, avg(value) AS value, count(DISTINCT user) AS n FROM user_metrics"
        " WHERE k = 10 GROUP BY ALL",
    )
    assert made.height >= 2 * len(ACCURACY)
    for side, metric, value, people in made.rows():
        expected = figure(measured.home, "mean", "users", list=side, metric=metric, k=10)
        assert expected == (pytest.approx(value), people)


def test_a_second_run_is_taken_from_disk_and_gives_the_same_figures(
    measured: Ran, made_up: Path, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    again = run_here(measured.home, server, data=str(made_up), seeds=SEEDS)
    assert again.run_id != measured.said["run_id"]
    assert again.cached == again.stages > 15
    for table in ("cell_metrics", "comparisons", "user_metrics", "list_examples"):
        rows = query(measured.home, f"SELECT * EXCLUDE run_id FROM {table}")
        assert rows.unique().height * 2 == rows.height, table
    work = query(measured.home, "SELECT base_seconds, rerank_seconds FROM cells").rows()
    assert work[0] == pytest.approx(work[1], rel=0.1), "what it took when it was done"
    assert min(work[0]) > 0

    show_evaluation(again)
    printed = capsys.readouterr().out
    assert all(said in printed for said in ("NDCG@10", "candidate recall@100", again.run_id))
    assert f"{again.stages} of {again.stages} stages were cached" in printed


def test_profiles_are_refused_before_anything_is_done(tmp_path: Path, made_up: Path) -> None:
    typed = tmp_path / "typed.csv"
    typed.write_text('user,text\n3,"I love orchards"\n', encoding="utf-8")
    home = tmp_path / "home"
    done = run("evaluate", "--data", made_up, "--home", home, "--profiles", typed)
    assert done.returncode == 1 and done.stdout == ""
    assert "nobody can say that they were written from train" in done.stderr
    assert "allow_leaky" in done.stderr and "Traceback" not in done.stderr
    assert not home.exists()


def test_leaky_profiles_are_labelled_wherever_their_figures_are(
    tmp_path: Path, made_up: Path, server: str
) -> None:
    typed = tmp_path / "typed.csv"
    typed.write_text('user,text\n3,"I love orchards"\n', encoding="utf-8")
    given = {"data": str(made_up), "seeds": 1, "profiles": typed, "allow_leaky": True}
    run_here(tmp_path, server, **given)
    cell = query(tmp_path, "SELECT scorer, leaky FROM cells").row(0)
    assert cell == ("embedded (leaky profiles)", True)
    board = query(tmp_path, "SELECT method, scorer, cheats FROM leaderboard")
    reranked = board.filter(pl.col("method") == "svd, weighted")
    assert reranked.select("scorer", "cheats").rows() == [("embedded (leaky profiles)", True)]
    texts = {
        text
        for file in (tmp_path / "artifacts" / "profiles").iterdir()
        for text in pl.read_parquet(file)["text"]
    }
    assert "I love orchards" in texts


def test_a_scorer_is_not_run_where_the_order_does_not_read_it(
    tmp_path: Path, made_up: Path, server: str
) -> None:
    unread: list[dict[str, Any]] = [
        {"reranker": "none"},
        {"reranker": "random"},
        {"weights": {"similarity": 0}},
    ]
    for number, given in enumerate(unread, start=1):
        run_here(tmp_path, server, data=str(made_up), seeds=1, **given)
        cells = query(tmp_path, "SELECT scorer, rerank_seconds, dollars FROM cells")
        assert cells.height == number
        assert set(cells["scorer"]) == {"none"} and set(cells["dollars"]) == {None}
    stages = set(query(tmp_path, "SELECT stage FROM stages")["stage"])
    assert {"find candidates", "rank"} <= stages
    assert not stages & {"score", "make profiles", "write item texts"}
    assert not (tmp_path / "embeddings.sqlite").exists()


@pytest.mark.parametrize("protocol", get_args(PlainProtocolName))
def test_every_protocol_measures_both_lists(everywhere: Path, protocol: PlainProtocolName) -> None:
    name = LABELS[protocol]
    rows = query(everywhere, "FROM figures").filter(protocol=name, label="scored")
    assert set(rows["list"]) == {"base", "reranked"} and (rows["users"].drop_nulls() > 0).all()
    shares = rows.filter(pl.col("metric").is_in([*ACCURACY, "candidate recall", "coverage"]))
    assert shares["mean"].is_between(0, 1).all()
    assert rows.filter(metric="RMSE").height == (0 if protocol == "cold-item" else 1)
    assert set(rows["external"]) == {protocol not in TIMED}
    cell = query(everywhere, "FROM cells").filter(protocol=name, label="scored")
    users, skipped = cell.select("users", "skipped").row(0)
    assert users >= SEEDS and isinstance(json.loads(skipped), dict)
    told = query(everywhere, "FROM lift_over_base").filter(protocol=name, label="scored")
    assert set(ACCURACY) <= set(told["metric"])


@pytest.mark.parametrize("protocol", BOUNDED)
def test_no_order_of_the_same_candidates_is_above_the_ceiling(
    everywhere: Path, protocol: str
) -> None:
    values = query(
        everywhere,
        "SELECT label, list, seed, user, value FROM user_metrics JOIN cells USING (run_id, cell)"
        f" WHERE protocol = '{protocol}' AND metric = 'NDCG' AND k = 10",
    )
    keys = ["seed", "user"]
    ceiling = values.filter(label="ceiling", list="reranked").select(*keys, best="value")
    others = values.join(ceiling, on=keys)
    assert others.height == values.height == 6 * ceiling.height
    assert (others["value"] <= others["best"] + 1e-12).all()
    means = dict(values.filter(list="reranked").group_by("label").agg(pl.mean("value")).iter_rows())
    assert means["ceiling"] > max(means["floor"], means["scored"])
    bases = values.filter(list="base").group_by(keys).agg(pl.col("value").n_unique())
    assert set(bases["value"]) == {1}, "the base list is the same, whoever re-ranks it"


def test_what_the_ceiling_finds_is_what_the_candidates_hold(everywhere: Path) -> None:
    where = {"protocol": "loo", "label": "ceiling"}
    (found,) = figure(everywhere, "mean", metric="HR", k=1, list="reranked", **where)
    (there,) = figure(everywhere, "mean", metric="candidate recall", list="base", **where)
    assert found == there > 0.5


def test_every_new_item_is_a_candidate(everywhere: Path) -> None:
    where = {"protocol": "cold-item", "label": "scored", "metric": "candidate recall"}
    assert figure(everywhere, "k", "mean", list="base", **where) == (4, 1.0)
    kept = query(
        everywhere,
        "SELECT DISTINCT protocol, k, label FROM user_metrics JOIN cells USING (run_id, cell)"
        " WHERE metric = 'candidate recall' AND label = 'scored'",
    )
    assert dict(kept.select("protocol", "k").iter_rows()) == {
        label: 4 if "item" in protocol else 30
        for protocol, label in LABELS.items()
        if protocol != "given"
    }


def test_bounds_are_marked_as_what_they_are(everywhere: Path) -> None:
    board = query(everywhere, "SELECT DISTINCT method, scorer, cheats FROM leaderboard")
    assert sorted(board.rows()) == [
        ("base: svd", "none", False),
        ("ceiling", "none", True),
        ("floor", "none", False),
        ("scored", "embedded", False),
    ]
