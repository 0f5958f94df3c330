"""Running a batch: its requests through the models, the results into two files' lines."""

import asyncio
import json
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_llm.replies import Reply

_UNDELIVERED = ("hang", "reset", "close", "cut")
_LEFT_OUT = {
    "batch_expired": (
        "batch_expired",
        "This request could not be executed before the completion window expired.",
    ),
    "batch_partial": ("server_error", "The server had an error while processing this request."),
}


@dataclass
class Results:
    """Lines of the output file and of the error file."""

    output: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)


async def run(
    requests: Sequence[dict[str, Any]],
    fault: Mapping[str, Any],
    answer: Callable[[dict[str, Any]], Reply],
) -> Results:
    """Answer the requests in another order than they came in; leave out what the fault says."""
    parameters = fault.get("parameters", {})
    order = _shuffled(requests, parameters.get("seed", 0))
    answered = int(len(order) * parameters.get("share", 1.0))
    results = Results()
    for request in order[:answered]:
        _add(results, request, answer(request["body"]))
        await asyncio.sleep(0)  # the server goes on answering others
    for request in order[answered:]:
        code, message = _LEFT_OUT[fault["kind"]]
        results.errors.append(_line(request, None, {"code": code, "message": message}))
    return results


def _shuffled(requests: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    order = random.Random(seed).sample(requests, len(requests))
    return order[::-1] if order == list(requests) else order


def _add(results: Results, request: dict[str, Any], reply: Reply) -> None:
    """Sort a reply into its file; what would not reach a client is the server's error here."""
    try:
        body = None if reply.delivery in _UNDELIVERED else json.loads(reply.body)
    except ValueError:
        body = None
    if body is None:
        flaw = {"code": "server_error", "message": "The request was not answered."}
        results.errors.append(_line(request, None, flaw))
        return
    reply.sent()
    response = {
        "status_code": reply.status,
        "request_id": f"req_{uuid.uuid4().hex}",
        "body": body,
    }
    lines = results.output if reply.status == 200 else results.errors
    lines.append(_line(request, response, None))


def _line(
    request: Mapping[str, Any], response: dict[str, Any] | None, error: dict[str, str] | None
) -> dict[str, Any]:
    return {
        "id": f"batch_req_{uuid.uuid4().hex}",
        "custom_id": request["custom_id"],
        "response": response,
        "error": error,
    }
