"""All features of all pairs as one table."""

from collections.abc import Collection

import numpy as np
import polars as pl

from tasks.core.errors import SettingsError
from tasks.core.vocabulary import ITEM, SIMILARITY, USER
from tasks.features import dates, external, language, metadata, popularity, sequence
from tasks.features.facts import Facts, Ints, Pairs
from tasks.features.registry import COLLABORATIVE, FEATURES
from tasks.models.base import Floats
from tasks.models.candidates import pair_estimates

FILES = (popularity, sequence, dates, metadata, language, external)
"""Where features are written; importing a file enters its features."""

RELATIVE = ", among candidates"
LOG_RANK = ", log place"


def feature_table(facts: Facts, pairs: Pairs, without: Collection[str] = ()) -> pl.DataFrame:
    """User, item, and a Float32 column per feature, in the order of the pairs; null is unknown.

    Every base model gives its score, how that stands among the user's candidates, and its log
    place there. `without`: names of features or groups to leave out; SettingsError
    for any other, and where nothing is left.
    """
    _check(without)
    columns: dict[str, Floats] = {}
    if COLLABORATIVE not in without:
        for name, model in facts.models.items():
            scores = pair_estimates(model, pairs.frame)
            columns[name] = scores
            columns[f"{name}{RELATIVE}"] = among_candidates(scores, pairs.user)
            columns[f"{name}{LOG_RANK}"] = log_place(scores, pairs)
    for name, known in FEATURES.items():
        if name in without or known.group in without:
            continue
        columns[name] = values = known.function(facts, pairs)
        if known.relative:
            columns[f"{name}{RELATIVE}"] = among_candidates(values, pairs.user)
    if not columns:
        raise SettingsError("without: no feature is left to learn from.", "Leave out fewer.")
    made = [pl.Series(n, v, dtype=pl.Float32, nan_to_null=True) for n, v in columns.items()]
    return pairs.frame.with_columns(made)


def with_similarity(table: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """The table with the scorer's similarity of each pair, and how it stands among candidates."""
    known = table.select(USER, ITEM).join(
        scores.select(USER, ITEM, SIMILARITY), on=[USER, ITEM], how="left", maintain_order="left"
    )
    values = known[SIMILARITY].cast(pl.Float64).fill_null(np.nan).to_numpy()
    person = known[USER].rank("dense").cast(pl.Int64).to_numpy() - 1
    columns = {SIMILARITY: values, f"{SIMILARITY}{RELATIVE}": among_candidates(values, person)}
    made = [pl.Series(n, v, dtype=pl.Float32, nan_to_null=True) for n, v in columns.items()]
    return table.with_columns(made)


def _check(without: Collection[str]) -> None:
    groups = {known.group for known in FEATURES.values()} | {COLLABORATIVE}
    unknown = sorted(set(without) - groups - set(FEATURES))
    if unknown:
        raise SettingsError(
            f"without: there is no feature or group '{unknown[0]}'.",
            f"The groups are {', '.join(sorted(groups))}.",
        )


def among_candidates(values: Floats, user: Ints) -> Floats:
    """Z-scores among each user's candidates; 0 where they are all alike, NaN stays."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    count = np.maximum(np.bincount(user, known), 1)
    mean = np.bincount(user, filled) / count
    apart = np.where(known, values - mean[user], 0.0)
    spread = np.sqrt(np.bincount(user, apart**2) / count)[user]
    scaled = np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 1e-9)
    return np.where(known, scaled, np.nan)


def log_place(values: Floats, pairs: Pairs) -> Floats:
    """Log of the place by this score among each user's candidates, the best being 1."""
    order = np.lexsort((-values, pairs.user))
    starts = np.searchsorted(pairs.user, pairs.user[order], side="left")
    places = np.empty(len(values))
    places[order] = np.arange(len(values)) - starts + 1
    return np.log(places)
