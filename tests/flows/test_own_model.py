"""The documentation's recipe for a base model: nights that fold users in, or fit it anew."""

from pathlib import Path

import polars as pl
import pytest

from tasks.store.query import query
from tests.support.command import succeed
from tests.support.datasets import write_generic
from tests.support.own_model import write_own_model

CHANGED = 3
SHRINKAGE = 10
ALONE = ("--model", "mean", "--reranker", "none", "--search-count", "20", "--no-report")


def item_part(ratings: pl.DataFrame) -> tuple[float, dict[int, float]]:
    """By the formula: the mean of all ratings, and what people give each item above it."""
    mean = sum(ratings["rating"]) / ratings.height
    above = {
        item: sum(r - mean for r in group["rating"]) / (group.height + SHRINKAGE)
        for (item,), group in ratings.group_by("item")
    }
    return mean, above


def estimates(items_of: pl.DataFrame, users_of: pl.DataFrame) -> dict[tuple[int, int], float]:
    """By user and item, the items' part from some ratings and the users' own from others."""
    mean, above = item_part(items_of)
    made: dict[tuple[int, int], float] = {}
    for (user,), group in users_of.group_by("user"):
        over = [r - mean - above[i] for i, r in group.select("item", "rating").iter_rows()]
        own = sum(over) / (len(over) + SHRINKAGE)
        made |= {(int(str(user)), i): mean + own + b for i, b in above.items()}
    return made


def test_two_nights_fold_in_who_changed_and_a_fresh_fit_has_it_all(
    tmp_path: Path, with_server: str
) -> None:
    env = write_own_model(tmp_path) | {"PYTHONPATH": str(tmp_path)}
    data = write_generic(tmp_path / "data", users=20, items=40)
    before = pl.read_parquet(data / "ratings.parquet")

    def night(name: str = "home") -> dict[tuple[int, int], float]:
        home = tmp_path / name
        succeed("nightly", "--data", data, "--home", home, *ALONE, **env)
        rows = query(home, "SELECT user, item, estimate FROM latest_recommendations").rows()
        return {(int(user), int(item)): estimate for user, item, estimate in rows}

    first = night()
    assert first == pytest.approx({p: estimates(before, before)[p] for p in first})

    raised = pl.when(pl.col("user") <= CHANGED).then(5.5 - pl.col("rating")).otherwise("rating")
    now = before.with_columns(raised.alias("rating"))
    now.write_parquet(data / "ratings.parquet")
    second = night()
    folded = estimates(before, now)
    assert second == pytest.approx({pair: folded[pair] for pair in second})
    kept = [pair for pair in second if pair[0] > CHANGED]
    assert len(kept) > CHANGED and all(second[pair] == first[pair] for pair in kept)

    fresh = night("another home")
    assert fresh == pytest.approx({p: estimates(now, now)[p] for p in fresh}) and fresh != second
