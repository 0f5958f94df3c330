"""Answers that come before the model runs: errors as OpenAI words them, and a proxy's page."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.support.fake_llm.faults import Fault
from tests.support.fake_llm.replies import Reply, error

_PAGE = b"<!doctype html><html><body><h1>Sign in to the guest network</h1></body></html>"


def refuse(fault: Fault, body: Mapping[str, Any], authorization: str | None) -> Reply | None:
    """The refusal the fault asks for; nothing if it lets the model run."""
    if fault.kind not in _REFUSALS:
        return None
    return _REFUSALS[fault.kind](fault.parameters, body, authorization)


def unknown_model(model: object) -> Reply:
    message = f"The model `{model}` does not exist or you do not have access to it."
    return error(404, message, "model_not_found")


def rate_limited(retry_after: str | None) -> Reply:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return error(429, "Rate limit reached for requests.", "rate_limit_exceeded", headers)


def _status(parameters: Mapping[str, Any], *_: object) -> Reply:
    code: int = parameters["code"]
    message = parameters["message"] or f"Scripted status {code}."
    return error(code, message, parameters["code_name"], parameters["headers"])


def _quota(*_: object) -> Reply:
    message = "You exceeded your current quota, please check your plan and billing details."
    return error(429, message, "insufficient_quota")


def _bad_key(_: object, __: object, authorization: str | None) -> Reply:
    key = (authorization or "").removeprefix("Bearer ").strip()
    shown = f"{key[:5]}***{key[-2:]}" if len(key) > 8 else "***"  # OpenAI masks it like this
    return error(401, f"Incorrect API key provided: {shown}.", "invalid_api_key")


def _context_too_long(*_: object) -> Reply:
    message = "This model's maximum context length is 1024 tokens. Please shorten the messages."
    return error(400, message, "context_length_exceeded")


def _refuse_schema(*_: object) -> Reply:
    message = (
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported "
        "with this model."
    )
    return error(400, message)


_REFUSALS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], str | None], Reply]] = {
    "status": _status,
    "rate_limited": lambda parameters, *_: rate_limited(parameters["retry_after"]),
    "quota": _quota,
    "bad_key": _bad_key,
    "unknown_model": lambda _, body, __: unknown_model(body.get("model")),
    "context_too_long": _context_too_long,
    "refuse_schema": _refuse_schema,
    "html": lambda *_: Reply(200, _PAGE, "text/html; charset=utf-8"),
}
