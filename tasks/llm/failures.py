"""What went wrong with one send, and so what to do: try again, give this request up, or stop."""

from dataclasses import dataclass
from typing import Literal

import openai

from tasks.core.errors import LlmError, LlmSetupError

Remedy = Literal["again", "plain", "smaller", "give_up", "stop"]
"""again: later, with backoff. plain: at once, without a schema. smaller: this prompt is too long.
give_up: this request alone cannot be answered. stop: no request can."""

LONGEST_WAIT = 86_400.0


@dataclass
class Failure(Exception):
    """One failed send.

    `crowded`: the whole job should slow down. `away`: the server takes no requests at all just
    now. `perhaps_billed`: it may have been answered, and so charged, although the answer never
    arrived whole.
    """

    remedy: Remedy
    why: str
    crowded: bool = False
    away: bool = False
    perhaps_billed: bool = False
    retry_after: float | None = None
    error: LlmError | None = None


def classify(error: Exception) -> Failure:
    """The failure that an exception of the openai client, or of reading its answer, stands for.

    Never the server's own message: it may repeat the key or the prompt.
    """
    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    if isinstance(error, openai.APIConnectionError) and _never_sent(error):
        return Failure("again", "no connection", crowded=True, away=True)
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return Failure("again", "no whole answer in time", crowded=True, perhaps_billed=True)
    if isinstance(error, openai.APIConnectionError):
        why = "connection lost"
        return Failure("again", why, crowded=True, away=True, perhaps_billed=True)
    if isinstance(error, openai.APIResponseValidationError | ValueError | RecursionError):
        return Failure("again", "unreadable answer", perhaps_billed=True)
    if isinstance(error, openai.OpenAIError):
        return Failure("again", type(error).__name__, perhaps_billed=True)
    raise error


def _never_sent(error: openai.APIConnectionError) -> bool:
    return type(error.__cause__).__name__ in {"ConnectError", "ConnectTimeout", "PoolTimeout"}


def _of_status(error: openai.APIStatusError) -> Failure:  # noqa: PLR0911 - a table, read downwards
    status, code = error.status_code, error.code or ""
    if status in {401, 403}:
        return _stop(f"the server refuses the key (HTTP {status})", "Check OPENAI_API_KEY.")
    if status == 402 or "insufficient_quota" in {code, error.type}:
        return _stop("the quota is used up", "Add credit at the provider, or ask another model.")
    if code == "model_not_found" or status == 404:
        return _stop(
            "the server does not know the model, or not this address",
            "Check --llm-model and --llm-base-url (it usually ends in /v1).",
        )
    if status in {408, 409, 429} or status >= 500:
        away, wait = status in {429, 502, 503, 504, 529}, _retry_after(error)
        return Failure("again", f"HTTP {status}", crowded=True, away=away, retry_after=wait)
    if status == 413 or (status == 400 and _is_about_length(error)):
        return Failure("smaller", "the prompt is too long")
    if "content_filter" in code or "content_policy" in code:
        return Failure("give_up", "filtered")
    if status in {400, 422} and _is_about_schema(error):
        return Failure("plain", "the server takes no JSON schema")
    return Failure("give_up", f"HTTP {status}")


def _stop(problem: str, fix: str) -> Failure:
    what = f"Asking the language model stopped: {problem}."
    return Failure(
        "stop",
        problem,
        error=LlmSetupError(what, f"{fix} Answers so far are kept: the same command carries on."),
    )


SETUP_PROBLEMS = {
    "401": "the key is refused",
    "403": "the key is refused",
    "invalid_api_key": "the key is refused",
    "insufficient_quota": "the quota is used up",
    "model_not_found": "the server does not know the model",
}


def setup_error(code: str) -> LlmError | None:
    """What stops everything, by the code of a batch's line; None for any other."""
    if code not in SETUP_PROBLEMS:
        return None
    return _stop(SETUP_PROBLEMS[code], "Check the key, the quota and --llm-model.").error


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds the server asks to wait; dates are rare and left to our own backoff."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, LONGEST_WAIT) if seconds > 0 else None


def _is_about_length(error: openai.APIStatusError) -> bool:
    """OpenAI's code, llama.cpp's type and vLLM's words for a prompt that is too long."""
    text = f"{error.code} {error.type} {error.body}".lower()
    return any(word in text for word in ("context_length", "context length", "exceed_context"))


def _is_about_schema(error: openai.APIStatusError) -> bool:
    text = str(error.body).lower()
    return any(word in text for word in ("response_format", "json_schema", "schema", "grammar"))
