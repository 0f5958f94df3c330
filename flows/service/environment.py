"""What the processes of the installation are told through their environment."""

import os
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from flows.service.state import StandingError, folder
from tasks.core.secrets import Secrets
from tasks.llm.ledger.database import OPTIONS

PROJECT = "PALATE_PROJECT"
"""Folder in which deployed flows run: deployments/prefect.yaml reads it."""

SECRET = "PALATE_PG_URL"  # noqa: S105 - a name, no password
SERVER = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # In memory, its default, leases are lost with the server: a run that goes on cannot renew its
    # one, and is ended for that.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",  # noqa: E501
}
WORKER = {
    "DO_NOT_TRACK": "1",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PYTHONDONTWRITEBYTECODE": "",  # each run is a process: it would compile all of this anew
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL": "WARNING",  # a stage says one line itself
}
"""Defaults; what the environment says wins."""


def for_server(home: Path, url: str, database: str) -> dict[str, str]:
    """The environment of Prefect's server."""
    return (
        SERVER
        | _own()
        | {
            "PREFECT_HOME": str(folder(home) / "prefect"),
            "PREFECT_API_URL": url,
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database,
        }
    )


def for_worker(home: Path, url: str, project: Path) -> dict[str, str]:
    """The environment of a worker and of the flows that it runs."""
    return (
        WORKER
        | _own()
        | {
            "PREFECT_HOME": str(folder(home) / "prefect"),
            "PREFECT_API_URL": url,
            "PREFECT_LOCAL_STORAGE_PATH": str(home.resolve() / "results"),
            "PALATE_HOME": str(home.resolve()),
            PROJECT: str(project.resolve()),
        }
    )


def database_given() -> str | None:
    """The database of PALATE_PG_URL as Prefect's server takes it; None where none is given."""
    secret = Secrets().palate_pg_url
    if secret is None or not secret.get_secret_value():
        return None
    try:
        url = make_url(secret.get_secret_value())
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in {"postgresql", "postgres"}:
        raise StandingError(
            f"{SECRET} is not the address of a Postgres database.",
            "Write postgresql://user:password@host/database.",
        )
    options = {OPTIONS.get(name, name): value for name, value in url.query.items()}
    url = url.set(drivername="postgresql+asyncpg", query=options)
    return url.render_as_string(hide_password=False)


def _own() -> dict[str, str]:
    """The environment of this process, without the database's password."""
    return {name: value for name, value in os.environ.items() if name != SECRET}
