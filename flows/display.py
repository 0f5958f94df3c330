"""What the commands print: tables for people, JSON and CSV for programs."""

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

import sql

if TYPE_CHECKING:
    from flows.enrich import EnrichResult
    from flows.estimate import Estimate
    from flows.nightly import NightlyResult
    from flows.recommend import Recommendation
    from tasks.settings import Settings

SAMPLE_USERS = 3
SAMPLE_ITEMS = 5
MOST_ROWS = 200
WIDEST = 1_000

console = Console()


def show_night(result: "NightlyResult", settings: "Settings") -> None:
    """A sample of tonight's lists, how good they are, and where the rest lies."""
    from tasks.store.query import query  # noqa: PLC0415 - keeps `--help` fast

    this = {"run_id": result.run_id}
    sample = this | {"users": SAMPLE_USERS, "items": SAMPLE_ITEMS}
    lists = query(settings.home, sql.statement("night/sample.sql"), sample)
    _print(_table(lists, "A sample of tonight's recommendations"))
    metrics = query(settings.home, sql.statement("night/metrics.sql"), this)
    if metrics.height:
        _print(
            _table(metrics, f"One held-out rating per user (leave-one-out, seed {settings.seed})")
        )
    elif not result.degraded:
        console.print(
            "Not measured: held-out ratings would cost as many requests again. --measure-users N"
            " asks for N users' sake.",
            soft_wrap=True,
        )
    asked = "SELECT users_listed FROM runs WHERE run_id = $run_id"
    listed = query(settings.home, asked, this).item()
    if listed < result.users:
        without = f"{result.users - listed:,} of {result.users:,} users"
        console.print(f"No list for {without}: they have rated every item")
    console.print(
        f"{listed:,} users served; {result.cached} of {result.stages} stages were cached;"
        f" run {result.run_id}"
    )
    if result.asked:
        unscored = query(settings.home, "SELECT unscored FROM runs WHERE run_id = $run_id", this)
        console.print(f"Asked {settings.llm_model}: {result.asked}", soft_wrap=True)
        console.print(f"{unscored.item():,} candidates have no score: they count as neutral")
    if result.degraded:
        what = f"Degraded: {result.degraded} The base lists were published instead."
        console.print(what, style="red", markup=False, soft_wrap=True)
    console.print(f"Results: {escape(str(result.database))}", soft_wrap=True)


def show_estimate(result: "Estimate") -> None:
    """What a night would ask and cost."""
    rows = [line.model_dump() for line in result.lines]
    _print(_table(pl.DataFrame(rows), f"Still to be asked of {escape(result.model)}"))
    console.print(
        f"{result.known:,} of {result.pairs:,} scores are in the ledger already. Prompt tokens are"
        " estimated from the length of the texts, answers from their form; repetitions, thinking"
        " and cached prompts are not counted.",
        soft_wrap=True,
    )
    if any(line.dollars is None for line in result.lines):
        console.print("Its price is not known: add it to a copy of prices.toml, --llm-prices FILE.")


def show_enrichment(result: "EnrichResult") -> None:
    """How many texts came from where."""
    counts = result.counts
    rows = [
        {"descriptions": "in the catalogue", "items": counts.from_catalogue},
        {"descriptions": "from TMDB", "items": counts.from_tmdb},
        {"descriptions": "from the language model", "items": counts.from_llm},
        {"descriptions": "still missing", "items": counts.missing},
    ]
    _print(_table(pl.DataFrame(rows), f"{escape(result.dataset)}: {counts.items:,} items"))
    console.print(
        f"New this time: {counts.new:,} descriptions. From TMDB: {counts.figures:,} ratings,"
        f" {counts.repaired:,} ids that were missing or outdated.",
        soft_wrap=True,
    )
    if result.attribution:
        console.print(result.attribution)
    console.print(f"Kept in {escape(str(result.file))}", soft_wrap=True)


def show_recommendation(result: "Recommendation") -> None:
    """Both lists for one person, side by side."""
    if result.degraded:
        what = f"Degraded: {result.degraded} Both lists are in the base order."
        console.print(what, style="red", markup=False, soft_wrap=True)
    for title, rating in result.rated:
        console.print(f"You rated {escape(title)}: {rating:g}", highlight=False)
    rows = [place.model_dump() for place in result.places]
    if not rows:
        console.print("Nothing is left to recommend: every item of the data set is rated.")
        return
    names = {"rank": "rank", "base": "base model alone", "reranked": "re-ranked for you"}
    shown = pl.DataFrame(rows).rename(names).with_columns(pl.selectors.float().round(2))
    _print(_table(shown, "Recommended"))


def show_rows(rows: pl.DataFrame, how: str) -> None:
    """The rows of a query as `table` (the first 200), `json` (all) or `csv` (all)."""
    if how == "csv":
        console.file.write(rows.write_csv())
    elif how == "json":
        said = json.dumps(rows.to_dicts(), default=str, ensure_ascii=False, indent=2)
        console.file.write(said + "\n")
    else:
        _print(_table(rows.head(MOST_ROWS), None))
        if rows.height > MOST_ROWS:
            console.print(f"{MOST_ROWS} of {rows.height:,} rows; --format csv or json gives all")


def _print(table: Table) -> None:
    """Fit the terminal; where there is none, as wide as the table is, so that nothing is cut."""
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


FORMATS = """\
A folder, --data DIR, may hold
  MovieLens CSV    ratings.csv (userId,movieId,rating,timestamp), movies.csv (movieId,title,genres);
                   optional: descriptions.csv (movieId,description), tags.csv (userId,movieId,tag),
                   imdb_scores.csv (movieId,imdb_rating,imdb_votes), links.csv (movieId,tmdbId)
  generic          ratings.parquet or .csv (user,item,rating; optional timestamp in seconds),
                   items.parquet or .csv (item,title; optional year, genres joined by "|",
                   description, quality, votes, tmdb_id), and optionally dataset.toml (name, noun,
                   noun_plural, scale = [lowest, highest], relevant_at, source, terms)"""


def show_datasets() -> None:
    """The data sets known by name, then the folder formats."""
    from tasks.ingest.catalogue import NAMED  # noqa: PLC0415 - keeps `--help` fast

    rows = [{"--data": n.name, "size": n.size, "comes": n.comes, "terms": n.terms} for n in NAMED]
    _print(_table(pl.DataFrame(rows), "Data sets by name"))
    console.print(FORMATS, highlight=False, markup=False, soft_wrap=True)
