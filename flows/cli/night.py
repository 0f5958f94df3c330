"""Commands that recommend: each reads settings, runs one flow, and prints what came out."""

import os
import time

from rich.markup import escape

from flows.cli.app import console
from flows.cli.options import Options, Verbose, settings_of, with_options
from flows.cli.running import answering, check_data, results_elsewhere, running
from flows.outcomes import Estimate, NightlyResult
from flows.service.server import service_url
from tasks.core.errors import LlmError, SettingsError
from tasks.core.homes import address
from tasks.core.vocabulary import REASONS, SIMILARITY, WHY
from tasks.settings.settings import Settings, check_estimable

SAMPLE_USERS = 3
SAMPLE_ITEMS = 5
MEASURED = "SELECT protocol FROM cells WHERE run_id = $run_id"
OPTIONAL = (SIMILARITY, REASONS, WHY)
"""Columns that are left out where no row has a value."""


@with_options
def nightly(*, verbose: Verbose = False, settings: Options | None = None) -> None:
    """Recommend to every user, measure on held-out ratings, publish to DuckDB.

    By the method that measured best, unless --method names another; an option changes what it says
    and nothing else. Run it again after a crash, a kill or Ctrl-C: finished stages are taken from
    disk.
    """
    started = time.monotonic()
    chosen = settings_of(settings)
    _check_or_notify(chosen, verbose=verbose)
    result = _night_as_before(chosen, verbose=verbose)
    if result is None:
        with running(chosen.home, verbose=verbose) as wait_for_server:
            from flows.nightly import nightly as flow  # noqa: PLC0415 - the server is on its way

            wait_for_server()
            result = flow(chosen)
    show_night(result, chosen)
    console.print(f"The whole command took {time.monotonic() - started:.0f} s")


def _night_as_before(settings: Settings, *, verbose: bool) -> NightlyResult | None:
    """The night, where nothing is new and no server shows it: it only publishes what is there.

    None where it is for Prefect to run it.
    """
    if os.environ.get("PREFECT_API_URL") or results_elsewhere(settings.home):
        return None
    with answering(settings.home, verbose=verbose, least=0.0):
        from flows.night import is_as_before, run_night  # noqa: PLC0415
        from tasks.core.direct_steps import DirectSteps  # noqa: PLC0415

        if service_url(settings.home) is None and is_as_before(settings):
            return run_night(DirectSteps, settings)
    return None


def _check_or_notify(settings: Settings, *, verbose: bool) -> None:
    """Check settings and data before Prefect starts; notify where a night cannot run for them."""
    from flows.publishing import check_targets  # noqa: PLC0415 - keeps `--help` fast

    try:
        check_targets(settings)
        check_data(settings, rules=True, verbose=verbose)
    except Exception:
        from tasks.night.notify.outcome import notifying  # noqa: PLC0415

        with notifying(settings):
            raise


def show_night(result: NightlyResult, settings: Settings) -> None:
    """A sample of tonight's lists, how good they are, and where the rest lies."""
    import sql  # noqa: PLC0415 - keeps `--help` fast
    from flows.cli.tables import show_table, without_blank  # noqa: PLC0415
    from tasks.store.query import query  # noqa: PLC0415

    this = {"run_id": result.run_id}
    sample = this | {"users": SAMPLE_USERS, "items": SAMPLE_ITEMS}
    lists = query(settings.home, sql.statement("night/sample.sql"), sample)
    show_table(without_blank(lists, *OPTIONAL), "A sample of tonight's recommendations")
    metrics = query(settings.home, sql.statement("night/metrics.sql"), this)
    if metrics.height:
        (protocol,) = query(settings.home, MEASURED, {"run_id": result.measured_in or ""}).row(0)
        show_table(metrics, _measured_title(result, settings, protocol))
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
    if result.judged:
        console.print(f"Judged heads of lists: {result.judged}", markup=False, soft_wrap=True)
    if result.note:
        prefix = "" if result.status == "complete" else f"{result.status.upper()}: "
        console.print(f"{prefix}{result.note}", style="bold red", markup=False, soft_wrap=True)
    if result.report:
        console.print(f"Report: {escape(str(result.report))}", soft_wrap=True)
    console.print(f"Results: {escape(address(result.database))}", soft_wrap=True)


