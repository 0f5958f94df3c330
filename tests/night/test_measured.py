import polars as pl
import pytest

from tasks.night.measured import (
    base_lists_are_better,
    judging_metric,
    measured_note,
    measured_verdicts,
)
from tasks.settings.night import NightOptions

LIMITS = NightOptions(guard_users=20)


def compared(low: float, high: float, users: int = 170, metric: str = "NDCG") -> pl.DataFrame:
    figures = {"difference": (low + high) / 2, "low": low, "high": high, "users": users}
    return pl.DataFrame([{"metric": metric, "k": 10} | figures])


def means(metric: str = "NDCG") -> pl.DataFrame:
    rows = [(side, metric, 10, mean) for side, mean in (("base", 0.2), ("reranked", 0.15))]
    return pl.DataFrame(rows, schema=["list", "metric", "k", "mean"], orient="row")


def judged(rows: pl.DataFrame, metric: str = "NDCG", limits: NightOptions = LIMITS):
    return measured_verdicts(rows, means(), 10, metric, limits)


def test_an_interval_wholly_below_nought_gives_everybody_base_lists() -> None:
    found = judged(compared(-0.097, -0.006))
    assert base_lists_are_better(found)
    assert (found[0].base, found[0].reranked) == (0.2, 0.15)
    note = measured_note(found, 300, LIMITS) or ""
    assert "[-0.0970, -0.0060] over 170 users" in note
    assert "Base lists are published for 300 users" in note


@pytest.mark.parametrize(("low", "high"), [(-0.097, 0.001), (0.01, 0.02)])
def test_else_there_is_nothing_to_say(low: float, high: float) -> None:
    found = judged(compared(low, high))
    assert not base_lists_are_better(found) and measured_note(found, 300, LIMITS) is None


def test_a_loss_that_is_allowed_is_no_loss() -> None:
    limits = NightOptions(guard_margin=0.01)
    found = judged(compared(-0.02, -0.006), limits=limits)
    assert not base_lists_are_better(found) and measured_note(found, 300, limits) is None


def test_too_few_users_or_no_guard_publish_re_ranked_lists_and_say_why() -> None:
    few = judged(compared(-0.097, -0.006, users=19))
    assert not base_lists_are_better(few)
    assert "too few to go by, below --guard-users 20" in (measured_note(few, 19, LIMITS) or "")
    off = NightOptions(guard_users=20, guard=False)
    assert "guard is off" in (measured_note(judged(compared(-0.1, -0.1)), 30, off) or "")


def test_lists_made_to_find_what_is_liked_are_held_to_that() -> None:
    assert [judging_metric(target) for target in ("liked", "rated", None)] == [
        *("NDCG liked", "NDCG", "NDCG"),
    ]
    rows = pl.concat([compared(-0.03, -0.01), compared(0.0, 0.03, metric="NDCG liked")])
    found = judged(rows, "NDCG liked")
    assert [one.metric for one in found] == ["NDCG liked", "NDCG"]
    assert not base_lists_are_better(found)
    note = measured_note(found, 300, LIMITS) or ""
    assert "made to find what people rate well" in note and "NDCG@10 -0.0200" in note


def test_what_was_not_measured_judges_nobody() -> None:
    assert judged(compared(-1, -1).clear()) == []
    assert not base_lists_are_better([]) and measured_note([], 3, LIMITS) is None
