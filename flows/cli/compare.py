"""The command by which a person chooses between two lists without knowing which is which."""

from typing import Annotated

from cyclopts import Parameter

from flows.cli.options import Options, settings_of, with_options
from tasks.core.errors import SettingsError


@with_options
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
    chosen = settings_of(settings)
    _check(user, run, bool(rate or taste), timeout)
    from flows.cli.choice import choose, newcomer  # noqa: PLC0415 - keeps `--help` fast
    from tasks.report.blind.pair import lists_of_night  # noqa: PLC0415

    pair = (
        newcomer(chosen, rate or [], taste)
        if user is None
        else lists_of_night(chosen.home, user, run)
    )
    choose(chosen, pair, open, port, timeout)


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
