import json
from decimal import Decimal

import polars as pl
import pytest

from tasks.core.artifacts import write_table
from tasks.core.vocabulary import DatasetInfo
from tasks.evaluation.cell import Cell, CellResult, Comparison, Figures, Measured
from tasks.evaluation.significance import holm
from tasks.evaluation.summary import SUMMARY
from tasks.models.options import ModelOptions
from tasks.ranking.blend import Learned, Trees
from tasks.ranking.learned import LearnedWeights
from tasks.store.measured import CELLS, comparison_rows, measured_tables
from tasks.store.query import query
from tasks.store.warehouse import publish
from tests.store.rows import a_run
from tests.support.options import plain_evaluation

FILMS = DatasetInfo(
    name="films",
    noun="film",
    noun_plural="films",
    scale=(0.5, 5.0),
    relevant_at=4.0,
    source="tests",
    terms="none",
)
METRICS = ("NDCG@3", "cHR@3", "NDCG@10", "Precision@30", "candidate recall@30")
SHOWN = {("NDCG", 3), ("cHR", 3), ("candidate recall", 30)}


def collected(*given):
    """The tables as they are published, in memory."""
    return {name: table.lazy().collect() for name, table in measured_tables(*given).items()}


def settings(**given):
    return plain_evaluation(**{"top": 3, "search_count": 30, "seeds": 2, "seed": 5} | given)


def table(home, kind, rows, schema):
    return write_table(home, kind, pl.DataFrame(rows, schema=schema, orient="row"))


def measured(home, values):
    """`values`: per list and user one value, the same of every metric; none of cHR for user 2."""
    rows = [
        (side, user, *(None if name == "cHR@3" and user == 2 else value for name in METRICS))
        for (side, user), value in values.items()
    ]
    per_user = table(home, "per_user", rows, ["list", "user", *METRICS])
    return Measured(
        per_user=per_user,
        overall=table(home, "overall", [("base", "RMSE", 1.0)], ["list", "name", "value"]),
    )


def ran(home, label="all", dollars=None, **given):
    one = {("base", 1): 0.1, ("base", 2): 0.2, ("reranked", 1): 0.3, ("reranked", 2): 0.0}
    other = {("base", 1): 0.5, ("reranked", 1): 0.6}
    example = {"user": 2, "item": 7, "title": "Seven", "base_rank": 1, "rank": 2, "held_out": True}
    example |= {"gain": -0.2, "year": 1999, "reasons": "like Heat"}
    figures = Figures(
        dataset=FILMS,
        users=3,
        skipped={"users with nothing in train": 4},
        measured={5: measured(home, one), 6: measured(home, other)},
        metrics=table(home, "summaries", [("base", "NDCG", 3, 0.2, 0.1, 0.1, 0.3, 2, 2)], SUMMARY),
        examples=table(home, "examples", [example], list(example)),
        base_seconds=1.5,
        rerank_seconds=2.5,
        dollars=dollars,
    )
    cell = Cell(label=label, settings=settings(**given))
    return CellResult(cell=cell, status="run", figures=figures)


def not_run(label="absent", **given):
    cell = Cell(label=label, settings=settings(**given))
    return CellResult(cell=cell, status="not run", note="there is no such data set")


def test_a_cell_that_ran_says_what_it_was_and_took(tmp_path):
    result = ran(tmp_path, dollars=Decimal("0.25"), protocol="cold-user", keep=2, model="ease")
    cell = collected(tmp_path, "run-1", [result], [])["cells"].row(0, named=True)
    assert list(cell) == ["run_id", *CELLS]
    config, skipped = json.loads(cell.pop("config")), json.loads(cell.pop("skipped"))
    assert (config["model"], config["seeds"]) == ("ease", 2)
    assert skipped == {"users with nothing in train": 4}
    assert cell == {
        "run_id": "run-1",
        "cell": 0,
        "label": "all",
        "dataset": "films",
        "protocol": "cold-user-2",
        "model": "ease",
        "model_options": None,
        "scorer": "embedded",
        "reranker": "weighted",
        "external": True,
        "leaky": False,
        "top": 3,
        "candidates": 30,
        "first_seed": 5,
        "seeds": 2,
        "users": 3,
        "status": "run",
        "note": None,
        "base_seconds": 1.5,
        "rerank_seconds": 2.5,
        "dollars": 0.25,
    }


