"""What OpenAI checks in a batch's input file before it runs it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_LINES = 50_000
MOST_BYTES = 200_000_000

Problem = dict[str, Any]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines() if line.strip()]


def problems(path: Path, endpoint: str) -> list[Problem]:
    """Why this file is refused; nothing if it is fine."""
    if path.stat().st_size > MOST_BYTES:
        return [problem("file_too_large", f"The file is larger than {MOST_BYTES} bytes.")]
    try:
        requests = lines(path)
    except ValueError as flaw:
        return [problem("invalid_json_line", str(flaw))]
    if not requests:
        return [problem("empty_file", "The file holds no request.")]
    if len(requests) > MOST_LINES:
        return [problem("too_many_tasks", f"The file holds more than {MOST_LINES} requests.")]
    return list(_of_lines(requests, endpoint))


def problem(code: str, message: str, line: int | None = None) -> Problem:
    return {"code": code, "message": message, "line": line, "param": None}


def _of_lines(requests: list[dict[str, Any]], endpoint: str) -> Iterator[Problem]:
    seen = set()
    model = requests[0].get("body", {}).get("model")
    for n, request in enumerate(requests, 1):
        name = request.get("custom_id")
        if not isinstance(name, str):
            yield problem("missing_required_parameter", "custom_id is missing.", n)
        elif name in seen:
            yield problem("duplicate_custom_id", f"The custom_id '{name}' is not unique.", n)
        seen.add(name)
        if request.get("method") != "POST" or request.get("url") != endpoint:
            yield problem("invalid_url", f"Every request must be a POST to {endpoint}.", n)
        if not request.get("body", {}).get("messages"):
            yield problem("invalid_request", "body.messages is missing.", n)
        if request.get("body", {}).get("model") != model:
            yield problem("mismatched_model", "A batch is for a single model.", n)
