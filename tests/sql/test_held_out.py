"""Questions about held-out values are answered by the last measurement on every night."""

import random
from dataclasses import dataclass
from datetime import timedelta

import polars as pl
import pytest

from tasks.store.query import find_statement, query
from tasks.store.warehouse import publish
from tests.sql.nights import START, a_night, lists_of

PEOPLE = [str(user) for user in range(1, 31)]


@dataclass(frozen=True)
class Night:
    """A night of a scenario: `measured_in` is the place of the night that measured, or None."""

    measured_in: int | None
    status: str = "complete"
    dataset: str = "made-up"


MEASURED = (Night(0), Night(1))
SCENARIOS = {
    "first": [Night(0)],
    "measured again": [*MEASURED],
    "kept": [Night(0), Night(0)],
    "kept twice": [*MEASURED, Night(1), Night(1)],
    "degraded": [*MEASURED, Night(1, "degraded")],
    "guarded and kept": [*MEASURED, Night(1, "guarded")],
    "guarded and measured": [Night(0), Night(1, "guarded")],
    "degraded at first": [Night(None, "degraded"), Night(1), Night(1)],
    "never measured": [Night(None, "degraded"), Night(None)],
    "of two data sets": [Night(0), Night(1, dataset="other"), Night(2), Night(2)],
}


def named(place):
    return f"202601{place + 1:02}-030000-aaaaaa"


def values_of(place):
    """What a measurement at this place says of people's lists; not of all people."""
    rng = random.Random(place)
    return [
        {"list": side, "user": user, "value": rng.choice([0.0, 0.25, 0.5, 1.0])}
        for user in rng.sample(PEOPLE, 25)
        for side in ("base", "reranked")
    ]


def measurement(place):
    said = {"run_id": named(place), "cell": 0, "seed": 0, "metric": "NDCG", "k": 1}
    return pl.DataFrame([row | said for row in values_of(place)])


def published(home, nights):
    for place, night in enumerate(nights):
        told = {"status": night.status, "dataset": night.dataset, "measured_in": None}
        if night.measured_in is not None:
            told["measured_in"] = named(night.measured_in)
        started = START + timedelta(days=place)
        run = a_night(named(place), started, 60.0, **told)
        rank = "base_rank" if night.status != "complete" else "reranked_rank"
        rows = run | lists_of(named(place), rank=rank)
        if night.measured_in == place:
            rows |= {"user_metrics": measurement(place)}
        publish(home, rows)


def wide(place):
    return (
        pl.DataFrame(values_of(place))
        .pivot("list", index="user", values="value")
        .select("user", "base", "reranked")
    )


def expected_losers(nights):
    """The same in plain words of polars: of the last measurement, and the one before it."""
    last = nights[-1]
    if last.measured_in is None:
        return []
    own = [p for p, n in enumerate(nights) if n.measured_in == p and n.dataset == last.dataset]
    earlier = [place for place in own if place < last.measured_in]
    table = wide(last.measured_in).with_columns(before=pl.lit(None, pl.Float64))
    if earlier:
        old = wide(earlier[-1]).select("user", before="reranked")
        table = table.drop("before").join(old, on="user", how="left")
    against_base = pl.col("reranked") - pl.col("base")
    against_before = pl.col("reranked") - pl.col("before")
    table = table.with_columns(
        against_base=against_base,
        against_before=against_before,
        measured_in=pl.lit(named(last.measured_in)),
        days_ago=pl.lit(float(len(nights) - 1 - last.measured_in)),
        worst=pl.min_horizontal(against_base, against_before.fill_null(0)),
    )
    worse = table.filter((against_base < 0) | (against_before < 0).fill_null(value=False))
    shown = worse.sort("worst", "user").drop("worst")
    return shown.select("user", "base", "reranked", *shown.columns[3:]).rows()


@pytest.mark.parametrize("nights", SCENARIOS.values(), ids=SCENARIOS)
def test_who_got_worse_is_answered_by_the_last_measurement(tmp_path, nights):
    published(tmp_path, nights)
    answer = query(tmp_path, find_statement("who_got_worse"))
    expected = expected_losers(nights)
    assert answer.drop("metric", "before_in").rows() == expected
    assert bool(expected) == (nights[-1].measured_in is not None)


@pytest.mark.parametrize("nights", SCENARIOS.values(), ids=SCENARIOS)
def test_who_was_measured_last_and_has_no_list_is_named_on_kept_nights_too(tmp_path, nights):
    published(tmp_path, nights)
    answer = query(tmp_path, find_statement("without_list"))
    place, listed = nights[-1].measured_in, {"1", "2", "3"}
    measured = [] if place is None else {row["user"] for row in values_of(place)} - listed
    assert answer.rows() == [(user, False, named(place)) for user in sorted(measured)]


@pytest.mark.parametrize("name", ["first", "kept", "degraded", "guarded and kept"])
def test_the_biggest_lifts_are_items_that_the_base_list_lacks(tmp_path, name):
    nights = SCENARIOS[name]
    published(tmp_path, nights)
    answer = query(tmp_path, find_statement("biggest_lifts"))
    lifted = [(user, "Twenty") for user in ("1", "2", "3")]
    base_alone = nights[-1].status != "complete"
    assert answer.select("user", "title").rows() == ([] if base_alone else lifted)
