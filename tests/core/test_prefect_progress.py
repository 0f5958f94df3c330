"""Bars in Prefect's UI: one per fan-out or long count, none that slows or fails the work."""

import threading
import time
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any
from uuid import uuid4

import pytest

from tasks.core import prefect_progress as shown
from tasks.core import progress, steps
from tasks.core.prefect_progress import Share, counted, fan_out
from tasks.core.progress import bar

TICK = 0.02


class Server:
    """Keeps what would be shown: the name of each bar, and its percents."""

    def __init__(self) -> None:
        self.bars: dict[str, list[float]] = {}
        self._names: dict[Any, str] = {}
        self.broken = False

    def create(self, percent: float, key: str, what: str) -> Any:
        if self.broken:
            raise OSError("away")
        made = uuid4()
        self._names[made] = key
        self.bars[key] = [percent]
        return made

    def update_artifact(self, made: Any, update: Any) -> None:
        self.bars[self._names[made]].append(update.data)


@pytest.fixture
def ui(monkeypatch):
    running = Server()

    @contextmanager
    def client(**_: Any):
        yield running

    monkeypatch.setattr(shown, "is_seen", lambda: True)
    monkeypatch.setattr(shown, "EVERY_SECONDS", TICK)
    monkeypatch.setattr(shown, "create_progress_artifact", running.create)
    monkeypatch.setattr(shown, "get_client", client)
    return running


def test_long_work_has_one_bar_that_ends_at_its_end(ui):
    with bar("asking gpt-4.1: Judge", total=4) as advance:
        for _ in range(4):
            time.sleep(TICK * 1.5)
            advance(1)
    [(key, percents)] = ui.bars.items()
    assert key == "palate-asking-gpt-4-1-judge"
    assert percents == sorted(percents) and percents[-1] == 100
    assert len(percents) == len(set(percents)), "nothing is sent that has not changed"


def test_whatever_runs_steps_shows_its_bars_there_too():
    assert steps and progress._watch is counted


def test_short_work_and_work_without_a_total_have_none(ui):
    with bar("training") as advance, bar("embedding", total=2) as other:
        advance(1)
        other(2)
    with bar("training") as advance:
        time.sleep(TICK * 3)
    assert not ui.bars


def test_bars_inside_a_fan_out_move_its_bar_and_have_none_of_their_own(ui):
    def task() -> None:
        with bar("asking", total=10) as advance:
            time.sleep(TICK * 2.5)
            advance(5)
            time.sleep(TICK * 2.5)

    with fan_out("score, tonight", 2) as ended:
        for _ in range(2):
            thread = threading.Thread(target=copy_context().run, args=(task,))
            thread.start()
            thread.join()
            ended(1)
    assert list(ui.bars) == ["palate-score-tonight"]
    percents = ui.bars["palate-score-tonight"]
    assert percents[-1] == 100 and {25.0, 75.0} & set(percents)
    assert percents == sorted(percents)


def test_many_steps_cost_few_updates(ui):
    with counted("asking", 2_000) as count:
        until = time.monotonic() + TICK * 5
        steps = 0
        while time.monotonic() < until:
            count(0.1)
            steps += 1
    assert steps > 500 and len(ui.bars["palate-asking"]) <= 7


@pytest.mark.parametrize("share", [Share(0), Share(2, ended=3), Share(2, counted=2.5)])
def test_no_share_is_more_than_all(share):
    assert share.percent == 100


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_is_away_and_an_error_of_the_work_leave_the_work_as_it_is(ui):
    ui.broken = True
    with bar("asking", total=1) as advance:
        time.sleep(TICK * 3)
        advance(1)
    ui.broken = False
    with pytest.raises(KeyError), bar("failing", total=4) as advance:
        time.sleep(TICK * 3)
        advance(1)
        raise KeyError
    assert list(ui.bars) == ["palate-failing"] and ui.bars["palate-failing"][-1] == 25


def test_a_share_reports_what_is_newly_done_once():
    moves: list[float] = []
    share = Share(2, moved=moves.append)
    share.count(0.5)
    share.end(1)
    share.count(0.25)
    share.count(0.5)
    assert moves == [0.5, 0.5, 0.25] and share.done == 1.25


def test_outside_a_flow_run_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(shown, "_report", lambda *_: pytest.fail("shown"))
    assert not shown.is_seen()
    with bar("asking", total=1) as advance, fan_out("score", 1) as ended:
        advance(1)
        ended(1)
