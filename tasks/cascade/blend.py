"""The second model: a language model's judgement blended into the learned logit of a head.

Logistic regression with a ridge: hit = learned logit + judgement x (1, new person, new item, length
of the history, richness of the item's text). What the judgement says of people as a whole cannot
change an order, and there is no term without the judgement but the learned logit: where the
judgement says nothing, the order is the learned one.
"""

import numpy as np
import polars as pl
from scipy.special import expit, logit

from tasks.cascade.heads import HISTORY, RICHNESS, new_items, new_people, within_people
from tasks.core.arrays import Floats
from tasks.core.vocabulary import SCORE, SIMILARITY, USER, Record
from tasks.features.table import LABEL

STRENGTH = 0.1
"""Inverse of the ridge penalty: what a handful of hits say of new items must not weigh."""
FLATTEST = 0.05
"""The learned logit keeps a weight, whatever a sample says."""
ROUNDS = 60
"""Halvings of the interval in which the shift of a person's logits lies."""


class Usual(Record):
    """Mean and spread of a column in the people that were fitted on."""

    mean: float
    spread: float

    @classmethod
    def of(cls, values: Floats) -> "Usual":
        """Of what is known; 0 and 0 where nothing is."""
        known = values[~np.isnan(values)]
        return cls(mean=float(known.mean()), spread=float(known.std())) if known.size else NOTHING

    def scaled(self, values: Floats) -> Floats:
        """Z-scores; 0 where nothing is known, or nothing varied."""
        spread = self.spread if self.spread > 1e-9 else np.inf
        scaled: Floats = np.nan_to_num((values - self.mean) / spread)
        return scaled


NOTHING = Usual(mean=0.0, spread=0.0)


class HeadBlend(Record):
    """A fitted blend: the weight of the learned logit, and those of the judgement.

    `people` and `hits`: what it was fitted on.
    """

    learned: float
    judged: float
    of_new_people: float
    of_new_items: float
    of_history: float
    of_richness: float
    judgement: Usual
    history: Usual
    richness: Usual
    people: int
    hits: int

    def added(self, heads: pl.DataFrame) -> Floats:
        """What the judgement adds to the learned logit of each row (P,); 0 without one."""
        weights = self.judged, self.of_new_people, self.of_new_items
        more = self.of_history, self.of_richness
        terms = _terms(heads, self.judgement, self.history, self.richness)
        added: Floats = terms @ np.array([*weights, *more]) / self.learned
        return added

    def logits(self, heads: pl.DataFrame) -> Floats:
        """Of each row (P,), in units of the sample; they order the head."""
        both: Floats = self.learned * (learned_logits(heads) + self.added(heads))
        return both


def fit_blend(heads: pl.DataFrame) -> HeadBlend:
    """Fit on heads (sorted by user) with LABEL and SIMILARITY, each with a hit and a miss."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - seconds to load

    judgement = Usual.of(_judgement(heads))
    history = Usual.of(_log_history(heads))
    richness = Usual.of(heads[RICHNESS].to_numpy())
    terms = _terms(heads, judgement, history, richness)
    person = within_people(heads[USER])
    columns = np.column_stack([learned_logits(heads), terms])
    centred = np.column_stack([_centred(column, person) for column in columns.T])
    labels = heads[LABEL].to_numpy()
    fitted = LogisticRegression(C=STRENGTH, max_iter=300).fit(centred, labels)
    learned, judged, of_people, of_items, of_history, of_richness = fitted.coef_[0].tolist()
    return HeadBlend(
        learned=max(learned, FLATTEST),
        judged=judged,
        of_new_people=of_people,
        of_new_items=of_items,
        of_history=of_history,
        of_richness=of_richness,
        judgement=judgement,
        history=history,
        richness=richness,
        people=int(person.max(initial=-1)) + 1,
        hits=int(labels.sum()),
    )


def learned_logits(heads: pl.DataFrame) -> Floats:
    """Of the learned probabilities (P,)."""
    values: Floats = logit(np.clip(heads[SCORE].to_numpy(), 1e-9, 1 - 1e-9))
    return values


def blended_probabilities(heads: pl.DataFrame, logits: Floats) -> Floats:
    """Of each row (P,): those of the logits, shifted so that each person expects as much as before.

    The sample holds people with a hit in their head: how likely a hit is it does not say.
    """
    person = within_people(heads[USER])
    wanted = np.bincount(person, heads[SCORE].to_numpy())
    low, high = np.full((2, len(wanted)), [[-60.0], [60.0]])
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        more = np.bincount(person, expit(logits + middle[person])) < wanted
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    likely: Floats = expit(logits + ((low + high) / 2)[person])
    return likely


def _terms(heads: pl.DataFrame, judgement: Usual, history: Usual, richness: Usual) -> Floats:
    """The judgement alone and times what may change its worth (P, 5)."""
    flags = heads.select(new=new_people(), fresh=new_items()).cast(pl.Float64)
    changes = [
        np.ones(heads.height),
        flags["new"].to_numpy(),
        flags["fresh"].to_numpy(),
        history.scaled(_log_history(heads)),
        richness.scaled(heads[RICHNESS].to_numpy()),
    ]
    terms: Floats = judgement.scaled(_judgement(heads))[:, None] * np.column_stack(changes)
    return terms


def _judgement(heads: pl.DataFrame) -> Floats:
    values: Floats = heads[SIMILARITY].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return values


def _log_history(heads: pl.DataFrame) -> Floats:
    values: Floats = np.log1p(heads[HISTORY].to_numpy().astype(np.float64))
    return values


def _centred(values: Floats, person: np.ndarray) -> Floats:
    """Less each person's mean: what is the same for all of a person's items orders nothing."""
    centred: Floats = values - (np.bincount(person, values) / np.bincount(person))[person]
    return centred
