"""A person's choice between two lists: both are made, a page asks, the terminal says what came."""

import threading
import webbrowser
from secrets import randbits

from flows.cli.app import console
from flows.cli.recommend import with_titles_settled
from flows.cli.running import answering
from tasks.core.errors import PalateError
from tasks.report.blind.pair import Chosen, Draw, Pair, draw, keep_choice
from tasks.report.blind.server import ask
from tasks.settings.settings import Settings

SEED_BITS = 32


def newcomer(settings: Settings, rate: list[str], taste: str | None) -> Pair:
    """The lists of a new person, ranked now."""
    from flows.compare import compare as make  # noqa: PLC0415 - keeps `--help` fast
    from flows.recommend import PersonAsks  # noqa: PLC0415

    def attempt(rates: list[str]) -> Pair:
        question = PersonAsks(rate=tuple(rates), tastes=(taste,) if taste else ())
        with answering(settings.home):
            return make(settings, question)

    pair = with_titles_settled(attempt, rate)
    if pair.degraded:
        console.print(f"Degraded: {pair.degraded}", style="red", markup=False, soft_wrap=True)
    return pair


def choose(settings: Settings, pair: Pair, open: bool, port: int, minutes: float) -> None:
    """Ask the person on a page of this machine's, and record what they chose.

    Raises PalateError where nobody chose in time.
    """
    if pair.same:
        _show_same(pair)
        return
    drawn = draw(randbits(SEED_BITS))

    def announce(address: str) -> None:
        _show_address(address, minutes)
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
        raise PalateError(
            f"Nobody chose within {minutes:g} minutes; nothing is recorded.",
            "Run the same command again, with a longer --timeout if need be.",
        )
    _show_choice(drawn, chosen)


def _show_same(pair: Pair) -> None:
    """That there is nothing to choose."""
    message = "Both lists are the same, item by item" if pair.base else "There is no list"
    _print(f"{message}: nothing to choose, and nothing is recorded.")


def _show_address(address: str, minutes: float) -> None:
    """Where the person can choose."""
    _print("Open this address in a browser on this machine; it works once:")
    _print(f"  {address}")
    _print(f"Waiting {minutes:g} minutes for the choice; Ctrl-C ends without one.")


def _show_choice(drawn: Draw, chosen: Chosen) -> None:
    """What was chosen, and which list that was."""
    if chosen == "neither":
        which = drawn.letter_of("reranked")
        _print(f"Chosen: no difference. The re-ranked list was {which}.")
    else:
        name = "re-ranked" if chosen == "reranked" else "base"
        _print(f"Chosen: {drawn.letter_of(chosen)}, the {name} list.")
    _print("Recorded. What people chose so far: palate sql blind_comparison")


def _print(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.file.flush()  # whoever waits for the address may read it through a pipe
