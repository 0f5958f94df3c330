"""Tables on the terminal."""

from collections.abc import Iterable
from decimal import Decimal

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

MOST_ROWS = 200
WIDEST = 1_000

console = Console()


def show_some(batches: Iterable[pl.DataFrame]) -> None:
    """The first rows of a query as a table, and how many there are."""
    shown, total = [], 0
    for batch in batches:
        if total < MOST_ROWS:
            shown.append(batch.head(MOST_ROWS - total))
        total += batch.height
    show_table(pl.concat(shown))
    if total > MOST_ROWS:
        console.print(f"{MOST_ROWS} of {total:,} rows; --format csv, json or parquet gives all")


def show_table(rows: pl.DataFrame, title: str | None = None) -> None:
    """Fit the terminal; where there is none, as wide as the table is, so that nothing is cut."""
    table = _table(rows, title)
    if console.is_terminal:
        console.print(table)
    else:
        needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum
        Console(width=max(console.width, needed)).print(table)


def _table(rows: pl.DataFrame, title: str | None) -> Table:
    """Cells as plain text: titles are untrusted and may hold rich's markup."""
    table = Table(title=title, title_justify="left")
    for name, kind in rows.schema.items():
        table.add_column(escape(name), justify="right" if kind.is_numeric() else "left")
    for row in rows.iter_rows():
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float | Decimal):
        return f"{value:.4g}"
    return escape(str(value))
