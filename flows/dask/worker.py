"""What runs in the processes of a Dask cluster beside the tasks."""

import asyncio
import hashlib
import signal
from contextlib import nullcontext
from functools import cache
from pathlib import Path

from distributed import Worker, WorkerPlugin
from pydantic import SecretStr

import flows
import tasks
import tasks.core.stage  # it shows bars from its import on: see `setup`
from flows.service.server import answers, start_senders
from tasks.core.progress import watch_with
from tasks.core.secrets import Secrets
from tasks.core.vocabulary import Record
from tasks.llm.open_sessions import close_sessions
from tasks.llm.options import Sharing


class WorkerFacts(Record):
    """What a process has of what tasks need. Of secrets a hash, salted for one command."""

    code: str
    home: bool
    server: bool
    ledger: str | None
    key: str | None


class OnWorker(WorkerPlugin):
    """A command's stay in a worker's process, also in one that joins or is started anew."""

    def __init__(self, sharing: Sharing, *, own: bool) -> None:
        self.name = f"palate {sharing.run}"
        self._sharing, self._own = sharing, own

    def setup(self, worker: Worker) -> None:
        """Keep silent: the command counts what ends. Ctrl-C is for the command, which ends us."""
        watch_with(lambda _what, _total: nullcontext(lambda _count: None))
        start_senders()
        if self._own:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def teardown(self, worker: Worker) -> None:
        """Ask nothing more for this command, and keep what still arrives."""
        await asyncio.to_thread(close_sessions, self._sharing)


def look(mark: Path, server: str | None, salt: str) -> WorkerFacts:
    """What this process has; `mark` is a file that the command has just written.

    Without a `server` there is none to be reached.
    """
    secrets = Secrets()
    return WorkerFacts(
        code=fingerprint(),
        home=mark.is_file(),
        server=server is None or answers(server),
        ledger=_hashed(secrets.palate_ledger_url, salt),
        key=_hashed(secrets.openai_api_key, salt),
    )


@cache
def fingerprint() -> str:
    """A hash of the code that tasks consist of."""
    digest = hashlib.sha256()
    for package in (tasks, flows):
        folder = Path(package.__path__[0])
        for file in sorted(folder.rglob("*.*")):
            if file.suffix in {".py", ".md", ".toml"}:
                digest.update(f"{file.relative_to(folder)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _hashed(secret: SecretStr | None, salt: str) -> str | None:
    if secret is None:
        return None
    return hashlib.sha256(f"{salt}\n{secret.get_secret_value()}".encode()).hexdigest()
