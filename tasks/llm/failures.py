"""What went wrong with one send, and so what to do: try again, give this request up, or stop."""

import time
from dataclasses import dataclass
from typing import Literal

import openai

from tasks.core.errors import LlmError, LlmSetupError
from tasks.llm.refusals import Refusal, read_refusal
from tasks.llm.waiting import delay_in, seconds_to_wait

Remedy = Literal["again", "plain", "smaller", "give_up", "stop"]
"""again: later, with backoff. plain: at once, without what was refused. smaller: this prompt is too
long.
give_up: this request alone cannot be answered. stop: no request can."""


@dataclass
class Failure(Exception):
    """One failed send.

    `crowded`: the whole job should slow down. `away`: the server takes no requests at all just
    now. `perhaps_billed`: it may have been answered, and so charged, although the answer never
    arrived whole. `refused`: the parts of the form that the server named.
    """

    remedy: Remedy
    why: str
    crowded: bool = False
    away: bool = False
    perhaps_billed: bool = False
    retry_after: float | None = None
    error: LlmError | None = None
    refused: tuple[str, ...] = ()


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


def _of_status(error: openai.APIStatusError) -> Failure:
    said = read_refusal(error.status_code, [error.code, error.type, error.param, error.body])
    wait = seconds_to_wait(error.response.headers, time.time())
    return failure_of(said, wait if wait is not None else delay_in(error.body))


def failure_of(said: Refusal, retry_after: float | None = None) -> Failure:  # noqa: PLR0911, C901 - a table
    """The failure that a refusal stands for."""
    status = said.status
    if said.about_credit:
        return _stop("the quota is used up", "Add credit at the provider, or ask another model.")
    if status == 403 and said.about_content:
        return Failure("give_up", "filtered")
    if said.about_key or status == 403:
        return _stop(f"the server refuses the key (HTTP {status})", "Check OPENAI_API_KEY.")
    if said.about_length:
        return Failure("smaller", "the prompt is too long")
    if said.about_model and not (status == 404 and said.form):
        return _stop(
            "the server does not know the model, or not this address",
            "Check --llm-model and --llm-base-url (it usually ends in /v1).",
        )
    if said.missed_form:
        return Failure("again", "the model missed the form", perhaps_billed=True)
    if status in {400, 422} and said.about_content:
        return Failure("give_up", "filtered")
    if status in {400, 404, 422, 500, 501} and said.form:
        return Failure("plain", f"HTTP {status}: {said.form[0]}", refused=said.form)
    if status in {408, 409, 429} or status >= 500:
        away = status in {429, 502, 503, 504, 529}
        return Failure("again", f"HTTP {status}", crowded=True, away=away, retry_after=retry_after)
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
