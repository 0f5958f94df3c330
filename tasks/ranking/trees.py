"""Boosted trees beside the learned re-ranker's linear part: LambdaRank (Burges 2010)."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from tasks.core.arrays import Floats
from tasks.core.errors import SettingsError
from tasks.core.vocabulary import USER
from tasks.features.facts import Ints
from tasks.features.table import LABEL
from tasks.ranking.learned import matrix_of

MOST_TREES = 500
PATIENCE = 50
"""Trees without a better NDCG@10 on the check split until no more are grown."""

LONGEST = 10_000
"""Rows of one list beyond which LightGBM gives up."""

SHAPE: dict[str, Any] = {
    "objective": "lambdarank",
    "metric": "ndcg",
    "eval_at": [10],
    "min_data_in_leaf": 100,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 63,
}
"""Small, much regularised trees: an inner split has only some hundred hits to learn from."""
FEW_HITS: dict[str, Any] = {"learning_rate": 0.05, "num_leaves": 15}
MANY_HITS: dict[str, Any] = {"learning_rate": 0.12, "num_leaves": 7}
"""On windows with thousands of hits flatter trees rank better, and a third as many suffice."""

QUIET: dict[str, Any] = {
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}
"""One thread: on 2 cores two took three times the CPU seconds, and longer."""


class Grown(NamedTuple):
    """Fitted trees in LightGBM's own text; per feature its share of the gain of all splits."""

    text: str
    gains: list[float]
    trees: int


def grow(
    tables: Sequence[pl.DataFrame],
    check: pl.DataFrame | None,
    features: Sequence[str],
    seed: int,
    *,
    count: int = MOST_TREES,
    shape: Mapping[str, Any] = FEW_HITS,
) -> Grown:
    """Trees fitted on labelled feature tables, as many as rank the table `check` best.

    Without such a table `count` are grown.

    Uses the package lightgbm; SettingsError when it is not installed, and for a person with more
    candidates than it ranks.
    """
    try:
        import lightgbm  # noqa: PLC0415 - optional, and a second to load
    except ImportError as error:
        raise SettingsError(
            "learn_trees needs the package lightgbm.", "Install it: pip install palate[trees]."
        ) from error
    data, held = (
        [
            lightgbm.Dataset(
                matrix_of(table, features),
                table[LABEL].cast(pl.Int8).to_numpy(),
                group=lengths,
                free_raw_data=False,
            )
            for table, lengths in map(_by_person, some)
        ]
        for some in ([tables], [] if check is None else [[check]])
    )
    grown = lightgbm.train(
        {**SHAPE, **shape, **QUIET, "seed": seed % 2**31},
        data[0],
        count,
        valid_sets=held,
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)] if held else [],
    )
    best = grown.best_iteration if held else grown.num_trees()
    gains = grown.feature_importance("gain", iteration=best)
    shares = gains / max(float(gains.sum()), 1e-12)
    text = grown.model_to_string(num_iteration=best)
    return Grown(text, shares.tolist(), best)


def tree_scores(text: str, features: Sequence[str], table: pl.DataFrame) -> Floats:
    """Scores (P,) of the rows; they order a person's candidates and mean nothing else."""
    import lightgbm  # noqa: PLC0415 - optional, and a second to load

    scores = lightgbm.Booster(model_str=text).predict(matrix_of(table, features))
    return np.asarray(scores, np.float64)


def load_alone() -> None:
    """Load lightgbm, where it is installed, without the packages that it only looks for.

    scikit-learn and pandas take over a second to load, and ranking needs neither. For a command
    that answers one person, before any of its threads starts.
    """
    hidden = [name for name in ("sklearn", "pandas", "dask", "cffi") if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # its import fails
    try:
        with suppress(ImportError):
            import lightgbm  # noqa: F401, PLC0415
    finally:
        for name in hidden:
            del sys.modules[name]


def _by_person(tables: Sequence[pl.DataFrame]) -> tuple[pl.DataFrame, Ints]:
    """All rows, each person's of one table side by side, and how many each of those has.

    Candidates of different inner splits are never ranked against each other.
    """
    each = [table.sort(USER, maintain_order=True) for table in tables]
    lengths = [table[USER].rle().struct.field("len").to_numpy() for table in each]
    longest = max(int(some.max(initial=0)) for some in lengths)
    if longest > LONGEST:
        raise SettingsError(
            f"learn_trees: somebody has {longest:,} candidates; lightgbm ranks up to {LONGEST:,}.",
            "Lower sources, or give --no-learn-trees.",
        )
    return pl.concat(each), np.concatenate(lengths).astype(np.int64)
