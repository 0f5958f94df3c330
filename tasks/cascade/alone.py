"""How well a judgement alone orders heads, beside the learned order and the most rated first."""

import numpy as np
import polars as pl

from tasks.cascade.blend import HeadBlend
from tasks.cascade.heads import FITTING, KNOWN, RELEVANT, within_people
from tasks.core.arrays import Floats
from tasks.core.vocabulary import RANK, SIMILARITY, USER, Record
from tasks.evaluation.accuracy import ndcg
from tasks.evaluation.judgements.auc import AUC, within_person_auc
from tasks.evaluation.judgements.comparing import JudgedLists, with_verdicts
from tasks.evaluation.significance import Verdict
from tasks.features.table import LABEL

K = 10
NDCG = f"NDCG@{K}"
MODEL, LEARNED, MOST_RATED = "language model", "learned", "most rated first"
BLENDED = f"{LEARNED} + {MODEL}"


class Figure(Record):
    """A mean over people of the sample with its 95 % interval: of one list, or beyond another.

    Named as the columns of `judgements` in sql/meanings.toml.
    """

    part: str
    place: int
    judge: str | None
    list: str
    against: str | None
    metric: str
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    users: int
    verdict: Verdict | None


def figures(
    heads: pl.DataFrame, blend: HeadBlend | None, part: str, seed: int
) -> tuple[Figure, ...]:
    """NDCG@10 and AUC of the heads of a sample by each order, and what the judgement has beyond.

    `heads`: with SIMILARITY, sorted by user and rank; one without a score counts as the person's
    mean. The blend is measured on the people that it was not fitted on.
    """
    if heads.is_empty():
        return ()
    mean = pl.col(SIMILARITY).mean().over(USER)
    judgement = heads.select(pl.col(SIMILARITY).fill_null(mean).fill_null(0.0)).to_series()
    made = JudgedLists(part, seed)
    made.add(LEARNED, {0: _of(heads, -heads[RANK].to_numpy().astype(np.float64))})
    made.add(MOST_RATED, {0: _of(heads, heads[KNOWN].to_numpy().astype(np.float64))})
    judged = _of(heads, judgement.to_numpy())
    made.add(MODEL, {0: judged}, MODEL, against=[LEARNED, MOST_RATED])
    others = heads.filter(~pl.col(FITTING))
    if blend is not None and others.height:
        made.add(BLENDED, {0: _of(others, blend.logits(others))}, MODEL, against=[LEARNED])
    return tuple(Figure(**row) for row in with_verdicts(made.rows()).iter_rows(named=True))


def head_ndcg(heads: pl.DataFrame, scores: Floats) -> Floats:
    """NDCG@10 of each person's head in the order of the scores (U,); ties in the learned order."""
    person = within_people(heads[USER])
    order = np.lexsort((heads[RANK].to_numpy(), -scores, person))
    first = np.flatnonzero(np.diff(person, prepend=-1))
    place = np.arange(len(order)) - first[person]
    hits = np.zeros((len(first), K), dtype=np.bool_)
    shown = place < K
    hits[person[shown], place[shown]] = heads[LABEL].to_numpy()[order][shown]
    return ndcg(hits, heads[RELEVANT].to_numpy()[first])


def _of(heads: pl.DataFrame, scores: Floats) -> pl.DataFrame:
    """User, NDCG@10, AUC."""
    aucs = within_person_auc(heads, scores, LABEL)
    ndcgs = pl.Series(NDCG, head_ndcg(heads, scores))
    people = pl.DataFrame([heads[USER].unique(maintain_order=True), ndcgs])
    return people.join(aucs, on=USER, how="left", maintain_order="left").select(USER, NDCG, AUC)
