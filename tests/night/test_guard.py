from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from tasks.night.guard import EVERYBODY, Verdict, guarded_users, judge, verdicts
from tasks.settings.night import NightOptions

LIMITS = NightOptions(guard_users=20, guard_activity=(100,))
HEAVY = "100 ratings or more"
USERS = 60
HISTORY = pl.DataFrame({"user": range(USERS), "ratings": [20] * 30 + [300] * 30})


def night(base: Sequence[float], reranked: Sequence[float], noise: int = 0) -> pl.DataFrame:
    shift = np.random.default_rng(noise).normal(0, 0.02, len(base))
    columns = {"base": np.add(base, shift), "reranked": np.asarray(reranked, float)}
    count = len(base)
    told = pl.DataFrame({"user": range(count), **columns, "ratings": [2] * count})
    return told.with_columns(pl.col("ratings").cast(pl.UInt32))


def by_segment(*nights: pl.DataFrame, limits: NightOptions = LIMITS) -> dict[str, Verdict]:
    return {v.segment: v for v in verdicts(nights, HISTORY, 10, limits, seed=0)}


def test_a_hit_is_what_was_rated_well_and_both_lists_are_held_against_it() -> None:
    lists = pl.DataFrame(
        {
            "user": [1, 1, 1, 2, 2, 2],
            "item": [10, 11, 12, 10, 11, 12],
            "base_rank": [1, 2, 3, 1, 2, 3],
            "rank": [3, 1, 2, 1, 2, 3],
        }
    )
    arrived = pl.DataFrame(
        {"user": [1, 1, 2, 3], "item": [11, 12, 10, 10], "rating": [5.0, 2.0, 1.0, 5.0]}
    )
    told = judge(lists, arrived, pl.Series("item", [10, 11, 12]), top=2, relevant_at=4.0)
    (row,) = told.iter_rows(named=True)
    assert row["user"] == 1 and row["ratings"] == 2
    assert row["reranked"] == 1.0
    assert row["base"] == pytest.approx(1 / np.log2(3))


def test_lists_that_did_worse_are_told_and_everybody_gets_base_lists() -> None:
    found = by_segment(night([0.3] * USERS, [0.1] * USERS))
    assert {v.verdict for v in found.values()} == {"worse"}
    whole = found[EVERYBODY]
    assert whole.users == USERS and whole.ratings == 2 * USERS
    assert whole.difference == pytest.approx(-0.2, abs=0.01)
    assert whole.low is not None and whole.high is not None and whole.low < whole.high < 0
    assert guarded_users(list(found.values()), HISTORY, LIMITS).to_list() == list(range(USERS))


def test_lists_that_did_better_or_no_different_stay() -> None:
    better = by_segment(night([0.1] * USERS, [0.3] * USERS))
    mixed = by_segment(night([0.2, 0.1] * 30, [0.1, 0.2] * 30))
    for found in (better, mixed):
        assert {v.verdict for v in found.values()} == {"not worse"}
        assert guarded_users(list(found.values()), HISTORY, LIMITS).is_empty()


def test_a_segment_that_did_worse_is_guarded_alone() -> None:
    found = by_segment(night([0.2] * USERS, [0.5] * 30 + [0.1] * 30))
    assert found[EVERYBODY].verdict == "not worse" and found[HEAVY].verdict == "worse"
    assert guarded_users(list(found.values()), HISTORY, LIMITS).to_list() == list(range(30, 60))


def test_too_few_users_are_insufficient_and_give_no_figures() -> None:
    found = by_segment(night([0.9] * 19, [0.0] * 19))[EVERYBODY]
    assert (found.verdict, found.users, found.difference) == ("insufficient", 19, None)
    assert by_segment()[EVERYBODY].users == 0


def test_nights_count_together_until_there_are_enough_users() -> None:
    few = night([0.3] * 15, [0.1] * 15)
    others = few.with_columns(pl.col("user") + 15)
    assert by_segment(few)[EVERYBODY].verdict == "insufficient"
    assert by_segment(few, others)[EVERYBODY].verdict == "worse"
    assert by_segment(few, few)[EVERYBODY].verdict == "insufficient", "the same people again"


def test_a_margin_lets_lists_lose_so_much() -> None:
    lost = night([0.3] * USERS, [0.27] * USERS)
    assert by_segment(lost)[EVERYBODY].worse
    lenient = LIMITS.model_copy(update={"guard_margin": 0.05})
    assert not by_segment(lost, limits=lenient)[EVERYBODY].worse


def test_segments_share_the_level_so_that_parting_raises_no_more_alarms() -> None:
    rows = night([0.2] * USERS, np.random.default_rng(1).normal(0.2, 0.2, USERS).tolist())
    whole, parted = (
        by_segment(rows),
        by_segment(rows, limits=LIMITS.model_copy(update={"guard_activity": (0, 1)})),
    )
    same = "1 ratings or more"
    assert parted[same].users == whole[EVERYBODY].users
    wide, narrow = (v.high - v.low for v in (parted[same], whole[EVERYBODY]) if v.high and v.low)
    assert wide > narrow * 1.1


@pytest.mark.parametrize("bounds", [(200, 50), (50, 50)])
def test_activity_must_rise(bounds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        NightOptions(guard_activity=bounds)
