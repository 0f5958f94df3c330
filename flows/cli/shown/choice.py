"""What a blind comparison prints."""

from typing import TYPE_CHECKING

from flows.cli.shown.tables import console

if TYPE_CHECKING:
    from tasks.report.blind.pair import Chosen, Draw, Pair


def show_same(pair: "Pair") -> None:
    """That there is nothing to choose."""
    told = "Both lists are the same, item by item" if pair.base else "There is no list"
    _say(f"{told}: nothing to choose, and nothing is recorded.")


def show_degraded(why: str) -> None:
    """That the language model was down."""
    console.print(f"Degraded: {why}", style="red", markup=False, soft_wrap=True)


def show_address(address: str, minutes: float) -> None:
    """Where the person can choose."""
    _say("Open this address in a browser on this machine; it works once:")
    _say(f"  {address}")
    _say(f"Waiting {minutes:g} minutes for the choice; Ctrl-C ends without one.")


def show_choice(draw: "Draw", chosen: "Chosen") -> None:
    """What was chosen, and which list that was."""
    if chosen == "neither":
        which = draw.letter_of("reranked")
        _say(f"Chosen: no difference. The re-ranked list was {which}.")
    else:
        name = "re-ranked" if chosen == "reranked" else "base"
        _say(f"Chosen: {draw.letter_of(chosen)}, the {name} list.")
    _say("Recorded. What people chose so far: palate sql blind_comparison")


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.file.flush()  # whoever waits for the address may read it through a pipe
