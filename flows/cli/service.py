"""Commands for nights on a schedule: a database, a server to look at them, and a worker."""

import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from flows.cli.app import app, home_given, terminal
from tasks.core.errors import PalateError
from tasks.core.optional import require

console = Console(highlight=False, soft_wrap=True)

PORT = 4200


@app.command
def up(*, port: int = PORT, home: Path | None = None) -> None:
    """Start Prefect's server, its database and a worker, and deploy the flows; they stay.

    Run it in the project's folder. What is there already stays as it is; what is gone is started
    again. Settings of the deployed flows are those of this command's environment (PALATE_NAME,
    PALATE_CONFIG). PALATE_PG_URL names a database for the server, instead of one of its own.

    Parameters
    ----------
    port
        Where the server listens on 127.0.0.1; 0 takes any free port.
    home
        Folder for all state: PALATE_HOME or .palate unless given.

    """
    require("psutil", "service", "`palate up`")
    from flows.service import installation  # noqa: PLC0415 - keeps `--help` fast
    from flows.service.state import folder, names_server  # noqa: PLC0415

    project = Path.cwd()
    if not (project / installation.DEPLOYMENTS).is_file():
        raise PalateError(
            f"There is no {installation.DEPLOYMENTS} in {project}.",
            "Run `palate up` in the folder of the project, a clone of it.",
        )
    where = home_given(home)
    state, started = installation.up(where, project, port, terminal.print)
    first = None if names_server(state) else f"export PREFECT_API_URL={state.url}"
    _show_up(started, state.url, first, folder(where))


def _show_up(started: Sequence[str], url: str, first: str | None, logs: Path) -> None:
    """Print where the server is, and what to do next."""
    what = f"Started {', '.join(started)}." if started else "It is up already."
    console.print(f"[bold]{what}[/] The flows of deployments/prefect.yaml are deployed.")
    console.print(f"  look       {url.removesuffix('/api')}")
    if first:
        console.print(f"  first      {first}")
    console.print("  a night    prefect deployment run 'nightly/nightly' --watch")
    console.print(
        "  another    prefect deployment run 'nightly/nightly' --param 'settings={\"top\": 5}'",
        markup=False,
    )
    console.print(f"  logs       {escape(str(logs))}/*.log")
    console.print("  stop       palate down")


@app.command
def down(*, home: Path | None = None) -> None:
    """Stop what `palate up` started, flow runs included: the next `up` resumes those.

    Parameters
    ----------
    home
        Folder for all state: PALATE_HOME or .palate unless given.

    """
    require("psutil", "service", "`palate down`")
    from flows.service import installation  # noqa: PLC0415 - keeps `--help` fast

    stopped = installation.down(home_given(home))
    terminal.print("Stopped." if stopped else "Nothing is running.")


@app.command
def worker(*, home: Path | None = None) -> None:
    """Run deployed flows in the foreground, for systemd and the like: `palate up` starts one.

    Needs PREFECT_API_URL. Run it in the project's folder.

    Parameters
    ----------
    home
        Folder for all state: PALATE_HOME or .palate unless given.

    """
    require("psutil", "service", "`palate worker`")
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        raise PalateError(
            "PREFECT_API_URL does not say where Prefect's server is.",
            "Set it, such as http://127.0.0.1:4200/api; or run `palate up`, which starts both.",
        )
    from flows.service.processes import for_worker  # noqa: PLC0415 - keeps `--help` fast

    os.environ |= for_worker(home_given(home), url, Path.cwd())
    from flows.service.worker import work  # noqa: PLC0415 - Prefect reads its environment then

    work()
