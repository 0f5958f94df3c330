"""Kills a scoring engine, and at times its server, and compares what both have on disk."""

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tasks.llm.options import EngineOptions
from tests.crash import victim
from tests.crash.accounts import Kill, asked_in_vain, miscounted, too_much, unkept
from tests.crash.observed import Books, ServerLog
from tests.crash.work import expected, made_up
from tests.support.fake_llm.handle import FakeLLM

LOOK_SECONDS = 0.003
START_SECONDS = 60.0
FINISH_SECONDS = 400.0
EARLY_SHARE = 0.06
"""Of the kills: at any moment of the start, when nothing may be in flight yet."""

_processes = multiprocessing.get_context("forkserver")  # a start then takes no imports
_processes.set_forkserver_preload([victim.__name__])


@dataclass(frozen=True)
class Plan:
    """How often, at what, and when."""

    kills: int = 100
    server_kills: int = 5
    seed: int = 0
    people: int = 30
    items: int = 550
    per_request: int = 5
    concurrency: int = 8
    latency: float = 0.2
    shortest: float = 0.0
    longest: float = 1.3
    """Seconds from a run's first request until it is killed."""
    sabotage: str | None = None


@dataclass(frozen=True)
class End:
    """The whole of it."""

    kills: list[Kill]
    requests: int
    needed: int
    """Requests of a run that is never killed."""
    wasted: int
    in_doubt: int
    intents: int
    problems: list[str]

    @property
    def violations(self) -> int:
        return len(self.problems) + sum(len(kill.problems) for kill in self.kills)


