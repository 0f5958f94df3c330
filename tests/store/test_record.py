from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from tasks.core.progress import lines_to, log_for, say
from tasks.core.steps import StageRecord
from tasks.store.query import query
from tasks.store.record import _unscored, attempt, new_run_id, stage_rows
from tasks.store.warehouse import publish
from tests.store.rows import a_run
from tests.support.options import plain_settings

MOMENT = datetime(2026, 11, 24, 3, 0, 5, tzinfo=UTC)


def test_run_ids_sort_by_time_and_differ() -> None:
    one, other = new_run_id(MOMENT), new_run_id(MOMENT)
    assert one.startswith("20261124-030005-") and one != other
    assert new_run_id(MOMENT, mark="abcdef") == "20261124-030005-abcdef"


def test_what_is_attempted_again_has_the_same_id() -> None:
    with attempt("20261124-030005-abcdef"):
        assert new_run_id(datetime.now(UTC)) == "20261124-030005-abcdef"
    assert new_run_id(MOMENT) != "20261124-030005-abcdef"


def test_a_commands_log_is_named_for_its_run(tmp_path):
    with lines_to(lambda _line: None, log_for(tmp_path)):
        say("a line")
        run_id = new_run_id(MOMENT)
        new_run_id(MOMENT)
    assert [file.stem for file in (tmp_path / "logs").iterdir()] == [run_id]


def test_stages_are_published_with_their_phase_detail_and_role(tmp_path):
    facts = {"stage": "train", "part": "tonight", "cached": False, "seconds": 1.0, "rows": 2}
    stages = [
        StageRecord(**facts, role="candidates", detail="ease", phase="Fit models"),
        StageRecord(**facts, peak_mb=100.0),
    ]
    publish(tmp_path, a_run("run-1") | {"stages": stage_rows("run-1", stages)})
    rows = query(tmp_path, "SELECT phase, detail, role, peak_mb FROM stages ORDER BY place").rows()
    assert rows == [("Fit models", "ease", "candidates", None), ("", "", "order", 100.0)]


@pytest.mark.parametrize(
    ("method", "unscored"),
    [
        ({"reranker": "weighted"}, 2),
        ({"reranker": "llm_only"}, 2),
        ({"reranker": "filter"}, 2),
        ({"reranker": "weighted", "weights": {"estimate": 1, "similarity": 0}}, 0),
        ({"reranker": "none"}, 0),
        ({"reranker": "learned"}, 0),
        ({"reranker": "learned", "learn_scores": True}, 2),
        ({"reranker": "learned", "learn_scores": True, "without": ("language",)}, 0),
    ],
)
def test_pairs_are_unscored_only_where_the_order_reads_similarity(method, unscored):
    run: Any = SimpleNamespace(settings=plain_settings(**method), unscored=7)
    pairs = pl.LazyFrame({"similarity": [0.5, None, None]})
    assert _unscored(run, pairs) == unscored
    assert _unscored(run, pl.LazyFrame({"user": [1]})) == 0


def test_where_heads_are_judged_only_pairs_that_were_asked_about_can_lack_a_score():
    method = {"reranker": "learned", "scorer": "llm", "llm_model": "m"}
    run: Any = SimpleNamespace(settings=plain_settings(**method), unscored=1)
    assert _unscored(run, pl.LazyFrame({"similarity": [0.5, None, None]})) == 1
