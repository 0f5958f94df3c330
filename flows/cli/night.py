"""Commands that recommend: each reads settings, runs one flow, and prints what came out."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter
from rich.console import Console

from flows.cli.app import Options, Verbose, app, running
from flows.service.server import prefect_for
from tasks.core.errors import AmbiguousTitleError, SettingsError
from tasks.settings.sources import NightlyOptions

if TYPE_CHECKING:
    from flows.recommend import Recommendation

Result = TypeVar("Result")
terminal = Console(stderr=True)


@app.command
def nightly(*, verbose: Verbose = False, settings: Options | None = None) -> None:
    """Recommend to every user, measure on held-out ratings, publish to DuckDB.

    By the method that measured best (deployments/best.toml), unless a model, a scorer, a re-ranker
    or another part of the method is given: then the rest has the defaults below. Run it again
    after a crash, a kill or Ctrl-C: finished stages are taken from disk.
    """
    chosen = (settings or NightlyOptions()).settings()
    with running(chosen.home, verbose=verbose) as wait_for_server:
        from flows.cli.shown.night import show_night  # noqa: PLC0415
        from flows.nightly import nightly as flow  # noqa: PLC0415 - after the server is on its way

        wait_for_server()
        result = flow(chosen)
    show_night(result, chosen)


@app.command
def estimate(*, verbose: Verbose = False, settings: Options | None = None) -> None:
    """Say what a night would ask of the language model, and cost, without asking anything.

    Takes the same options as `palate nightly`. What the ledger has already is not counted.
    """
    chosen = (settings or NightlyOptions()).settings()
    with running(chosen.home, verbose=verbose) as wait_for_server:
        from flows.cli.shown.asking import show_estimate  # noqa: PLC0415
        from flows.estimate import estimate as flow  # noqa: PLC0415

        wait_for_server()
        result = flow(chosen)
    show_estimate(result)


@app.command
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
    chosen = (settings or NightlyOptions()).settings()
    if limit is not None and limit < 1:
        raise SettingsError(f"--limit {limit}: there is nothing to look up.", "Give 1 or more.")
    with running(chosen.home, verbose=verbose) as wait_for_server:
        from flows.cli.shown.asking import show_enrichment  # noqa: PLC0415
        from flows.enrich import enrich as flow  # noqa: PLC0415
        from tasks.data.enriching.tmdb import BASE_URL  # noqa: PLC0415
        from tasks.llm.asking import asker  # noqa: PLC0415

        address = os.environ.get("PALATE_TMDB_URL") or BASE_URL
        wait_for_server()
        result = flow(chosen, address, asker(chosen.home, chosen.engine), limit)
    show_enrichment(result)


@app.command
def recommend(
    *,
    rate: Annotated[list[str] | None, Parameter(negative=())] = None,
    taste: str | None = None,
    verbose: Verbose = False,
    settings: Options | None = None,
) -> None:
    """Recommend to one new person, base list and re-ranked list side by side.

    Parameters
    ----------
    rate
        A title you know and your rating, as "Toy Story (1995)=5". Repeat it; three at least,
        unless --taste is given. An id works too: "#1=5".
    taste
        What you like, in your own words.
    verbose
        Show a line for every stage.
    settings
        The options that all commands share.

    """
    chosen = (settings or NightlyOptions()).settings()
    with prefect_for(chosen.home) as wait_for_server:
        from flows.cli.shown.night import show_recommendation  # noqa: PLC0415
        from flows.recommend import recommend as flow  # noqa: PLC0415
        from tasks.core.progress import log_for, screen  # noqa: PLC0415
        from tasks.llm.open_sessions import asking  # noqa: PLC0415

        log = log_for(chosen.home)
        wait_for_server()

        def attempt(rates: list[str]) -> "Recommendation":
            with asking(), screen(log, verbose=verbose):
                return flow(chosen, rate=rates, taste=taste)

        result = with_titles_settled(attempt, rate or [])
    show_recommendation(result)


def with_titles_settled(attempt: Callable[[list[str]], Result], rates: list[str]) -> Result:
    """What the attempt gives once the person has said which titles are meant."""
    while True:
        try:
            return attempt(rates)
        except AmbiguousTitleError as unsure:
            rates = _ask_which(unsure, rates)


def _ask_which(unsure: AmbiguousTitleError, rates: list[str]) -> list[str]:
    """Put the id that the person picks in the place of the title; without a terminal, give up."""
    if not sys.stdin.isatty():
        raise unsure
    terminal.print(f"Which one is '{unsure.typed}'?", markup=False)
    for number, (_, label) in enumerate(unsure.alternatives, start=1):
        terminal.print(f"  {number}  {label}", markup=False)
    answer = terminal.input("Number (Enter for none of these): ").strip()
    if not answer.isdigit() or not 1 <= int(answer) <= len(unsure.alternatives):
        raise unsure
    item = unsure.alternatives[int(answer) - 1][0]
    return [
        f"#{item}={rate.rpartition('=')[2]}"
        if rate.rpartition("=")[0].strip() == unsure.typed
        else rate
        for rate in rates
    ]