def _measured_title(result: NightlyResult, settings: Settings, protocol: str) -> str:
    where = "" if result.measured_in == result.run_id else f", run {result.measured_in}"
    if protocol == "horizon":
        return f"What people rated in the newest window, from what came before it{where}"
    return f"One held-out rating per user (leave-one-out, seed {settings.seed}{where})"


def why_not_measured(settings: Settings) -> str:
    """Why a whole night has no figures."""
    if settings.users_to_measure != 0:
        return "the language model stopped answering meanwhile. Run the same command again."
    if settings.night.measure_users is None:
        return "held-out ratings would cost as many requests again; --measure-users N asks for N."
    return "measure_users is 0, so nobody's held-out rating was looked for."


@with_options
def estimate(*, verbose: Verbose = False, settings: Options | None = None) -> None:
    """Say what a night would ask of the language model, and cost, without asking anything.

    Takes the same options as `palate nightly`. What the ledger has already is not counted.
    """
    chosen = settings_of(settings)
    check_estimable(chosen)
    check_data(chosen, rules=True, verbose=verbose)
    with running(chosen.home, verbose=verbose) as wait_for_server:
        from flows.estimate import estimate as flow  # noqa: PLC0415

        wait_for_server()
        result = flow(chosen)
    show_estimate(result)


def show_estimate(result: Estimate) -> None:
    """What a night would ask and cost."""
    import polars as pl  # noqa: PLC0415

    from flows.cli.tables import show_table  # noqa: PLC0415

    rows = [line.model_dump() for line in result.lines]
    show_table(pl.DataFrame(rows), f"Still to be asked of {escape(result.model)}")
    console.print(
        f"{result.known:,} of {result.pairs:,} scores are in the ledger already. Prompt tokens are"
        " estimated from the length of the texts, answers from their form; repetitions, thinking"
        " and cached prompts are not counted.",
        soft_wrap=True,
    )
    if result.way is None:
        console.print(
            "Whether the server gives token probabilities is not known yet: reckoned in numbers."
        )
    if any(line.dollars is None for line in result.lines):
        console.print("Its price is not known: add it to a copy of prices.toml, --llm-prices FILE.")


@with_options
def enrich(
    *, limit: int | None = None, verbose: Verbose = False, settings: Options | None = None
) -> None:
    """Find the descriptions, ratings and votes that a catalogue lacks; later nights use them.

    Asks TMDB where TMDB_API_KEY is set (movies only), then the language model that --llm-model
    names for what is still missing. What was answered is kept: run it again to carry on.

    Parameters
    ----------
    limit
        Items to look up at most, for a trial.
    verbose
        Show a line for every stage.
    settings
        The options that all commands share.

    """
    chosen = settings_of(settings)
    if limit is not None and limit < 1:
        raise SettingsError(f"--limit {limit}: there is nothing to look up.", "Give 1 or more.")
    check_data(chosen, rules=False, verbose=verbose)
    with running(chosen.home, verbose=verbose) as wait_for_server:
        from flows.enrich import enrich as flow  # noqa: PLC0415
        from tasks.data.enriching.tmdb import BASE_URL  # noqa: PLC0415
        from tasks.llm.asking import asker  # noqa: PLC0415

        tmdb = os.environ.get("PALATE_TMDB_URL") or BASE_URL
        wait_for_server()
        result = flow(chosen, tmdb, asker(chosen.home, chosen.engine), limit)
    _show_descriptions(result.dataset, result.counts.model_dump())
    if result.attribution:
        console.print(result.attribution)
    console.print(f"Kept in {escape(str(result.file))}", soft_wrap=True)
    if result.lacking:
        raise LlmError(result.lacking, "What came is kept: the same command asks for the rest.")


def _show_descriptions(dataset: str, counts: dict[str, int]) -> None:
    """How many texts came from where."""
    import polars as pl  # noqa: PLC0415

    from flows.cli.tables import show_table  # noqa: PLC0415

    rows = {
        "in the catalogue": counts["from_catalogue"],
        "from TMDB": counts["from_tmdb"],
        "from the language model": counts["from_llm"],
        "still missing": counts["missing"],
    }
    table = pl.DataFrame({"descriptions": list(rows), "items": list(rows.values())})
    show_table(table, f"{escape(dataset)}: {counts['items']:,} items")
    console.print(
        f"New this time: {counts['new']:,} descriptions. From TMDB: {counts['figures']:,} ratings,"
        f" {counts['repaired']:,} ids that were missing or outdated.",
        soft_wrap=True,
    )
