"""Nights of two machines on one home, which is on shared storage."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import PLAIN
from tests.support.in_process import Done, flows_in, succeed_here
from tests.support.s3 import HOME, machine

LISTS = (
    "SELECT run_id, count(*) AS n, sum(hash(user, item, rank, score)) AS lists"
    " FROM ranked_items GROUP BY run_id ORDER BY run_id"
)
CHANGES = "SELECT lists, changes.users FROM changes JOIN latest_run USING (run_id)"


@pytest.mark.slow
def test_a_night_builds_on_the_last_one_of_another_machine(
    bucket: Any, server: str, made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def typed(name: str, *words: object) -> Done:
        home = machine(monkeypatch, tmp_path / name)
        variables = {"PREFECT_API_URL": server, "PALATE_MIRRORS": str(home.parent)}
        with flows_in(home, server):
            return succeed_here(*words, "--home", HOME, **variables)

    def asked(name: str, statement: str) -> list[dict[str, Any]]:
        rows = json.loads(typed(name, "sql", statement, "--format", "json").stdout)
        assert isinstance(rows, list)
        return rows

    night = ("nightly", "--data", made_up, *PLAIN)
    typed("a", *night)
    done = typed("b", *night)
    assert "all other lists are kept" in done.stdout + done.stderr
    assert f"Results: {HOME}/palate.duckdb" in done.stdout
    first, second = asked("c", LISTS)
    assert first["n"] == second["n"] > 100 and first["lists"] == second["lists"]
    assert asked("a", CHANGES) == [{"lists": "kept", "users": 30}]
    assert not [file for file in tmp_path.rglob("*") if _says(file, b"sentinel-secret")]


def _says(file: Path, secret: bytes) -> bool:
    return file.is_file() and secret in file.read_bytes()
