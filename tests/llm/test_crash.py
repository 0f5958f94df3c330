"""Killed with kill -9, the engine carries on where its ledger is; and who looks for that would see
it if it did not."""

import pytest

from tests.crash.harness import Plan, Trial
from tests.support.fake_llm.handle import fake_llm

SMALL = Plan(kills=4, server_kills=1, seed=3, people=8, items=75, longest=0.5, latency=0.15)
TINY = Plan(kills=2, server_kills=0, people=8, items=40, shortest=0.6, longest=0.8, latency=0.1)


def test_what_was_acknowledged_outlives_kills_and_what_was_in_flight_is_counted(tmp_path) -> None:
    with fake_llm(tmp_path / "server", latency=SMALL.latency) as fake:
        end = Trial(SMALL, fake, tmp_path / "home").run()
    assert [*end.problems, *(kill.problems for kill in end.kills if kill.problems)] == []
    assert len(end.kills) == 5 and sum(kill.server for kill in end.kills) == 1
    assert sum(kill.hit_requests for kill in end.kills) >= 3
    assert 0 < end.wasted <= end.in_doubt <= end.intents


@pytest.mark.parametrize(
    ("sabotage", "noticed"),
    [
        ("no_intent", "in flight without an intent"),
        ("no_answer", "acknowledged answers"),
        ("asks_again", "asked for again without need"),
        ("never_lost", "left open"),
    ],
)
def test_a_ledger_that_breaks_a_promise_is_caught(tmp_path, sabotage: str, noticed: str) -> None:
    plan = Plan(**vars(TINY) | {"sabotage": sabotage})
    with fake_llm(tmp_path / "server", latency=plan.latency) as fake:
        end = Trial(plan, fake, tmp_path / "home").run()
    problems = [*end.problems, *(problem for kill in end.kills for problem in kill.problems)]
    assert any(noticed in problem for problem in problems), problems
