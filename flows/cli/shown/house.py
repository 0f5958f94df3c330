"""What looking after a home folder prints."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from flows.cli.shown.tables import console, show_table
from flows.doctor.finding import Finding

if TYPE_CHECKING:
    from tasks.store.housekeeping import Cleaned


def show_leftovers(cleaned: "Cleaned", *, applied: bool) -> None:
    """Files and bytes per kind and in total, and why the others stay."""
    kept = cleaned.kept
    stays = (
        f"{kept.runs:,} runs are kept: what was used since {kept.since:%d %B %Y, %H:%M} UTC stays"
    )
    console.print(stays, highlight=False, soft_wrap=True)
    if cleaned.mirrors:
        told = f"Only copies on this machine can go: nothing is ever removed from {cleaned.mirrors}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)
    if not cleaned.gone:
        console.print("Nothing to remove.")
        return
    files = pl.DataFrame(
        [(file.kind, file.bytes) for file in cleaned.gone], ["kind", "bytes"], orient="row"
    )
    kinds = files.group_by("kind").agg(pl.len().alias("files"), pl.col("bytes").sum())
    total = files.select(
        pl.lit("in total").alias("kind"), pl.len().alias("files"), pl.col("bytes").sum()
    )
    rows = pl.concat([kinds.sort("bytes", "kind", descending=[True, False]), total])
    sizes = [decimal(size) for size in rows["bytes"]]
    show_table(
        rows.select("kind", "files", pl.Series("size", sizes)),
        "Removed" if applied else "No kept run needs",
    )
    if not applied:
        console.print("Nothing was removed: --apply does.")


COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def show_findings(found: Sequence[Finding]) -> None:
    """One line per finding, and below it what to do."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for one in found:
        fix = f"\n[bold]{escape(one.fix)}[/]" if one.fix else ""
        status = f"[{COLOURS[one.status]}]{one.status}[/]"
        table.add_row(status, one.check, escape(one.what) + fix)
    console.print(table)


def show_findings_json(found: Sequence[Finding]) -> None:
    """The findings as one JSON array."""
    said = json.dumps([one.model_dump() for one in found], ensure_ascii=False, indent=2)
    console.file.write(said + "\n")
