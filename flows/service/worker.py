"""The process that runs deployed flows, and what it does about runs that an earlier one lost.

Prefect 3.8.8 leaves a run whose process and worker were killed in `Running` for ever, holding its
place among the runs that may run at once; and it starts every scheduled run that was missed. Here
lost runs go on, and missed nights do not pile up. Prefect reads its settings when it is imported:
the environment of `for_worker` must be in place before this module is.
"""

import asyncio
import re
import socket
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import anyio
import psutil
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, WorkPoolFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.logging import get_logger
from prefect.states import Cancelled, Crashed, Scheduled
from prefect.workers.process import ProcessWorker

from flows.service.processes import running_flows
from flows.service.state import POOL

LOOK_SECONDS = 10.0
ATTEMPTS = 3
"""Times that a run may be broken off before it is left so."""

RESUMED_FOR = timedelta(hours=12)
"""How old a crash may be that is made good: after that the next night is as near."""

STARTING = timedelta(seconds=60)
"""How long a run may be on its way to a process."""

SERVER_AWAY = re.compile(r"encountered an exception: (Connect|Read|RemoteProtocol)\w*Error")
"""How Prefect 3.8.8 fails a run that could not report to its server, whatever the flow did."""

GONE = "Its process is gone: it was killed, or the machine went down."
MISSED = "Missed, or still waiting when a later one was due: that one is run instead."

log = get_logger("palate")


def work() -> None:
    """Run deployed flows until Ctrl-C, which ends those that run, or SIGTERM, which leaves them."""
    asyncio.run(_work(), debug=False)


async def _work() -> None:
    # One name per machine: a worker looks after what others of its name left.
    worker = ProcessWorker(work_pool_name=POOL, name=f"palate-{socket.gethostname()}")
    async with get_client() as client, anyio.create_task_group() as group:
        await recover(client, worker.name, _here(), timedelta(0))

        async def look_after() -> None:
            while True:
                await anyio.sleep(LOOK_SECONDS)
                try:
                    await recover(client, worker.name, await anyio.to_thread.run_sync(_here))
                except Exception as error:  # the server may be away: it is looked at again
                    log.warning("Could not look after runs: %s", error)

        group.start_soon(look_after)
        await worker.start()
        group.cancel_scope.cancel()


def _here() -> set[str]:
    """Ids of the flow runs that have a process on this machine."""
    return set(running_flows(psutil.process_iter()))


async def recover(
    client: PrefectClient, worker: str, running: Collection[str], starting: timedelta = STARTING
) -> None:
    """Crash the worker's runs that no process works on, resume what crashed, skip what was missed.

    `running`: the ids of runs that have a process on this machine.
    """
    now = datetime.now(UTC)
    for run in await _runs(client, StateType.RUNNING, StateType.PENDING):
        if _lost(run, worker, running, now - starting):
            await _set(client, run, Crashed(message=GONE))
    for run in await _runs(client, StateType.CRASHED, StateType.FAILED):
        if await _to_resume(client, run, worker, running, now):
            await _set(client, run, Scheduled(name="Resuming", message="Goes on where it was."))
    for run in missed(await _runs(client, StateType.SCHEDULED), now):
        await _set(client, run, Cancelled(message=MISSED))


def missed(runs: Sequence[FlowRun], now: datetime) -> Iterator[FlowRun]:
    """Scheduled runs that are due though a later one of their deployment's schedule is, too."""
    due = [
        run
        for run in runs
        if run.auto_scheduled and run.next_scheduled_start_time and _due(run) <= now
    ]
    for _, alike in groupby(sorted(due, key=_deployment_and_time), key=lambda r: r.deployment_id):
        yield from list(alike)[:-1]


def _deployment_and_time(run: FlowRun) -> tuple[str, datetime]:
    return str(run.deployment_id), _due(run)


def _due(run: FlowRun) -> datetime:
    return run.next_scheduled_start_time or datetime.max.replace(tzinfo=UTC)


def _lost(run: FlowRun, worker: str, running: Collection[str], before: datetime) -> bool:
    mine = run.labels.get("prefect.worker.name") == worker
    return mine and str(run.id) not in running and _since(run) <= before


async def _to_resume(
    client: PrefectClient, run: FlowRun, worker: str, running: Collection[str], now: datetime
) -> bool:
    if run.deployment_id is None or not _lost(run, worker, running, now):
        return False
    if not _broken_off(run.state) or _since(run) < now - RESUMED_FOR:
        return False
    states = await client.read_flow_run_states(run.id)
    return sum(map(_broken_off, states)) < ATTEMPTS


def _broken_off(state: State[object] | None) -> bool:
    """Whether a run ended so through no fault of its flow."""
    if state is None or state.type == StateType.CRASHED:
        return state is not None
    return state.type == StateType.FAILED and bool(SERVER_AWAY.search(state.message or ""))


def _since(run: FlowRun) -> datetime:
    return run.state.timestamp if run.state else datetime.min.replace(tzinfo=UTC)


async def _runs(client: PrefectClient, *types: StateType) -> list[FlowRun]:
    """The pool's runs in these states, at most 200: crashed ones from the last on."""
    past = StateType.CRASHED in types
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter.model_validate({"state": {"type": {"any_": list(types)}}}),
        work_pool_filter=WorkPoolFilter.model_validate({"name": {"any_": [POOL]}}),
        sort=FlowRunSort.END_TIME_DESC if past else FlowRunSort.EXPECTED_START_TIME_ASC,
    )


async def _set(client: PrefectClient, run: FlowRun, state: State[object]) -> None:
    log.warning("%s (%s): %s", run.name, run.id, state)
    await client.set_flow_run_state(run.id, state)


if __name__ == "__main__":
    work()
