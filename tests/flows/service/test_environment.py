"""Who is told what."""

from pathlib import Path

import pytest

from flows.service.environment import database_given, for_server, for_worker
from flows.service.state import StandingError

SECRET = "postgresql://me:xyzzy@db.example/prefect?sslmode=require"


def test_the_servers_database_is_told_to_the_server_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_PG_URL", SECRET)
    given = database_given()
    assert given == "postgresql+asyncpg://me:xyzzy@db.example/prefect?ssl=require"
    server = for_server(tmp_path, "http://127.0.0.1:1/api", given)
    assert server["PREFECT_SERVER_DATABASE_CONNECTION_URL"] == given
    assert server["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    worker = for_worker(tmp_path, "http://127.0.0.1:1/api", tmp_path)
    assert "xyzzy" not in " ".join(worker.values())


@pytest.mark.parametrize("wrong", ["mysql://me:xyzzy@db/x", "xyzzy"])
def test_another_database_is_refused_without_telling_the_password(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_PG_URL", wrong)
    with pytest.raises(StandingError, match="PALATE_PG_URL") as refused:
        database_given()
    assert "xyzzy" not in str(refused.value)


def test_a_worker_is_told_the_home_the_project_and_what_its_user_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_CONFIG", "deployments/nightly.toml")
    monkeypatch.setenv("PREFECT_WORKER_QUERY_SECONDS", "1")
    told = for_worker(tmp_path / "home", "http://127.0.0.1:1/api", tmp_path)
    assert told["PALATE_HOME"] == str(tmp_path / "home")
    assert told["PREFECT_LOCAL_STORAGE_PATH"] == str(tmp_path / "home" / "results")
    assert told["PALATE_PROJECT"] == str(tmp_path)
    assert told["PALATE_CONFIG"] == "deployments/nightly.toml"
    assert told["PREFECT_WORKER_QUERY_SECONDS"] == "1"
