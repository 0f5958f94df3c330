"""What a language model's judgement adds to learned lists, by part of people and items."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from tasks.cascade.alone import Figure, head_ndcg
from tasks.cascade.blend import HeadBlend, fit_blend, learned_logits
from tasks.cascade.heads import FITTING, PARTS, row_in
from tasks.core.arrays import Floats
from tasks.core.vocabulary import RANK, SIMILARITY, USER, Record
from tasks.evaluation.significance import bootstrap_intervals

DOUBT = 0.02
"""Of all intervals together, to lie beside the truth: of a model that answers noise about one part
in a hundred samples seems worth it then; with .05 it was three."""
FEWEST_PEOPLE = 20
"""To fit on, and of each part to judge on: of fewer nothing is said."""
FEWEST_SAMPLED = 2 * FEWEST_PEOPLE


class PartGain(Record):
    """What judging a part adds to NDCG@10, per person of it with something to find.

    `people`: on how many it was measured. `low`, `high`: the bootstrap interval, wider the more
    parts are judged (Bonferroni); None, as `gain`, where people are too few.
    """

    part: str
    people: int
    gain: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def earned(self) -> bool:
        """Whether it is worth asking: the whole interval lies above 0."""
        return self.low is not None and self.low > 0


class Spent(Record):
    """Requests and tokens of some asking; dollars are None where a price is not known."""

    requests: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    dollars: float | None = None

    def less(self, other: "Spent") -> "Spent":
        """What is left without the other."""
        priced = self.dollars is not None and other.dollars is not None
        return Spent(
            requests=self.requests - other.requests,
            prompt_tokens=self.prompt_tokens - other.prompt_tokens,
            answer_tokens=self.answer_tokens - other.answer_tokens,
            dollars=(self.dollars or 0) - (other.dollars or 0) if priced else None,
        )


class Cascade(Record):
    """How judgements are blended, and where they are worth it: redone whenever a method is fitted.

    `blend` is None where too few people could be asked about. `people`, `pairs`, `unscored`: of the
    sample, both halves. `figures`: how well the judgement alone orders its heads. `price`: what the
    night that asked for it paid; it is no part of what is learned.
    """

    blend: HeadBlend | None
    gains: tuple[PartGain, ...]
    people: int
    pairs: int
    unscored: int
    figures: tuple[Figure, ...] = ()
    price: Spent = Spent()

    def asks(self, *, always: bool) -> dict[str, bool]:
        """By part, whether it is asked about."""
        earned = {gain.part: gain.earned for gain in self.gains}
        blends = self.blend is not None
        return {part: blends and (always or earned.get(part, False)) for part in PARTS}

    def unmeasured(self, *, always: bool) -> str | None:
        """Why nobody is asked about although nothing says that it is not worth it, if so."""
        known = any(gain.gain is not None for gain in self.gains)
        if known or any(self.asks(always=always).values()):
            return None
        return (
            "The language model judged nobody's list: what that adds could not be measured, as"
            f" there are {self.people:,} people to ask about whose held-out ratings are known"
            f" ({FEWEST_SAMPLED} are needed, {FEWEST_PEOPLE} of a part to judge on). The lists are"
            " those without it. Wait for more ratings, leave out --scorer, or give"
            " --method paper, which asks without measuring."
        )


def worth(heads: pl.DataFrame, shares: Mapping[str, float], seed: int) -> Cascade:
    """Fit on the people with FITTING, judge on the others.

    `heads`: a sample's, with SIMILARITY, sorted by user and rank. A gain is the mean over people
    with a hit in their head times the share of these: of all others it is 0. `seed` draws the
    bootstrap.
    """
    fitting = heads.filter(FITTING)
    counts = {
        "people": heads[USER].n_unique(),
        "pairs": heads.height,
        "unscored": heads[SIMILARITY].null_count(),
    }
    if fitting[USER].n_unique() < FEWEST_PEOPLE:
        return Cascade(blend=None, gains=(), **counts)
    blend, judging = fit_blend(fitting), heads.filter(~pl.col(FITTING))
    differences = {part: _differences(judging, blend, part) for part in PARTS}
    enough = sum(len(values) >= FEWEST_PEOPLE for values in differences.values())
    level = 1 - DOUBT / max(enough, 1)
    gains = (_gain(part, values, shares[part], seed, level) for part, values in differences.items())
    return Cascade(blend=blend, gains=tuple(gains), **counts)


def _differences(heads: pl.DataFrame, blend: HeadBlend, part: str) -> Floats:
    """Per person of the part, NDCG@10 with its rows judged less that of the learned order (U,)."""
    theirs = heads.filter(row_in(part).any().over(USER))
    if theirs.is_empty():
        return np.zeros(0)
    judged = pl.when(row_in(part)).then(SIMILARITY).alias(SIMILARITY)
    blended = learned_logits(theirs) + blend.added(theirs.with_columns(judged))
    learned = -theirs[RANK].to_numpy().astype(np.float64)
    return head_ndcg(theirs, blended) - head_ndcg(theirs, learned)


def _gain(part: str, values: Floats, share: float, seed: int, level: float) -> PartGain:
    if len(values) < FEWEST_PEOPLE:
        return PartGain(part=part, people=len(values))
    sums, counts = values[:, None], np.ones((len(values), 1), dtype=np.int64)
    low, high = bootstrap_intervals(sums, counts, seed, level=level)
    return PartGain(
        part=part,
        people=len(values),
        gain=share * float(values.mean()),
        low=share * float(low[0]),
        high=share * float(high[0]),
    )
