"""Two short lists, and nights that hold them."""

from collections.abc import Mapping

import polars as pl

from tasks.report.blind.pair import ListedItem, Pair
from tests.store.rows import a_run


def shown(*titles: str) -> tuple[ListedItem, ...]:
    return tuple(
        ListedItem(item=title.lower(), title=title, year=1995, genres="Crime|Drama")
        for title in titles
    )


def a_pair(**given: object) -> Pair:
    """Heat stands in both lists, Alien in the base list alone, Smoke in the re-ranked alone."""
    whole = {
        "dataset": "films",
        "model": "svd",
        "scorer": "embedded",
        "reranker": "weighted",
        "base": shown("Alien", "Heat"),
        "reranked": shown("Heat", "Smoke"),
    }
    return Pair.model_validate(whole | given)


def a_night(
    run_id: str, ranks: Mapping[str, tuple[int, int, int | None]], top: int = 2
) -> dict[str, pl.DataFrame]:
    """User 1's items by title, each with its base rank, published rank and re-ranked rank."""
    night = a_run(run_id)
    rows = [
        {"item": title.lower(), "title": title, "base_rank": base, "rank": rank, "reranked_rank": r}
        for title, (base, rank, r) in ranks.items()
    ]
    placed = pl.DataFrame(rows, schema_overrides={"reranked_rank": pl.Int64})
    ranked = night["ranked_items"].drop("item", "title", "base_rank", "rank")
    runs = night["runs"].with_columns(top=pl.lit(top))
    return {"runs": runs, "ranked_items": ranked.join(placed, how="cross")}
