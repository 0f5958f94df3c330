"""What a catalogue lacks, and joining what TMDB or a language model gave; nothing is overwritten.

The table of what they gave, `FOUND`, has one row per item that got something. `fetched_at` is when
TMDB answered, null for what a language model wrote. It has title and year so that a text is only
ever joined to the item it is about, whatever another catalogue of that name calls 10.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.core.errors import StoreError
from tasks.core.files import replacing
from tasks.core.stage import stage
from tasks.core.text import plain
from tasks.core.vocabulary import DESCRIPTION, ITEM, QUALITY, TITLE, TMDB_ID, VOTES, YEAR, Artifact

DESCRIPTION_SOURCE = "description_source"
FETCHED_AT = "fetched_at"
TMDB, LLM = "tmdb", "llm"
FOLDER = "enriched"

_NEW = "_new"
_TEXT, _FIGURES = "_lacks_text", "_lacks_figures"

NAMES = (ITEM, TITLE, YEAR)
FOUND: dict[str, pl.DataType] = {
    TITLE: pl.String(),
    YEAR: pl.Int32(),
    DESCRIPTION: pl.String(),
    DESCRIPTION_SOURCE: pl.String(),
    QUALITY: pl.Float64(),
    VOTES: pl.Int64(),
    TMDB_ID: pl.Int64(),
    FETCHED_AT: pl.Datetime("us", "UTC"),
}

LACKS_TEXT = pl.col(DESCRIPTION).is_null()
LACKS_FIGURES = pl.col(QUALITY).is_null() & pl.col(VOTES).is_null()
"""Both: a rating of one source beside the votes of another would mean nothing."""

LACKS = LACKS_TEXT | LACKS_FIGURES


def nothing_found(items: pl.DataFrame) -> pl.DataFrame:
    """A table without rows whose item ids are of the catalogue's type."""
    return pl.DataFrame(schema={ITEM: items.schema[ITEM], **FOUND})


