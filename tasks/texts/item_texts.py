"""The text of an item as scorers read it."""

import numpy as np
import polars as pl

from tasks.core.text import plain
from tasks.core.vocabulary import (
    DESCRIPTION,
    FAVOURITES,
    GENRES,
    ITEM,
    QUALITY,
    TAG,
    TAGS,
    TEXT,
    TITLE,
    USER,
    VOTES,
    YEAR,
)

SHOWN_TAGS = 5

BACKGROUND = "background"
BACKGROUND_ITEMS = 200


def item_texts(
    items: pl.DataFrame, tags: pl.DataFrame | None, ratings: pl.DataFrame
) -> pl.DataFrame:
    """Item, its whole text, and the parts of it that a scorer may be shown, sorted by item.

    The text reads "Heat (1995). Action, Crime. Plot ... Tags: heist."
    A tag counts only if its (user, item) pair is in `ratings`, the train ratings: a held-out
    pair's tag would leak it.
    """
    shown = items if tags is None else items.join(_top_tags(tags, ratings), on=ITEM, how="left")
    if tags is None:
        shown = shown.with_columns(pl.lit(None, pl.String).alias(TAG))
    text = pl.concat_str(
        pl.col(TITLE),
        pl.format(" ({})", YEAR),
        pl.lit("."),
        pl.format(" {}.", pl.col(GENRES).str.replace_all("|", ", ", literal=True)),
        pl.format(" {}", DESCRIPTION),
        pl.format(" Tags: {}.", TAG),
        ignore_nulls=True,
    )
    parts = [plain(pl.col(name)) for name in (TITLE, GENRES, DESCRIPTION)]
    parts += [pl.col(YEAR), pl.col(QUALITY), pl.col(VOTES), plain(pl.col(TAG)).alias(TAGS)]
    return shown.select(ITEM, plain(text).alias(TEXT), *parts).sort(ITEM)


def _top_tags(tags: pl.DataFrame, ratings: pl.DataFrame) -> pl.DataFrame:
    seen = tags.join(ratings.select(USER, ITEM), on=[USER, ITEM], how="semi")
    counted = seen.group_by(ITEM, TAG).len()
    ranked = counted.sort([ITEM, "len", TAG], descending=[False, True, False])
    top = ranked.group_by(ITEM, maintain_order=True).head(SHOWN_TAGS)
    return top.group_by(ITEM, maintain_order=True).agg(pl.col(TAG).str.join(", "))


def needed_texts(
    texts: pl.DataFrame, candidates: pl.DataFrame, profiles: pl.DataFrame
) -> pl.DataFrame:
    """The texts that are read to score candidates (item), with `background`; sorted by item.

    Of candidates, of what profiles name, and of a background: up to 200 items, evenly spaced over
    the catalogue in the order of their ids.
    """
    named = profiles.select(pl.col(FAVOURITES).list.explode().struct.field(ITEM)).drop_nulls()
    mentioned = pl.concat([candidates.select(ITEM), named]).unique()
    places = np.linspace(0, texts.height - 1, min(texts.height, BACKGROUND_ITEMS)).round()
    spread = pl.int_range(pl.len()).is_in(places.astype(np.int64).tolist()).alias(BACKGROUND)
    marked = texts.sort(ITEM).with_columns(spread)
    read = pl.col(ITEM).is_in(mentioned[ITEM].implode()) | pl.col(BACKGROUND)
    return marked.filter(read)
