"""Rows of a run as `publish` takes them."""

from datetime import datetime

import polars as pl


def a_run(run_id: str, title: str = "Heat", users: int = 1) -> dict[str, pl.DataFrame]:
    """One user's list of one item, with everything a run has."""
    moment = datetime(2026, 1, 1, 3, 0, 0)
    run = {
        "run_id": run_id,
        "flow": "nightly",
        "started_at_utc": moment,
        "finished_at_utc": moment,
        "seconds": 1.0,
        "dataset": "made-up",
        "model": "svd",
        "scorer": "embedded",
        "reranker": "weighted",
        "top": 1,
        "ratings": 5,
        "items": 2,
        "users": users,
        "users_listed": users,
        "candidates": 2,
        "unscored": 0,
        "config": "{}",
        "versions": "{}",
    }
    ranked = [
        {
            "run_id": run_id,
            "user": str(user),
            "item": "10",
            "title": title,
            "year": 1995,
            "base_rank": 1,
            "rank": 1,
            "estimate": 4.0,
            "similarity": 0.5,
            "popularity": 1.0,
            "date_affinity": 1.0,
            "score": 2.0,
        }
        for user in range(1, users + 1)
    ]
    return {"runs": pl.DataFrame([run]), "ranked_items": pl.DataFrame(ranked)}
