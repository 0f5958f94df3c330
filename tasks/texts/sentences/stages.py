"""Sentences that say why, as tasks; they fan out over chunks of users."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table, scan_table, write_table
from tasks.core.chunks import rows_of
from tasks.core.progress import bar
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import ITEM, RANK, USER, WHY, Artifact
from tasks.llm.options import EngineOptions
from tasks.llm.questions import WHY as WHY_QUESTION


@chunk_stage(
    "say why",
    "2",
    role="figures",
    not_in_key={"options"},
    also=lambda given: WHY_QUESTION.judge(given["options"]),
)
def whys_stage(
    home: Path,
    rows: Rows,
    options: EngineOptions,
    lists: Artifact,
    profiles: Artifact,
    texts: Artifact,
    top: int,
    again: str | None = None,
) -> Artifact:
    """The model's sentence about each of the first `top` items of profiles rows[0] up to rows[1].

    `again`: the run whose missing sentences are to be asked for once more. Raises LlmError when no
    more can be asked.
    """
    people = rows_of(home, profiles, rows)
    return write_whys(home, options, lists, people, texts, top)


@stage("count listed items", "1", role="figures")
def listed_count_stage(home: Path, lists: Artifact, top: int) -> int:
    """How many items stand in the first `top` places."""
    shown = scan_table(home, lists).filter(pl.col(RANK) <= top)
    return int(shown.select(pl.len()).collect().item())


def write_whys(
    home: Path,
    options: EngineOptions,
    lists: Artifact,
    people: pl.DataFrame,
    texts: Artifact,
    top: int,
    *,
    only_known: bool = False,
) -> Artifact:
    """User, item, why of the first `top` items of these people; only where there is a sentence.

    With `only_known` nothing is asked: what the ledger has, which is no task, as more may come.
    """
    from tasks.llm.asking import ask_sentences  # noqa: PLC0415
    from tasks.llm.session import session_for  # noqa: PLC0415
    from tasks.texts.sentences.listed import make_listed, places  # noqa: PLC0415 - loads openai

    shown = places(read_table(home, lists), people, top)
    listed = make_listed(shown, people, read_table(home, texts), options)
    session = session_for(home, options)
    with bar(f"{options.llm_model} says why", total=shown.height) as advance:
        settled = session.settling(advance)
        answers = session.run(
            lambda engine: ask_sentences(engine, listed, settled, only_known=only_known)
        )
    whys = pl.Series(WHY, [why for person in answers for why in person], dtype=pl.String)
    made = shown.select(USER, ITEM, whys).drop_nulls(WHY)
    return write_table(home, "whys", made)
