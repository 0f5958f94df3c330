"""Two nights of two people, the second with kept lists, a guard that acted, and paid requests."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from tasks.store.warehouse import publish
from tests.store.rows import a_run

FIRST, SECOND = "20260101-030000-aaaaaa", "20260102-030000-bbbbbb"
START = datetime(2026, 1, 1, 3)


def publish_nights(home: Path) -> None:
    """The first night and, a day after it, one that took twice as long."""
    publish(home, a_night(FIRST, START, 60.0) | lists_of(FIRST) | held_out(FIRST, [0.5, 1.0]))
    second = a_night(SECOND, START + timedelta(days=1), 120.0, model_from=FIRST, status="guarded")
    lists, asked = lists_of(SECOND, kept_from=FIRST, rank="base_rank"), _asked(SECOND)
    publish(home, second | lists | held_out(SECOND, [0.25, 0.75]) | asked | _judged(SECOND))


def a_night(run_id, started, seconds, **more):
    run = a_run(run_id)["runs"].with_columns(
        started_at_utc=started,
        finished_at_utc=started + timedelta(seconds=seconds),
        seconds=seconds,
        users=3,
        users_listed=2,
        **{name: pl.lit(value) for name, value in more.items()},
    )
    stages = pl.DataFrame(
        {
            "run_id": run_id,
            "place": [0, 1],
            "stage": ["train", "ingest"],
            "part": "",
            "cached": [False, True],
            "seconds": [seconds / 2, seconds / 100],
            "rows": 1,
        }
    )
    return {"runs": run, "stages": stages}


def lists_of(run_id, kept_from=None, rank="reranked_rank"):
    """Base lists of item 10, re-ranked ones of item 20; who is listed third was so once."""
    people = ["1", "2"] if kept_from else ["1", "2", "3"]
    row = a_run(run_id)["ranked_items"].drop("user", "item", "title", "rank", "base_rank")
    both = pl.DataFrame(
        {
            "item": ["10", "20"],
            "title": ["Ten", "Twenty"],
            "base_rank": [1, 2],
            "reranked_rank": [2, 1],
        },
        schema_overrides={"base_rank": pl.Int32, "reranked_rank": pl.Int32},
    ).with_columns(pl.col(rank).alias("rank"))
    users = pl.DataFrame({"user": people, "listed_in": [None, *[kept_from] * (len(people) - 1)]})
    users = users.cast({"listed_in": pl.String})
    return {"ranked_items": row.join(users, how="cross").join(both, how="cross")}


def held_out(run_id, reranked):
    """User 9 was measured and has no list."""
    rows = [(side, user, 0.5) for side in ("base",) for user in ("1", "2", "9")]
    rows += [("reranked", user, value) for user, value in zip("12", reranked, strict=True)]
    said = {"run_id": run_id, "cell": 0, "seed": 0, "metric": "NDCG", "k": 1}
    table = pl.DataFrame(rows, schema=["list", "user", "value"], orient="row")
    return {"user_metrics": table.with_columns(**{n: pl.lit(v) for n, v in said.items()})}


def _asked(run_id):
    """Two priced requests of December and January, and one that nobody knows the price of."""
    december, january = datetime(2025, 12, 31, 12), datetime(2026, 1, 2, 3)
    rows = [
        ("a", "score", december, 2_000_000_000),
        ("b", "profile", january, 1_000_000_000),
        ("c", "score", january, None),
    ]
    table = pl.DataFrame(rows, schema=["id", "kind", "at", "cost_nano_dollars"], orient="row")
    seconds = pl.col("at").dt.epoch("s").cast(pl.Float64)
    return {
        "llm_requests": table.select(
            pl.exclude("at"),
            run_id=pl.lit(run_id),
            judge=pl.lit("fake"),
            pairs=25,
            sent_at=seconds,
            finished_at=seconds,
            attempts=1,
            perhaps_billed=0,
            tokens_in=100,
            tokens_out=10,
            outcome=pl.lit("answered"),
        )
    }


def _judged(run_id):
    guard = {"ratings": 9, "metric": "NDCG", "k": 1, "base": 0.5, "low": -0.3, "high": 0.1}
    told = [("everybody", "not worse", 0.2, -0.3), ("50 to 200", "worse", 0.3, -0.2)]
    rows = [
        {"run_id": run_id, "segment": name, "verdict": verdict, "users": 2}
        | {"reranked": value, "difference": difference}
        | guard
        for name, verdict, value, difference in told
    ]
    lists = [("kept", "nothing changed", 1), ("new", "new ratings", 1)]
    changes = [
        {"run_id": run_id, "lists": what, "reason": reason, "users": users}
        for what, reason, users in lists
    ]
    return {"guard": pl.DataFrame(rows), "changes": pl.DataFrame(changes)}
