"""Both lists of a person: of a night from the results file, or from candidates just ranked."""

from pathlib import Path

import polars as pl

import sql
from tasks.core.errors import UnknownListsError
from tasks.core.vocabulary import BASE_RANK, GENRES, ITEM, RANK, TITLE, YEAR
from tasks.report.blind.pair import Pair, Shown
from tasks.store.query import query

RERANKED_RANK = "reranked_rank"


def lists_of_night(home: Path, user: str, run_id: str | None = None) -> Pair:
    """The base list and the re-ranker's list of a user, of that night or of the last one.

    Raises StoreError without a results file, UnknownListsError where it has no such night or user.
    """
    nights = query(home, sql.statement("comparing/run.sql"), {"run_id": run_id or ""})
    if nights.is_empty():
        raise UnknownListsError(
            f"There is no night {run_id}." if run_id else "There has been no night yet.",
            'Nights there are: palate sql "SELECT run_id, flow FROM run_history"',
        )
    night = nights.row(0, named=True)
    wanted = {"run_id": night["run_id"], "user": user}
    ranked = query(home, sql.statement("comparing/ranked.sql"), wanted)
    if ranked.is_empty():
        raise UnknownListsError(
            f"The night {night['run_id']} has no list for user {user}.",
            "Users with a list: palate sql"
            f" \"SELECT DISTINCT user FROM ranked_items WHERE run_id = '{night['run_id']}'\"",
        )
    made_by = {name: night[name] for name in ("run_id", "dataset", "model", "scorer", "reranker")}
    base, reranked = two_lists(_as_reranked(home, ranked), night["top"])
    return Pair(base=base, reranked=reranked, user=user, **made_by)


def two_lists(ranked: pl.DataFrame, top: int) -> tuple[tuple[Shown, ...], tuple[Shown, ...]]:
    """The first `top` by base rank, and by rank; needs titles, years and genres."""
    base, reranked = (
        tuple(
            Shown(item=str(item), title=title, year=year, genres=genres)
            for item, title, year, genres in ranked.filter(pl.col(place) <= top)
            .sort(place)
            .select(ITEM, TITLE, YEAR, GENRES)
            .iter_rows()
        )
        for place in (BASE_RANK, RANK)
    )
    return base, reranked


def _as_reranked(home: Path, ranked: pl.DataFrame) -> pl.DataFrame:
    """Rows with genres, where `rank` is the re-ranker's whatever was published instead.

    Files of before nights were guarded have that column not at all, or empty.
    """
    ranks = [name for name in (RERANKED_RANK, RANK) if name in ranked.columns]
    placed = ranked.with_columns(pl.coalesce(ranks).alias(RANK))
    return placed.join(_genres(home, placed), on=ITEM, how="left", maintain_order="left")


def _genres(home: Path, shown: pl.DataFrame) -> pl.DataFrame:
    """Genres from the newest catalogue in `home` that knows all these items by these titles.

    The results file has none, and a catalogue on disk may be of another data set.
    """
    folder = home / "artifacts" / "items"
    files = sorted(folder.glob("*.parquet"), key=lambda file: file.stat().st_mtime, reverse=True)
    named = shown.select(ITEM, TITLE)
    for file in files:
        catalogue = pl.scan_parquet(file).select(pl.col(ITEM).cast(pl.String), TITLE, GENRES)
        try:
            found = catalogue.join(named.lazy(), on=[ITEM, TITLE], how="semi").collect()
        except (pl.exceptions.PolarsError, OSError):
            continue  # damaged, or being removed: genres are a courtesy
        if found.height == named.height:
            return found.select(ITEM, GENRES)
    return named.select(ITEM, pl.lit(None, pl.String).alias(GENRES))