class Trial:
    """A server, a ledger, and one victim after the other."""

    def __init__(self, plan: Plan, fake: FakeLLM, home: Path) -> None:
        self.plan, self.fake, self.home = plan, fake, home
        self.log = ServerLog(fake.folder)
        self.kills: list[Kill] = []
        self.startup = 1.0
        self._random = random.Random(plan.seed)
        self._people = made_up(plan.people, plan.items)
        self._expected = expected(self._people)
        self._pending: list[Kill] = []
        self._before = Books()
        self._started = 0.0
        self._victim: ForkServerProcess | None = None
        home.mkdir(parents=True, exist_ok=True)

    def run(self, told: Callable[[Kill], None] = lambda _kill: None) -> End:
        """Kill as often as planned, then let it finish; `told` of each kill."""
        with_server = set(self._random.sample(range(self.plan.kills), self.plan.server_kills))
        try:
            for number in range(self.plan.kills):
                self._run_until_killed(number in with_server)
                for kill in self._judge():
                    told(kill)
            return self._finish()
        finally:
            self._kill_victim()

    def _run_until_killed(self, also_server: bool) -> None:
        early = self._random.random() < EARLY_SHARE and not also_server
        share, server_share, away = (self._random.random() for _ in range(3))
        self._start()
        if early:
            self._sleep(share * self.startup)
        else:
            self.startup = self._until_asked()
            if also_server:
                self._sleep(self._between(server_share))
                self._kill_server(away)
                self._until_asked()
            self._sleep(self._between(share))
        ended = self._victim is None or self._victim.exitcode is not None
        seconds, moment = time.monotonic() - self._started, time.time()
        self._kill_victim()
        self._note(server=False, seconds=seconds, moment=moment)
        if ended:
            self._pending[-1].problems.append(f"the run had ended: {self._said()}")

    def _between(self, share: float) -> float:
        return self.plan.shortest + share * (self.plan.longest - self.plan.shortest)

    def _start(self) -> None:
        plan = self.plan
        options = EngineOptions(
            llm_base_url=self.fake.url,
            llm_model="fake-1",
            llm_items=plan.per_request,
            llm_concurrency=plan.concurrency,
            llm_patience=60.0,
        )
        given = (self.home, options, plan.people, plan.items, plan.sabotage)
        self._started = time.monotonic()
        self._victim = _processes.Process(target=victim.run, args=given, daemon=True)
        self._victim.start()

    def _until_asked(self) -> float:
        """Wait for the next request that is received; gives the seconds since the start."""
        self.log.read_on()
        known, deadline = len(self.log.sends), time.monotonic() + START_SECONDS
        while len(self.log.sends) == known and self._victim and self._victim.is_alive():
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS)
            self.log.read_on()
        return time.monotonic() - self._started

    def _sleep(self, seconds: float) -> None:
        """As long as there is somebody to wait for."""
        if self._victim:
            self._victim.join(seconds)

    def _kill_server(self, away: float) -> None:
        """With the victim stopped for that moment, so that the ledger's intents are those."""
        if self._victim is None or self._victim.pid is None or not self._victim.is_alive():
            return
        os.kill(self._victim.pid, signal.SIGSTOP)
        seconds, moment = time.monotonic() - self._started, time.time()
        self.fake.kill()
        self._note(server=True, seconds=seconds, moment=moment)
        os.kill(self._victim.pid, signal.SIGCONT)
        self._sleep(away)
        self.fake.start()

    def _kill_victim(self) -> None:
        if self._victim:
            self._victim.kill()
            self._victim.join()
            self._victim = None

    def _note(self, *, server: bool, seconds: float, moment: float) -> None:
        books = Books.of(self.home)
        if not server:
            self.fake.state()  # what was sent before is read before
            self.fake.state()
        self.log.read_on()
        before = [*self.kills, *self._pending]
        number, since = len(before) + 1, before[-1].received if before else 0
        in_flight = [send for send in self.log.sends[since:] if send.in_flight_at(moment)]
        received = len(self.log.sends)
        self._pending.append(Kill(number, server, seconds, books, in_flight, received))

    def _judge(self) -> list[Kill]:
        """Hold the last run's kills against what is on disk now."""
        books = self._pending[-1].books
        wasted = unkept(self.log.sends, books)
        received = self.kills[-1].received if self.kills else 0
        for kill in self._pending:
            kill.wasted = [send for send in wasted if received < send.n <= kill.received]
            received = kill.received
            kill.before = len(self._before.scores)
            away = kill is not self._pending[0]
            kill.problems += self._scores_lost(kill.books)
            kill.problems += too_much(kill, self.plan.concurrency, away)
            self._before = kill.books
        last, judged = self._pending[-1], self._pending
        self.kills, self._pending = self.kills + judged, []
        last.problems += miscounted(wasted, books, sum(kill.intents for kill in self.kills))
        last.problems += self._promises_broken(books)
        return judged

    def _scores_lost(self, books: Books) -> list[str]:
        problems = []
        gone = sum(pair not in books.scores for pair in self._before.scores)
        wrong = sum(score != self._expected.get(pair) for pair, score in books.scores.items())
        if gone:
            problems.append(f"{gone} scores are gone")
        if wrong:
            problems.append(f"{wrong} scores are wrong")
        return problems

    def _promises_broken(self, books: Books) -> list[str]:
        notes = self.home / victim.ACKNOWLEDGED
        hashes = set(notes.read_text().split()) if notes.exists() else set()
        pairs = {send.hash: send.pairs for send in self.log.sends}
        unknown = [h for h in hashes if not books.answered[h]]
        lost = sum(pair not in books.scores for h in hashes for pair in pairs[h])
        return (
            [f"{len(unknown)} acknowledged answers, {lost} scores lost"] if unknown or lost else []
        )

    def _finish(self) -> End:
        self._start()
        assert self._victim
        self._victim.join(FINISH_SECONDS)
        problems = [] if self._victim.exitcode == 0 else [f"the last run failed: {self._said()}"]
        self._kill_victim()
        self.log.read_on()
        books = Books.of(self.home)
        wasted = unkept(self.log.sends, books)
        intents = sum(kill.intents for kill in self.kills)
        problems += self._scores_lost(books) + self._promises_broken(books)
        problems += miscounted(wasted, books, intents) + self._incomplete(books)
        problems += asked_in_vain(self.log.sends, wasted)
        needed = self.plan.people * -(-self.plan.items // self.plan.per_request)
        requests, doubt = len(self.log.sends), books.doubtful.total()
        if requests != needed + len(wasted):
            problems.append(f"{requests} requests, {needed} needed and {len(wasted)} wasted")
        return End(self.kills, requests, needed, len(wasted), doubt, intents, problems)

    def _incomplete(self, books: Books) -> list[str]:
        problems = [] if books.scores == self._expected else ["not every pair has its score"]
        problems += [f"{books.open.total()} requests left open"] if books.open.total() else []
        result = self.home / victim.RESULT
        scores = list(expected(self._people[:1]).values())
        if not result.exists() or json.loads(result.read_text()) != [scores] * self.plan.people:
            problems.append("the last run did not return the scores")
        return problems

    def _said(self) -> str:
        return (self.home / victim.LOG).read_text().strip()[-300:] or "nothing said"
