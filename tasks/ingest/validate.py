"""The checks every source must pass: a wrong row ends the run, a surplus one is counted."""

import polars as pl

from tasks.errors import BadDataError
from tasks.ingest.tables import ROW, Table
from tasks.vocabulary import (
    DESCRIPTION,
    GENRES,
    ITEM,
    ITEM_COLUMNS,
    RATING,
    TAG,
    TIMESTAMP,
    TITLE,
    USER,
    DatasetInfo,
)

MOST_UNKNOWN = 0.5
"""Above this share of ratings for unknown items the two files do not belong together."""

Dropped = dict[str, int]


def clean_ratings(
    raw: Table, items: pl.DataFrame, info: DatasetInfo, known_scale: bool
) -> tuple[pl.DataFrame, Dropped]:
    """Ratings (user, item, rating, timestamp), one per pair, sorted by user then item.

    Of a pair's several ratings the latest stays (by timestamp, else by place in the file).
    Ratings of items without a row in `items` are dropped and counted. Raises BadDataError,
    naming row and column, for a missing id, a rating that is no finite number or off the scale.
    """
    frame = with_ids(raw, USER, ITEM)
    frame = _with_number(Table(raw.file, frame), RATING, pl.Float64(), required=True)
    _check_scale(raw, frame, info, known_scale)
    if TIMESTAMP in frame.columns:
        frame = _with_number(Table(raw.file, frame), TIMESTAMP, pl.Int64(), required=False)
    else:
        frame = frame.with_columns(pl.lit(None, pl.Int64).alias(TIMESTAMP))
    frame = _like_ids(frame, items)
    known = frame.join(items.select(ITEM), on=ITEM, how="semi")
    unknown = frame.height - known.height
    if unknown > MOST_UNKNOWN * frame.height:
        first = frame.join(items.select(ITEM), on=ITEM, how="anti").sort(ROW).row(0, named=True)
        problem = f"{unknown:,} of {frame.height:,} ratings are for items unknown to the items file"
        raise BadDataError(
            raw.file,
            f"{problem}, the first is {first[ITEM]}",
            "Check that both files come from the same export.",
            row=first[ROW],
            column=ITEM,
        )
    single = known.sort(USER, ITEM, TIMESTAMP, ROW, nulls_last=False).unique(
        [USER, ITEM], keep="last", maintain_order=True
    )
    dropped = {
        "ratings of items that the items file lacks": unknown,
        "ratings superseded by a later one of the same user and item": known.height - single.height,
    }
    return single.select(USER, ITEM, RATING, TIMESTAMP), dropped


def clean_items(raw: Table, info: DatasetInfo) -> tuple[pl.DataFrame, Dropped]:
    """Items (item and ITEM_COLUMNS), sorted by item; an item without a title is named by its id.

    Raises BadDataError for a missing or doubled id, or a number that is none.
    """
    frame = with_ids(raw, ITEM)
    doubled = frame.filter(pl.col(ITEM).is_duplicated()).sort(ROW)
    if doubled.height:
        again = doubled.row(1, named=True)
        raise BadDataError(
            raw.file,
            f"item {again[ITEM]} appears a second time",
            "Keep one row per item.",
            row=again[ROW],
            column=ITEM,
        )
    for name, kind in ITEM_COLUMNS.items():
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, kind).alias(name))
        elif kind.is_numeric():
            frame = _with_number(Table(raw.file, frame), name, kind, required=False)
    texts = [TITLE, GENRES, DESCRIPTION]
    frame = frame.with_columns(
        pl.col(name).cast(pl.String).str.strip_chars().replace("", None) for name in texts
    )
    untitled = frame[TITLE].null_count()
    by_id = pl.format(f"{info.noun} {{}}", pl.col(ITEM))
    frame = frame.with_columns(pl.coalesce(pl.col(TITLE), by_id).alias(TITLE))
    counted = {"items without a title (kept, named by their id)": untitled}
    return frame.select(ITEM, *ITEM_COLUMNS).sort(ITEM), counted


