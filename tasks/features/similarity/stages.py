"""The scorer's similarities as stages, over chunks of users."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from tasks.core.artifacts import read_arrays, read_table, scan_table, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import (
    FAVOURITES,
    ITEM,
    SIMILARITY,
    USER,
    Artifact,
    Dataset,
    Record,
    ScorerName,
)
from tasks.features.similarity import embedded
from tasks.features.similarity.recorded import VERSION, read_recorded, recorded_scores
from tasks.features.similarity.scorer import Scorer, ScoringInputs, score_candidates
from tasks.llm.options import EngineOptions
from tasks.llm.questions import scoring
from tasks.texts.embedding_store import text_vectors
from tasks.texts.item_texts import needed_texts
from tasks.texts.stages import VECTORS


def scorer_named(
    name: ScorerName, home: Path, options: EngineOptions, recorded: Artifact | None = None
) -> Scorer:
    """The scorer that `--scorer` names: a new one is an entry here.

    `recorded`: what that of this name goes by.
    """
    if name == "embedded":
        return partial(embedded.embedded_scores, embed=partial(text_vectors, home))
    if name == "recorded" and recorded:
        return partial(recorded_scores, recorded=read_table(home, recorded))
    from tasks.features.similarity.language import model_scores  # noqa: PLC0415 - loads openai and SQLAlchemy

    return partial(model_scores, home=home, options=options)


def scorer_version(name: ScorerName, options: EngineOptions) -> str:
    """Changes whenever the same question would get another score."""
    by_name = {"embedded": embedded.VERSION, "recorded": VERSION}
    return by_name.get(name) or scoring(options).judge(options)


@stage("choose texts", "1")
def needed_texts_stage(
    home: Path, texts: Artifact, candidates: Artifact, profiles: Artifact
) -> Artifact:
    """The texts that are read to score these candidates."""
    wanted = scan_table(home, candidates).select(pl.col(ITEM).unique()).collect()
    people = scan_table(home, profiles).select(FAVOURITES).collect()
    return write_table(home, "texts", needed_texts(read_table(home, texts), wanted, people))


class Recorded(Record):
    """Judgements that somebody else made, and what is to be said of their file, a line each."""

    scores: Artifact
    remarks: tuple[str, ...]


@stage("read recorded scores", VERSION, role="data", not_in_key={"file"})
def read_recorded_stage(
    home: Path, file: Path, fingerprint: str, dataset: Dataset, judge: str, columns: dict[str, str]
) -> Recorded:
    """Judgements of a file; `fingerprint` stands for its content in the key, `judge` made them."""
    users = scan_table(home, dataset.ratings).select(USER).unique().collect()
    items = read_table(home, dataset.items).select(ITEM)
    with TemporaryDirectory(prefix="palate-scores-") as copies:
        scores, remarks = read_recorded(file, users, items, columns, Path(copies))
    counted = f"{judge}: {scores.height:,} judgements of {scores[USER].n_unique():,} users"
    return Recorded(scores=write_table(home, "recorded", scores), remarks=(counted, *remarks))


class Unscored(Record):
    """How many of the pairs that were to be scored have no score.

    `users`: those of whose pairs more than the limit have none.
    """

    users: Artifact
    missing: int
    pairs: int


@stage("find who has no scores", "1", role="figures")
def unscored_stage(home: Path, scores: Artifact, limit: float) -> Unscored:
    """What of `scores` (user, item, similarity) is missing."""
    table = read_table(home, scores)
    lacking = table.group_by(USER).agg(pl.col(SIMILARITY).is_null().mean().alias("missing"))
    users = lacking.filter(pl.col("missing") > limit).select(USER).sort(USER)
    return Unscored(
        users=write_table(home, "users", users),
        missing=table[SIMILARITY].null_count(),
        pairs=table.height,
    )


@chunk_stage(
    "score",
    "5",
    not_in_key={"options"},
    also=lambda given: scorer_version(given["scorer"], given["options"]),
    detail="scorer",
    counts_if_given={"recorded"},
)
def score_stage(  # noqa: PLR0913
    home: Path,
    rows: Rows,
    scorer: ScorerName,
    options: EngineOptions,
    candidates: Artifact,
    profiles: Artifact,
    texts: Artifact,
    vectors: Artifact | None,
    scale: tuple[float, float],
    again: str | None = None,
    recorded: Artifact | None = None,
) -> Artifact:
    """Similarities for the candidates of the profiles in these rows; `vectors` of the texts.

    `again`: the run whose missing scores are to be asked for once more. `recorded`: somebody else's
    judgements, for the scorer of that name.
    """
    people = rows_of(home, profiles, rows)
    asked = ScoringInputs(
        candidates=theirs(home, candidates, people[USER]),
        profiles=people,
        texts=read_table(home, texts),
        scale=scale,
        vectors=read_arrays(home, vectors)[VECTORS] if vectors else None,
    )
    made = score_candidates(scorer_named(scorer, home, options, recorded), asked)
    return write_table(home, "scores", made)
