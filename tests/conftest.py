"""One Prefect server for the whole session, started at once and waited for only by who needs it."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from flows.service.server import QUIET
from tests.support.datasets import write_generic
from tests.support.prefect_server import server_process, wait_for_address

SHARED = Path(__file__).parents[2] / "shared" / "data"
_session = ExitStack()

os.environ["COLUMNS"] = "200"  # as for commands in processes: consoles ask once, when imported


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the process that starts the workers, when flows are to be tested."""
    if hasattr(config, "workerinput"):
        return
    home = Path(_session.enter_context(TemporaryDirectory(prefix="palate-tests-")))
    _keep_bytecode()
    if not any(Path(a).resolve().name == "tests" or "flows" in a for a in config.args):
        return
    os.environ |= QUIET | {"PREFECT_HOME": str(home / "prefect")}
    address = _session.enter_context(server_process(home))
    os.environ["PALATE_TESTS_SERVER"] = str(address)


def _keep_bytecode() -> None:
    """Where Python keeps no bytecode, each process would compile our own code anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _session.close()


@pytest.fixture(scope="session", autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A current folder that is not the checkout, for whatever has a relative name."""
    before = Path.cwd()
    forkserver.ensure_running()  # it imports from the folder it starts in
    os.chdir(tmp_path_factory.mktemp("elsewhere"))
    yield
    os.chdir(before)


@pytest.fixture(scope="session", autouse=True)
def unsynced() -> Iterator[None]:
    """No waiting for the disk in this process: what tests write need not outlive a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture(scope="session")
def server() -> str:
    """Address of a Prefect server that answers."""
    return wait_for_address(Path(os.environ["PALATE_TESTS_SERVER"]))


@pytest.fixture
def with_server(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Commands of this test use the session's Prefect server."""
    monkeypatch.setenv("PREFECT_API_URL", server)
    return server


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Address of an S3 server."""
    from tests.support.s3 import s3_server  # noqa: PLC0415

    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The server's file system as this process reaches it, with an empty bucket."""
    from tests.support.s3 import credentials, empty_bucket  # noqa: PLC0415

    for name, value in credentials(s3_address).items():
        monkeypatch.setenv(name, value)
    return empty_bucket()


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No option comes from the environment."""
    for name in list(os.environ):
        if name.upper().startswith("PALATE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def toml(tmp_path: Path) -> Callable[..., Path]:
    """Write a TOML file of this text; gives its path."""

    def write(text: str, name: str = "palate.toml") -> Path:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def shared() -> Iterator[Path]:
    """The folder of real data sets that lies beside a development checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    yield SHARED


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small generic data set: 30 users, 60 items, 450 ratings."""
    return write_generic(tmp_path_factory.mktemp("made-up"))
