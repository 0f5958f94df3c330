"""What a night and a recommendation print."""

from typing import TYPE_CHECKING

import polars as pl
from rich.markup import escape

import sql
from flows.cli.shown.tables import console, show_table
from tasks.core.homes import address
from tasks.core.vocabulary import REASONS, SIMILARITY, WHY
from tasks.store.query import query

if TYPE_CHECKING:
    from flows.nightly import NightlyResult
    from flows.recommend import Recommendation
    from tasks.settings.settings import Settings

SAMPLE_USERS = 3
SAMPLE_ITEMS = 5
OPTIONAL = (SIMILARITY, REASONS, WHY)
"""Columns that are left out where no row has a value."""


def show_night(result: "NightlyResult", settings: "Settings") -> None:
    """A sample of tonight's lists, how good they are, and where the rest lies."""
    this = {"run_id": result.run_id}
    sample = this | {"users": SAMPLE_USERS, "items": SAMPLE_ITEMS}
    lists = query(settings.home, sql.statement("night/sample.sql"), sample)
    show_table(without_blank(lists), "A sample of tonight's recommendations")
    metrics = query(settings.home, sql.statement("night/metrics.sql"), this)
    if metrics.height:
        show_table(metrics, _measured_title(result, settings))
    elif result.status != "degraded":
        console.print(f"Not measured: {why_not_measured(settings)}", soft_wrap=True)
    counts = "SELECT users_listed, unscored FROM runs WHERE run_id = $run_id"
    listed, unscored = query(settings.home, counts, this).row(0)
    if listed < result.users:
        without = f"{result.users - listed:,} of {result.users:,} users"
        console.print(f"No list for {without}: they have rated every item")
    console.print(
        f"{listed:,} users served, {result.new_lists:,} with a new list;"
        f" {result.cached} of {result.stages} stages were cached; run {result.run_id}"
    )
    if result.asked:
        console.print(f"Asked {settings.llm.llm_model}: {result.asked}", soft_wrap=True)
        console.print(f"{unscored:,} candidates have no score and count as neutral")
    if result.note:
        prefix = "" if result.status == "complete" else f"{result.status.upper()}: "
        console.print(f"{prefix}{result.note}", style="bold red", markup=False, soft_wrap=True)
    if result.report:
        console.print(f"Report: {escape(str(result.report))}", soft_wrap=True)
    console.print(f"Results: {escape(address(result.database))}", soft_wrap=True)


def _measured_title(result: "NightlyResult", settings: "Settings") -> str:
    where = "" if result.measured_in == result.run_id else f", run {result.measured_in}"
    return f"One held-out rating per user (leave-one-out, seed {settings.seed}{where})"


def why_not_measured(settings: "Settings") -> str:
    """Why a whole night has no figures."""
    if settings.users_to_measure != 0:
        return "the language model stopped answering meanwhile. Run the same command again."
    if settings.night.measure_users is None:
        return "held-out ratings would cost as many requests again; --measure-users N asks for N."
    return "measure_users is 0, so nobody's held-out rating was looked for."


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
    places = pl.DataFrame(rows, schema_overrides={WHY: pl.String}).rename(names)
    show_table(without_blank(places.with_columns(pl.selectors.float().round(2))), "Recommended")
    if result.unexplained:
        console.print(result.unexplained, style="red", markup=False, soft_wrap=True)


def without_blank(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without optional columns that are empty."""
    return rows.drop(name for name in OPTIONAL if name in rows.columns and not rows[name].count())