def apply(items: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Items with their nulls filled; of the id alone a repaired one replaces the catalogue's."""
    joined = items.join(
        _of_type(rows, items),
        on=NAMES,
        how="left",
        nulls_equal=True,
        maintain_order="left",
        suffix=_NEW,
    )
    figures = [
        pl.when(LACKS_FIGURES).then(pl.col(_new(name))).otherwise(pl.col(name)).alias(name)
        for name in (QUALITY, VOTES)
    ]
    filled = joined.with_columns(
        pl.coalesce(DESCRIPTION, _new(DESCRIPTION)),
        *figures,
        pl.coalesce(_new(TMDB_ID), TMDB_ID).alias(TMDB_ID),
    )
    return filled.select(items.columns)


def still_wanted(items: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The part of what was found that these items still lack; the others' rows go."""
    lacks = items.select(*NAMES, LACKS_TEXT.alias(_TEXT), LACKS_FIGURES.alias(_FIGURES))
    both = _of_type(rows, items).join(lacks, on=NAMES, how="inner", nulls_equal=True)
    return _tidy(
        both.with_columns(
            *(pl.when(_TEXT).then(name).alias(name) for name in (DESCRIPTION, DESCRIPTION_SOURCE)),
            *(pl.when(_FIGURES).then(name).alias(name) for name in (QUALITY, VOTES)),
        )
    )


def from_movies(items: pl.DataFrame, movies: pl.DataFrame) -> pl.DataFrame:
    """What TMDB's movies give to these items.

    `movies` has item, overview, vote_average, vote_count, tmdb_id (null unless repaired) and
    fetched_at. No votes mean that nothing is known of the rating either.
    """
    voted = pl.col("vote_count") > 0
    both = items.join(movies.rename({TMDB_ID: _new(TMDB_ID)}), on=ITEM, how="inner")
    return _tidy(
        both.with_columns(
            pl.when(LACKS_TEXT).then(cleaned("overview")).alias(DESCRIPTION),
            pl.when(LACKS_FIGURES & voted).then("vote_average").alias(QUALITY),
            pl.when(LACKS_FIGURES & voted).then("vote_count").alias(VOTES),
            pl.col(_new(TMDB_ID)).alias(TMDB_ID),
            pl.lit(TMDB).alias(DESCRIPTION_SOURCE),
        )
    )


def from_writer(items: pl.DataFrame, texts: Mapping[object, str | None]) -> pl.DataFrame:
    """What a language model's descriptions, by item, give to items that lack one."""
    written = pl.DataFrame(
        {ITEM: list(texts), _NEW: list(texts.values())},
        schema={ITEM: items.schema[ITEM], _NEW: pl.String()},
    )
    both = items.join(written, on=ITEM, how="inner").with_columns(
        pl.when(LACKS_TEXT).then(cleaned(_NEW)).alias(DESCRIPTION),
        pl.lit(LLM).alias(DESCRIPTION_SOURCE),
        *(pl.lit(None, FOUND[name]).alias(name) for name in (QUALITY, VOTES, TMDB_ID, FETCHED_AT)),
    )
    return _tidy(both)


def merge(earlier: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Both tables as one; where both tell of an item, the earlier one's nulls are filled."""
    both = pl.concat([earlier, later]).group_by(NAMES, maintain_order=True)
    return _tidy(both.agg(pl.exclude(NAMES).drop_nulls().first()))


def cleaned(name: str) -> pl.Expr:
    """A column of text from outside, on one line; null where nothing is left."""
    return plain(pl.col(name)).replace("", None)


def _of_type(rows: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The rows with ids of the items' type."""
    return rows.with_columns(pl.col(ITEM).cast(items.schema[ITEM], strict=False))


def _tidy(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that say something, sorted; a source stands only beside a text."""
    source = pl.when(pl.col(DESCRIPTION).is_not_null()).then(DESCRIPTION_SOURCE)
    says = pl.any_horizontal(pl.col(DESCRIPTION, QUALITY, VOTES, TMDB_ID).is_not_null())
    typed = (pl.col(name).cast(kind) for name, kind in FOUND.items())
    return (
        rows.with_columns(source.alias(DESCRIPTION_SOURCE)).filter(says).select(ITEM, *typed)
    ).sort(NAMES)


def _new(name: str) -> str:
    return name + _NEW


def file_of(home: Path, dataset: str) -> Path:
    """Where a data set's table lies, whatever characters its name has."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", dataset)[:60].strip("-")
    digest = hashlib.sha256(dataset.encode()).hexdigest()[:8]
    return home / FOLDER / f"{readable}-{digest}.parquet"


def load(home: Path, dataset: str) -> pl.DataFrame | None:
    """What earlier runs found; None before the first. Raises StoreError when damaged."""
    file = file_of(home, dataset)
    if not file.is_file():
        return None
    try:
        rows = pl.read_parquet(file, glob=False)
        return rows.select(ITEM, *(pl.col(name).cast(kind) for name, kind in FOUND.items()))
    except (pl.exceptions.PolarsError, OSError):
        raise StoreError(
            f"{file}: this is not a whole table of what `palate enrich` found.",
            "Delete it and run `palate enrich` again: TMDB's and the model's answers are kept.",
        ) from None


def save(home: Path, dataset: str, rows: pl.DataFrame) -> Path:
    """Replace what is kept for a data set, whole."""
    file = file_of(home, dataset)
    with replacing(file) as private:
        rows.write_parquet(private)
    return file


def enrichment_of(home: Path, dataset: str) -> Artifact | None:
    """What is kept now, as a file that a later `enrich` leaves alone; None before the first."""
    rows = load(home, dataset)
    return None if rows is None else write_table(home, FOLDER, rows)


@stage("apply enrichment", "1", role="data")
def apply_enrichment_stage(home: Path, items: Artifact, enrichment: Artifact) -> Artifact:
    """Items with their nulls filled; `enrichment` is what `enrichment_of` gives."""
    filled = apply(read_table(home, items), read_table(home, enrichment))
    return write_table(home, "items", filled)
