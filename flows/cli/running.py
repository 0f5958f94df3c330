"""What a command needs around its work: data that can be used, a Prefect server, a screen."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.service.server import prefect_for
from tasks.settings.common import CommonOptions
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.runner_name import check_runner
from tasks.settings.settings import Settings

LONG_SECONDS = 2.0
"""A part of an answer that takes longer has a line on the screen."""


def check_data(reads: CommonOptions, *, rules: bool, verbose: bool = False) -> None:
    """Raise the error of a runner, a data set or another file that cannot be used, row by row.

    What was read is kept where the flow finds it. `rules`: those beside the data set are read too.
    Of a database only the columns are looked at, so that the flow alone asks it.
    """
    from tasks.data.catalogue import check_named, queries_of  # noqa: PLC0415 - fast `--help`

    if isinstance(reads, Settings | EvaluationSettings):
        check_runner(reads.runner, asks=reads.asks)
    check_named(reads.data, reads.home, reads.column_names, reads.profiles)
    if queries_of(reads.data, reads.column_names) or results_elsewhere(reads.home):
        return
    from flows.dataset import check_rows  # noqa: PLC0415
    from tasks.core.lock import in_use  # noqa: PLC0415
    from tasks.core.progress import screen  # noqa: PLC0415
    from tasks.core.storage import storage_of  # noqa: PLC0415

    storage_of(reads.home).check()
    with in_use(reads.home), screen(verbose=verbose):
        check_rows(reads, rules=rules)


def results_elsewhere(home: Path) -> bool:
    """Whether a flow would not find what was read before it, and read it again."""
    results = os.environ.get("PREFECT_LOCAL_STORAGE_PATH")
    return results is not None and Path(results).resolve() != (home / "results").resolve()


@contextmanager
def running(home: Path, *, verbose: bool = False) -> Iterator[Callable[[], None]]:
    """Everything a flow needs around it: a Prefect server, a screen, an end to all asking.

    Gives a function that waits for the server: import the flow first, meanwhile. `check_data` goes
    before it: where the data cannot be used nothing is started.
    """
    with prefect_for(home) as wait_for_server:
        from tasks.core.progress import log_for, screen  # noqa: PLC0415
        from tasks.llm.open_sessions import asking  # noqa: PLC0415 - after the server is on its way

        with asking(), screen(log_for(home), verbose=verbose):
            yield wait_for_server


@contextmanager
def answering(home: Path, *, verbose: bool = False, least: float = LONG_SECONDS) -> Iterator[None]:
    """What work without Prefect needs around it; what takes less than `least` is not shown."""
    from tasks.core.lock import in_use  # noqa: PLC0415 - keeps `--help` fast
    from tasks.core.progress import log_for, screen  # noqa: PLC0415
    from tasks.core.storage import storage_of  # noqa: PLC0415
    from tasks.llm.open_sessions import asking  # noqa: PLC0415

    storage_of(home).check()
    with in_use(home), asking(), screen(log_for(home), verbose=verbose, least=least):
        yield
