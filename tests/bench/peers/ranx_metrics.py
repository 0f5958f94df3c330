"""ranx: NDCG, MAP, precision and recall at 10 of the same lists; the figures must agree too."""

import warnings
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import polars as pl

from tasks.core.vocabulary import BASE_RANK, ITEM, USER
from tasks.evaluation.accuracy import ACCURACY
from tasks.evaluation.lists import DenseLists, dense_lists
from tests.bench.given import TOP, Given
from tests.bench.peers import TIMES, Compared
from tests.bench.timing import in_turn

NAMES = {"NDCG": "ndcg", "MAP/n": "map", "Precision": "precision", "Recall": "recall"}
"""Ours by theirs: ranx divides average precision by all that is held out, our "MAP/n"."""


def from_tables(given: Given) -> Compared:
    """From two tables to four figures per user; the tables are theirs as pandas has them."""
    theirs_of = partial(_theirs, *_as_ranx(given))
    theirs_of()  # compiled, or read from its cache, before the clock starts
    (ours, mine), (theirs, told) = in_turn(TIMES, lambda: _figures(_lists(given)), theirs_of)
    return _compared(given, "metrics, from tables", ours, theirs, mine, told)


def compare(given: Given) -> Compared:
    """The arithmetic alone, both with their own structures ready."""
    from ranx import Qrels, Run  # noqa: PLC0415 - takes seconds to load

    held, run = _as_ranx(given)
    wanted, lists = Qrels.from_df(held), Run.from_df(run)
    dense = _lists(given)
    _evaluated(wanted, lists)
    (ours, mine), (theirs, told) = in_turn(
        TIMES, lambda: _figures(dense), lambda: _evaluated(wanted, lists)
    )
    return _compared(given, "metrics, structures ready", ours, theirs, mine, told)


def _lists(given: Given) -> DenseLists:
    items = given.items[ITEM].sort()
    theirs = given.held_out.join(given.users.to_frame(), on=USER, how="semi")
    return dense_lists(given.candidates, theirs, given.users, BASE_RANK, items, TOP)


def _figures(lists: DenseLists) -> dict[str, np.ndarray]:
    return {name: ACCURACY[name](lists.hits, lists.relevant) for name in NAMES}


def _as_ranx(given: Given) -> tuple[Any, Any]:
    """Held out and lists as ranx reads tables; ids as text that sorts as our users do."""
    place = given.users.to_frame().with_row_index("at")

    def told(rows: pl.DataFrame, value: pl.Expr) -> Any:
        known = rows.join(place, on=USER, maintain_order="left")
        q_id = pl.col("at").cast(pl.String).str.zfill(9).alias("q_id")
        doc_id = pl.col(ITEM).cast(pl.String).alias("doc_id")
        frame = known.select(q_id, doc_id, value).to_pandas()
        return frame.astype({"q_id": object, "doc_id": object})  # ranx knows no text of pandas 3

    lists = given.candidates.filter(pl.col(BASE_RANK) <= TOP)
    return (
        told(given.held_out, pl.lit(1, pl.Int64).alias("score")),
        told(lists, (1.0 / pl.col(BASE_RANK)).alias("score")),
    )


def _theirs(held: Any, run: Any) -> dict[str, np.ndarray]:
    from ranx import Qrels, Run  # noqa: PLC0415 - takes seconds to load

    return _evaluated(Qrels.from_df(held), Run.from_df(run))


def _evaluated(wanted: Any, lists: Any) -> dict[str, np.ndarray]:
    from ranx import evaluate  # noqa: PLC0415 - takes seconds to load

    names = [f"{name}@{TOP}" for name in NAMES.values()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: dict[str, np.ndarray] = evaluate(wanted, lists, names, return_mean=False)
    return found


def _compared(
    given: Given, step: str, ours: float, theirs: float, mine: Any, told: Any
) -> Compared:
    worst = max(
        float(np.abs(mine[name] - told[f"{other}@{TOP}"]).max()) for name, other in NAMES.items()
    )
    return Compared(
        step=step,
        peer="ranx",
        version=version("ranx"),
        ours=ours,
        theirs=theirs,
        users=len(given.users),
        agree=f"largest difference of a user's figure {worst:.1e}",
    )
