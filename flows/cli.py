"""The command line: each command reads settings, runs one flow, and prints what came out."""

import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import cyclopts
from cyclopts import App, Parameter
from pydantic import ValidationError
from rich.console import Console

from flows.server import prefect_for
from tasks.errors import AmbiguousTitleError, PalateError
from tasks.settings import Settings

app = App(
    name="palate",
    help="Recommends as a close friend would: collaborative filtering proposes, language re-ranks.",
    help_epilogue="Options are also PALATE_NAME in the environment and keys of --config FILE.toml.",
    version_flags=["--version"],
)
errors = Console(stderr=True)

Options = Annotated[Settings, Parameter(name="*")]
INTERRUPTED = 130


@app.command
def nightly(*, settings: Options | None = None) -> None:
    """Recommend to every user, measure on held-out ratings, publish to DuckDB.

    Run it again after a crash, a kill or Ctrl-C: finished stages are taken from disk.
    """
    chosen = settings or Settings()
    with prefect_for(chosen.home) as wait_for_server:
        from flows.display import show_night  # noqa: PLC0415 - after the server is on its way
        from flows.nightly import nightly as flow  # noqa: PLC0415
        from tasks.llm.session import asking  # noqa: PLC0415
        from tasks.progress import showing  # noqa: PLC0415

        with asking(), showing():
            wait_for_server()
            result = flow(chosen)
    show_night(result, chosen)


@app.command
def estimate(*, settings: Options | None = None) -> None:
    """Say what a night would ask of the language model, and cost, without asking anything.

    Takes the same options as `palate nightly`. What the ledger has already is not counted.
    """
    chosen = settings or Settings()
    with prefect_for(chosen.home) as wait_for_server:
        from flows.display import show_estimate  # noqa: PLC0415
        from flows.estimate import estimate as flow  # noqa: PLC0415
        from tasks.llm.session import asking  # noqa: PLC0415
        from tasks.progress import showing  # noqa: PLC0415

        with asking(), showing():
            wait_for_server()
            result = flow(chosen)
    show_estimate(result)


@app.command
def recommend(
    *,
    rate: Annotated[list[str] | None, Parameter(negative=())] = None,
    taste: str | None = None,
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
    settings
        The options that all commands share.

    """
    chosen = settings or Settings()
    with prefect_for(chosen.home) as wait_for_server:
        from flows.display import show_recommendation  # noqa: PLC0415
        from flows.recommend import recommend as flow  # noqa: PLC0415
        from tasks.llm.session import asking  # noqa: PLC0415
        from tasks.progress import showing  # noqa: PLC0415

        wait_for_server()
        wanted = list(rate or [])
        while True:
            try:
                with asking(), showing():
                    result = flow(chosen, rate=wanted, taste=taste)
                break
            except AmbiguousTitleError as unsure:
                wanted = _ask_which(unsure, wanted)
    show_recommendation(result)


def _ask_which(unsure: AmbiguousTitleError, rates: list[str]) -> list[str]:
    """Put the id that the person picks in the place of the title; without a terminal, give up."""
    if not sys.stdin.isatty():
        raise unsure
    errors.print(f"Which one is '{unsure.typed}'?", markup=False)
    for number, (_, label) in enumerate(unsure.alternatives, start=1):
        errors.print(f"  {number}  {label}", markup=False)
    answer = errors.input("Number (Enter for none of these): ").strip()
    if not answer.isdigit() or not 1 <= int(answer) <= len(unsure.alternatives):
        raise unsure
    item = unsure.alternatives[int(answer) - 1][0]
    return [
        f"#{item}={rate.rpartition('=')[2]}"
        if rate.rpartition("=")[0].strip() == unsure.typed
        else rate
        for rate in rates
    ]


@app.command
def sql(
    statement: str,
    /,
    *,
    format: Literal["table", "json", "csv"] = "table",
    home: Path | None = None,
) -> None:
    """Query the results, read-only.

    Parameters
    ----------
    statement
        SQL, a .sql file, or the name of a question that ships (such as most_recommended).
    format
        How rows are printed.
    home
        Folder with the results: PALATE_HOME or .palate unless given.

    """
    from flows.display import show_rows  # noqa: PLC0415
    from tasks.store.query import find_statement, query  # noqa: PLC0415

    where = home or Settings().home
    show_rows(query(where, find_statement(statement)), format)


@app.command
def datasets() -> None:
    """List the data sets known by name, and the folder formats that --data DIR takes."""
    from flows.display import show_datasets  # noqa: PLC0415

    show_datasets()


def main() -> NoReturn:
    """Run the command line; every foreseen error is one clear message and exit code 1."""
    try:
        app(exit_on_error=False, print_error=False)
    except KeyboardInterrupt:
        _say("Interrupted.", "Nothing finished is lost: the same command carries on from here.")
        sys.exit(INTERRUPTED)
    except PalateError as error:
        _say(error.what, error.fix)
        sys.exit(1)
    except ValidationError as error:
        _say_invalid(error)
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _say(f"{error.strerror or error}{where}.", "Check the folder, its permissions, the disk.")
        sys.exit(1)
    except cyclopts.CycloptsError as error:
        cause = error.__cause__
        if isinstance(cause, PalateError):
            _say(cause.what, cause.fix)
        elif isinstance(cause, ValidationError):
            _say_invalid(cause)
        else:
            _say(str(error), "`palate --help` and `palate COMMAND --help` show what there is.")
        sys.exit(1)
    sys.exit(0)


def _say_invalid(error: ValidationError) -> None:
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        reason = problem["msg"].removeprefix("Value error, ")
        given = "" if isinstance(problem["input"], dict) else f" (given: {problem['input']})"
        where = ""
        if name:
            option = name.replace("_", "-")
            variable = name.upper().replace(".", "__")
            where = f"Set --{option}, PALATE_{variable}, or {name} in the TOML file."
        _say(f"{name or 'settings'}: {reason}{given}.", where)


def _say(what: str, fix: str) -> None:
    errors.print("Error:", what, style="red", markup=False, highlight=False, soft_wrap=True)
    errors.print(fix, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
