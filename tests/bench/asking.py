"""How near to a server's limit the engine asks, told the limit and not; and what a request costs.

`python -m tests.bench.asking [--seconds 25]`, against the fake server, which limits for itself.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tasks.llm.asking import ask_scores
from tasks.llm.budget import Budget
from tasks.llm.item_asking import PersonItems
from tasks.llm.options import EngineOptions
from tasks.llm.session import Session
from tests.support.fake_llm.call import Call
from tests.support.fake_llm.handle import fake_llm

RATE, LATENCY = 50.0, 0.2
PER_PERSON, PER_REQUEST = 250, 25
CONCURRENCY, UNTOLD_CONCURRENCY = 32, 64
FAST_LATENCY, FAST_REQUESTS, FAST_CONCURRENCY = 0.02, 1500, 64
ALONE_PEOPLE, ALONE_ITEMS = 8, 25
EVERY_SECONDS = 1.0

_WORDS = """
a former detective returns to the small town where her brother vanished and finds that nobody wants
the old case opened again while a storm closes the only road and two strangers at the inn tell
stories that cannot both be true until the harbour bell rings for the third time
"""


@dataclass(frozen=True)
class Run:
    """One run's work and what was seen of it."""

    calls: list[Call]
    began: float
    seconds: float
    cpu_seconds: float
    scored: int
    windows: list[float]
    slowdowns: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.asking", description=__doc__)
    parser.add_argument("--seconds", type=float, default=25.0, help="work for so long, at the rate")
    seconds = parser.parse_args().seconds
    requests = round(seconds * RATE)
    batched, alone = _sample(PER_REQUEST), _sample(1)  # first: what loads late is loaded then
    told = _run(requests, LATENCY, RATE, CONCURRENCY, llm_requests_per_minute=RATE * 60)
    untold = _run(requests, LATENCY, RATE, UNTOLD_CONCURRENCY)
    fast = _run(FAST_REQUESTS, FAST_LATENCY, None, FAST_CONCURRENCY)
    result = {
        "limit_requests_per_second": RATE,
        "told_the_limit": _at_limit(told),
        "not_told_the_limit": _at_limit(untold) | _window(untold),
        "no_limit_latency_0.02": _speed(fast),
        f"{PER_REQUEST}_pairs_per_request": _per_pair(batched),
        "one_pair_per_request": _per_pair(alone),
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def _run(requests: int, latency: float, rate: float | None, concurrency: int, **more: Any) -> Run:
    people = made_up(-(-requests * PER_REQUEST // PER_PERSON), PER_PERSON)
    return _asked(people, latency, rate, llm_concurrency=concurrency, **more)


def _sample(per_request: int) -> Run:
    people = made_up(ALONE_PEOPLE, ALONE_ITEMS)
    return _asked(people, FAST_LATENCY, None, llm_items=per_request)


def made_up(people: int, items: int) -> list[PersonItems]:
    """People who know ten films, and items as long as MovieLens' with descriptions."""
    draw, known = random.Random(0), _WORDS.split()

    def words(count: int) -> str:
        return " ".join(draw.choices(known, k=count))

    lines = [
        f"{words(3).title()} ({1950 + n % 70}). Drama, Mystery. {words(45).capitalize()}."
        f" Rating {draw.uniform(4, 9):.1f}. Popularity {n % 100}."
        for n in range(items)
    ]
    return [
        PersonItems(
            f"<person>\nIn their words: {words(20)} {n}.\nRated highest: "
            f"{'; '.join(f'{words(3).title()} 5' for _ in range(10))}\n</person>",
            lines,
        )
        for n in range(people)
    ]


def _asked(people: list[PersonItems], latency: float, rate: float | None, **more: Any) -> Run:
    with (
        TemporaryDirectory(prefix="palate-bench-") as folder,
        fake_llm(Path(folder, "server"), latency=latency, rate=rate) as fake,
    ):
        options = EngineOptions(
            **{"llm_items": PER_REQUEST, "llm_base_url": fake.url, "llm_model": "fake-1", **more}
        )
        session = Session(Path(folder), options, Budget(options))
        try:
            with _watched(session) as windows:
                began, started, cpu = time.time(), time.perf_counter(), time.process_time()
                found = session.run(lambda engine: ask_scores(engine, people, lambda _count: None))
                seconds = time.perf_counter() - started
                cpu = time.process_time() - cpu
        finally:
            session.close()
        scored = sum(score is not None for scores in found for score in scores)
        slowdowns = session.engine.pacer.slowdowns
        return Run(fake.calls(), began, seconds, cpu, scored, windows, slowdowns)


@contextmanager
def _watched(session: Session) -> Iterator[list[float]]:
    """The pacer's window, noted every second."""
    windows: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while True:
            windows.append(round(session.engine.pacer.window, 1))
            if over.wait(EVERY_SECONDS):
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield windows
    finally:
        over.set()
        thread.join()


def _at_limit(run: Run) -> dict[str, Any]:
    """Overhead: what the run took longer than its answered requests take at the limit.

    The share of the limit is its inverse: both count the start, the end and every pause. The
    server's bucket starts with a second's worth of requests, which a client that keeps to the limit
    leaves there: a client that does not can pass 1, and is held against that second too.
    """
    refused = sum(call.fault == "rate" for call in run.calls)
    answered = len(run.calls) - refused
    ideal = answered / RATE
    answers = [call for call in run.calls if call.fault is None]
    sending = answers[-1].at - answers[0].at
    return _speed(run) | {
        "first_request_after_seconds": round(answers[0].at - run.began, 2),
        "share_of_limit": round(ideal / run.seconds, 3),
        "share_of_limit_first_to_last_request": round((answered - 1) / RATE / sending, 3),
        "share_of_limit_and_first_burst": round(answered / (RATE * (run.seconds + 1)), 3),
        "overhead": round(run.seconds / ideal - 1, 3),
        "http_429": refused,
        "http_429_share": round(refused / len(run.calls), 4),
        **_per_pair(run),
    }


def _speed(run: Run) -> dict[str, Any]:
    answered = sum(call.fault is None for call in run.calls)
    return {
        "requests_answered": answered,
        "seconds": round(run.seconds, 2),
        "requests_per_second": round(answered / run.seconds, 1),
        "engine_cpu_ms_per_request": round(1000 * run.cpu_seconds / answered, 2),
    }


def _window(run: Run) -> dict[str, Any]:
    return {"slowdowns": run.slowdowns, f"window_every_{EVERY_SECONDS:g}_s": run.windows}


def _per_pair(run: Run) -> dict[str, Any]:
    calls = [call for call in run.calls if call.fault is None]
    prompt, cached = (sum(c.prompt_tokens for c in calls), sum(c.cached_tokens for c in calls))
    return {
        "requests_per_pair": round(len(calls) / run.scored, 3),
        "prompt_tokens_per_pair": round(prompt / run.scored, 1),
        "answer_tokens_per_pair": round(sum(c.completion_tokens for c in calls) / run.scored, 1),
        "cached_share_of_prompt": round(cached / prompt, 3),
    }


if __name__ == "__main__":
    main()
