"""Made-up heads of learned lists, and judgements that know something of the hits, or nothing."""

import numpy as np
import polars as pl

SIZE = 30


def heads(
    seed: int, people: int = 600, knows: float = 0.0, new_people: float = 0.3, level: float = -2.5
) -> pl.DataFrame:
    """Hits by the learned probability and by something that it does not know.

    The judgement is that something, which weighs `knows`, or noise where it weighs nothing.
    """
    draws = np.random.default_rng(seed)
    shape = (people, SIZE)
    logits = -np.sort(-draws.normal(level, 1.0, shape), axis=1)
    hidden = draws.normal(0.0, 1.0, shape)
    hits = draws.random(shape) < 1 / (1 + np.exp(-(logits + knows * hidden)))
    new = draws.random(people) < new_people
    history = np.where(new, draws.integers(1, 9, people), draws.integers(12, 200, people))
    fresh = draws.random(shape) < 0.15
    known = np.where(fresh, draws.integers(0, 9, shape), draws.integers(15, 300, shape))
    judgement = hidden / 3 if knows else draws.uniform(-1.0, 1.0, shape)
    return pl.DataFrame(
        {
            "user": np.repeat(np.arange(people), SIZE),
            "item": draws.permuted(np.tile(np.arange(SIZE), (people, 1)), axis=1).ravel(),
            "score": (1 / (1 + np.exp(-logits))).ravel(),
            "rank": np.tile(np.arange(1, SIZE + 1), people),
            "held_out": hits.ravel(),
            "relevant": np.repeat(hits.sum(axis=1) + draws.integers(0, 2, people), SIZE),
            "history": np.repeat(history, SIZE),
            "known": known.ravel(),
            "richness": draws.normal(5.0, 0.5, people * SIZE),
            "similarity": np.clip(np.round(judgement, 1), -1.0, 1.0).ravel(),
        }
    )
