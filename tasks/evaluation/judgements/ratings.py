"""Ratings that language models foretold: which of two rated items somebody likes better."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.core.progress import bar
from tasks.core.stage import stage
from tasks.core.vocabulary import ITEM, RATING, SCORE, USER, Artifact
from tasks.data.columns import id_column, like, number_column, typed
from tasks.data.formats.names import RATED
from tasks.data.given import read_given
from tasks.evaluation.judgements.auc import within_person_auc
from tasks.evaluation.judgements.blending import out_of_fold
from tasks.evaluation.judgements.comparing import JudgedLists, Values
from tasks.evaluation.judgements.truth import DRAWS, LEARNED, logit
from tasks.evaluation.stages import Split
from tasks.models import stored
from tasks.models.candidates import pair_estimates

OURS = "learned + estimate"
ESTIMATED = "our estimate"


@stage("read foretold ratings", "1", role="data", not_in_key={"file"})
def read_foretold_stage(
    home: Path, file: Path, fingerprint: str, judges: tuple[str, ...], split: Split
) -> Artifact:
    """User, item, and a column per judge, of the pairs that are held out.

    `fingerprint` stands for the file's content in the key. Raises BadDataError for what is no such
    file, with the row of a value that is no number.
    """
    called = {USER: RATED[USER], ITEM: RATED[ITEM], **dict.fromkeys(judges, ())}
    with TemporaryDirectory(prefix="palate-foretold-") as copies:
        raw = read_given(file, "[ratings]", called, tuple(called), {}, Path(copies))
        numbers = [number_column(raw, name, pl.Float64(), required=False) for name in judges]
        rows = typed(raw, id_column(raw, USER), id_column(raw, ITEM), *numbers).frame
    held_out = read_table(home, split.held_out)
    met = like(like(rows, held_out, USER), held_out, ITEM)
    tested = held_out.join(read_table(home, split.users), on=USER, how="semi")
    known = met.join(tested.select(USER, ITEM), on=[USER, ITEM], how="semi")
    once = known.select(USER, ITEM, *judges).unique([USER, ITEM], keep="first", maintain_order=True)
    return write_table(home, "foretold", once.sort(USER, ITEM))


@stage("measure foretold ratings", "1", "numpy", "polars", "scikit-learn", role="figures")
def measure_ratings_stage(
    home: Path,
    foretold: Artifact,
    judges: tuple[str, ...],
    beside: tuple[str, ...],
    ranked: Artifact,
    model: Artifact | None,
    split: Split,
    seed: int,
) -> Artifact:
    """Rows of how often judges, and we, know which of two held-out items somebody rated higher.

    `ranked`: our lists, with every pair of `foretold` among them. `model`: of ours the one that
    estimates ratings, if any.
    """
    with bar("measuring ratings"):
        pairs = [USER, ITEM]
        scores = read_table(home, ranked).select(*pairs, logit(pl.col(SCORE)).alias(LEARNED))
        held_out = read_table(home, split.held_out).select(*pairs, RATING)
        table = read_table(home, foretold).join(held_out, on=pairs).join(scores, on=pairs)
        table = table.sort(pairs)
        ours = [LEARNED]
        if model is not None:
            estimates = pair_estimates(stored.load(home, model), table)
            table = table.with_columns(pl.Series(ESTIMATED, estimates))
            ours.append(ESTIMATED)
        return write_table(home, "judgements", _measured(table, ours, judges, beside, seed).rows())


def _measured(
    table: pl.DataFrame, ours: list[str], judges: Sequence[str], beside: Sequence[str], seed: int
) -> JudgedLists:
    made = JudgedLists("ratings", seed)
    for name in ours:
        made.add(name, _alone(table, name))
    made.add(OURS, _blended(table, ours, seed))
    for name in (*beside, *judges):
        judge = name if name in judges else None
        made.add(name, _alone(table, name), judge, against=[OURS])
        blend = _blended(table, [*ours, name], seed)
        made.add(f"{OURS} + {name}", blend, judge, against=[OURS])
    if len(judges) > 1:
        every = _blended(table, [*ours, *judges], seed)
        made.add(f"{OURS} + all of these models", every, against=[OURS])
    return made


def _alone(table: pl.DataFrame, column: str) -> Values:
    scores = table[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return dict.fromkeys(range(DRAWS), within_person_auc(table, scores))


def _blended(table: pl.DataFrame, columns: Sequence[str], seed: int) -> Values:
    draws = range(DRAWS)
    return {
        draw: within_person_auc(table, out_of_fold(table, columns, RATING, seed + draw))
        for draw in draws
    }
