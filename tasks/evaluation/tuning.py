"""How well a base model ranks the held-out items, for each of several options."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table
from tasks.core.progress import bar
from tasks.core.stage import stage
from tasks.core.vocabulary import BASE_RANK, ITEM, RATING, USER
from tasks.evaluation.accuracy import ndcg
from tasks.evaluation.lists import dense_lists
from tasks.evaluation.stages import Split
from tasks.models import registry
from tasks.models.base import OptionValue, Training
from tasks.models.candidates import top_candidates

DEPTH = 10


@stage("tune", "3", "numpy", "polars", "scikit-surprise", detail="model")
def tune_stage(
    home: Path,
    split: Split,
    scale: tuple[float, float],
    model: str,
    tried: list[dict[str, OptionValue]],
    relevant_at: float | None,
    seed: int,
    liked_from: float,
) -> list[float]:
    """NDCG@10 of the model's own lists for each of the options `tried`, in their order.

    `relevant_at`: the rating from which a held-out item counts, None where every one does;
    `liked_from`: that from which an item is liked, for the model.
    """
    train, held = read_table(home, split.train), read_table(home, split.held_out)
    counts = held if relevant_at is None else held.filter(pl.col(RATING) >= relevant_at)
    people = read_table(home, split.users).join(counts, on=USER, how="semi", maintain_order="left")
    wanted, figures = people[USER], []
    with bar(f"tuning {model}", total=len(tried)) as advance:
        for options in tried:
            training = Training(train, scale, seed, options, home, liked_from=liked_from)
            fitted = registry.fit(model, training)
            lists = top_candidates(fitted, train, wanted, DEPTH, seed=seed)
            figures.append(mean_ndcg(lists, held, wanted, relevant_at))
            advance(1)
    return figures


def mean_ndcg(
    lists: pl.DataFrame, held_out: pl.DataFrame, users: pl.Series, relevant_at: float | None
) -> float:
    """Mean NDCG@10 over the users who have a relevant item held out; 0 without any."""
    items = pl.concat([lists[ITEM], held_out[ITEM]]).unique().sort()
    dense = dense_lists(lists, held_out, users, BASE_RANK, items, DEPTH, relevant_at)
    tested = dense.relevant > 0
    values = ndcg(dense.hits[tested], dense.relevant[tested])
    return float(values.mean()) if len(values) else 0.0
