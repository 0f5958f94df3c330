"""Servers as their users report them: what each refuses of a request, and how it words that."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.fake_llm.replies import Reply

Body = Mapping[str, Any]
Refuse = Callable[[Body], Reply | None]
Shape = Callable[[dict[str, Any]], dict[str, Any]]


def _reply(status: int, body: object) -> Reply:
    return Reply(status, json.dumps(body).encode())


def _error(status: int, message: str, **more: object) -> Reply:
    return _reply(status, {"error": {"message": message, **more}})


def _format(body: Body) -> str | None:
    kind: str | None = (body.get("response_format") or {}).get("type")
    return kind


def _openai(body: Body) -> Reply | None:
    """A reasoning model: no temperature."""
    if "temperature" in body:
        message = "Unsupported value: only the default (1) is supported with this model."
        return _error(400, message, param="temperature", code="unsupported_value")
    return None


def _azure(body: Body) -> Reply | None:
    """An older API version."""
    if _format(body) == "json_schema":
        message = "response_format of type json_schema needs a newer api version."
        return _error(400, message, code="BadRequest", param=None)
    if "max_completion_tokens" in body:
        return _error(400, "Unrecognized request argument supplied: max_completion_tokens")
    if body.get("top_logprobs", 0) > 5:
        return _error(400, "Invalid value for 'top_logprobs': must be less than or equal to 5.")
    return None


def _mistral(body: Body) -> Reply | None:
    extra = [part for part in ("max_completion_tokens", "logprobs") if part in body]
    if not extra:
        return None
    place = ["body", extra[0]]
    flaw = {"type": "extra_forbidden", "loc": place, "msg": "Extra inputs are not permitted"}
    return _reply(422, {"object": "error", "message": {"detail": [flaw | {"input": 10}]}})


_gemini_crowded = {"left": 1}
RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.3s"}


def _gemini(body: Body) -> Reply | None:
    """Errors in a list, how long to wait among them; a schema without references alone."""
    if _gemini_crowded["left"]:
        _gemini_crowded["left"] -= 1
        told = {"code": 429, "message": "Resource exhausted.", "status": "RESOURCE_EXHAUSTED"}
        return _reply(429, [{"error": told | {"details": [RETRY_INFO]}}])
    schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema") or {}
    if "$defs" not in schema:
        return None
    message = 'Invalid JSON payload received. Unknown name "$defs" at response_schema.'
    return _reply(400, [{"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}])


_groq_misses = {"left": 2}


def _groq(body: Body) -> Reply | None:
    """Some models take no schema; what the model writes is checked, and refused."""
    if _format(body) == "json_schema":
        message = "This model does not support response format `json_schema`."
        return _error(400, message, type="invalid_request_error", param="response_format")
    if body.get("logprobs"):
        return _error(400, "`logprobs` is not supported with this model", param="logprobs")
    if _groq_misses["left"]:
        _groq_misses["left"] -= 1
        message = "Failed to generate JSON. Please adjust your prompt."
        return _error(400, message, code="json_validate_failed", failed_generation="{")
    return None


_openrouter_faults = {"left": 2}


def _openrouter(body: Body) -> Reply | None:
    """No provider for all parameters; a provider's error in a 200."""
    if _format(body) == "json_schema":
        return _error(404, "No endpoints found that can handle the response_format.", code=404)
    if _openrouter_faults["left"]:
        _openrouter_faults["left"] -= 1
        return _error(200, "Provider returned error", code=502)
    return None


def _deepseek(body: Body) -> Reply | None:
    if _format(body) == "json_schema":
        return _error(400, "This response_format type is unavailable now", code="invalid_request")
    return None


def _vllm(body: Body) -> Reply | None:
    """A chat template without a place for the system's words; the error stands unwrapped."""
    if any(message["role"] == "system" for message in body["messages"]):
        told = {"object": "error", "message": "System role not supported", "code": 400}
        return _reply(400, told)
    return None


def _lm_studio(body: Body) -> Reply | None:
    """The error is a text."""
    if _format(body) == "json_schema":
        return _reply(400, {"error": "Failed to compile the grammar of this json_schema"})
    if _format(body) == "json_object":
        return _reply(400, {"error": "'response_format.type' must be 'json_schema' or 'text'"})
    return None


def _thinks_aloud(answer: dict[str, Any]) -> dict[str, Any]:
    said = answer["choices"][0]["message"]
    said["content"] = f'<think>{{"check": 0, "01": 1}} or so?</think>\n{said["content"]}'
    return answer


def _thinks_beside(answer: dict[str, Any]) -> dict[str, Any]:
    said = answer["choices"][0]["message"]
    said |= {"reasoning_content": said["content"], "content": ""}
    return answer


def _in_parts(answer: dict[str, Any]) -> dict[str, Any]:
    said = answer["choices"][0]["message"]
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": '{"check": 9}'}]}
    said["content"] = [thinking, {"type": "text", "text": said["content"]}]
    return answer


def _fenced(answer: dict[str, Any]) -> dict[str, Any]:
    said = answer["choices"][0]["message"]
    said["content"] = f"```json\n{said['content']}\n```"
    return answer


def _as_it_is(answer: dict[str, Any]) -> dict[str, Any]:
    return answer


PROFILES: dict[str, tuple[Refuse, Shape]] = {
    "openai": (_openai, _as_it_is),
    "azure": (_azure, _as_it_is),
    "mistral": (_mistral, _in_parts),
    "gemini": (_gemini, _fenced),
    "groq": (_groq, _as_it_is),
    "openrouter": (_openrouter, _fenced),
    "deepseek": (_deepseek, _as_it_is),
    "ollama": (lambda _body: None, _thinks_aloud),
    "vllm": (_vllm, _thinks_beside),
    "lm_studio": (_lm_studio, _thinks_aloud),
}
"""By provider: its refusal of a body, if any, and the shape of its answers."""
