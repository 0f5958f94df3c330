"""Nights whose fan-outs run in other processes: the same lists, and nothing paid for twice."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from tests.flows.dask.place import SECONDS, Place, ended, environment_of, scheduler
from tests.support.command import run
from tests.support.datasets import write_generic
from tests.support.fake_llm.handle import fake_llm
from tests.support.postgres import postgres

pytestmark = pytest.mark.slow

PEOPLE = 40
LEARNABLE = 200  # people enough for the default method
CHUNKS = {"PALATE_CHUNK_USERS": "5", "PALATE_LLM_CONCURRENCY": "4"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("data"), users=PEOPLE)


@pytest.fixture
def place(tmp_path: Path, data: Path, server: str) -> Place:
    """Nights with the embedded scorer."""
    return Place(tmp_path, data, environment_of(tmp_path, server, PALATE_CHUNK_USERS="5"))


@pytest.fixture
def asking(tmp_path: Path, data: Path, server: str) -> Iterator[Place]:
    """Nights with a language model, and a ledger in Postgres."""
    with fake_llm(tmp_path / "fake", latency=0.3) as fake, postgres() as database:
        ledger = {"PALATE_LEDGER_URL": database.address(database.new_database())}
        yield Place(tmp_path, data, environment_of(tmp_path, server, **CHUNKS, **ledger), fake)


def same_lists(place: Place, one: str, other: str) -> bool:
    assert place.lists(one)["user"].n_unique() == PEOPLE
    assert place.results(one) and place.results(one) == place.results(other)
    assert_frame_equal(
        place.lists(one), place.lists(other), abs_tol=1e-12
    )  # sums, in another order
    return place.files(one, "scores") == place.files(other, "scores")


def test_a_process_per_core_makes_the_same_lists_and_leaves_none_running(place: Place) -> None:
    place.night("threads", "threads")
    output = place.night("dask", "dask")
    assert "score embedded (0 of 8 chunks cached)" in output and "distributed" not in output
    assert same_lists(place, "threads", "dask")
    assert not place.processes()


def test_a_scheduler_that_runs_already_makes_the_same_lists(place: Place) -> None:
    place.night("threads", "threads")
    with scheduler(place) as (address, _):
        place.night("dask", f"dask://{address}")
        place.night("dask again", f"dask://{address}")
    assert same_lists(place, "threads", "dask") and same_lists(place, "threads", "dask again")


def test_the_default_method_makes_the_same_lists_though_a_worker_is_killed(
    tmp_path: Path, server: str
) -> None:
    data = write_generic(tmp_path / "data", users=LEARNABLE)
    few = {"PALATE_CHUNK_USERS": "50"}
    place = Place(tmp_path, data, environment_of(tmp_path, server, **few), method=())
    place.night("threads", "threads")
    with scheduler(place) as (address, workers):
        process = place.begin("dask", f"dask://{address}")
        place.until_kept("dask", "find-candidates", process)
        workers[0].kill()
        output = ended(process)
    assert "plain method" not in output
    lists = [place.lists(home) for home in ("threads", "dask")]
    assert lists[0]["user"].n_unique() == LEARNABLE
    assert_frame_equal(*lists, abs_tol=1e-12)
    assert place.results("threads", "rank") == place.results("dask", "rank")
    assert place.files("threads", "ranked") == place.files("dask", "ranked")


def test_a_killed_worker_costs_no_more_than_what_it_had_in_flight(asking: Place) -> None:
    assert asking.fake
    with scheduler(asking) as (address, workers):
        process = asking.begin("dask", f"dask://{address}")
        asking.until_asked(PEOPLE + PEOPLE // 2, process)  # half of the people are judged
        killed_at = time.time()
        workers[0].kill()
        output = ended(process)
    calls = asking.fake.calls()
    bodies = Counter(repr(call.body) for call in calls)
    again = [call for call in calls if bodies[repr(call.body)] > 1]
    first = {repr(call.body): call for call in reversed(again)}
    assert len(bodies) == 2 * PEOPLE, "a profile and a list of scores for each"
    assert 0 < len(calls) - len(bodies) <= 2, "its part of the limit of 4 in flight"
    for call in first.values():
        assert call.at < killed_at and (call.answered_at or killed_at) > killed_at - 0.2
    assert f"Asked fake-1: {len(calls)} requests" in output, "those of the killed one count"
    asking.fake.script()
    before = len(calls)
    asking.night("threads", "threads")
    assert len(asking.fake.calls()) == before, "the ledger had every answer"
    assert same_lists(asking, "threads", "dask")


def test_the_limits_hold_over_all_workers_together(asking: Place) -> None:
    assert asking.fake
    per_second, workers = 5, 2
    pace = {"PALATE_LLM_REQUESTS_PER_MINUTE": "300", "PALATE_MAX_REQUESTS": "70"}
    with scheduler(asking, workers) as (address, _):
        many = {"PALATE_LLM_CONCURRENCY": "32"}  # the rate alone holds them back
        process = asking.begin("dask", f"dask://{address}", **pace, **many)
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 1 and "--max-requests: 70 requests" in err, (out, err)
    times = [call.at for call in asking.fake.calls()]
    assert len(times) == 70, "all of the budget, by whichever worker, and not one more"
    for first in range(len(times) - 10):
        seconds = times[first + 10] - times[first]
        assert seconds > 0.85 * (10 - workers) / per_second, "each may send one at once"
    profiles = times[PEOPLE - 1] - times[0]
    assert profiles < 1.7 * PEOPLE / per_second, "one alone would take twice the time"
    rest = asking.night("dask", "dask")
    assert f"Asked fake-1: {2 * PEOPLE - 70} requests" in rest
    assert len(asking.fake.calls()) == 2 * PEOPLE


def test_a_language_model_that_is_down_degrades_the_night(asking: Place) -> None:
    assert asking.fake
    asking.fake.kill()
    output = asking.night("dask", "dask", PALATE_LLM_PATIENCE="1")
    assert "degraded" in output and "has not answered" in output
    assert asking.lists("dask")["user"].n_unique() == PEOPLE


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_stopped_leaves_no_process_and_loses_no_answer(
    asking: Place, sent: signal.Signals
) -> None:
    assert asking.fake
    del asking.variables["PALATE_LEDGER_URL"]  # processes of one machine may share a file
    process = asking.begin("dask", "dask")
    asking.until_asked(PEOPLE + 6, process)
    for each in asking.processes() if sent == signal.SIGINT else [process]:
        os.kill(each.pid, sent)  # a terminal tells Ctrl-C to all of them
    process.communicate(timeout=SECONDS)
    deadline = time.monotonic() + 10
    while left := asking.processes():
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    asking.night("dask", "threads")
    repeated = len(asking.fake.calls()) - 2 * PEOPLE
    assert repeated == 0 if sent == signal.SIGINT else 0 <= repeated <= 4


def test_what_is_wrong_with_a_scheduler_is_said_at_once(place: Place) -> None:
    began = time.monotonic()
    process = place.begin("dask", "dask://127.0.0.1:9")
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 1 and "no Dask scheduler answers at dask://127.0.0.1:9" in err
    with scheduler(place, workers=0) as (address, _):
        _, err = place.begin("dask", f"dask://{address}").communicate(timeout=SECONDS)
        assert f"no Dask worker answers at dask://{address}" in err
    asks = place.begin("dask", "dask://127.0.0.1:9", PALATE_SCORER="llm", PALATE_LLM_MODEL="m")
    assert "Set PALATE_LEDGER_URL to a Postgres" in asks.communicate(timeout=SECONDS)[1]
    assert time.monotonic() - began < 60


def test_the_doctor_looks_at_a_scheduler_and_its_workers(place: Place) -> None:
    (place.folder / "dask").mkdir()
    words = "doctor", "--home", place.folder / "dask", "--data", place.data, "--runner"
    with scheduler(place, workers=2) as (address, _):
        output = run(*words, f"dask://{address}", **place.variables).stdout
        assert f"dask://{address}: 2 workers with what tasks need" in output
    alone = run(*words, "dask://127.0.0.1:9", **place.variables)
    assert alone.returncode == 1
    assert "no Dask scheduler answers at dask://127.0.0.1:9" in alone.stdout
