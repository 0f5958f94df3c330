"""One send to an OpenAI-compatible server, with a total deadline: a Reply, or a Failure.

The openai package's own retries are off: there is one retry layer, the engine's.
"""

import asyncio
import json
from typing import Any

import openai
from openai.types.chat import ChatCompletion

from tasks.llm.failures import Failure, classify
from tasks.llm.rendering import clean
from tasks.llm.requests import ChatRequest, Reply, Usage
from tasks.llm_options import LlmOptions
from tasks.secrets import Secrets

NO_KEY = "none"
"""Local servers need no key, but the openai package wants one."""


class ChatClient:
    """Speaks chat completions. Not for use in two event loops."""

    def __init__(self, options: LlmOptions, secrets: Secrets, temperature: float = 0.0) -> None:
        key = secrets.openai_api_key
        self._model = options.llm_model or ""
        self._deadline = options.llm_deadline
        self._thinking = options.llm_extra_answer_tokens
        self._temperature: float | None = temperature
        self._schemas = True
        self._tokens_name = "max_completion_tokens"
        self.openai = openai.AsyncOpenAI(
            api_key=key.get_secret_value() if key else NO_KEY,
            base_url=options.llm_base_url,
            max_retries=0,
            timeout=options.llm_deadline,
        )

    async def send(self, request: ChatRequest) -> Reply:
        """Raises Failure. The deadline is for the whole answer, however slowly it drips."""
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self.openai.chat.completions.create(**self.body(request))
        except (openai.OpenAIError, TimeoutError, ValueError) as error:
            failure = classify(error)
            if failure.remedy == "plain" and self._schemas:
                self._schemas = False
                raise failure from None
            raise self._without_what_is_refused(error, failure) from None
        return read_reply(answer)

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """The request as the API takes it, live or as a line of a batch."""
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            self._tokens_name: request.answer_tokens + self._thinking,
        }
        if self._temperature is not None:
            body["temperature"] = self._temperature
        if self._schemas:
            schema = {"name": request.kind, "strict": True, "schema": dict(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    def _without_what_is_refused(self, error: Exception, failure: Failure) -> Failure:
        """Some models take no temperature but their own, some servers only the older name."""
        if not isinstance(error, openai.BadRequestError):
            return failure
        if error.param == "temperature" and self._temperature is not None:
            self._temperature = None
            return Failure("plain", "the model takes no temperature")
        if error.param == "max_completion_tokens" and self._tokens_name == error.param:
            self._tokens_name = "max_tokens"
            return Failure("plain", "the server wants max_tokens")
        return Failure("give_up", failure.why) if failure.remedy == "plain" else failure

    async def close(self) -> None:
        """Close the connections."""
        await self.openai.close()


def read_reply(answer: object) -> Reply:
    """The reply that a completion holds; raises Failure when it is none (an HTML page, no choice).

    A refusal, a filtered or a cut answer is an outcome of its own and gives no text.
    """
    if not isinstance(answer, ChatCompletion) or not answer.choices:
        raise Failure("again", "unreadable answer", perhaps_billed=True)
    choice, used = answer.choices[0], answer.usage
    details = used.prompt_tokens_details if used else None
    usage = Usage(
        prompt=(used.prompt_tokens or 0) if used else 0,
        cached=(details.cached_tokens or 0) if details else 0,
        answer=(used.completion_tokens or 0) if used else 0,
    )
    reason, model = (clean(str(word or ""), 200) for word in (choice.finish_reason, answer.model))
    if choice.message is None:
        raise Failure("again", "unreadable answer", perhaps_billed=True)
    if choice.message.refusal:
        return Reply("refusal", "", reason, model, usage)
    if reason == "content_filter":
        return Reply("filtered", "", reason, model, usage)
    if reason == "length":
        return Reply("length", "", reason, model, usage)
    return Reply("answered", choice.message.content or "", reason, model, usage)


def read_body(body: dict[str, Any]) -> Reply:
    """The same for a body that came as a line of a batch's output."""
    try:
        return read_reply(ChatCompletion.model_validate_json(json.dumps(body)))
    except ValueError as error:
        raise Failure("again", "unreadable answer", perhaps_billed=True) from error
