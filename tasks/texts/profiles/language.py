"""A person's taste in one line, written by a language model from their favourites (PAPER.md, 4)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from tasks.core.progress import bar
from tasks.core.vocabulary import FAVOURITES, ITEM, TEXT, Id, ItemText
from tasks.llm.asking import ask_texts
from tasks.llm.options import EngineOptions
from tasks.llm.questions import PROFILE
from tasks.llm.rendering import clean
from tasks.llm.session import session_for

LONGEST_TITLE, LONGEST_STORY = 120, 200


def write_tastes(
    home: Path, options: EngineOptions, profiles: pl.DataFrame, texts: pl.DataFrame
) -> pl.DataFrame:
    """The profiles with the model's line for a text, from titles, descriptions and ratings.

    Somebody without favourites, or for whom the model gives no valid line, keeps the composed text.
    """
    blocks = favourites_blocks(profiles, texts)
    asked = [block for block in blocks if block]
    session = session_for(home, options)
    with bar(f"{options.llm_model} writes profiles", total=len(set(asked))) as advance:
        settled = session.settling(advance)
        lines = session.run(lambda engine: ask_texts(engine, PROFILE.kind, asked, settled))
    return with_lines(profiles, blocks, dict(zip(asked, lines, strict=True)))


def with_lines(
    profiles: pl.DataFrame, blocks: Sequence[str], lines: Mapping[str, str | None]
) -> pl.DataFrame:
    """The profiles with these texts, by what was shown of each; others keep theirs."""
    texts = pl.Series([lines.get(block) for block in blocks], dtype=pl.String)
    return profiles.with_columns(pl.coalesce(texts, TEXT).alias(TEXT))


def favourites_blocks(profiles: pl.DataFrame, texts: pl.DataFrame) -> list[str]:
    """Every profile's favourites as the model reads them, in their order; empty without any."""
    known = {row[ITEM]: ItemText.model_validate(row) for row in texts.iter_rows(named=True)}
    return [_favourites_block(favourites, known) for favourites in profiles[FAVOURITES].to_list()]


def _favourites_block(favourites: list[dict[str, object]], known: Mapping[Id, ItemText]) -> str:
    lines = []
    for favourite in favourites:
        item = known[favourite["item"]]  # type: ignore[index]
        title = clean(item.title, LONGEST_TITLE) + (f" ({item.year})" if item.year else "")
        genres = f", {clean(item.genres.replace('|', ', '), LONGEST_TITLE)}" if item.genres else ""
        story = f": {clean(item.description, LONGEST_STORY)}" if item.description else ""
        lines.append(f"{title}{genres}, rated {favourite['rating']:g}{story}")
    return "\n".join(["<favourites>", *lines, "</favourites>"]) if lines else ""
