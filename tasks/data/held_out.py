"""Ratings that others held out of a data set, so that published tables can be compared."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from tasks.core.artifacts import read_table, scan_table, write_table
from tasks.core.errors import BadDataError
from tasks.core.stage import stage
from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER, Artifact, Dataset, Record
from tasks.data.columns import like
from tasks.data.dropped import Rows
from tasks.data.formats.names import COUNT, RATED
from tasks.data.given import read_given
from tasks.data.validate import SUPERSEDED, UNKNOWN, clean_ratings

CALLED = {name: RATED[name] for name in (USER, ITEM, RATING, TIMESTAMP, COUNT)}


class HeldOut(Record):
    """Ratings held out, and what is to be said of their file, a line each."""

    ratings: Artifact
    remarks: tuple[str, ...]


@stage("read held-out ratings", "1", role="data", not_in_key={"file"})
def read_held_out_stage(
    home: Path, file: Path, fingerprint: str, dataset: Dataset, columns: dict[str, str]
) -> HeldOut:
    """The ratings of a file; `fingerprint` stands for its content in the key.

    Ratings of items that the data set lacks are left out and counted, users without other ratings
    are kept: the split counts them. Raises BadDataError for rows that no ratings file may have,
    and where no user is the data set's.
    """
    info, everything = dataset.info, scan_table(home, dataset.ratings)
    with TemporaryDirectory(prefix="palate-held-out-") as copies:
        needed = (USER, ITEM) if info.implicit else (USER, ITEM, RATING)
        raw = read_given(file, "--held-out", CALLED, needed, columns, Path(copies))
        scale = None if info.implicit else info.scale
        items = read_table(home, dataset.items)
        held_out, dropped = clean_ratings(raw, items, scale, implicit=info.implicit)
    known = like(held_out, everything, USER)
    mine = known.drop_nulls(USER).sort(USER, ITEM)
    users = everything.select(USER).unique().collect()
    if mine.join(users, on=USER, how="semi").is_empty():
        raise BadDataError(
            file,
            "no user of these ratings is the data set's",
            "Check that both come from the same data.",
            column=USER,
        )
    pairs = mine.lazy().join(everything, on=[USER, ITEM], how="semi").select(pl.len())
    taken = int(pairs.collect().item())
    lines = [
        f"held out: the {mine.height:,} ratings of {file.name}; {taken:,} of them are among the"
        " data set's own, and taken out of train",
        *_counted(dropped.get(UNKNOWN), "their item is not the data set's"),
        *_counted(dropped.get(SUPERSEDED), "the same user rated the same item later"),
        *_counted(Rows(known.height - mine.height), "nobody has an id like their user's"),
    ]
    return HeldOut(ratings=write_table(home, "held_out", mine), remarks=tuple(lines))


def _counted(rows: Rows | None, why: str) -> list[str]:
    if rows is None or not rows.total:
        return []
    first = f" (the first: {rows.first})" if rows.first else ""
    return [f"{rows.total:,} held-out ratings left out: {why}{first}"]
