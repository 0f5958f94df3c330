"""A chat completion as the server's log has it."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.support.fake_llm.journal import NAME
from tests.support.fake_llm.prompt import Prompt


@dataclass(frozen=True)
class Call:
    """What one request asked and what became of it."""

    n: int
    at: float
    body: dict[str, Any]
    fault: str | None
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    authorization: str | None
    batch: str | None
    """The batch it was part of."""
    answered_at: float | None
    """When the complete answer had been written to the socket."""

    @property
    def answered(self) -> bool:
        return self.answered_at is not None

    @cached_property
    def prompt(self) -> Prompt:
        return Prompt.of(self.body)

    @property
    def system(self) -> str:
        return self.prompt.system

    @property
    def user(self) -> str:
        return self.prompt.user

    @property
    def items(self) -> dict[str, str]:
        return self.prompt.items


def calls(folder: Path) -> list[Call]:
    """Every chat completion in the log, in the order they were received."""
    lines = logged(folder)
    answered = {line["n"]: line["at"] for line in lines if line["type"] == "answered"}
    return [
        Call(
            **{name: value for name, value in line.items() if name not in ("type", "model")},
            answered_at=answered.get(line["n"]),
        )
        for line in lines
        if line["type"] == "received"
    ]


def operations(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Every operation on files and batches: its name and the ids it touched."""
    return [(line["op"], tuple(line["ids"])) for line in logged(folder) if line["type"] == "batch"]


def logged(folder: Path) -> list[dict[str, Any]]:
    content = (folder / NAME).read_bytes()
    whole = content[: content.rfind(b"\n") + 1]  # a line may be being written
    return [json.loads(line) for line in whole.splitlines()]
