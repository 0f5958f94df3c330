"""Which runs are lost, resumed and skipped; with real processes: test_faults.py."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from prefect.client.schemas.objects import FlowRun, State, StateType

from flows.service.worker import ATTEMPTS, GONE, RESUMED_FOR, missed, recover

NOW = datetime.now(UTC)
DEPLOYMENT, FLOW = uuid4(), uuid4()
SERVER_AWAY = "Flow run encountered an exception: ConnectError: [Errno 111] Connection refused"


def run_in(
    kind: StateType,
    *,
    since: datetime = NOW - timedelta(hours=1),
    worker: str = "here",
    **more: Any,
) -> FlowRun:
    message = more.pop("message", None)
    state: State[Any] = State(type=kind, timestamp=since, message=message)
    labels = {"prefect.worker.name": worker}
    own = {"deployment_id": DEPLOYMENT, "flow_id": FLOW, "labels": labels, "id": uuid4()}
    return FlowRun(state=state, **own | more)


def planned(hours: float, **more: Any) -> FlowRun:
    due = NOW + timedelta(hours=hours)
    own: dict[str, Any] = {"auto_scheduled": True, "next_scheduled_start_time": due}
    return run_in(StateType.SCHEDULED, **own | more)


class Server:
    """As much of Prefect's client as `recover` uses."""

    def __init__(self, *runs: FlowRun, crashes: int = 1) -> None:
        self.runs, self.crashes = runs, crashes
        self.set: dict[UUID, str] = {}

    async def read_flow_runs(self, flow_run_filter: Any, **_: Any) -> list[FlowRun]:
        wanted = flow_run_filter.state.type.any_
        return [run for run in self.runs if run.state and run.state.type in wanted]

    async def read_flow_run_states(self, run: UUID) -> list[State[Any]]:
        return [State(type=StateType.CRASHED)] * self.crashes

    async def set_flow_run_state(self, run: UUID, state: State[Any]) -> None:
        self.set[run] = state.name or ""


def recovered(server: Server, running: set[str] = frozenset()) -> dict[UUID, str]:  # type: ignore[assignment]
    asyncio.run(recover(server, "here", running))  # type: ignore[arg-type]
    return server.set


def test_only_a_run_of_this_worker_without_a_process_is_lost() -> None:
    lost, held = run_in(StateType.RUNNING), run_in(StateType.RUNNING)
    pending, starting = (
        run_in(StateType.PENDING),
        run_in(StateType.PENDING, since=datetime.now(UTC)),
    )
    elsewhere = run_in(StateType.RUNNING, worker="there")
    states = recovered(Server(lost, held, pending, starting, elsewhere), {str(held.id)})
    assert states == {lost.id: "Crashed", pending.id: "Crashed"}
    assert "killed" in GONE


def test_what_was_broken_off_is_resumed_and_what_failed_is_not() -> None:
    crashed = run_in(StateType.CRASHED)
    unheard = run_in(StateType.FAILED, message=SERVER_AWAY)
    failed = run_in(StateType.FAILED, message="Flow run encountered an exception: BadDataError: x")
    ending, old = run_in(StateType.CRASHED), run_in(StateType.CRASHED, since=NOW - RESUMED_FOR)
    by_hand = run_in(StateType.CRASHED, deployment_id=None)
    states = recovered(Server(crashed, unheard, failed, ending, old, by_hand), {str(ending.id)})
    assert states == {crashed.id: "Resuming", unheard.id: "Resuming"}


def test_a_run_that_crashes_again_and_again_is_left() -> None:
    run = run_in(StateType.CRASHED)
    assert recovered(Server(run, crashes=ATTEMPTS - 1)) == {run.id: "Resuming"}
    assert recovered(Server(run, crashes=ATTEMPTS)) == {}


def test_of_a_deployments_nights_that_are_due_the_last_is_kept() -> None:
    nights = [planned(-49), planned(-1), planned(-25)]
    coming, by_hand = planned(23), planned(-3, auto_scheduled=False)
    other = planned(-30, deployment_id=uuid4())
    skipped = list(missed([*nights, coming, by_hand, other], NOW))
    assert [run.id for run in skipped] == [nights[0].id, nights[2].id]
    assert recovered(Server(*nights)) == {nights[0].id: "Cancelled", nights[2].id: "Cancelled"}
