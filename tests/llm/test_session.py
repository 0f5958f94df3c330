"""A process' one conversation with the model: shared by threads, interrupted, closed."""

import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from tasks.core.errors import (
    LedgerError,
    LimitReachedError,
    LlmSetupError,
    SettingsError,
    StoppedError,
)
from tasks.llm import session as sessions
from tasks.llm.asking import ask_scores, score_asking
from tasks.llm.ledger.claims import _number
from tasks.llm.ledger.database import FILE
from tasks.llm.open_sessions import asking, close_sessions
from tasks.llm.session import session_for
from tests.llm.engine_support import (
    MODEL,
    Watched,
    most_at_once,
    options,
    outcomes,
    people,
    right,
    rows,
)
from tests.support.fake_llm import faults
from tests.support.fake_llm.handle import fake_llm

SOON = 5.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with fake_llm(tmp_path_factory.mktemp("fake")) as running:
        yield running


@pytest.fixture
def fake(server, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    yield Watched(server)
    close_sessions()


class Asker(threading.Thread):
    """A thread that asks, as Prefect's do; what came of it in `result`."""

    def __init__(self, session, asked, told=lambda _: None):
        super().__init__(daemon=True)
        self.session, self.asked, self.told, self.result = session, asked, told, None
        self.start()

    def run(self):
        try:
            self.result = self.session.run(lambda e: ask_scores(e, self.asked, self.told))
        except BaseException as error:
            self.result = error

    def ended(self, seconds=SOON):
        self.join(seconds)
        assert not self.is_alive(), "it still waits"
        return self.result


def until(condition):
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_a_home_and_options_have_one_session(fake, tmp_path) -> None:
    first = session_for(tmp_path, options(fake.url))
    assert session_for(tmp_path / "x" / "..", options(fake.url)) is first
    close_sessions()
    assert session_for(tmp_path, options(fake.url)) is not first


def test_threads_share_one_session_its_ledger_and_its_concurrency(fake, tmp_path) -> None:
    fake.script(faults.slow(0.2))
    made = []

    def ask(part):
        session = session_for(tmp_path, options(fake.url, llm_concurrency=3))
        made.append(session)
        return Asker(session, part)

    asked = people(8)
    askers = [ask(asked[:5]), ask(asked[3:])]
    assert [asker.ended() for asker in askers] == [right(asked[:5]), right(asked[3:])]
    assert len(fake.calls()) == 8, "two people are asked about by both, and once"
    assert most_at_once(fake.calls()) == 3 and made[0] is made[1]
    assert made[0].totals.sends == 8


def test_threads_share_the_limits(fake, tmp_path) -> None:
    fake.script(faults.slow(0.1))
    session = session_for(tmp_path, options(fake.url, max_requests=5))
    asked = people(8)
    results = [asker.ended() for asker in (Asker(session, asked[:4]), Asker(session, asked[4:]))]
    assert any(isinstance(result, LimitReachedError) for result in results)
    assert len(fake.calls()) == 5 and len(rows(tmp_path, "scores")) == 15
    close_sessions()
    session = session_for(tmp_path, options(fake.url, max_requests=5))
    assert Asker(session, asked).ended() == right(asked), "a new command counts anew"
    assert len(fake.calls()) == 8


def test_limits_hold_over_sessions_that_ask_in_other_ways(fake, tmp_path) -> None:
    ways: list[dict[str, Any]] = [
        {"llm_show": ("year",), "profile_style": "favourites"},
        {"llm_show": ("genres",)},
    ]
    sessions = [session_for(tmp_path, options(fake.url, max_requests=5, **way)) for way in ways]
    asked = people(8)
    assert Asker(sessions[0], asked[:4]).ended() == right(asked[:4])
    assert isinstance(Asker(sessions[1], asked[4:]).ended(), LimitReachedError)
    assert len(fake.calls()) == 5


def test_an_error_of_one_thread_is_everybodys(fake, tmp_path) -> None:
    fake.script(faults.bad_key())
    session = session_for(tmp_path, options(fake.url))
    for _ in range(2):
        assert isinstance(Asker(session, people(3)).ended(), LlmSetupError)
    assert 1 <= len(fake.calls()) <= 3


def test_stopping_ends_the_asking_and_keeps_what_is_in_flight(fake, tmp_path) -> None:
    fake.script(faults.slow(0.5))
    session = session_for(tmp_path, options(fake.url, llm_concurrency=2))
    asker = Asker(session, people(20))
    until(lambda: len(fake.calls()) == 2)
    session.stop()
    assert isinstance(asker.ended(), StoppedError)
    close_sessions()
    assert len(fake.calls()) == 2 and outcomes(tmp_path) == ["answered"] * 2
    assert len(rows(tmp_path, "scores")) == 6


def test_ctrl_c_stops_the_asking_and_the_next_command_carries_on(fake, tmp_path) -> None:
    fake.script(faults.slow(0.5))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), asking():
        asker = Asker(session_for(tmp_path, options(fake.url, llm_concurrency=2)), people(6))
        until(lambda: len(fake.calls()) == 2)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("not interrupted")
    assert isinstance(asker.ended(), StoppedError)
    assert signal.getsignal(signal.SIGINT) is before
    assert outcomes(tmp_path) == ["answered"] * 2
    fake.script()
    assert Asker(session_for(tmp_path, options(fake.url)), people(6)).ended() == right(people(6))
    assert len(fake.calls()) == 6


