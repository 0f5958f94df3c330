"""The feature table: a row per pair of user and candidate, a column per feature."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import polars as pl

from tasks.core.arrays import Floats
from tasks.core.errors import SettingsError
from tasks.core.vocabulary import BASE_RANK, ESTIMATE, ITEM, SIMILARITY, USER
from tasks.features import (
    dates,
    external,
    language,
    metadata,
    popularity,
    sequence,
    signals,
    time,
)
from tasks.features.facts import Facts, Ints, Pairs
from tasks.features.registry import COLLABORATIVE, FEATURES, SIGNALS
from tasks.models.candidates import pair_estimates
from tasks.models.registry import model_reason

FILES = (dates, external, language, metadata, popularity, sequence, time, signals)
"""Where features are written, in the order of their columns; importing a file enters them."""

RELATIVE = ", among candidates"
LOG_RANK = ", log place"

LABEL = "held_out"
"""Whether the pair is a hit, in tables to learn from."""

WHOLE = "whole"
"""Whether a table to learn from has all of the user's candidates; without the column it has."""

NO_FEATURES = {USER, ITEM, LABEL, WHOLE, ESTIMATE, BASE_RANK}


def learned_features(
    models: Iterable[str], without: Collection[str], *, similarity: bool, implicit: bool = False
) -> list[str]:
    """The names of all models and features but for the groups and names in `without`.

    `similarity`: whether the scorer's is among them. `implicit`: without those that need ratings.
    Raises SettingsError for an unknown group or
    name, and where nothing is left.
    """
    groups = {known.group for known in FEATURES.values()} - {SIGNALS} | {COLLABORATIVE}
    unknown = sorted(set(without) - groups - set(FEATURES))
    if unknown:
        raise SettingsError(
            f"without: there is no feature or group '{unknown[0]}'.",
            f"The groups are {', '.join(sorted(groups))}.",
        )
    names = [] if COLLABORATIVE in without else list(models)
    names += [
        name
        for file in FILES
        for name, known in FEATURES.items()
        if known.function.__module__ == file.__name__
        and name not in {*without, SIMILARITY}
        and known.group not in {*without, SIGNALS}
        and not (implicit and known.of_ratings)
    ]
    if not names:
        raise SettingsError("without: no feature is left to learn from.", "Leave out fewer.")
    return names + ([SIMILARITY] if similarity else [])


def feature_table(facts: Facts, pairs: Pairs, names: Sequence[str]) -> pl.DataFrame:
    """The pairs' own columns and one per feature, in the order of the pairs; null is unknown.

    Signals are Float64, all else Float32. Every base model gives its score, how that stands among
    the user's candidates, and its log place there.
    """
    columns: dict[str, Floats] = {}
    for name in names:
        if name not in facts.models:
            columns[name] = values = FEATURES[name].function(facts, pairs)
            if FEATURES[name].relative and FEATURES[name].group != SIGNALS:
                columns[f"{name}{RELATIVE}"] = among_candidates(values, pairs.user)
        else:
            columns[name] = scores = pair_estimates(facts.models[name], pairs.frame)
            columns[f"{name}{RELATIVE}"] = among_candidates(scores, pairs.user)
            columns[f"{name}{LOG_RANK}"] = log_place(scores, pairs)
    made = [
        pl.Series(name, values, dtype=_kind(name, facts), nan_to_null=True)
        for name, values in columns.items()
    ]
    return pairs.frame.with_columns(made)


def base_name(column: str) -> str:
    """The model or feature that a column of the table is of."""
    return column.removesuffix(RELATIVE).removesuffix(LOG_RANK)


def group_of(column: str) -> str:
    """The group by which `without` leaves it out; a base model's features are collaborative."""
    name = base_name(column)
    if name in FEATURES and FEATURES[name].group != SIGNALS:
        return FEATURES[name].group
    return language.GROUP if name == "text" else COLLABORATIVE


def reason_of(column: str) -> str:
    """What a high value says to the user; "" where it says nothing."""
    name = base_name(column)
    return FEATURES[name].reason if name in FEATURES else model_reason(name)


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
    length = np.bincount(pairs.user)
    length = length[length > 0]
    real = np.arange(length.max(initial=0)) < length[:, None]
    table = np.full(real.shape, np.inf)
    table[real] = -values
    order = np.argsort(table, axis=1, kind="stable")
    places = np.empty(real.shape)
    np.put_along_axis(places, order, np.arange(1.0, real.shape[1] + 1)[None, :], axis=1)
    return np.log(places[real])


def _kind(name: str, facts: Facts) -> pl.DataType:
    signal = name in FEATURES and name not in facts.models and FEATURES[name].group == SIGNALS
    return pl.Float64() if signal else pl.Float32()
