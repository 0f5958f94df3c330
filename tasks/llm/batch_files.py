"""A batch's files: one JSON line per request going in, one per answer coming out, in any order."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from tasks.llm.client import read_body
from tasks.llm.failures import Failure, failure_of
from tasks.llm.refusals import read_refusal
from tasks.llm.requests import ChatRequest, Reply

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
MOST_LINES, MOST_BYTES = 50_000, 200_000_000
"""What one file may hold; OpenAI's limits."""


def split(
    requests: Sequence[ChatRequest], body: Callable[[ChatRequest], dict[str, Any]]
) -> Iterator[slice]:
    """Runs of requests of which each fits into one file."""
    first, size = 0, 0
    for place, request in enumerate(requests):
        length = len(write_line("0" * 32, body(request)))
        if place > first and (place - first >= MOST_LINES or size + length > MOST_BYTES):
            yield slice(first, place)
            first, size = place, 0
        size += length
    if requests:
        yield slice(first, len(requests))


def write_line(request_id: str, body: Mapping[str, Any]) -> bytes:
    """One line of an input file."""
    line = {"custom_id": request_id, "method": "POST", "url": ENDPOINT, "body": body}
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def read_lines(content: str) -> dict[str, Reply]:
    """Replies by custom_id of an output or error file; a line that makes no sense is left out."""
    replies = {}
    for text in content.split("\n"):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and isinstance(line.get("custom_id"), str):
            replies[line["custom_id"]] = _reply(line)
    return replies


def _reply(line: dict[str, Any]) -> Reply:
    response = _table(line.get("response"))
    status, body = response.get("status_code"), _table(response.get("body"))
    if status == 200:
        try:
            return read_body(body)
        except Failure:
            return Reply("unanswered", finish_reason="unreadable")
    error = response.get("body") or line.get("error")
    if not isinstance(status, int):
        return Reply("unanswered", finish_reason=_code(error, status))
    return _refused(failure_of(read_refusal(status, error)), _code(error, status))


def _refused(failure: Failure, code: str) -> Reply:
    """What a refused line is: `finish_reason` names the part of the form that it was refused for.

    What stops a live request stops by its code (`failures.setup_error`).
    """
    match failure.remedy:
        case "plain":
            return Reply("unanswered", finish_reason=failure.refused[0])
        case "smaller":
            return Reply("too_long", finish_reason=code)
        case "give_up" if failure.why == "filtered":
            return Reply("filtered", finish_reason=code)
        case "again":
            return Reply("unanswered", finish_reason=code)
    return Reply("gave_up", finish_reason=code)


def _code(error: object, status: object) -> str:
    told = _table(_table(error).get("error")) or _table(error)
    return str(told.get("code") or status or "")


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
