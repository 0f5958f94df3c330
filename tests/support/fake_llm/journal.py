"""requests.jsonl: what was received and answered, across restarts."""

import json
import os
import time
from pathlib import Path
from typing import Any

NAME = "requests.jsonl"


class Journal:
    """Appends lines; each is with the kernel, and so outlives a kill -9, when the call returns."""

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        known = path.read_bytes() if path.exists() else b""
        whole = known[: known.rfind(b"\n") + 1]
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.truncate(self._file, len(whole))  # a line that was being written at the kill
        self.received = sum(line.startswith(b'{"type": "received"') for line in whole.splitlines())

    def receive(self, **fields: Any) -> int:
        """Log a chat completion; gives its number."""
        self.received += 1
        self._write("received", n=self.received, **fields)
        return self.received

    def answer(self, n: int) -> None:
        self._write("answered", n=n, answered=True)

    def operate(self, op: str, *ids: str) -> None:
        """Log an operation on files or batches."""
        self._write("batch", op=op, ids=ids)

    def _write(self, kind: str, **fields: Any) -> None:
        line = json.dumps({"type": kind, "at": time.time(), **fields})
        os.write(self._file, line.encode() + b"\n")
