"""Batches, on disk: a batch moves on when it is polled, and survives the server."""

import asyncio
import json
import time
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.support.fake_llm.batch_input import lines, problem, problems
from tests.support.fake_llm.batch_run import run
from tests.support.fake_llm.chat import Chat
from tests.support.fake_llm.files import Files
from tests.support.fake_llm.records import Object, load, recorded, save

ENDPOINT = "/v1/chat/completions"
DAY = 86_400
_RUNNING = ("validating", "in_progress")


class Batches:
    """What /v1/batches knows. `polls`: how many retrievals it takes until a batch has ended."""

    def __init__(self, folder: Path, files: Files, chat: Chat, polls: int) -> None:
        self._folder = folder
        self._files = files
        self._chat = chat
        self._polls = polls
        self._lock = asyncio.Lock()
        folder.mkdir(exist_ok=True)

    def create(self, wanted: Object) -> Object:
        source = self._files.path(wanted["input_file_id"])
        fault = self._chat.script.take(source.read_text(errors="replace"), batch=True)
        wrong = problems(source, wanted["endpoint"])
        if fault and fault.kind == "batch_failed":
            wrong = [problem("invalid_request", "The batch failed validation, as scripted.", 1)]
        batch = {
            "id": f"batch_{uuid.uuid4().hex}",
            "object": "batch",
            "endpoint": wanted["endpoint"],
            "input_file_id": wanted["input_file_id"],
            "completion_window": wanted["completion_window"],
            "metadata": wanted.get("metadata"),
            "status": "validating",
            "errors": None,
            "output_file_id": None,
            "error_file_id": None,
            "created_at": int(time.time()),
            "expires_at": int(time.time()) + DAY,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
        }
        record = {
            "batch": batch,
            "order": len(recorded(self._folder)),
            "polls": 0,
            "wrong": wrong,
            "fault": asdict(fault) if fault else {},
        }
        self._save(record)
        return batch

    def newest_first(self) -> list[Object]:
        return [record["batch"] for record in reversed(recorded(self._folder))]

    async def retrieve(self, name: str) -> Object | None:
        """The batch, one step further."""
        async with self._lock:  # two polls at once would run a batch twice
            record = load(self._folder / f"{name}.json")
            if record is None:
                return None
            await self._advance(record)
            self._save(record)
            return _batch(record)

    async def cancel(self, name: str) -> Object | None:
        """The batch, cancelling if it was running; what has ended stays as it is."""
        async with self._lock:
            record = load(self._folder / f"{name}.json")
            if record and _batch(record)["status"] in _RUNNING:
                _enter(record, "cancelling")
                self._save(record)
            return _batch(record) if record else None

    async def _advance(self, record: Object) -> None:
        record["polls"] += 1
        status = _batch(record)["status"]
        if status == "cancelling":
            _enter(record, "cancelled")
        elif status not in _RUNNING:
            return
        elif record["wrong"]:
            _batch(record)["errors"] = {"object": "list", "data": record["wrong"]}
            _enter(record, "failed")
        elif record["polls"] < self._polls:
            _enter(record, "in_progress")
        else:
            await self._run(record)

    async def _run(self, record: Object) -> None:
        batch, fault = _batch(record), record["fault"]
        requests = lines(self._files.path(batch["input_file_id"]))
        results = await run(
            requests, fault, lambda body: self._chat.reply(body, None, batch=batch["id"])
        )
        batch["output_file_id"] = self._written(results.output, f"{batch['id']}_output.jsonl")
        batch["error_file_id"] = self._written(results.errors, f"{batch['id']}_error.jsonl")
        batch["request_counts"] = {
            "total": len(requests),
            "completed": len(results.output),
            "failed": len(results.errors),
        }
        _enter(record, "expired" if fault.get("kind") == "batch_expired" else "completed")

    def _written(self, results: list[dict[str, Any]], filename: str) -> str | None:
        if not results:
            return None
        content = "".join(json.dumps(result) + "\n" for result in results).encode()
        name: str = self._files.add(content, filename, "batch_output")["id"]
        return name

    def _save(self, record: Object) -> None:
        save(self._folder / f"{_batch(record)['id']}.json", record)


def _batch(record: Object) -> Object:
    batch: Object = record["batch"]
    return batch


def _enter(record: Object, status: str) -> None:
    _batch(record)["status"] = status
    _batch(record)[f"{status}_at"] = int(time.time())