def test_base_lists_of_other_options_have_names_of_their_own(tmp_path):
    options = [
        ModelOptions(),
        ModelOptions(ease_regularization=9.0),
        ModelOptions(knn_neighbours=9),
    ]
    results = [ran(tmp_path, model="ease", model_options=one) for one in options]
    forward = {"forward_model_options": {"ease_regularization": 7.0}, "protocol": "temporal"}
    results.append(ran(tmp_path, model="ease", **forward))
    made = collected(tmp_path, "run-1", results, [])
    assert made["cells"]["model_options"].to_list() == [
        *(None, "regularization 9", None, "regularization 7")
    ]
    publish(tmp_path, {"runs": a_run("run-1")["runs"]} | made)
    named = query(tmp_path, "SELECT DISTINCT method FROM figures WHERE list = 'base' ORDER BY 1")
    assert named["method"].to_list() == [
        *("base: ease", "base: ease, regularization 7", "base: ease, regularization 9")
    ]


def test_a_cell_that_did_not_run_is_listed_with_why_and_has_no_figures(tmp_path):
    made = collected(tmp_path, "run-1", [not_run(data="books"), ran(tmp_path)], [])
    absent, present = made["cells"].to_dicts()
    assert (absent["status"], absent["note"]) == ("not run", "there is no such data set")
    assert (absent["dataset"], absent["users"], absent["dollars"]) == ("books", 0, None)
    assert absent["base_seconds"] is absent["rerank_seconds"] is None
    assert (present["cell"], present["status"]) == (1, "run")
    figures = (made[name] for name in ("cell_metrics", "user_metrics"))
    assert all(set(table["cell"]) == {1} for table in figures)


def test_a_run_in_which_nothing_ran_still_lists_its_cells(tmp_path):
    made = collected(tmp_path, "run-1", [not_run(), not_run("other")], [])
    assert list(made) == ["cells"] and made["cells"]["label"].to_list() == ["absent", "other"]
    assert list(collected(tmp_path, "run-1", [], [])) == ["cells"]


def test_leaky_profiles_are_labelled_in_the_cell(tmp_path):
    result = ran(tmp_path, profiles="typed.csv", allow_leaky=True, protocol="temporal")
    cell = collected(tmp_path, "run-1", [result], [])["cells"].row(0, named=True)
    assert (cell["leaky"], cell["scorer"], cell["external"]) == (
        True,
        "embedded (leaky profiles)",
        False,
    )


def test_single_users_keep_their_values_at_the_lists_length_and_the_candidate_recall(tmp_path):
    made = collected(tmp_path, "run-1", [ran(tmp_path)], [])["user_metrics"]
    assert made.columns == ["run_id", "cell", "seed", "list", "user", "metric", "k", "value"]
    assert set(made.select("metric", "k").rows()) == SHOWN
    assert made.schema["user"] == pl.String()
    ndcg = made.filter(metric="NDCG").select("seed", "list", "user", "value").rows()
    assert ndcg == [
        (5, "base", "1", 0.1),
        (5, "base", "2", 0.2),
        (5, "reranked", "1", 0.3),
        (5, "reranked", "2", 0.0),
        (6, "base", "1", 0.5),
        (6, "reranked", "1", 0.6),
    ]
    assert set(made.filter(metric="cHR")["user"]) == {"1"}, "no row for what is not defined"


def test_examples_carry_the_first_seed_the_reasons_and_ids_as_text(tmp_path):
    made = collected(tmp_path, "run-1", [not_run(), ran(tmp_path)], [])["list_examples"]
    assert made.row(0, named=True) == {
        "run_id": "run-1",
        "cell": 1,
        "seed": 5,
        "user": "2",
        "item": "7",
        "title": "Seven",
        "base_rank": 1,
        "rank": 2,
        "held_out": True,
        "gain": -0.2,
        "year": 1999,
        "reasons": "like Heat",
    }


def test_learned_weights_say_of_which_group_a_feature_is(tmp_path):
    groups = {
        "ease, log place": "collaborative",
        "popularity": "collaborative",
        "text, among candidates": "language",
        "liked texts, among candidates": "language",
        "log history": "popularity",
        "genres": "metadata",
    }
    results = [ran(tmp_path), learned(tmp_path, groups)]
    made = collected(tmp_path, "run-1", results, [])["learned_weights"]
    assert made.select("cell", "feature", "feature_group").rows() == [
        (1, feature, group) for feature, group in groups.items()
    ]


def test_learned_weights_stand_beside_the_trees_gains_which_are_unknown_without_trees(tmp_path):
    results = [learned(tmp_path, ["ease", "age"], gains=[0.7, 0.3]), learned(tmp_path, ["ease"])]
    made = collected(tmp_path, "run-1", results, [])
    publish(tmp_path, {"runs": a_run("run-1")["runs"]} | made)
    told = query(tmp_path, "SELECT cell, feature, weight, gain FROM learned_weights ORDER BY ALL")
    assert told.rows() == [(0, "age", 0.5, 0.3), (0, "ease", 0.5, 0.7), (1, "ease", 0.5, None)]


