"""Scoring the candidates of a chunk of users with any scorer."""

import numpy as np
import polars as pl

from tasks.scoring.scorer import Scorer, ScoreRequest
from tasks.vocabulary import (
    DISLIKED,
    ESTIMATE,
    FAVOURITES,
    ITEM,
    PROFILE_HASH,
    SIMILARITY,
    USER,
    ItemText,
    Profile,
)

BACKGROUND = 200


def score_candidates(
    scorer: Scorer,
    candidates: pl.DataFrame,
    profiles: pl.DataFrame,
    texts: pl.DataFrame,
    scale: tuple[float, float],
) -> pl.DataFrame:
    """User, item, similarity in the order of `candidates`; null where the scorer gave no score."""
    requests = make_requests(candidates, profiles, texts, scale)
    scores = scorer.score(requests)
    values = np.concatenate([*scores, np.empty(0)])
    grouped = candidates.sort(USER, maintain_order=True).select(USER, ITEM)
    scored = grouped.with_columns(pl.Series(SIMILARITY, values, nan_to_null=True).clip(-1.0, 1.0))
    pairs = candidates.select(USER, ITEM)
    return pairs.join(scored, on=[USER, ITEM], how="left", maintain_order="left")


def make_requests(
    candidates: pl.DataFrame,
    profiles: pl.DataFrame,
    texts: pl.DataFrame,
    scale: tuple[float, float],
) -> list[ScoreRequest]:
    """One request per user, sorted by user; items in the order of the candidates."""
    low, high = scale
    normal = (2.0 * (pl.col(ESTIMATE) - low) / (high - low) - 1.0).alias(ESTIMATE)
    wanted = candidates.group_by(USER, maintain_order=True).agg(ITEM, normal).sort(USER)
    people = wanted.join(profiles.drop(PROFILE_HASH), on=USER, how="left", maintain_order="left")
    everywhere = background(texts)
    named = [people[column].explode().struct.field(ITEM) for column in (FAVOURITES, DISLIKED)]
    mentioned = pl.concat([candidates[ITEM], *named, everywhere]).unique()
    needed = texts.filter(pl.col(ITEM).is_in(mentioned.implode()))
    by_item = {row[ITEM]: ItemText.model_validate(row) for row in needed.iter_rows(named=True)}
    shared = [by_item[item] for item in everywhere]
    requests = []
    for person in people.iter_rows(named=True):
        items = [by_item[item] for item in person.pop(ITEM)]
        estimates = person.pop(ESTIMATE)
        profile = Profile.model_validate(person)
        liked = [by_item[favourite.item] for favourite in profile.favourites]
        disliked = [by_item[least.item] for least in profile.disliked]
        requests.append(ScoreRequest(profile, liked, items, shared, estimates, disliked))
    return requests


def background(texts: pl.DataFrame) -> pl.Series:
    """Ids of up to 200 items, evenly spaced over the catalogue in the order of their ids."""
    places = np.linspace(0, texts.height - 1, min(texts.height, BACKGROUND)).round().astype(int)
    return texts[ITEM].gather(places)