def clean_tags(raw: Table, ratings: pl.DataFrame) -> tuple[pl.DataFrame, Dropped]:
    """Tags (user, item, tag) of rated pairs, sorted; others are dropped and counted."""
    tagged = _like_ids(with_ids(raw, USER, ITEM), ratings)
    written = tagged.with_columns(pl.col(TAG).str.strip_chars().str.to_lowercase())
    written = written.filter(pl.col(TAG).str.len_chars() > 0).select(USER, ITEM, TAG).unique()
    rated = written.join(ratings.select(USER, ITEM), on=[USER, ITEM], how="semi")
    dropped = {
        "tags that are empty or repeated": raw.frame.height - written.height,
        "tags of pairs without a rating": written.height - rated.height,
    }
    return rated.sort(USER, ITEM, TAG), dropped


def with_ids(raw: Table, *names: str) -> pl.DataFrame:
    """Ids as whole numbers where every one of the column is one, written plainly; else as text."""
    frame = raw.frame
    for name in names:
        kind = frame.schema[name]
        if kind.is_float() or kind.is_nested() or kind == pl.Boolean:
            raise BadDataError(
                raw.file,
                f"ids must be whole numbers or text, not {kind}",
                "Write the column again as one of these.",
                column=name,
            )
        text = pl.col(name).cast(pl.String).str.strip_chars().replace("", None)
        number = text.cast(pl.Int64, strict=False)
        missing = frame.filter(text.is_null())
        if missing.height:
            raise BadDataError(
                raw.file,
                "the id is missing",
                "Fill it in or delete the row.",
                row=missing[ROW].min(),  # type: ignore[arg-type]
                column=name,
            )
        plain = frame.select((number.cast(pl.String) == text).fill_null(False).all()).item()
        frame = frame.with_columns((number if plain else text).alias(name))
    return frame


def _like_ids(frame: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Turn whole-number ids into text where the other table's are text, so that they can meet."""
    as_text = [n for n in (USER, ITEM) if n in other.columns and other.schema[n] == pl.String]
    return frame.with_columns(pl.col(n).cast(pl.String) for n in as_text if n in frame.columns)


def _with_number(raw: Table, name: str, kind: pl.DataType, *, required: bool) -> pl.DataFrame:
    """Cast one column; NaN counts as "no number", and null only passes where not `required`."""
    frame = raw.frame
    given = pl.col(name)
    if frame.schema[name] == pl.String:
        given = given.str.strip_chars().replace("", None)
    through = given.cast(pl.String) if frame.schema[name] == pl.Float32 else given
    number = through.cast(pl.Float64, strict=False)
    finite = number.is_finite().fill_null(False)
    wrong = ~finite if required else given.is_not_null() & ~finite
    bad = frame.filter(wrong).sort(ROW)
    if bad.height:
        first = bad.row(0, named=True)
        raise BadDataError(
            raw.file,
            "the value is missing" if first[name] is None else f"'{first[name]}' is not a number",
            "Correct the value or delete the row.",
            row=first[ROW],
            column=name,
        )
    exact = through.cast(kind, strict=False) if kind.is_integer() else number
    return frame.with_columns(pl.coalesce(exact, number.cast(kind, strict=False)).alias(name))


def _check_scale(raw: Table, frame: pl.DataFrame, info: DatasetInfo, known: bool) -> None:
    low, high = info.scale
    off = frame.filter(~pl.col(RATING).is_between(low, high)).sort(ROW) if known else frame.head(0)
    if off.height:
        first = off.row(0, named=True)
        raise BadDataError(
            raw.file,
            f"{first[RATING]:g} is off the scale {low:g} to {high:g}",
            "Correct the rating, or the scale in dataset.toml.",
            row=first[ROW],
            column=RATING,
        )
