"""What goes back over the wire, and how."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Delivery = Literal["whole", "hang", "drip", "reset", "close", "cut"]


@dataclass(frozen=True)
class Reply:
    """An HTTP response and the way it is to be delivered."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    delivery: Delivery = "whole"
    interval: float = 0.0
    sent: Callable[[], None] = lambda: None
    """Called once the complete body is out."""


def json_reply(value: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode())


def error(
    status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """OpenAI's error body."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return Reply(status, json.dumps(body).encode(), headers=headers or {})
