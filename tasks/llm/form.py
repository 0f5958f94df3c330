"""The form of request that a server takes: it starts as OpenAI's, and gives up what is refused."""

from typing import Any

import openai

from tasks.llm.failures import Failure
from tasks.llm.requests import ChatRequest

TOKENS, OLDER_TOKENS = "max_completion_tokens", "max_tokens"


class Form:
    """What one server and model accept; learns from its refusals."""

    def __init__(self, model: str, temperature: float, thinking: int) -> None:
        self._model, self._thinking = model, thinking
        self._temperature: float | None = temperature
        self._schemas = True
        self._tokens = TOKENS

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """The request as the API takes it, live or as a line of a batch."""
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            self._tokens: request.answer_tokens + self._thinking,
        }
        if self._temperature is not None:
            body["temperature"] = self._temperature
        if self._schemas:
            schema = {"name": request.kind, "strict": True, "schema": dict(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    def give_up(self, refused: str) -> None:
        """Do without a part of the form; anything else is no part of it."""
        if refused == "temperature":
            self._temperature = None
        elif refused == TOKENS:
            self._tokens = OLDER_TOKENS
        elif refused == "response_format":
            self._schemas = False

    def after(self, error: Exception, failure: Failure, body: dict[str, Any]) -> Failure:
        """The failure, or leave to send at once in a plainer form, if `body` had what was refused.

        By what was sent, not by what is known by now: requests are refused side by side.
        """
        refused = error.param if isinstance(error, openai.BadRequestError) else None
        if failure.remedy == "plain":
            refused = refused if refused in {"temperature", TOKENS} else "response_format"
        if refused in {"temperature", TOKENS, "response_format"} and refused in body:
            self.give_up(refused)
            return Failure("plain", f"no {refused} is taken")
        return Failure("give_up", failure.why) if failure.remedy == "plain" else failure
