"""A person's taste in one line, written by a language model from their favourites (PAPER.md, 4)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from tasks.core.progress import bar
from tasks.core.vocabulary import DISLIKED, DISLIKES, FAVOURITES, ITEM, TEXT, Id, ItemText
from tasks.llm.asking import ask_texts
from tasks.llm.judges import profile_kind
from tasks.llm.options import EngineOptions
from tasks.llm.rendering import clean
from tasks.llm.session import session_for
from tasks.llm.shapes import taste_and_dislikes
from tasks.texts.profiles.favourites import hashes

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
        kind = profile_kind(options)
        said = session.run(lambda engine: ask_texts(engine, kind, asked, told))
    return with_lines(profiles, blocks, dict(zip(asked, said, strict=True)))


def with_lines(
    profiles: pl.DataFrame, blocks: Sequence[str], lines: Mapping[str, str | None]
) -> pl.DataFrame:
    """The profiles with these texts, by what was shown of each; others keep theirs.

    What a text says of dislikes stands apart, as in a composed profile.
    """
    said = [lines.get(block) for block in blocks]
    parts = [taste_and_dislikes(text) if text else (None, None) for text in said]
    texts, dislikes = (pl.Series([part[n] for part in parts], dtype=pl.String) for n in range(2))
    made = profiles.with_columns(
        pl.coalesce(texts, TEXT).alias(TEXT), pl.coalesce(dislikes, DISLIKES).alias(DISLIKES)
    )
    return made.with_columns(hashes(made))


def favourites_blocks(profiles: pl.DataFrame, texts: pl.DataFrame) -> list[str]:
    """Every profile's items as the model reads them, liked and, if any, disliked; may be empty."""
    known = {row[ITEM]: ItemText.model_validate(row) for row in texts.iter_rows(named=True)}
    both = profiles.select(FAVOURITES, DISLIKED).iter_rows()
    blocks = [(rated_block(a, known), rated_block(b, known, "disliked")) for a, b in both]
    return ["\n".join(filter(None, pair)) if pair[0] else "" for pair in blocks]


def rated_block(
    rated: list[dict[str, object]], known: Mapping[Id, ItemText], tag: str = "favourites"
) -> str:
    """Rated items as the model reads them, in their order; empty without any."""
    lines = []
    for favourite in rated:
        item = known[favourite["item"]]  # type: ignore[index]
        title = clean(item.title, LONGEST_TITLE) + (f" ({item.year})" if item.year else "")
        genres = f", {clean(item.genres.replace('|', ', '), LONGEST_TITLE)}" if item.genres else ""
        story = f": {clean(item.description, LONGEST_STORY)}" if item.description else ""
        lines.append(f"{title}{genres}, rated {favourite['rating']:g}{story}")
    return "\n".join([f"<{tag}>", *lines, f"</{tag}>"]) if lines else ""
