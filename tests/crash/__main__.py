"""`python -m tests.crash`: kill -9 at a hundred moments, and nothing is lost or paid unseen.

Of the engine alone, then of whole nights in which heads of lists are judged.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.live import Live
from rich.table import Table

from flows.service.server import QUIET
from tests.crash.accounts import Kill
from tests.crash.harness import End, Plan, Trial
from tests.crash.nights import NightPlan, NightTrial
from tests.support.fake_llm.handle import fake_llm
from tests.support.prefect_server import server_process, wait_for_address

IN_FLIGHT_SHARE = 0.8
WIDTH = 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--nights", type=int, default=8, help="kills of whole nights")
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
    violated = _sum_up(console, plan, end, trial.startup, time.monotonic() - began)
    return _nights(console, NightPlan(kills=given.nights, seed=given.seed)) or violated


def _nights(console: Console, plan: NightPlan) -> int:
    began = time.monotonic()
    table = _table("kill -9 of whole nights, each carried on by the same command")
    with TemporaryDirectory(prefix="palate-crash-") as name:
        folder = Path(name)
        (folder / "server").mkdir()
        os.environ |= QUIET | {"PREFECT_HOME": str(folder / "prefect")}
        with server_process(folder / "server") as address:
            trial = NightTrial(plan, folder, wait_for_address(address))
            end = trial.run(lambda kill: table.add_row(*_row(kill)))
    console.print(table)
    console.print(
        f"{len(end.kills)} kills of nights by the default method, {time.monotonic() - began:.0f} s."
        f" {end.requests:,} requests: {end.needed:,} needed, {end.wasted} repeated;"
        f" {end.in_doubt} perhaps paid in vain by the ledger's count.",
        highlight=False,
    )
    for problem in end.problems:
        console.print(f"VIOLATION: {problem}", highlight=False)
    console.print(f"{end.violations or 'No'} violations.", highlight=False)
    return int(end.violations > 0)


def _table(title: str = "kill -9, each time carried on with the same ledger") -> Table:
    table = Table(title=title)
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
