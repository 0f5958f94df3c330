"""Fan-outs on a Dask cluster: a process per core of this machine, or a scheduler's workers."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster
from prefect.futures import PrefectFuture
from prefect.settings import PREFECT_API_URL
from prefect.tasks import Task
from prefect_dask.task_runners import DaskTaskRunner, PrefectDaskFuture

from flows.dask.worker import OnWorker, WorkerFacts, look
from tasks.core.errors import ServiceError
from tasks.core.homes import url_of
from tasks.llm.open_sessions import sharing_here
from tasks.llm.options import EngineOptions, Sharing

CONNECT_SECONDS = 5.0

FIX = "See the log of its workers; the same command carries on from what is finished."

ONE_THREAD = {"distributed.nanny.pre-spawn-environ.POLARS_MAX_THREADS": 1}
"""There is a process per core already; Dask says the same to BLAS."""

LOGGERS = "distributed", "distributed.client"
QUIET = {"logging": dict.fromkeys(LOGGERS, "critical")}
"""What is wrong is shown once, by the command."""


class ClusterFuture(PrefectDaskFuture[Any]):
    """A task on a cluster; what a cluster loses is an error, never an unfinished task."""

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the task's state."""
        try:
            self._final_state = self._wrapped_future.result(timeout=timeout)
        except TimeoutError:
            return
        except Exception as error:
            what = f"The cluster lost a task ({type(error).__name__})."
            raise ServiceError(what, FIX) from error


class ClusterRunner(DaskTaskRunner):
    """Hands tasks to a cluster so that its workers can use them, wherever they run."""

    def __init__(self, connect_to: LocalCluster | str) -> None:
        self.sharing: Sharing | None = None
        address, own = (connect_to, None) if isinstance(connect_to, str) else (None, connect_to)
        super().__init__(own, address, client_kwargs={"timeout": CONNECT_SECONDS})

    def submit(  # type: ignore[override]
        self,
        task: Task[..., Any],
        parameters: dict[str, Any],
        wait_for: Iterable[PrefectFuture[Any]] | None = None,
        dependencies: dict[str, set[Any]] | None = None,
    ) -> ClusterFuture:
        """Start a task on a worker."""
        sent = for_workers(parameters, self.sharing)
        future = super().submit(task, sent, None, dependencies)
        return ClusterFuture(wrapped_future=future.wrapped_future, task_run_id=future.task_run_id)


def for_workers(parameters: dict[str, Any], sharing: Sharing | None) -> dict[str, Any]:
    """Parameters that mean the same elsewhere: whole paths, and who shares the limits.

    None of these is in a cache key.
    """
    sent = dict(parameters)
    if isinstance(home := sent.get("home"), Path):
        sent["home"] = home.resolve()
    if isinstance(options := sent.get("options"), EngineOptions):
        prices = options.llm_prices and options.llm_prices.resolve()
        sent["options"] = options.model_copy(update={"sharing": sharing, "llm_prices": prices})
    return sent


@contextmanager
def cluster(home: Path, scheduler: str | None, *, asks: bool) -> Iterator[ClusterRunner]:
    """A runner on the workers of a scheduler (host:port), or on processes of its own.

    Raises ServiceError within seconds where there is no scheduler or worker, or where a worker has
    not what it needs. At the end, also by an error or Ctrl-C, workers stop asking and keep what
    still arrives; processes of its own end.
    """
    run = uuid4().hex
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        connect_to = f"tcp://{scheduler}" if scheduler else stack.enter_context(_own_processes())
        runner = stack.enter_context(ClusterRunner(connect_to))
        client = _client_of(runner, scheduler)
        if scheduler:
            _check(client, home, run, asks=asks)
        askers = len(client.nthreads())  # type: ignore[no-untyped-call]
        sharing = runner.sharing = Sharing(run=run, askers=askers)
        stay = OnWorker(sharing, own=not scheduler)
        client.register_plugin(stay)
        stack.callback(_leave, client, stay)
        stack.enter_context(sharing_here(sharing))
        yield runner


@contextmanager
def _own_processes() -> Iterator[LocalCluster]:
    """A process per core, for this machine alone; they end with this process, however it ends."""
    with (
        dask.config.set(ONE_THREAD | QUIET),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=CPU_COUNT,
            threads_per_worker=1,
            memory_limit=0,  # as for threads: none
            silence_logs=logging.CRITICAL,
            dashboard_address=None,
        ) as made,
    ):
        yield made


def _client_of(runner: ClusterRunner, scheduler: str | None) -> Client:
    try:
        client = runner.client
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError) as error:
        where = f"dask://{scheduler}" if scheduler else "this machine"
        missing = "worker" if runner._client else "scheduler"
        raise ServiceError(
            f"runner: no Dask {missing} answers at {where}.",
            "Start `dask scheduler`, and `dask worker HOST:PORT` where work is to be done.",
        ) from error
    return client


def _leave(client: Client, stay: OnWorker) -> None:
    with suppress(Exception):  # what is left of a cluster that is gone
        client.unregister_worker_plugin(stay.name)  # type: ignore[no-untyped-call]


def _check(client: Client, home: Path, run: str, *, asks: bool) -> None:
    """Raise ServiceError where a worker of another process or machine lacks something."""
    server = PREFECT_API_URL.value()
    mark = home.resolve() / f".cluster-{run}"
    mark.touch()
    try:
        here = look(mark, server, run)
        workers = client.run(look, mark, server, run, on_error="return")
    finally:
        mark.unlink()
    for worker, facts in workers.items():
        if problem := _problem(here, facts, home, server, asks=asks):
            what, fix = problem
            raise ServiceError(f"runner: the Dask worker at {worker} {what}.", fix)


def _problem(
    here: WorkerFacts, there: object, home: Path, server: str | None, *, asks: bool
) -> tuple[str, str] | None:
    """What a worker lacks, and what to do about it."""
    same = "Install the same palate[dask] for every worker as here."
    if not isinstance(there, WorkerFacts):
        return f"cannot run palate ({type(there).__name__})", same
    if there.code != here.code:
        return "has another version of palate", same
    if not there.home and not url_of(home):  # of a shared home every machine has a mirror
        return f"does not see {home.resolve()}", "Put --home on storage that all machines share."
    if not there.server:
        fix = "Set PREFECT_API_URL to a server that every machine reaches, and start it."
        return f"does not reach Prefect's server at {server}", fix
    if asks and (there.ledger, there.key) != (here.ledger, here.key):
        fix = "Start workers with the same PALATE_LEDGER_URL and OPENAI_API_KEY as here."
        return "has another ledger or key", fix
    return None
