"""Nights that are broken off, with real processes: they go on, and publish once."""

import hashlib
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest

from flows.service.postgres import _programs
from tasks.store.query import query
from tests.support.stack import Stack

pytestmark = pytest.mark.slow


def begun(stack: Stack, seed: int) -> str:
    """A night that has found its candidates and is scoring them."""
    earlier = set((stack.home / "results").glob("find-candidates-*"))
    night = stack.start(settings={"reranker": "weighted", "seed": seed})
    deadline = time.monotonic() + 120
    while not set((stack.home / "results").glob("find-candidates-*")) - earlier:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert stack.run_of(night)["state_name"] == "Running"
    return night


def published(stack: Stack) -> str | None:
    file = stack.home / "palate.duckdb"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None


def runs_of(stack: Stack, night: str) -> int:
    like = f"SELECT count(*) FROM runs WHERE run_id LIKE '%-{night[-6:]}'"
    return int(query(stack.home, like).item())


def first_stages_cached(stack: Stack, night: str) -> bool:
    stages = query(
        stack.home,
        f"SELECT stage, cached FROM stages WHERE run_id LIKE '%-{night[-6:]}' ORDER BY place",
    )
    last = stages["stage"].to_list().index("find candidates")
    return bool(stages["cached"][: last + 1].all())


def test_a_killed_worker_is_replaced_while_its_night_goes_on(stack: Stack) -> None:
    night = begun(stack, 1)
    stack.kill("worker")
    assert "Started worker." in stack.up()
    ended = stack.wait(night, "Completed")
    assert ended["run_count"] == 1 and runs_of(stack, night) == 1


def test_a_killed_worker_and_night_are_resumed_by_the_next_worker(stack: Stack) -> None:
    night, before = begun(stack, 2), published(stack)
    stack.kill("worker")
    stack.flow_process(night).kill()
    time.sleep(1)
    assert stack.run_of(night)["state_name"] == "Running", "nobody is there to say otherwise"
    assert published(stack) == before
    stack.up()
    ended = stack.wait(night, "Completed")
    assert ended["run_count"] == 2 and runs_of(stack, night) == 1
    assert first_stages_cached(stack, night)


def test_a_killed_night_is_resumed_and_the_next_finds_its_place_free(stack: Stack) -> None:
    night, before = begun(stack, 3), published(stack)
    stack.flow_process(night).kill()
    stack.wait(night, "Crashed")
    assert published(stack) == before
    following = stack.start(settings={"reranker": "weighted", "seed": 4})
    stack.wait(night, "Completed")
    stack.wait(following, "Completed")
    assert (runs_of(stack, night), runs_of(stack, following)) == (1, 1)
    assert first_stages_cached(stack, night)


def test_a_night_outlives_its_server(stack: Stack) -> None:
    night = begun(stack, 5)
    leases = list((stack.home / "standing" / "prefect" / "concurrency_leases").glob("*-*.json"))
    assert leases, "what the night holds is on disk: the next server knows it"
    stack.kill("server")
    deadline = time.monotonic() + 120
    while not (stack.home / "palate.duckdb").exists() or not runs_of(stack, night):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert "Started server, worker." in stack.up()
    stack.wait(night, "Completed")
    assert runs_of(stack, night) == 1


def test_two_nights_follow_each_other_and_one_by_hand_runs_beside_them(stack: Stack) -> None:
    first = begun(stack, 6)
    second = stack.start(settings={"reranker": "weighted", "seed": 7})
    waiting = stack.wait(second, "AwaitingConcurrencySlot", "Completed")
    by_hand = stack.told("nightly", "--reranker", "weighted", "--seed", "8")
    assert "671 users served" in by_hand
    assert [run for run in stack.api("flow_runs/filter", {}) if run["deployment_id"] is None], (
        "it found the server"
    )
    assert waiting["state_name"] == "AwaitingConcurrencySlot"
    one, other = stack.wait(first, "Completed"), stack.wait(second, "Completed")
    assert one["end_time"] < other["start_time"]
    lists = 'SELECT count(DISTINCT "user") FROM ranked_items GROUP BY run_id'
    assert set(query(stack.home, lists).to_series()) == {671}
    assert (runs_of(stack, first), runs_of(stack, second)) == (1, 1)


def test_of_missed_nights_only_the_last_is_run(stack: Stack) -> None:
    stack.kill("worker")
    missed = stack.api(
        "flow_runs/filter",
        {
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
            "sort": "EXPECTED_START_TIME_ASC",
        },
    )
    assert len(missed) >= 3
    _move_into_the_past(stack)
    for run in missed[:3]:
        stack.wait(run["id"], "Late")
    stack.up()
    states = [stack.wait(run["id"], "Completed", "Cancelled")["state_name"] for run in missed[:3]]
    assert states == ["Cancelled", "Cancelled", "Completed"]


def _move_into_the_past(stack: Stack) -> None:
    """As if the machine had slept for a week."""
    week = timedelta(days=7).total_seconds()
    statement = (
        f"UPDATE flow_run SET next_scheduled_start_time = next_scheduled_start_time"
        f" - interval '{week} seconds' WHERE auto_scheduled AND state_type = 'SCHEDULED'"
    )
    _psql(stack.state.sockets, statement)


def _psql(sockets: Path | None, statement: str) -> None:
    words = [str(_programs() / "psql"), "-h", str(sockets), "-U", "postgres", "-c", statement]
    subprocess.run(words, check=True, capture_output=True)
