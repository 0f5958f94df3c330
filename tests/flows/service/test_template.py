"""A new home's Prefect database begins as a copy of one that was made before."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from flows.service.template import copy_template, keep_template, template


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def database(file: Path, revision: str | None = "abc") -> Path:
    """One that looks as if migrations had made it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("CREATE TABLE alembic_version (version_num VARCHAR)")
        if revision:
            opened.execute("INSERT INTO alembic_version VALUES (?)", [revision])
    return file


def revision_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as opened:
        return str(opened.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_what_one_home_made_begins_the_next(tmp_path: Path) -> None:
    new = tmp_path / "new" / "prefect.db"
    assert not copy_template(new) and not new.exists()
    keep_template(database(tmp_path / "old" / "prefect.db"))
    assert copy_template(new) and revision_of(new) == "abc"
    assert not copy_template(new), "one that is there stays as it is"


@pytest.mark.parametrize("damage", [b"no database", None])
def test_a_damaged_template_is_not_used_and_goes(tmp_path: Path, damage: bytes | None) -> None:
    keep_template(database(tmp_path / "prefect.db"))
    if damage is None:
        template().unlink()
        database(template(), revision=None)
    else:
        template().write_bytes(damage)
    new = tmp_path / "new" / "prefect.db"
    assert not copy_template(new)
    assert not new.exists() and not template().exists()


def test_a_cache_that_cannot_be_written_hinders_nobody(tmp_path: Path, cache: Path) -> None:
    cache.write_text("no folder", encoding="utf-8")
    keep_template(database(tmp_path / "prefect.db"))
    assert not copy_template(tmp_path / "new" / "prefect.db")


@pytest.mark.parametrize("other", ["", "postgresql+asyncpg://me@host/prefect"])
def test_only_the_file_that_the_server_uses_is_copied(tmp_path: Path, other: str) -> None:
    code = (
        "import sys; from pathlib import Path; from flows.service.template import is_used\n"
        "print(is_used(Path(sys.argv[1])))"
    )
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT")}
    environment |= {"PREFECT_HOME": str(tmp_path)}
    environment |= {"PREFECT_SERVER_DATABASE_CONNECTION_URL": other} if other else {}
    command = [sys.executable, "-c", code, str(tmp_path / "prefect.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == f"{not other}\n"
