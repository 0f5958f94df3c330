"""`python -m tests.crash`: kill -9 at a hundred moments, and nothing is lost or paid unseen."""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tests.crash.harness import End, Kill, Plan, Trial
from tests.support.fake_llm.handle import fake_llm

IN_FLIGHT_SHARE = 0.8
WIDTH = 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    plan = Plan(
        kills=given.kills,
        seed=given.seed,
        server_kills=given.kills // 20,
        people=max(10, round(given.kills * Plan.people / Plan.kills)),
    )
    console, began = Console(), time.monotonic()
    console.width = max(console.width, WIDTH)
    with (
        TemporaryDirectory(prefix="palate-crash-") as folder,
        fake_llm(Path(folder, "server"), latency=plan.latency) as fake,
    ):
        trial, table = Trial(plan, fake, Path(folder, "home")), _table()
        with Live(table, console=console, auto_refresh=False, vertical_overflow="visible") as live:

            def told(kill: Kill) -> None:
                table.add_row(*_row(kill))
                if console.is_terminal:
                    live.refresh()

            end = trial.run(told)
    return _sum_up(console, plan, end, trial.startup, time.monotonic() - began)


def _table() -> Table:
    table = Table(title="kill -9, each time carried on with the same ledger")
    for name in ("kill", "of", "after s", "in flight\nledger", "in flight\nserver", "repeated"):
        table.add_column(name, justify="left" if name == "of" else "right")
    for name in ("scores\nbefore", "scores\nafter"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    return table


def _row(kill: Kill) -> list[str]:
    return [
        str(kill.number),
        "server" if kill.server else "engine",
        f"{kill.seconds:.2f}",
        str(kill.intents),
        str(len(kill.in_flight)),
        str(len(kill.wasted)),
        f"{kill.before:,}",
        f"{len(kill.books.scores):,}",
        "; ".join(kill.problems) or "ok",
    ]


def _sum_up(console: Console, plan: Plan, end: End, startup: float, seconds: float) -> int:
    engine = [kill for kill in end.kills if not kill.server]
    busy = sum(kill.hit_requests for kill in engine)
    problems = list(end.problems)
    if busy < IN_FLIGHT_SHARE * len(engine):
        problems.append(f"only {busy} of {len(engine)} kills hit requests in flight")
    console.print(
        f"{len(engine)} kills of the engine ({busy} with requests in flight) and"
        f" {len(end.kills) - len(engine)} of the server, seed {plan.seed}, {seconds:.0f} s,"
        f" start-up {startup:.2f} s.\n"
        f"{plan.people * plan.items:,} scores; {end.requests:,} requests: {end.needed:,} needed,"
        f" {end.wasted} repeated. Perhaps paid for twice: {end.wasted} in truth, {end.in_doubt} by"
        f" the ledger's count, {end.intents} in flight at kills.",
        highlight=False,
    )
    for problem in problems:
        console.print(f"VIOLATION: {problem}", highlight=False)
    violations = end.violations + len(problems) - len(end.problems)
    console.print(f"{violations or 'No'} violations.", highlight=False)
    return int(violations > 0)


if __name__ == "__main__":
    sys.exit(main())
