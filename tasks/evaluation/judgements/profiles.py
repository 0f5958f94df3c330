"""Tastes in a language model's words, embedded: what they add to the head of the learned order."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.arrays import Floats, ids_of, places_of
from tasks.core.artifacts import read_arrays, read_table, write_table
from tasks.core.progress import bar
from tasks.core.stage import stage
from tasks.core.vocabulary import ITEM, RANK, SCORE, TEXT, USER, Artifact, Record
from tasks.evaluation.judgements.comparing import JudgedLists
from tasks.evaluation.judgements.truth import LEARNED, HeldOutOf, Truth, logit, truth_of
from tasks.texts.embedder import Embedder
from tasks.texts.embedding_store import text_vectors
from tasks.texts.stages import VECTORS

HEADING = re.compile(r"#{1,6} (\w+):? ")
COMPOSED = "favourites by rule"
FEWEST = 0.5
"""A heading that fewer of the texts have is no column."""


class ItemTexts(Record):
    """The texts of all items, and their vectors."""

    texts: Artifact
    vectors: Artifact


@stage(
    "measure written profiles",
    "1",
    *("numpy", "polars", "scikit-learn"),
    role="figures",
    also=lambda _: Embedder.version,
)
def measure_profiles_stage(
    home: Path,
    written: Artifact,
    judge: str,
    composed: Artifact,
    first: int,
    ranked: Artifact,
    texts: ItemTexts,
    held_out: HeldOutOf,
) -> Artifact:
    """Rows of what the cosine of item and profile adds to the `first` places of our lists.

    `written` (user, text) are the model's, `composed` those that a rule makes of the same ratings.
    """
    with bar("measuring profiles"):
        truth = truth_of(home, held_out)
        head = read_table(home, ranked).filter(pl.col(RANK) <= first)
        table = head.select(USER, ITEM, logit(pl.col(SCORE)).alias(LEARNED)).sort(USER, ITEM)
        known = read_table(home, texts.texts)[ITEM], read_arrays(home, texts.vectors)[VECTORS]
        columns = {}
        for name, profiles in ((judge, written), (COMPOSED, composed)):
            told = read_table(home, profiles).select(USER, TEXT).join(table, on=USER, how="semi")
            cosines = _cosines(home, table, told, known, name)
            columns[name] = list(cosines)
            table = table.with_columns(**{n: pl.Series(v) for n, v in cosines.items()})
        return write_table(home, "judgements", _measured(table, columns, truth, judge).rows())


def _measured(
    table: pl.DataFrame, columns: Mapping[str, list[str]], truth: Truth, judge: str
) -> JudgedLists:
    marked = truth.marked(table)
    made = JudgedLists("profiles", truth.seed)
    made.add(LEARNED, truth.alone(marked, LEARNED))
    for name, own in columns.items():
        model = judge if name == judge else None
        made.add(name, truth.alone(marked, own[0]), model, against=[LEARNED])
        blend = truth.blended(marked, [LEARNED, *own])
        made.add(f"{LEARNED} + {name}", blend, model, against=[LEARNED])
    return made


def _cosines(
    home: Path,
    pairs: pl.DataFrame,
    profiles: pl.DataFrame,
    known: tuple[pl.Series, np.ndarray],
    name: str,
) -> dict[str, Floats]:
    """By column, of each pair (P,): of its item with the profile and its parts; NaN: none."""
    items, vectors = known
    item, _ = places_of(ids_of(items), pairs[ITEM])
    made = {}
    for part, texts in _parts(profiles).items():
        told = texts.filter(pl.col(TEXT) != "").sort(USER)
        spoken = text_vectors(home, told[TEXT].to_list())
        user, there = places_of(ids_of(told[USER]), pairs[USER])
        cosines = np.einsum("pw,pw->p", vectors[item], spoken[np.where(there, user, 0)])
        made[f"{name}{part}"] = np.where(there, cosines, np.nan).astype(np.float64)
    return made


def _parts(profiles: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The whole texts under "", and by heading what stands beneath it, where most texts have it."""
    users, texts = profiles[USER], profiles[TEXT].to_list()
    beneath = [sections(text) for text in texts]
    headings = dict.fromkeys(heading for one in beneath for heading in one)
    made = {"": profiles}
    for heading in headings:
        own = [one.get(heading, "") for one in beneath]
        if sum(map(bool, own)) >= FEWEST * len(own):
            made[f", {heading}"] = pl.DataFrame({USER: users, TEXT: own})
    return made


def sections(text: str) -> dict[str, str]:
    """What stands beneath each Markdown heading, by its first word, of a text in one line."""
    parts = HEADING.split(text)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