def test_closing_waits_for_the_last_answers_but_not_for_ever(fake, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sessions, "LAST_ANSWERS_SECONDS", 0.5)
    fake.script(faults.hang())
    asker = Asker(session_for(tmp_path, options(fake.url)), people(2))
    until(lambda: len(fake.calls()) == 2)
    began = time.monotonic()
    close_sessions()
    assert time.monotonic() - began < SOON
    assert isinstance(asker.ended(), Exception), "who asked is told"


HOLD = """
import fcntl, os, sys, time
fcntl.lockf(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX, 1, int(sys.argv[2]))
print("held", flush=True)
time.sleep(600)
"""


def test_stopping_ends_the_wait_for_what_another_process_asks(fake, tmp_path) -> None:
    session, [one] = session_for(tmp_path, options(fake.url)), people(1)
    name = score_asking(session.engine, one, lambda _: None).claim
    command = [sys.executable, "-c", HOLD, f"{tmp_path / FILE}.claims", str(_number(name))]
    other = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        other.stdout.readline()
        asker = Asker(session, [one])
        time.sleep(0.3)
        assert asker.is_alive() and fake.calls() == []
        session.stop()
        assert isinstance(asker.ended(4.0), StoppedError)
    finally:
        other.kill()
        other.communicate()
        asker.join(SOON)


def test_what_another_process_asks_is_waited_for(fake, tmp_path) -> None:
    session, [one] = session_for(tmp_path, options(fake.url)), people(1)
    name = score_asking(session.engine, one, lambda _: None).claim
    command = [sys.executable, "-c", HOLD, f"{tmp_path / FILE}.claims", str(_number(name))]
    other = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    asker = Asker(session, [one])
    time.sleep(0.3)
    assert asker.is_alive() and fake.calls() == []
    other.kill()
    other.communicate()
    assert asker.ended() == right([one])


def test_the_summary_tells_what_was_used_and_whether_it_waits(fake, tmp_path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(f'[models."{MODEL}"]\ninput = 1000\ncached = 100\noutput = 10000\n')
    session = session_for(tmp_path, options(fake.url, llm_prices=prices, llm_concurrency=1))
    assert session.summary() == "0 requests, 0 tokens, $0.00"
    notes: list[tuple[int, str]] = []
    told = session.settling(lambda count, note="": notes.append((count, note)))
    assert Asker(session, people(2), told).ended() == right(people(2))
    calls = fake.calls()
    tokens = sum(call.prompt_tokens + call.completion_tokens for call in calls)
    cached = sum(c.cached_tokens for c in calls) / sum(c.prompt_tokens for c in calls)
    cost = sum(
        (c.prompt_tokens - c.cached_tokens) * 1e-3
        + c.cached_tokens * 1e-4
        + c.completion_tokens * 1e-2
        for c in calls
    )
    used = f"2 requests, {tokens:,} tokens ({cached:.0%} of prompts cached), ${cost:.2f}"
    assert session.summary() == used
    assert sum(count for count, _ in notes) == 6 and notes[-1][1] == used
    fake.script(faults.rate_limited("60"))
    asker = Asker(session, people(3))
    until(lambda: session.engine.pacer.paused_for > 1)
    assert session.summary().startswith("3 requests, ")
    assert session.summary().endswith((", waiting 60 s", ", waiting 59 s", ", waiting 58 s"))
    session.stop()
    assert isinstance(asker.ended(), StoppedError)
    assert "waiting" not in session.summary()


def test_without_a_known_price_the_summary_names_no_cost(fake, tmp_path) -> None:
    assert "$" not in session_for(tmp_path, options(fake.url)).summary()
    with pytest.raises(SettingsError):
        session_for(tmp_path, options(fake.url, max_cost=1))


def test_a_session_that_cannot_be_opened_can_be_tried_again(fake, tmp_path) -> None:
    (tmp_path / FILE).write_text("no database, and long enough to be seen as none " * 40)
    with pytest.raises(LedgerError):
        session_for(tmp_path, options(fake.url))
    (tmp_path / FILE).unlink()
    session = session_for(tmp_path, options(fake.url))
    assert Asker(session, people(1)).ended() == right(people(1))


def test_closing_twice_or_nothing_is_no_error(fake, tmp_path) -> None:
    session_for(tmp_path, options(fake.url))
    close_sessions()
    close_sessions()
    assert threading.active_count() < 50
