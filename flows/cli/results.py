"""Commands that look at what is there, results and data sets, and what they print."""

from pathlib import Path
from typing import Literal

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from flows.cli.app import app, console, home_given, terminal

FORMATS = """\
--data takes a folder or a file, told by what it holds: MovieLens, Book-Crossing, Amazon reviews,
Yelp, Steam, RecBole, Netflix, tables parted by commas, semicolons or tabs, JSON lines, Parquet;
in gzip, zip or zstd, too. `palate check DIR` says what is recognised. The two plainest:
  MovieLens CSV    ratings.csv (userId,movieId,rating,timestamp), movies.csv (movieId,title,genres);
                   optional: descriptions.csv (movieId,description), tags.csv (userId,movieId,tag),
                   imdb_scores.csv (movieId,imdb_rating,imdb_votes), links.csv (movieId,tmdbId)
  generic          ratings.parquet or .csv (user,item,rating; optional timestamp),
                   items.parquet or .csv (item,title; optional year, genres joined by "|",
                   description, quality, votes, tmdb_id), and optionally dataset.toml (name, noun,
                   noun_plural, scale = [lowest, highest], relevant_at, source, terms)
  a database       dataset.toml alone: data = "postgresql://host/db", and [queries] with SQL for
                   ratings, items, tags
In files, ratings that arrive later may lie as further .csv or .parquet files of the same columns in
a folder `ratings` beside the first. Of a pair's ratings the latest counts: by timestamp or, without
timestamps or where they are equal, by place, files in the order of their names. Timestamps count
from 1970 in seconds, or all of them in milli-, micro- or nanoseconds."""


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
    if statement is None:
        questions()
        return
    from flows.cli.tables import (  # noqa: PLC0415 - loads Polars
        check_target,
        opened,
        show_some,
        write_rows,
    )
    from tasks.store.query import find_statement, stream  # noqa: PLC0415

    how = format or _format_of(out)
    check_target(how, out)
    with stream(home_given(home), find_statement(statement)) as batches:
        if how == "table":
            show_some(batches)
            if (said := _age_of(statement, home_given(home))) is not None:
                terminal.print(said, markup=False, soft_wrap=True)
        else:
            with opened(out) as file:
                write_rows(batches, how, file)


def _age_of(statement: str, home: Path) -> str | None:
    """Of which night and measurement the answer to a question that ships is."""
    import sql as shipped  # noqa: PLC0415
    from tasks.store.age import said_age  # noqa: PLC0415

    return said_age(home) if statement in shipped.questions() else None


def _format_of(out: Path | None) -> Literal["table", "json", "csv", "parquet"]:
    for name in ("json", "csv", "parquet"):
        if out is not None and out.suffix == f".{name}":
            return name
    return "table"


@app.command
def questions() -> None:
    """List the questions that ship: `palate sql NAME` answers one."""
    import sql as shipped  # noqa: PLC0415

    table = Table("palate sql", "answers", box=None, padding=(0, 2, 0, 0))
    for name in shipped.questions():
        table.add_row(escape(name), escape(shipped.asks(name)))
    console.print(table)


@app.command
def tables(name: str | None = None, /, *, home: Path | None = None) -> None:
    """List the tables and views of the results; of one that is named, its columns and meanings.

    Parameters
    ----------
    name
        A table or view.
    home
        Folder, or s3://BUCKET/PREFIX, with the results: PALATE_HOME or .palate unless given.

    """
    import sql as shipped  # noqa: PLC0415

    if name is None:
        table = Table("table or view", "holds", box=None, padding=(0, 2, 0, 0))
        for known, about in shipped.tables().items():
            text = Text(about, no_wrap=True, overflow="ellipsis")
            table.add_row(Text(known, no_wrap=True), text)
        console.print(table)
        return
    from flows.cli.tables import show_table  # noqa: PLC0415
    from tasks.store.query import query  # noqa: PLC0415

    described = shipped.statement("results/columns.sql").replace("$table", _quoted(name))
    rows = query(home_given(home), described, {"name": name})
    show_table(rows, shipped.tables().get(name))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@app.command
def datasets() -> None:
    """List the data sets known by name, and the folder formats that --data DIR takes."""
    import polars as pl  # noqa: PLC0415

    from flows.cli.tables import show_table  # noqa: PLC0415
    from tasks.data.catalogue import CONVERTIBLE, DATA_DIR, NAMED  # noqa: PLC0415

    rows = [{"--data": n.name, "size": n.about, "comes": n.how, "terms": n.terms} for n in NAMED]
    show_table(pl.DataFrame(rows), "Data sets by name")
    console.print(
        f"Grids find data sets by name in the folders of ${DATA_DIR}. Where they come from, and how"
        " to write each into such a folder in the generic format below (but for ml-latest-small):",
        soft_wrap=True,
    )
    for one in CONVERTIBLE:
        console.print(f"  {one.name}", highlight=False)
        for line in (one.about, f"terms: {one.terms}", f"convert: {one.how}"):
            console.print(f"    {line}", highlight=False, markup=False, soft_wrap=True)
    console.print(FORMATS, highlight=False, markup=False, soft_wrap=True)


@app.command
def results(*, home: Path | None = None, out: Path | None = None) -> None:
    """Write what replays and experiments showed: a Markdown page that links one page of each.

    Parameters
    ----------
    home
        Folder, or s3://BUCKET/PREFIX, with the results: PALATE_HOME or .palate unless given.
    out
        The page; results-page/RESULTS.md in the home folder unless given. The pages that it links,
        and their plots, go to `results` beside it.

    """
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
    from tasks.report.night.page import write_report  # noqa: PLC0415
    from tasks.report.night.read import latest_night  # noqa: PLC0415

    where = home_given(home)
    page = write_report(where, run_id or latest_night(where), out)
    console.print(str(page), markup=False, highlight=False, soft_wrap=True)
