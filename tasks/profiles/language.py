"""A person's taste in one line, written by a language model from their favourites (PAPER.md, 4)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from tasks.llm.asking import ask_texts
from tasks.llm.rendering import clean
from tasks.llm.session import session_for
from tasks.llm_options import EngineOptions
from tasks.profiles.favourites import hashes
from tasks.progress import bar
from tasks.vocabulary import FAVOURITES, ITEM, TEXT, Id, ItemText

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
        told = session.telling(advance)
        said = session.run(lambda engine: ask_texts(engine, "profile", asked, told))
    return with_lines(profiles, blocks, dict(zip(asked, said, strict=True)))


def with_lines(
    profiles: pl.DataFrame, blocks: Sequence[str], lines: Mapping[str, str | None]
) -> pl.DataFrame:
    """The profiles with these lines, by their favourites' blocks, for texts; others keep theirs."""
    written = pl.Series("written", [lines.get(block) for block in blocks], dtype=pl.String)
    made = profiles.with_columns(pl.coalesce(written, TEXT).alias(TEXT))
    return made.with_columns(hashes(made))


def favourites_blocks(profiles: pl.DataFrame, texts: pl.DataFrame) -> list[str]:
    """Every profile's favourites as the model reads them; empty for somebody without."""
    known = {row[ITEM]: ItemText.model_validate(row) for row in texts.iter_rows(named=True)}
    return [favourites_block(liked, known) for liked in profiles[FAVOURITES].to_list()]


def favourites_block(liked: list[dict[str, object]], known: Mapping[Id, ItemText]) -> str:
    """The favourites as the model reads them, best first; empty without any."""
    lines = []
    for favourite in liked:
        item = known[favourite["item"]]  # type: ignore[index]
        title = clean(item.title, LONGEST_TITLE) + (f" ({item.year})" if item.year else "")
        genres = f", {clean(item.genres.replace('|', ', '), LONGEST_TITLE)}" if item.genres else ""
        story = f": {clean(item.description, LONGEST_STORY)}" if item.description else ""
        lines.append(f"{title}{genres}, rated {favourite['rating']:g}{story}")
    return "\n".join(["<favourites>", *lines, "</favourites>"]) if lines else ""
