"""The command by which a person chooses between two lists without knowing which is which."""

import threading
import webbrowser
from secrets import randbits
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.cli.app import Options, app
from flows.cli.night import with_titles_settled
from tasks.core.errors import NoChoiceError, SettingsError
from tasks.settings.settings import Settings
from tasks.settings.sources import NightlyOptions

if TYPE_CHECKING:
    from flows.compare import Compared
    from tasks.report.blind.pair import Pair

SEED_BITS = 32


@app.command
def compare(
    *,
    user: str | None = None,
    run: str | None = None,
    rate: Annotated[list[str] | None, Parameter(negative=())] = None,
    taste: str | None = None,
    open: Annotated[bool, Parameter(negative=())] = False,
    port: int = 0,
    timeout: float = 30,
    settings: Options | None = None,
) -> None:
    """Let a person choose between base list and re-ranked list, not knowing which is which.

    Serves one page to this machine alone: lists A and B in an order that is drawn anew each time.
    The choice is recorded in the results, and the command ends; `palate sql blind_comparison`
    counts what people chose.

    Parameters
    ----------
    user
        Compare the lists of this user of the last night.
    run
        ... or of the night of this run id.
    rate
        For a new person: a title and a rating, as for `palate recommend`.
    taste
        For a new person: what they like, in their own words. It is not recorded.
    open
        Open the page in a browser; else the address is printed.
    port
        Where to listen on 127.0.0.1; 0 takes any free port.
    timeout
        Minutes to wait for the choice.
    settings
        The options that all commands share; of a night's lists only --home matters.

    """
    chosen = (settings or NightlyOptions()).settings()
    _check(user, run, bool(rate or taste), timeout)
    from tasks.report.blind.pair import lists_of_night  # noqa: PLC0415 - keeps `--help` fast

    pair = (
        _newcomer(chosen, rate or [], taste)
        if user is None
        else lists_of_night(chosen.home, user, run)
    )
    _choose(chosen, pair, open, port, timeout)


def _check(user: str | None, run: str | None, rates: bool, timeout: float) -> None:
    if (user is None) != rates:
        raise SettingsError(
            "It must be clear whose lists are compared.",
            'Give either --user ID, or --rate "TITLE=RATING" and --taste for a new person.',
        )
    if run is not None and user is None:
        raise SettingsError("--run: a new person has no list of any night.", "Give --user ID too.")
    if timeout <= 0:
        raise SettingsError(f"--timeout {timeout:g}: nobody can choose.", "Give some minutes.")


def _newcomer(settings: Settings, rate: list[str], taste: str | None) -> "Pair":
    """The lists of a new person, ranked now; the Prefect server has gone when they are shown."""
    from flows.service.server import prefect_for  # noqa: PLC0415

    with prefect_for(settings.home) as wait_for_server:
        from flows.cli.shown.choice import show_degraded  # noqa: PLC0415
        from flows.compare import compare as flow  # noqa: PLC0415 - after the server is on its way
        from tasks.core.progress import log_for, screen  # noqa: PLC0415
        from tasks.llm.open_sessions import asking  # noqa: PLC0415

        log = log_for(settings.home)
        wait_for_server()

        def attempt(rates: list[str]) -> "Compared":
            with asking(), screen(log):
                return flow(settings, rate=rates, taste=taste)

        compared = with_titles_settled(attempt, rate)
        if compared.degraded:
            show_degraded(compared.degraded)
    return compared.pair


def _choose(settings: Settings, pair: "Pair", open: bool, port: int, minutes: float) -> None:
    from flows.cli.shown.choice import show_address, show_choice, show_same  # noqa: PLC0415
    from tasks.report.blind.pair import draw, keep_choice  # noqa: PLC0415
    from tasks.report.blind.server import ask  # noqa: PLC0415

    if pair.same:
        show_same(pair)
        return
    drawn = draw(randbits(SEED_BITS))

    def announce(address: str) -> None:
        show_address(address, minutes)
        if open:  # a browser on the terminal would otherwise be waited for
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    chosen = ask(
        pair,
        drawn,
        lambda chosen, seconds: keep_choice(settings.home, pair, drawn, chosen, seconds),
        announce,
        minutes=minutes,
        port=port,
    )
    if chosen is None:
        raise NoChoiceError(
            f"Nobody chose within {minutes:g} minutes; nothing is recorded.",
            "Run the same command again, with a longer --timeout if need be.",
        )
    show_choice(drawn, chosen)
