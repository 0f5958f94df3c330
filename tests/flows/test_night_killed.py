"""Kill -9 near the end of a night: what had been made is not made again."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.store.query import query
from tests.support.command import PLAIN, SECONDS, environment
from tests.support.datasets import write_generic
from tests.support.in_process import Terminal

PEOPLE, CHUNK = 30, 5
CHUNKS = PEOPLE // CHUNK
LISTS = "SELECT * EXCLUDE (run_id, listed_in) FROM ranked_items ORDER BY ALL"

IN_THE_LAST_CHUNK = f"""
from tasks.ranking import stages
order = stages.order
def killed(home, table, ranker, explained):
    lists = order(home, table, ranker, explained)
    if {PEOPLE} in lists["user"]:
        while len(list((home / "results").glob("rank-*"))) < {CHUNKS - 1}:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    return lists
stages.order = killed
"""
IN_THE_MIDDLE_OF_PUBLISHING = """
from tasks.store import warehouse
def killed(database, keep_nights):
    os.kill(os.getpid(), signal.SIGKILL)
warehouse._forget = killed
"""


@pytest.mark.slow
def test_of_a_night_that_is_killed_near_its_end_only_what_is_missing_is_made(
    tmp_path: Path, terminal: Terminal
) -> None:
    data = write_generic(tmp_path / "data", users=PEOPLE)
    night = ["nightly", "--data", data, "--chunk-users", CHUNK, "--measure-users", 0]
    night += [*PLAIN, "--keep-nights", 2, "--no-report", "--verbose"]
    here = *night, "--home", terminal.home
    _killed(IN_THE_LAST_CHUNK, *here, server=terminal.server)
    said = _killed(IN_THE_MIDDLE_OF_PUBLISHING, *here, server=terminal.server)
    assert f"rank ({CHUNKS - 1} of {CHUNKS} chunks cached), tonight" in said
    assert not (terminal.home / "palate.duckdb").exists()
    terminal.succeed(*night)
    anew = query(terminal.home, "SELECT stage FROM stages WHERE NOT cached ORDER BY place")
    assert anew["stage"].to_list() == ["note who is listed", "choose places"], "they name the run"
    peaceful = Terminal(tmp_path / "peaceful", terminal.server)
    peaceful.succeed(*night)
    lists = query(terminal.home, LISTS)
    assert lists.height and lists.equals(query(peaceful.home, LISTS))


def _killed(where: str, *words: object, server: str) -> str:
    """What a night in a process of its own says that kills itself there."""
    script = f"import os, signal, time{where}from flows.cli.main import main\nmain()\n"
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        env=environment(PREFECT_API_URL=server),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stderr
