"""One send to an OpenAI-compatible server, with a total deadline: a Reply, or a Failure.

The openai package's own retries are off: there is one retry layer, the engine's.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import openai
from openai.types.chat import ChatCompletion

from tasks.core.errors import LlmSetupError
from tasks.core.loopback import is_loopback
from tasks.core.secrets import Secrets
from tasks.llm.failures import Failure, classify, failure_of
from tasks.llm.form import Form
from tasks.llm.options import LlmOptions
from tasks.llm.probabilities import tokens_of
from tasks.llm.refusals import read_refusal
from tasks.llm.rendering import clean
from tasks.llm.requests import ChatRequest, Outcome, Reply, Usage

NO_KEY = "none"
"""Local servers need no key, but the openai package wants one."""

LONGEST_NAME = 200

THINKING = ("reasoning_content", "reasoning")
"""Where some servers put the whole answer of a model that thinks."""


class ChatClient:
    """Speaks chat completions, in one event loop. Raises LlmSetupError for an impossible key."""

    def __init__(self, options: LlmOptions, secrets: Secrets, temperature: float = 0.0) -> None:
        self._deadline = options.llm_deadline
        self._model = options.llm_model or ""
        self._thinking_tokens = options.llm_extra_answer_tokens
        self._form = Form(temperature)
        self.openai = openai.AsyncOpenAI(
            api_key=_key(secrets),
            base_url=options.llm_base_url,
            max_retries=0,
            timeout=options.llm_deadline,
            http_client=_direct(options),
        )

    async def send(self, request: ChatRequest) -> Reply:
        """Raises Failure. The deadline is for the whole answer, however slowly it drips."""
        body = self.body(request)
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self.openai.chat.completions.create(**body)
            return read_reply(answer)
        except Failure as failure:
            raise self._learned(failure, body) from None
        except (openai.OpenAIError, TimeoutError, ValueError, RecursionError) as error:
            raise self._learned(classify(error), body) from None

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """The request as the API takes it, live or as a line of a batch.

        It starts in OpenAI's form, and does without what this server and model have refused.
        """
        return {"model": self._model, **self._form.of(request, self._thinking_tokens)}

    def learn(self, refused: str) -> None:
        """Do without a part of the form; any other reason for a refusal teaches nothing."""
        self._form.do_without(refused, None)

    @property
    def form(self) -> str:
        """The form in which it asks by now, in words."""
        return self._form.in_words()

    async def close(self) -> None:
        """Close the connections."""
        await self.openai.close()

    def _learned(self, failure: Failure, body: dict[str, Any]) -> Failure:
        """The failure, or leave to send at once in a plainer form, if `body` had what was refused.

        By what was sent, not by what is known by now: requests are refused side by side.
        """
        if failure.remedy != "plain":
            return failure
        for part in failure.refused:
            if self._form.do_without(part, body):
                return Failure("plain", f"no {part} is taken")
        if failure.why.startswith("HTTP 5"):
            return Failure("again", failure.why, crowded=True)
        return Failure("give_up", failure.why)


def _direct(options: LlmOptions) -> openai.DefaultAsyncHttpxClient | None:
    """A client that no proxy of the environment catches, where the server is on this machine."""
    host = urlsplit(options.llm_base_url or "").hostname or ""
    if not is_loopback(host):
        return None
    return openai.DefaultAsyncHttpxClient(trust_env=False, timeout=options.llm_deadline)


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
    _refuse_error(getattr(answer, "error", None))
    choice = answer.choices[0]
    _refuse_error(getattr(choice, "error", None))
    reason = str(choice.finish_reason or "")
    content = _content(choice.message)
    outcome: Outcome = "answered"
    if choice.message.refusal:
        outcome = "refusal"
    elif reason in {"content_filter", "length"}:
        outcome = "filtered" if reason == "content_filter" else "length"
    text = content if outcome == "answered" else ""
    model = clean(str(answer.model or ""), LONGEST_NAME)
    tokens = tokens_of(choice) if text else ()
    return Reply(outcome, text, clean(reason, LONGEST_NAME), model, _usage(answer.usage), tokens)


def _refuse_error(error: Any) -> None:  # noqa: ANN401
    """Raise the Failure of an error that came in place of an answer, with status 200."""
    if not error:
        return
    code = error.get("code") if isinstance(error, dict) else None
    told = int(str(code)) if str(code).isdecimal() else 0
    failure = failure_of(read_refusal(told if 400 <= told < 600 else 500, error))
    again = failure.remedy in {"again", "give_up"}
    raise Failure("again", failure.why, perhaps_billed=True) if again else failure


def _content(message: Any) -> str:  # noqa: ANN401
    """The text of an answer, also where it comes in parts, or where the thinking should be."""
    for said in (message.content, *(getattr(message, name, None) for name in THINKING)):
        text = _joined(said) if isinstance(said, list) else said
        if text is not None and not isinstance(text, str):
            raise TypeError("an answer that is no text")
        if text and text.strip():
            return text
    return ""


def _joined(parts: list[Any]) -> str:
    """The text parts of a list; thinking is none of them."""
    texts = [part if isinstance(part, str) else part.get("text") for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


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
