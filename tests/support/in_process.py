"""Flows in the tests' own process: nothing starts up, and what they call can be replaced."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_LOCAL_STORAGE_PATH,
    temporary_settings,
)


@contextmanager
def flows_in(home: Path, server: str) -> Iterator[None]:
    """Flows that run inside keep their results in `home`, as the commands do."""
    results = str(home.resolve() / "results")
    with temporary_settings({PREFECT_API_URL: server, PREFECT_LOCAL_STORAGE_PATH: results}):
        yield
