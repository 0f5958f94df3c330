"""The command that answers one person: a list for each taste, with what speaks for each item."""

import sys
from collections.abc import Callable
from typing import Annotated, TypeVar

from cyclopts import Parameter
from rich.markup import escape

from flows.cli.app import console, terminal
from flows.cli.options import Options, Verbose, settings_of, with_options
from flows.cli.running import answering
from flows.outcomes import Place, Recommendation, TasteList
from tasks.core.errors import AmbiguousTitleError

Result = TypeVar("Result")

LONGEST_GENRES, LONGEST_TITLE = 40, 60


@with_options
def recommend(
    *,
    taste: Annotated[list[str] | None, Parameter(negative=())] = None,
    rate: Annotated[list[str] | None, Parameter(negative=())] = None,
    user: str | None = None,
    compare: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
    verbose: Verbose = False,
    settings: Options | None = None,
) -> None:
    """Recommend to one person: for what they say they like, for what they rated, or both.

    The first answer in a home learns what a night learns; the next ones take seconds. Say what you
    do not want, years, or titles, too: "like Alien, but funny, from the 90s, no horror". How much
    words weigh is learned; --taste-weight, from 0 to 1, sets it.

    Parameters
    ----------
    taste
        What you like, in your own words. Repeat it for a list each.
    rate
        A title you know and your rating, as "Toy Story (1995)=5". Repeat it; three at least,
        unless --taste or --user is given. An id works too: "#1=5".
    user
        Somebody in the data set, whose ratings count.
    compare
        Show the base model's list beside each.
    json
        Print one object for programs, instead of tables.
    verbose
        Show a line for every stage.
    settings
        The options that all commands share.

    """
    chosen = settings_of(settings)
    from tasks.ranking.trees import load_alone  # noqa: PLC0415 - keeps `--help` fast

    load_alone()
    from flows.recommend import PersonAsks  # noqa: PLC0415 - keeps `--help` fast
    from flows.recommend import recommend as answer  # noqa: PLC0415

    def attempt(rates: list[str]) -> Recommendation:
        question = PersonAsks(rate=tuple(rates), tastes=tuple(taste or ()), user=user)
        with answering(chosen.home, verbose=verbose):
            return answer(chosen, question)

    result = with_titles_settled(attempt, rate or [])
    if json:
        print_object(result)
    else:
        show_recommendation(result, compare=compare)


def print_object(result: Recommendation) -> None:
    """One JSON object: {"lists": [{"taste", "items": [{"rank", "item", "title", "why"}]}]}."""
    import json  # noqa: PLC0415

    object_ = {
        "rated": [{"title": title, "rating": rating} for title, rating in result.rated],
        "degraded": result.degraded,
        "plain": result.plain,
        "lists": [
            {
                "taste": one.taste,
                "taste_weight": one.weight if one.taste else None,
                "notes": one.notes,
                "items": [place.model_dump() for place in one.items],
                "base": [place.item for place in one.base],
            }
            for one in result.lists
        ],
    }
    sys.stdout.write(json.dumps(object_, ensure_ascii=False, indent=2) + "\n")


def show_recommendation(result: Recommendation, *, compare: bool) -> None:
    """The lists, one below the other."""
    if result.degraded:
        what = f"Degraded: {result.degraded} The lists are in the base order."
        console.print(what, style="red", markup=False, soft_wrap=True)
    if result.plain:
        console.print(result.plain, style="red", markup=False, soft_wrap=True)
    for title, rating in result.rated:
        console.print(f"You rated {escape(title)}: {rating:g}", highlight=False)
    for one in result.lists:
        _show_list(one, compare=compare)
    if result.unexplained:
        console.print(result.unexplained, style="red", markup=False, soft_wrap=True)


def _show_list(one: TasteList, *, compare: bool) -> None:
    import polars as pl  # noqa: PLC0415

    from flows.cli.tables import show_table, without_blank  # noqa: PLC0415

    if not one.items:
        console.print("Nothing is left to recommend: every item of the data set is rated.")
        for note in one.notes:
            console.print(note, markup=False, highlight=False, soft_wrap=True)
        return
    rows = pl.DataFrame([_row(place) for place in one.items])
    if compare:
        rows = rows.with_columns(pl.Series("base model alone", [_label(p) for p in one.base]))
    show_table(without_blank(rows, "genres", "why"), escape(one.taste) if one.taste else "For you")
    for note in one.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)


def _row(place: Place) -> dict[str, object]:
    genres = _shortened(place.genres, LONGEST_GENRES)
    return {"rank": place.rank, "title": _label(place), "genres": genres or None, "why": place.why}


def _label(place: Place) -> str:
    title = _shortened(place.title, LONGEST_TITLE)
    return f"{title} ({place.year})" if place.year else title


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip(' ,')}…"


def with_titles_settled(attempt: Callable[[list[str]], Result], rates: list[str]) -> Result:
    """What the attempt gives once the person has said which titles are meant."""
    while True:
        try:
            return attempt(rates)
        except AmbiguousTitleError as error:
            rates = _ask_which(error, rates)


def _ask_which(error: AmbiguousTitleError, rates: list[str]) -> list[str]:
    """Put the ids that the person picks in the place of titles; without a terminal, give up."""
    if not sys.stdin.isatty():
        raise error
    for typed, alternatives in error.unsure.items():
        terminal.print(f"Which one is '{typed}'?", markup=False)
        for number, (_, label) in enumerate(alternatives, start=1):
            terminal.print(f"  {number}  {label}", markup=False)
        answer = terminal.input("Number (Enter for none of these): ").strip()
        if not answer.isdigit() or not 1 <= int(answer) <= len(alternatives):
            raise AmbiguousTitleError({typed: alternatives})
        item = alternatives[int(answer) - 1][0]
        rates = [
            f"#{item}={rate.rpartition('=')[2]}"
            if rate.rpartition("=")[0].strip() == typed
            else rate
            for rate in rates
        ]
    return rates
