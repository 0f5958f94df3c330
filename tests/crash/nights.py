"""Kills whole nights in which a language model judges heads of learned lists.

First one night is left in peace: how much it asks says when the others are killed, from its first
request to the last, and what it publishes is what the last of them must.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from tasks.store.query import query
from tests.crash.accounts import Kill, asked_in_vain, miscounted, too_much, unkept
from tests.crash.harness import LOOK_SECONDS, End
from tests.crash.observed import Books, ServerLog
from tests.support.command import start
from tests.support.datasets import write_generic
from tests.support.fake_llm.handle import FakeLLM, fake_llm

SECONDS = 240.0
LISTS = (
    "SELECT user, item, rank, similarity, score FROM ranked_items JOIN latest_run USING (run_id)"
    " ORDER BY ALL"
)


@dataclass(frozen=True)
class NightPlan:
    """How often, of nights of which size. `method`: the words that choose one."""

    kills: int = 8
    seed: int = 0
    method: tuple[object, ...] = ()
    people: int = 150
    sampled: int = 40
    head: int = 10
    per_request: int = 5
    concurrency: int = 4
    latency: float = 0.1

    def words(self, data: Path, home: Path, fake: FakeLLM) -> list[object]:
        """A night that judges everybody's head."""
        return [
            *("nightly", "--data", data, "--home", home, *self.method, "--scorer", "llm"),
            *("--llm-model", "fake-1", "--llm-base-url", fake.url, "--llm-ask", "numbers"),
            *("--llm-always", "--llm-head", self.head, "--llm-sample", self.sampled),
            *("--llm-items", self.per_request, "--llm-concurrency", self.concurrency),
            "--no-report",
        ]


class NightTrial:
    """Nights on one home, one after the other; `prefect`: the address of a server for all."""

    def __init__(self, plan: NightPlan, folder: Path, prefect: str) -> None:
        self.plan, self.folder, self.prefect = plan, folder, prefect
        self.data = write_generic(folder / "data", users=plan.people, items=60, per_user=20)
        self.home = folder / "home"
        self.kills: list[Kill] = []
        self._random = random.Random(plan.seed)

    def run(self, told: Callable[[Kill], None] = lambda _kill: None) -> End:
        """Kill as often as planned, then let a night finish, and one more; `told` of each kill."""
        with fake_llm(self.folder / "undisturbed") as fake:
            undisturbed = self.folder / "peace"
            self._finished(self._start(fake, undisturbed))
            needed = len(fake.calls())
        with fake_llm(self.folder / "llm", latency=self.plan.latency) as fake:
            log = ServerLog(fake.folder)
            for number in range(self.plan.kills):
                moment = needed * (number + self._random.random()) / self.plan.kills
                self.kills.append(self._killed(fake, log, number + 1, max(1, round(moment))))
                told(self.kills[-1])
            self._finished(self._start(fake, self.home))
            end = self._end(log, needed)
            if not query(self.home, LISTS).equals(query(undisturbed, LISTS)):
                end.problems.append("the lists are not those of a night without kills")
            self._finished(self._start(fake, self.home))
            log.read_on()
            if len(log.sends) > end.requests:
                end.problems.append(f"{len(log.sends) - end.requests} requests in a further night")
        return end

    def _start(self, fake: FakeLLM, home: Path) -> Popen[str]:
        words = self.plan.words(self.data, home, fake)
        return start(*words, PREFECT_API_URL=self.prefect, OPENAI_API_KEY="sk-for-tests")

    def _finished(self, night: Popen[str]) -> None:
        _, said = night.communicate(timeout=SECONDS)
        if night.returncode:
            raise RuntimeError(f"the night failed: {said[-600:]}")

    def _killed(self, fake: FakeLLM, log: ServerLog, number: int, requests: int) -> Kill:
        """A night that was killed once the server had received so many requests in all."""
        known = Books.of(self.home).scores if self.home.exists() else {}
        began, night, problems = time.monotonic(), self._start(fake, self.home), []
        asked = len(log.sends)
        while len(log.sends) < max(requests, asked + 1) and night.poll() is None:
            if time.monotonic() - began > SECONDS:
                problems.append("the night asks nothing more")
                break
            time.sleep(LOOK_SECONDS)
            log.read_on()
        if night.poll() is not None:
            problems.append(f"the night had ended: {night.communicate()[1][-300:]}")
        seconds, moment = time.monotonic() - began, time.time()
        night.kill()
        night.communicate(timeout=SECONDS)
        fake.state()  # what was sent before is read before
        fake.state()
        log.read_on()
        books = Books.of(self.home)
        in_flight = [send for send in log.sends[asked:] if send.in_flight_at(moment)]
        kill = Kill(number, False, seconds, books, in_flight, len(log.sends))
        kill.wasted = [send for send in unkept(log.sends, books) if send.n > asked]
        kill.before, kill.problems = len(known), problems
        if gone := sum(books.scores.get(pair) != score for pair, score in known.items()):
            kill.problems.append(f"{gone} scores are gone or changed")
        kill.problems += too_much(kill, self.plan.concurrency, server_was_away=False)
        return kill

    def _end(self, log: ServerLog, needed: int) -> End:
        log.read_on()
        books = Books.of(self.home)
        wasted, intents = unkept(log.sends, books), sum(kill.intents for kill in self.kills)
        problems = miscounted(wasted, books, intents) + asked_in_vain(log.sends, wasted)
        problems += [f"{books.open.total()} requests left open"] if books.open.total() else []
        requests = len(log.sends)
        if requests != needed + len(wasted):
            problems.append(f"{requests} requests, {needed} needed and {len(wasted)} wasted")
        doubt = books.doubtful.total()
        return End(self.kills, requests, needed, len(wasted), doubt, intents, problems)
