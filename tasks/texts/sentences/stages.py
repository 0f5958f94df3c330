"""Sentences that say why, as tasks; they fan out over chunks of users."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.core.chunks import rows_of
from tasks.core.progress import bar
from tasks.core.stage import Rows, chunk_stage
from tasks.core.vocabulary import ITEM, USER, WHY, Artifact
from tasks.llm.judges import judge_name
from tasks.llm.options import EngineOptions


@chunk_stage(
    "say why",
    "2",
    role="figures",
    not_in_key={"options"},
    also=lambda given: judge_name("explain", given["options"]),
)
def whys_stage(
    home: Path,
    rows: Rows,
    options: EngineOptions,
    lists: Artifact,
    profiles: Artifact,
    texts: Artifact,
    top: int,
) -> Artifact:
    """The model's sentence about each of the first `top` items of profiles rows[0] up to rows[1].

    Raises LlmError when no more can be asked.
    """
    people = rows_of(home, profiles, rows)
    return _say_why(home, options, lists, people, texts, top)


def known_whys(
    home: Path,
    options: EngineOptions,
    lists: Artifact,
    profiles: Artifact,
    texts: Artifact,
    top: int,
) -> Artifact:
    """The sentences that the ledger has, when no more can be had; no task, as more may come."""
    people = read_table(home, profiles)
    return _say_why(home, options, lists, people, texts, top, only_known=True)


def _say_why(
    home: Path,
    options: EngineOptions,
    lists: Artifact,
    people: pl.DataFrame,
    texts: Artifact,
    top: int,
    *,
    only_known: bool = False,
) -> Artifact:
    """User, item, why; only where there is a sentence."""
    from tasks.llm.asking import ask_whys  # noqa: PLC0415
    from tasks.llm.session import session_for  # noqa: PLC0415
    from tasks.texts.sentences.listed import make_listed, places  # noqa: PLC0415 - loads openai

    shown = places(read_table(home, lists), people, top)
    listed = make_listed(shown, people, read_table(home, texts), options)
    session = session_for(home, options)
    with bar(f"{options.llm_model} says why", total=shown.height) as advance:
        told = session.telling(advance)
        said = session.run(lambda engine: ask_whys(engine, listed, told, only_known=only_known))
    sentences = pl.Series(WHY, [why for whys in said for why in whys], dtype=pl.String)
    made = shown.select(USER, ITEM, sentences).drop_nulls(WHY)
    return write_table(home, "whys", made)
