"""Exporting the lists of one night to one target."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

import sql
from tasks.core.errors import StoreError
from tasks.core.targets import Target
from tasks.core.vocabulary import Record
from tasks.store.export.files import check_folder, write_file
from tasks.store.export.keys import check_keys, write_keys
from tasks.store.export.table import check_table, write_table_of
from tasks.store.query import query, stream


class ExportedNight(Record):
    """The night whose lists are exported, and how many people have one."""

    run_id: str
    dataset: str
    finished_at_utc: datetime
    users: int


def night_to_export(home: Path, run_id: str | None = None) -> ExportedNight:
    """The night of this run id, or the last one. Raises StoreError where it has no lists."""
    rows = query(home, sql.statement("export/night.sql"), {"run_id": run_id or ""})
    if not rows.height:
        what = f"There is no night {run_id}." if run_id else "There is no night yet."
        raise StoreError(what, "`palate sql last_nights` shows what there is.")
    night = ExportedNight(**rows.row(0, named=True))
    if not night.users:
        raise StoreError(
            f"{night.run_id}: the lists of this night are not kept any more, or it had none.",
            "Export a younger night, or keep more (--keep-nights).",
        )
    return night


def export(home: Path, night: ExportedNight, target: Target, hours: float) -> int:
    """Bring every list of the night to the target, which then holds these lists alone.

    Gives the number of rows, one per person and place. `hours`: after so many keys in Redis
    expire. To do it again gives the same; what was broken off is done again, or in Redis carried
    on. Raises StoreError, SettingsError.
    """
    values = {"run_id": night.run_id}
    with stream(home, sql.statement("export/lists.sql"), values) as batches:
        match target.kind:
            case "file":
                return write_file(target, batches)
            case "redis":
                return write_keys(target, night.run_id, whole_lists(batches), hours)
            case _:
                return write_table_of(target, batches)


def check_target(target: Target, seconds: float) -> None:
    """Return if lists could be exported to a target; nothing is changed there.

    `seconds`: the most that a Redis may take for an answer.

    Raises StoreError, SettingsError.
    """
    match target.kind:
        case "file":
            check_folder(target, Path(target.address))
        case "redis":
            check_keys(target, seconds)
        case _:
            check_table(target)


def whole_lists(batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The rows, sorted by user, in batches that part no user's list."""
    rest: pl.DataFrame | None = None
    for batch in batches:
        rows = batch if rest is None else pl.concat([rest, batch])
        if not rows.height:
            continue
        last = pl.col("user_id") == rows["user_id"][-1]
        whole, rest = rows.filter(~last), rows.filter(last)
        if whole.height:
            yield whole
    if rest is not None and rest.height:
        yield rest
