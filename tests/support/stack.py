"""What `palate up` starts, in a folder of its own: real processes, started by the real command."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from flows.service.state import Installation, read_state
from tests.support.command import PALATE, SECONDS, environment, succeeded

ROOT = Path(__file__).parents[2]
MENTIONS = "PALATE_STANDING"
SMALL = {"reranker": "weighted", "search_count": 20}


class Stack:
    """What a person does with an installation, and what can be seen of it."""

    def __init__(self, home: Path, **extra: str) -> None:
        self.home = home
        code = os.environ.get("PYTHONPATH", str(ROOT))
        # The tests' own runs are silent, and that is inherited.
        self.extra = {"PYTHONPATH": code, "PREFECT_LOGGING_LEVEL": "INFO", **extra}

    def up(self) -> str:
        return self.told("up", "--port", "0")

    def down(self) -> str:
        return self.told("down")

    def told(self, *words: str) -> str:
        """What a command says to this home."""
        done = self.run(*words)
        return succeeded(done).stdout + done.stderr

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        process = self.command(*words)
        out, err = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def command(self, *words: str, place: Path = ROOT) -> subprocess.Popen[str]:
        """Start `palate` on this home, in the project's folder."""
        return subprocess.Popen(
            [*PALATE, *words, "--home", str(self.home)],
            cwd=place,
            env=environment(**self.extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def state(self) -> Installation:
        state = read_state(self.home)
        assert state is not None
        return state

    def kill(self, role: str) -> None:
        os.kill(self.state.processes[role].pid, signal.SIGKILL)  # type: ignore[index]

    def processes(self) -> list[str]:
        """Every process whose command or environment names the home."""
        return [" ".join(p.cmdline()) for p in psutil.process_iter() if _names(p, self.home)]

    def flow_process(self, run_id: str) -> psutil.Process:
        """The process of a flow run."""
        for process in psutil.process_iter():
            if _environment(process).get("PREFECT__FLOW_RUN_ID") == run_id:
                return process
        raise LookupError(run_id)

    def start(self, flow: str = "nightly", **parameters: object) -> str:
        """Ask for a run of a deployment; gives its id."""
        deployment = self.api(f"deployments/name/{flow}/{flow}")
        body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        return str(self.api(f"deployments/{deployment['id']}/create_flow_run", body)["id"])

    def run_of(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api(f"flow_runs/{run_id}")
        return found

    def wait(self, run_id: str, *names: str, seconds: float = 180) -> dict[str, Any]:
        """The run once its state has one of these names."""
        deadline = time.monotonic() + seconds
        while (found := self.run_of(run_id))["state_name"] not in names:
            ended = found["state_type"] == "FAILED"
            assert time.monotonic() < deadline and not ended, (found["state"], names)
            time.sleep(0.2)
        return found

    def until(self, pattern: str, seconds: float = 120) -> None:
        """Wait for a stage's result, such as `find-candidates-*`."""
        deadline = time.monotonic() + seconds
        while not list((self.home / "results").glob(pattern)):
            assert time.monotonic() < deadline, pattern
            time.sleep(0.05)

    def log(self, run_id: str, until: str, seconds: float = 20) -> list[str]:
        """What the run's log says, once it has a line that starts so: lines arrive in batches."""
        body = {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_ASC"}
        deadline = time.monotonic() + seconds
        while True:
            lines = [line["message"] for line in self.api("logs/filter", body)]
            if any(line.startswith(until) for line in lines):
                return lines
            assert time.monotonic() < deadline, lines
            time.sleep(0.2)

    def api(self, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self.state.url}/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")


def _names(process: psutil.Process, home: Path) -> bool:
    try:
        words = [*process.cmdline(), _environment(process).get(MENTIONS, "")]
    except psutil.Error:
        return False
    return process.pid != os.getpid() and any(str(home) in word for word in words)


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return dict(process.environ())
    except (psutil.Error, OSError):
        return {}
