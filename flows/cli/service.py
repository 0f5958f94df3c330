"""Commands for nights on a schedule: a database, a server to look at them, and a worker."""

import os
from pathlib import Path

from flows.cli.app import app, home_given
from tasks.core.errors import PalateError

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
    from flows.cli.shown.service import show_up, terminal  # noqa: PLC0415 - keeps `--help` fast
    from flows.service import installation  # noqa: PLC0415

    project = Path.cwd()
    if not (project / installation.DEPLOYMENTS).is_file():
        raise PalateError(
            f"There is no {installation.DEPLOYMENTS} in {project}.",
            "Run `palate up` in the folder of the project, a clone of it.",
        )
    where = home_given(home)
    state, started = installation.up(where, project, port, terminal.print)
    show_up(where, state, started)


@app.command
def down(*, home: Path | None = None) -> None:
    """Stop what `palate up` started, flow runs included: the next `up` resumes those.

    Parameters
    ----------
    home
        Folder for all state: PALATE_HOME or .palate unless given.

    """
    from flows.cli.shown.service import terminal  # noqa: PLC0415 - keeps `--help` fast
    from flows.service import installation  # noqa: PLC0415

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
