"""What tests use: a fake LLM server that runs for the length of a `with` block."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.support.fake_llm.call import Call, calls, operations
from tests.support.fake_llm.faults import Fault
from tests.support.fake_llm.records import recorded

_ROOT = Path(__file__).parents[3]
_START_SECONDS = 20.0
_SECONDS = 60.0
_POLL_SECONDS = 0.005


@contextmanager
def fake_llm(
    folder: Path,
    *,
    latency: float = 0.0,
    rate: float | None = None,
    models: Sequence[str] = ("fake-1",),
    batch_polls: int = 2,
    profile: str | None = None,
    taste: Path | None = None,
    noise: float = 0.0,
    probabilities: bool = False,
) -> Iterator["FakeLLM"]:
    """Start a server with its log and its state in `folder`; end it with the block.

    `taste`, `noise`: see `tests.support.fake_llm.taste.Taste`.
    """
    options = ["--latency", str(latency), "--batch-polls", str(batch_polls)]
    options += [] if rate is None else ["--rate", str(rate)]
    options += [word for model in models for word in ("--model", model)]
    options += ["--profile", profile] if profile else []
    options += ["--taste", str(taste), "--noise", str(noise)] if taste else []
    options += ["--probabilities"] if probabilities else []
    fake = FakeLLM(folder, options)
    fake.start()
    try:
        yield fake
    finally:
        fake.stop()


class FakeLLM:
    """A server that can be scripted, watched, killed and started again."""

    def __init__(self, folder: Path, options: Sequence[str]) -> None:
        self.folder = folder
        self._options = options
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The base URL for a client; the same after a restart."""
        return f"http://127.0.0.1:{self._port}/v1"

    def start(self) -> None:
        """Start, again on the same port; the script is empty then."""
        self.folder.mkdir(parents=True, exist_ok=True)
        announced = self.folder / "port"
        announced.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.support.fake_llm.server", *self._options]
        where = ["--port", str(self._port), "--folder", str(self.folder.resolve())]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *where], cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _START_SECONDS
        while not announced.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "server.log").read_text())
            time.sleep(_POLL_SECONDS)
        self._port = int(announced.read_text())

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever the server does."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End the server; it has nothing to save, so there is no gentler way."""
        self.kill()

    def script(self, *faults: Fault) -> None:
        """Replace the script, at once; without faults, the model is healthy."""
        self._ask("POST", "/_script", json.dumps([asdict(fault) for fault in faults]))

    def state(self) -> dict[str, Any]:
        """The live script with its counters, and how many requests were received."""
        return self._ask("GET", "/_state")

    def calls(self) -> list[Call]:
        """Every chat completion so far, also of servers since killed."""
        if self._process:
            self.state()  # whoever has an answer finds it logged: the server writes both in one go
        return calls(self.folder)

    def batches(self) -> list[dict[str, Any]]:
        """Every batch as the API would show it, oldest first; does not move them on."""
        return [record["batch"] for record in recorded(self.folder / "batches")]

    def operations(self) -> list[tuple[str, tuple[str, ...]]]:
        """Every operation on files and batches so far: its name and the ids it touched."""
        return operations(self.folder)

    def _ask(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_SECONDS)
        try:
            connection.request(method, path, body)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer
