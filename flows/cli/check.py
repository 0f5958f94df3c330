"""The command that looks at a data set, and what it prints."""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from cyclopts import Parameter

from flows.cli.app import app, console
from tasks.settings.sources import NightlyOptions


@app.command
def check(
    data: str | None = None,
    /,
    *,
    columns: str | None = None,
    max_dropped: Annotated[float | None, Parameter(help="As of `palate nightly`.")] = None,
) -> None:
    """Say what a data set holds, what was inferred and left out, and what is wrong, row by row.

    Starts nothing and keeps nothing. Exit code 1 where no night could use the data.

    Parameters
    ----------
    data
        A folder, a file, or a name (`palate datasets`): PALATE_DATA unless given.
    columns
        What the files call columns, where that is not guessed: user=uid,item=sku.
    max_dropped
        Percent of the ratings that may be of unknown items, as `palate nightly` takes it.

    """
    from tasks.data import catalogue  # noqa: PLC0415 - keeps `--help` fast
    from tasks.data.checking import check_source  # noqa: PLC0415
    from tasks.data.dropped import dropped_lines  # noqa: PLC0415

    given: dict[str, Any] = {"data": data, "columns": columns, "max_dropped": max_dropped}
    options = NightlyOptions(**{name: value for name, value in given.items() if value is not None})
    started = time.monotonic()
    with TemporaryDirectory(prefix="palate-check-") as private:
        queries = catalogue.queries_of(options.data, options.column_names)
        home = options.home if queries is None else Path(private)
        source = catalogue.find(options.data, home, options.column_names)
        checked = check_source(source, options.max_dropped)
    lines = [source.said] if source.said else []
    if checked.dataset is not None:
        one, info = checked.dataset, checked.dataset.info
        lines += [
            f"{info.name}: {one.users:,} users, {one.items.rows:,} {info.noun_plural},"
            f" {one.ratings.rows:,} ratings, {info.scale[0]:g} to {info.scale[1]:g},"
            f" liked from {info.relevant_at:g}",
            *(f"  {remark}" for remark in one.remarks),
        ]
        lines += [f"  {line}" for line in dropped_lines(one)]
    lines += [f"  {line}" for line in checked.rules]
    for problem in checked.problems:
        lines += [f"Wrong: {problem.what}", f"  {problem.fix}"]
    verdict = "No night can use it." if checked.problems else "A night can use it."
    for line in (*lines, f"{verdict} ({time.monotonic() - started:.1f} s)"):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if checked.problems:
        sys.exit(1)
