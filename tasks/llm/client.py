"""One send to an OpenAI-compatible server, with a total deadline: a Reply, or a Failure.

The openai package's own retries are off: there is one retry layer, the engine's.
"""

import asyncio
from typing import Any

import openai
from openai.types.chat import ChatCompletion

from tasks.core.errors import LlmSetupError
from tasks.core.secrets import Secrets
from tasks.llm.failures import Failure, classify
from tasks.llm.options import LlmOptions
from tasks.llm.rendering import clean
from tasks.llm.requests import ChatRequest, Outcome, Reply, Usage

NO_KEY = "none"
"""Local servers need no key, but the openai package wants one."""

LONGEST_NAME = 200

TOKENS, OLDER_TOKENS = "max_completion_tokens", "max_tokens"
"""What the limit of an answer is called."""


class ChatClient:
    """Speaks chat completions, in one event loop. Raises LlmSetupError for an impossible key."""

    def __init__(self, options: LlmOptions, secrets: Secrets, temperature: float = 0.0) -> None:
        self._deadline = options.llm_deadline
        self._model = options.llm_model or ""
        self._thinking_tokens = options.llm_extra_answer_tokens
        self._temperature: float | None = temperature
        self._schemas, self._tokens_name = True, TOKENS
        self.openai = openai.AsyncOpenAI(
            api_key=_key(secrets),
            base_url=options.llm_base_url,
            max_retries=0,
            timeout=options.llm_deadline,
        )

    async def send(self, request: ChatRequest) -> Reply:
        """Raises Failure. The deadline is for the whole answer, however slowly it drips."""
        body = self.body(request)
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self.openai.chat.completions.create(**body)
        except (openai.OpenAIError, TimeoutError, ValueError, RecursionError) as error:
            raise self._learned(error, classify(error), body) from None
        return read_reply(answer)

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """The request as the API takes it, live or as a line of a batch.

        It starts in OpenAI's form, and does without what this server and model have refused.
        """
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            self._tokens_name: request.answer_tokens + self._thinking_tokens,
        }
        if self._temperature is not None:
            body["temperature"] = self._temperature
        if self._schemas:
            schema = {"name": request.kind, "strict": True, "schema": dict(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    def learn(self, refused: str) -> None:
        """Do without a part of the form; any other reason for a refusal teaches nothing."""
        if refused == "temperature":
            self._temperature = None
        elif refused == TOKENS:
            self._tokens_name = OLDER_TOKENS
        elif refused == "response_format":
            self._schemas = False

    async def close(self) -> None:
        """Close the connections."""
        await self.openai.close()

    def _learned(self, error: Exception, failure: Failure, body: dict[str, Any]) -> Failure:
        """The failure, or leave to send at once in a plainer form, if `body` had what was refused.

        By what was sent, not by what is known by now: requests are refused side by side.
        """
        refused = error.param if isinstance(error, openai.BadRequestError) else None
        if failure.remedy == "plain":
            refused = refused if refused in {"temperature", TOKENS} else "response_format"
        if refused in {"temperature", TOKENS, "response_format"} and refused in body:
            self.learn(refused)
            return Failure("plain", f"no {refused} is taken")
        return Failure("give_up", failure.why) if failure.remedy == "plain" else failure


def read_reply(answer: object) -> Reply:
    """The reply that a completion holds; raises Failure when it is none (an HTML page, no choice).

    A refusal, a filtered or a cut answer is an outcome of its own and gives no text.
    """
    try:
        return _reply(answer)
    except (AttributeError, TypeError, IndexError, ValueError, RecursionError):
        raise Failure("again", "unreadable answer", perhaps_billed=True) from None


def read_body(body: dict[str, Any]) -> Reply:
    """The same for a body that came as a line of a batch's output."""
    try:
        return read_reply(ChatCompletion.model_validate(body))
    except ValueError:
        raise Failure("again", "unreadable answer", perhaps_billed=True) from None


def _reply(answer: Any) -> Reply:  # noqa: ANN401 - whatever a server sends
    choice = answer.choices[0]
    content, reason = choice.message.content, str(choice.finish_reason or "")
    if content is not None and not isinstance(content, str):
        raise TypeError("an answer that is no text")
    outcome: Outcome = "answered"
    if choice.message.refusal:
        outcome = "refusal"
    elif reason in {"content_filter", "length"}:
        outcome = "filtered" if reason == "content_filter" else "length"
    text = content or "" if outcome == "answered" else ""
    model = clean(str(answer.model or ""), LONGEST_NAME)
    return Reply(outcome, text, clean(reason, LONGEST_NAME), model, _usage(answer.usage))


def _usage(used: Any) -> Usage:  # noqa: ANN401
    """Token counts; what is missing or no number counts as none."""
    details = getattr(used, "prompt_tokens_details", None)
    return Usage(
        prompt=_count(getattr(used, "prompt_tokens", None)),
        cached=_count(getattr(details, "cached_tokens", None)),
        answer=_count(getattr(used, "completion_tokens", None)),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _key(secrets: Secrets) -> str:
    """The key without blanks around it, which would end up in an error message further down."""
    given = secrets.openai_api_key
    key = given.get_secret_value().strip() if given else ""
    if not key.isascii() or not key.isprintable():
        raise LlmSetupError(
            "OPENAI_API_KEY holds characters that no key has.", "Copy it anew, on one line."
        )
    return key or NO_KEY
