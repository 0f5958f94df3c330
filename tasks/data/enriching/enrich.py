"""The whole: TMDB first, then a language model for what is still missing."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from tasks.core.errors import SettingsError
from tasks.core.text import plain
from tasks.core.vocabulary import GENRES, ITEM, QUALITY, TITLE, TMDB_ID, YEAR, Record
from tasks.data.enriching import fill
from tasks.data.enriching.cached import LONGEST_KEPT, CachedTmdb
from tasks.data.enriching.fill import (
    DESCRIPTION_SOURCE,
    FETCHED_AT,
    LACKS_TEXT,
    NAMES,
    apply,
    merge,
)
from tasks.data.enriching.movies import AskModel, find_movies, judged, table_of

MOVIE_NOUNS = {"movie", "film"}
"""What a data set's items are called when fill.TMDB may know them, even if it gives no ids."""

SaveTable = Callable[[pl.DataFrame], object]


class Counts(Record):
    """Where the catalogue's texts are from now: the first four add up to `items`.

    `new` of them came with this run. `figures` counts ratings and votes from fill.TMDB, `repaired`
    the ids that were missing or outdated.
    """

    items: int
    from_catalogue: int
    from_tmdb: int
    from_llm: int
    missing: int
    new: int
    figures: int
    repaired: int


@dataclass(frozen=True)
class Enriched:
    """Everything found so far, as `fill.FOUND` describes it, and what it amounts to."""

    table: pl.DataFrame
    counts: Counts


def enrich(
    items: pl.DataFrame,
    noun: str,
    tmdb: CachedTmdb | None,
    judge: AskModel | None,
    describe: AskModel | None,
    limit: int | None = None,
    earlier: pl.DataFrame | None = None,
    keep: SaveTable = lambda _table: None,
) -> Enriched:
    """Find what `items` lack, starting from what an `earlier` run gave.

    At most `limit` items are looked up. Who is None of `tmdb`, `judge` and `describe` is not asked;
    without a judge an unsure hit counts as another movie. `keep` gets the table whenever it
    has grown, so that an error later on loses nothing. Raises SettingsError when something is
    missing that nobody can be asked for, and what the three raise.
    """
    before = fill.still_wanted(items, fill.nothing_found(items) if earlier is None else earlier)
    asks_tmdb = tmdb if may_be_movies(items, noun) else None
    gained = before.join(_too_old(before, asks_tmdb), on=ITEM, how="anti")
    # A language model knows no ratings: without TMDB only texts are looked for.
    lacks = fill.LACKS if asks_tmdb else LACKS_TEXT
    wanted = apply(items, gained).filter(lacks).head(items.height if limit is None else limit)
    _check_anybody(wanted, noun, asks_tmdb or describe)
    # Too old a text is only given up for a new one, so those beyond the limit stay as they are.
    gained = merge(gained, before.join(wanted, on=ITEM, how="anti"))
    if asks_tmdb:
        gained = _ask_tmdb(items, wanted, gained, asks_tmdb, judge, keep)
    if describe:
        gained = merge(gained, _described(items, wanted, gained, describe))
        keep(gained)
    return Enriched(gained, _count(items, before, gained))


def may_be_movies(items: pl.DataFrame, noun: str) -> bool:
    """Whether TMDB may know the items: a book must not get the plot of a film of its name."""
    return noun.lower() in MOVIE_NOUNS or items[TMDB_ID].is_not_null().any()


def _check_anybody(wanted: pl.DataFrame, noun: str, somebody: object) -> None:
    if wanted.height and not somebody:
        raise SettingsError(
            f"{wanted.height:,} items lack a description, and there is nobody to ask.",
            "Set TMDB_API_KEY (for movies), or say which language model to ask (--llm-model)."
            f" These items are of the kind '{noun}'.",
        )


def _too_old(gained: pl.DataFrame, tmdb: CachedTmdb | None) -> pl.DataFrame:
    """What TMDB answered longer ago than its terms allow to keep; it can only be asked anew."""
    if tmdb is None:
        return gained.clear()
    return gained.filter(pl.col(FETCHED_AT) <= tmdb.now() - LONGEST_KEPT)


def _ask_tmdb(
    items: pl.DataFrame,
    wanted: pl.DataFrame,
    gained: pl.DataFrame,
    tmdb: CachedTmdb,
    judge: AskModel | None,
    keep: SaveTable,
) -> pl.DataFrame:
    own = items.join(wanted, on=ITEM, how="semi", maintain_order="left")
    sure, unsure = find_movies(own, tmdb.answers)
    gained = merge(gained, fill.from_movies(own, table_of(sure, own)))
    keep(gained)
    if judge and unsure:
        confirmed = judged(unsure, judge)
        gained = merge(gained, fill.from_movies(own, table_of(confirmed, own)))
        keep(gained)
    return gained


def _described(
    items: pl.DataFrame, wanted: pl.DataFrame, gained: pl.DataFrame, describe: AskModel
) -> pl.DataFrame:
    """What the language model writes for the wanted items that still have no description."""
    bare = apply(items, gained).join(wanted, on=ITEM, how="semi", maintain_order="left")
    bare = bare.filter(LACKS_TEXT)
    if bare.is_empty():
        return fill.nothing_found(items)
    texts = describe(_blocks(bare))
    return fill.from_writer(bare, dict(zip(bare[ITEM].to_list(), texts, strict=True)))


def _blocks(items: pl.DataFrame) -> list[str]:
    """A line such as "Heat (1995), Action, Crime" per item; what is unknown is left out."""
    parts = pl.concat_str(
        plain(pl.col(TITLE)),
        pl.format(" ({})", YEAR).fill_null(""),
        (", " + plain(pl.col(GENRES)).str.replace_all("|", ", ", literal=True)).fill_null(""),
    )
    return items.select(parts).to_series().to_list()


def _count(items: pl.DataFrame, before: pl.DataFrame, gained: pl.DataFrame) -> Counts:
    source = gained[DESCRIPTION_SOURCE].drop_nulls()
    had = before.filter(pl.col(DESCRIPTION_SOURCE).is_not_null())
    has = gained.filter(pl.col(DESCRIPTION_SOURCE).is_not_null())
    lacked = items.filter(LACKS_TEXT).height
    return Counts(
        items=items.height,
        from_catalogue=items.height - lacked,
        from_tmdb=(source == fill.TMDB).sum(),
        from_llm=(source == fill.LLM).sum(),
        missing=lacked - source.len(),
        new=has.join(had, on=NAMES, how="anti", nulls_equal=True).height,
        figures=gained[QUALITY].count(),
        repaired=gained[TMDB_ID].count(),
    )