def learned(home, features, gains=None):
    """A cell that ran with a learned re-ranker, all of whose numbers are one half."""
    halves = [0.5] * len(features)
    weights = LearnedWeights(
        features=list(features),
        means=halves,
        spreads=halves,
        weights=halves,
        intercept=0.0,
        rows=9,
        positives=1,
        data=[],
    )
    text = table(home, "trees", [(1,)], ["byte"])
    trees = None if gains is None else Trees(text=text, count=3, gains=gains)
    result = ran(home)
    assert result.figures
    figures = result.figures.model_copy(update={"learned": Learned(weights=weights, trees=trees)})
    return result.model_copy(update={"figures": figures})


def compared(home, cell=0, says="what language adds", against=1, p=0.01, low=0.1, high=0.3, **more):
    """One comparison with a row per (metric, k) of `more`, all of them alike."""
    columns = ["metric", "k", "users", "difference", "low", "high", "p_value", "better", "worse"]
    metrics = more.get("metrics", [("NDCG", 10)])
    rows = [(*named, 30, 0.2, low, high, p, 0.6, 0.2, 2) for named in metrics]
    values = table(home, "comparisons", rows, [*columns, "seeds"])
    return Comparison(cell=cell, against=against, against_list="reranked", says=says, values=values)


def test_comparisons_say_who_against_whom(tmp_path):
    against_base = compared(tmp_path, 2, "re-ranked against base", 2).model_copy(
        update={"against_list": "base"}
    )
    made = collected(tmp_path, "run-1", [], [compared(tmp_path), against_base])["comparisons"]
    assert made.select("run_id", "cell", "list", "against", "against_list", "says").rows() == [
        ("run-1", 0, "reranked", 1, "reranked", "what language adds"),
        ("run-1", 2, "reranked", 2, "base", "re-ranked against base"),
    ]
    assert made.row(0, named=True)["p_holm"] == made.row(0, named=True)["p"] == 0.01


def test_p_values_are_corrected_over_what_says_the_same_metric_by_metric(tmp_path):
    several = [("NDCG", 10), ("NDCG", 5), ("HR", 10)]
    comparisons = [
        compared(tmp_path, 0, "one", p=0.01, metrics=several),
        compared(tmp_path, 1, "one", p=0.04, metrics=several),
        compared(tmp_path, 2, "one", p=0.03, metrics=several[:1]),
        compared(tmp_path, 3, "other", p=0.04, metrics=several),
    ]
    (made,) = comparison_rows(tmp_path, comparisons)
    adjusted = {(r["says"], r["metric"], r["k"], r["cell"]): r["p_holm"] for r in made.to_dicts()}
    expected = {("one", "NDCG", 10, cell): p for cell, p in enumerate([0.03, 0.06, 0.06])}
    for metric, k in several[1:]:
        expected |= {("one", metric, k, 0): 0.02, ("one", metric, k, 1): 0.04}
    expected |= {("other", metric, k, 3): 0.04 for metric, k in several}
    assert adjusted == pytest.approx(expected)
    assert list(holm(pl.Series([0.01, 0.04, 0.03]).to_numpy())) == pytest.approx([0.03, 0.06, 0.06])


@pytest.mark.parametrize(
    ("low", "high", "p", "said"),
    [
        (0.1, 0.3, 0.01, "higher"),
        (-0.3, -0.1, 0.01, "lower"),
        (-0.1, 0.3, 0.01, "no difference shown"),
        (0.1, 0.3, 0.05, "no difference shown"),
    ],
)
def test_the_verdict_reads_interval_and_p_value(tmp_path, low, high, p, said):
    (made,) = comparison_rows(tmp_path, [compared(tmp_path, low=low, high=high, p=p)])
    assert made["verdict"].to_list() == [said]


def test_the_verdict_reads_the_corrected_p_value(tmp_path):
    alike = [compared(tmp_path, cell, p=0.03) for cell in range(2)]
    (made,) = comparison_rows(tmp_path, alike)
    assert made["verdict"].to_list() == ["no difference shown"] * 2
    (single,) = comparison_rows(tmp_path, alike[:1])
    assert single["verdict"].to_list() == ["higher"]


def test_every_table_can_be_published_and_read_beside_another_runs(tmp_path):
    for run_id in ("run-1", "run-2"):
        results = [ran(tmp_path), ran(tmp_path, "other", model="ease"), not_run()]
        made = collected(tmp_path, run_id, results, [compared(tmp_path)])
        publish(tmp_path, {"runs": a_run(run_id)["runs"]} | made)
    for name, rows in (
        *(("cells", 6), ("cell_metrics", 4), ("comparisons", 2)),
        *(("list_examples", 4), ("losing_lists", 4), ("telling_lists", 4)),
    ):
        assert query(tmp_path, f"FROM {name}").height == rows, name
    assert set(query(tmp_path, "FROM user_metrics").select("metric", "k").rows()) == SHOWN
