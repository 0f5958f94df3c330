"""Ingest as a task: find the source, check it, write Parquet."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from tasks.core.artifacts import read_table, scratch, sink_table, write_table
from tasks.core.errors import NewcomerError, TooLittleDataError
from tasks.core.progress import bar
from tasks.core.stage import stage
from tasks.core.vocabulary import (
    ITEM,
    QUALITY,
    RATING,
    TEXT,
    TIMESTAMP,
    USER,
    VOTES,
    Artifact,
    Dataset,
    DatasetInfo,
    Id,
    Record,
)
from tasks.data import catalogue
from tasks.data.dropped import Dropped
from tasks.data.items import clean_items
from tasks.data.newcomer import new_ids, ratings_of
from tasks.data.querying.queries import Queried
from tasks.data.strangers import stranger_at
from tasks.data.tables import RawTables
from tasks.data.tags import clean_tags
from tasks.data.times import times_said
from tasks.data.validate import (
    UNKNOWN,
    clean_large,
    clean_ratings,
    first_stranger,
    is_large,
)


def ingest(
    home: Path, data: str, now: float | None = None, columns: Mapping[str, str] | None = None
) -> Dataset:
    """Write what `data` names as `ingest_source` does; `columns`: what its files call ours."""
    return ingest_source(home, catalogue.find(data, home, columns), now)


def ingest_source(home: Path, source: catalogue.Source, now: float | None = None) -> Dataset:
    """Write a source's ratings, items and tags as Parquet under `home`; nothing if one is bad.

    A rating later than a day after `now` (by the clock, unless given) is bad.
    """
    with (
        bar("reading the data set"),
        scratch(home, "ratings") as stem,
        TemporaryDirectory(dir=stem.parent, prefix=".copies-", suffix=".tmp") as copies,
    ):
        raw = source.read(Path(copies))
        items, from_items = clean_items(raw.items, raw.info)
        ratings, from_ratings = _clean_ratings(raw, items, stem, now)
        tags, from_tags = clean_tags(raw.tags, ratings) if raw.tags else (None, {})
        lost = first_stranger(raw.ratings, items) if from_ratings[UNKNOWN].total else None
        stranger = stranger_at(raw.ratings, lost)
        dropped = from_ratings | from_items | from_tags | dict(raw.dropped)
        info = _completed(raw, ratings)
        return Dataset(
            info=info,
            ratings=sink_table(home, "ratings", ratings),
            items=write_table(home, "items", items),
            tags=None if tags is None else write_table(home, "tags", tags),
            users=_of_all(ratings, pl.col(USER).n_unique())[0],
            dropped={reason: rows.total for reason, rows in dropped.items() if rows.total},
            firsts={reason: rows.first for reason, rows in dropped.items() if rows.first}
            | ({UNKNOWN: stranger.shown} if stranger else {}),
            stranger=stranger,
            remarks=(*raw.remarks, *inferred(raw, info, ratings)),
        )


def _clean_ratings(
    raw: RawTables, items: pl.DataFrame, stem: Path, now: float | None
) -> tuple[pl.LazyFrame, Dropped]:
    implicit, scale = raw.info.implicit, known_scale(raw)
    if is_large(raw.ratings.rows.lazy()):
        return clean_large(raw.ratings, items, scale, stem, now, implicit=implicit)
    ratings, dropped = clean_ratings(raw.ratings, items, scale, now, implicit=implicit)
    return ratings.lazy(), dropped


def _of_all(ratings: pl.LazyFrame, *questions: pl.Expr) -> tuple[Any, ...]:
    return ratings.select(questions).collect(engine="streaming").row(0)


def known_scale(raw: RawTables) -> tuple[float, float] | None:
    """The scale that ratings must be on; None where they tell it themselves."""
    return None if "scale" in raw.unknown or raw.info.implicit else raw.info.scale


def _completed(raw: RawTables, ratings: pl.LazyFrame) -> DatasetInfo:
    """Scale from the ratings where unknown; liked is its upper quarter, as 4 of 0.5 to 5 is."""
    lowest, highest = pl.col(RATING).min(), pl.col(RATING).max().alias("highest")
    low, high = known_scale(raw) or _of_all(ratings, lowest, highest)
    measured = {"scale": (low, high), "relevant_at": low + 0.75 * (high - low)}
    return raw.info.model_copy(update={name: measured[name] for name in raw.unknown})


def inferred(raw: RawTables, info: DatasetInfo, ratings: pl.LazyFrame) -> list[str]:
    """What the ratings told of the data set, a line each."""
    lines = []
    if raw.unknown:
        lines.append(
            f"scale {info.scale[0]:g} to {info.scale[1]:g}, liked from {info.relevant_at:g}:"
            f" {' and '.join(sorted(raw.unknown))} by the ratings; dataset.toml can say otherwise"
        )
    schema = ratings.collect_schema()
    kinds = (
        f"{n}s are {'text' if schema[n] == pl.String else 'whole numbers'}" for n in (USER, ITEM)
    )
    return [*lines, f"ids: {', '.join(kinds)}", *times_said(raw.ratings)]


@stage("ingest", "8", role="data", not_in_key={"source", "queried"})
def ingest_stage(
    home: Path,
    source: str,
    fingerprint: str,
    columns: dict[str, str] | None = None,
    queried: Queried | None = None,
) -> Dataset:
    """Ingest what `--data` names; `fingerprint` stands for its content in the key.

    `queried`: what its database gave.
    """
    return ingest_source(home, catalogue.find(source, home, columns, queried))


@stage("forget what came later", "1", "polars", role="data")
def as_of_stage(home: Path, dataset: Dataset, moment: int) -> Dataset:
    """What was known just before a moment (seconds since 1970).

    Ratings, their tags, and the items that were not first rated later; the catalogue's own ratings
    and votes, which are of today, are left out. Raises TooLittleDataError where a rating has no
    timestamp, or none is as old.
    """
    ratings = read_table(home, dataset.ratings)
    time = ratings[TIMESTAMP]
    if time.null_count():
        raise TooLittleDataError(
            f"{time.null_count():,} of {len(time):,} ratings have no timestamp, so nobody can say"
            " what was known at a time.",
            "Leave out --as-of, or add timestamps to the ratings file.",
        )
    known, later = ratings.filter(time < moment), ratings.filter(time >= moment)
    if known.is_empty():
        asked, oldest = (datetime.fromtimestamp(t, UTC) for t in (moment, time.sort()[0]))
        raise TooLittleDataError(
            f"No rating is from before {asked:%Y-%m-%d %H:%M} UTC; the first is from"
            f" {oldest:%Y-%m-%d}.",
            "Choose a later --as-of.",
        )
    to_come = later.join(known, on=ITEM, how="anti")[ITEM].unique()
    items = read_table(home, dataset.items).filter(~pl.col(ITEM).is_in(to_come.implode()))
    unknown = [pl.lit(None, items.schema[name]).alias(name) for name in (QUALITY, VOTES)]
    tags = None
    if dataset.tags:
        kept = read_table(home, dataset.tags).join(known, on=[USER, ITEM], how="semi")
        tags = write_table(home, "tags", kept)
    return dataset.model_copy(
        update={
            "ratings": write_table(home, "ratings", known),
            "items": write_table(home, "items", items.with_columns(unknown)),
            "tags": tags,
            "users": known[USER].n_unique(),
        }
    )


class People(Record):
    """People to answer, who are no users of the data set: what they rated, and what they typed.

    `ids` are in the order of the tastes; in `users` they are sorted.
    """

    ids: list[Id]
    users: Artifact
    ratings: Artifact
    typed: Artifact | None


@stage("add people", "1", role="data")
def people_stage(
    home: Path,
    ratings: Artifact,
    like: Id | None,
    rated: list[tuple[Id, float]],
    tastes: list[str],
) -> People:
    """Somebody once for each taste, or once without any; with the ratings of the user `like`, too.

    Of an item rated in both, `rated` counts. Raises NewcomerError where there is no such user.
    """
    everybody = read_table(home, ratings)
    ids = new_ids(everybody[USER], max(len(tastes), 1))
    mine = ratings_of(ids, rated, everybody.schema)
    if like is not None:
        theirs = everybody.filter(pl.col(USER).cast(pl.String) == str(like))
        if theirs.is_empty():
            raise NewcomerError(
                f"There is no user {like} among those who rated something.",
                "Check --user; a new person needs none.",
            )
        kept = theirs.filter(~pl.col(ITEM).is_in([item for item, _ in rated]))
        copies = [kept.with_columns(pl.lit(user, kept.schema[USER]).alias(USER)) for user in ids]
        mine = pl.concat([mine, *copies]).sort(USER, ITEM)
    people = pl.DataFrame({USER: ids}, schema={USER: everybody.schema[USER]}).sort(USER)
    words = pl.DataFrame(
        {USER: ids[: len(tastes)], TEXT: tastes}, people.schema | {TEXT: pl.String()}
    )
    return People(
        ids=ids,
        users=write_table(home, "users", people),
        ratings=write_table(home, "train", mine),
        typed=write_table(home, "typed", words.sort(USER)) if tastes else None,
    )
