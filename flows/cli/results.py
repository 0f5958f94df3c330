"""Commands that look at what is there: results and data sets."""

from pathlib import Path
from typing import Literal

from flows.cli.app import app, home_given


@app.command
def sql(
    statement: str | None = None,
    /,
    *,
    format: Literal["table", "json", "csv", "parquet"] | None = None,
    out: Path | None = None,
    home: Path | None = None,
) -> None:
    """Query the results, read-only.

    Parameters
    ----------
    statement
        SQL, a .sql file, or the name of a question that ships (such as most_recommended); without
        one, what questions there are.
    format
        How rows are written: by the ending of --out, else a table of the first 200.
    out
        A file for the rows, which replaces what is there when it is whole; stdout unless given.
    home
        Folder, or s3://BUCKET/PREFIX, with the results: PALATE_HOME or .palate unless given.

    """
    from flows.cli.shown.rows import check_target, opened, write_rows  # noqa: PLC0415
    from flows.cli.shown.tables import show_some  # noqa: PLC0415
    from tasks.store.query import find_statement, stream  # noqa: PLC0415

    if statement is None:
        questions()
        return
    how = format or _format_of(out)
    check_target(how, out)
    with stream(home_given(home), find_statement(statement)) as batches:
        if how == "table":
            show_some(batches)
        else:
            with opened(out) as file:
                write_rows(batches, how, file)


def _format_of(out: Path | None) -> Literal["table", "json", "csv", "parquet"]:
    for known in ("json", "csv", "parquet"):
        if out is not None and out.suffix == f".{known}":
            return known
    return "table"


@app.command
def questions() -> None:
    """List the questions that ship: `palate sql NAME` answers one."""
    import sql as shipped  # noqa: PLC0415
    from flows.cli.shown.questions import show_questions  # noqa: PLC0415

    show_questions({name: shipped.asks(name) for name in shipped.questions()})


@app.command
def datasets() -> None:
    """List the data sets known by name, and the folder formats that --data DIR takes."""
    from flows.cli.shown.datasets import show_datasets  # noqa: PLC0415

    show_datasets()


@app.command
def results(*, home: Path | None = None, out: Path = Path("RESULTS.md")) -> None:
    """Write what all experiments showed: a Markdown page, and its plots in `results` beside it.

    Parameters
    ----------
    home
        Folder, or s3://BUCKET/PREFIX, with the results: PALATE_HOME or .palate unless given.
    out
        The page.

    """
    from flows.cli.shown.tables import console  # noqa: PLC0415
    from tasks.report.experiments.results import write_results  # noqa: PLC0415

    for file in write_results(home_given(home), out):
        console.print(str(file), markup=False, highlight=False, soft_wrap=True)


@app.command
def report(
    run_id: str | None = None, /, *, home: Path | None = None, out: Path | None = None
) -> None:
    """Write the page about a night: one HTML file that needs nothing else, not even a network.

    Parameters
    ----------
    run_id
        The night; the last one unless given.
    home
        Folder, or s3://BUCKET/PREFIX, with the results: PALATE_HOME or .palate unless given.
    out
        The page; reports/RUN_ID.html in the home folder unless given, and then latest.html too.

    """
    from flows.cli.shown.tables import console  # noqa: PLC0415
    from tasks.report.night.page import write_report  # noqa: PLC0415
    from tasks.report.night.read import latest_night  # noqa: PLC0415

    where = home_given(home)
    page = write_report(where, run_id or latest_night(where), out)
    console.print(str(page), markup=False, highlight=False, soft_wrap=True)
