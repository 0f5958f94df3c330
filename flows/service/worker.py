"""The process that runs deployed flows; it finds again what an earlier one lost."""

import asyncio
import os
import socket
import sys
from datetime import timedelta
from pathlib import Path

from flows.service.environment import for_worker
from flows.service.processes import running_flows
from flows.service.state import POOL

LOOK_SECONDS = 10.0


def worker_name() -> str:
    """One name per machine: a worker looks after what others of its name left."""
    return f"palate-{socket.gethostname()}"


def work(home: Path, url: str, project: Path) -> None:
    """Run deployed flows until Ctrl-C, which ends those that run, or SIGTERM, which leaves them."""
    os.environ |= for_worker(home, url, project)  # before Prefect is imported: it reads it then
    asyncio.run(_work(), debug=False)


async def _work() -> None:
    import anyio  # noqa: PLC0415 - with Prefect
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - after the environment
    from prefect.workers.process import ProcessWorker  # noqa: PLC0415

    from flows.service.recovery import log, recover  # noqa: PLC0415

    worker = ProcessWorker(work_pool_name=POOL, name=worker_name())
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
    import psutil  # noqa: PLC0415 - with the rest

    return set(running_flows(psutil.process_iter()))


if __name__ == "__main__":
    work(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
