"""The form of a request, which begins as OpenAI's and does without what a server refuses."""

from collections.abc import Mapping
from typing import Any

from tasks.llm.requests import ChatRequest

TOKENS = ("max_completion_tokens", "max_tokens")
"""What the limit of an answer is called: now, and before."""

FORMATS = ("json_schema", "json_object", None)
"""How an answer's form is asked for, from the strictest to in words alone."""


MOST_OTHERS = (20, 5, None)
"""How many tokens that might stand in the place of one are asked for; None: no probabilities."""


class Form:
    """What a server and model are known to take."""

    def __init__(self, temperature: float) -> None:
        self._temperature: float | None = temperature
        self._tokens: list[str] = list(TOKENS)
        self._format = 0
        self._system = True
        self._others = 0

    def of(self, request: ChatRequest, more_tokens: int) -> dict[str, Any]:
        """The request's part of a body."""
        body: dict[str, Any] = {"messages": self._messages(request)}
        if self._tokens:
            body[self._tokens[0]] = request.answer_tokens + more_tokens
        if self._temperature is not None:
            body["temperature"] = self._temperature
        form = FORMATS[self._format]
        if form == "json_schema":
            schema = {"name": request.kind, "strict": True, "schema": dict(request.schema)}
            body["response_format"] = {"type": form, "json_schema": schema}
        elif form:
            body["response_format"] = {"type": form}
        others = MOST_OTHERS[self._others]
        if request.probabilities and others:
            body |= {"logprobs": True, "top_logprobs": others}
        return body

    def do_without(self, part: str, sent: Mapping[str, Any] | None) -> bool:
        """Do without a part from now on; whether the body that was `sent` had it.

        Without `sent`, the body was what would be sent now.
        """
        if part == "response_format":
            return self._plainer(sent)
        if part in {"logprobs", "top_logprobs"}:
            return self._fewer_others(part, sent)
        if part == "system":
            had = sent is None or any(m["role"] == part for m in sent["messages"])
            self._system = self._system and not had
            return had
        had = part in TOKENS or part == "temperature" if sent is None else part in sent
        if had and part == "temperature":
            self._temperature = None
        elif had and part in self._tokens:
            self._tokens.remove(part)
        return had

    def in_words(self) -> str:
        """As in "json_schema, max_completion_tokens, temperature 0"."""
        words = [FORMATS[self._format] or "no response_format", *self._tokens[:1]]
        heat = self._temperature
        words.append("no temperature" if heat is None else f"temperature {heat:g}")
        return ", ".join([*words, *([] if self._system else ["no system message"])])

    def _fewer_others(self, part: str, sent: Mapping[str, Any] | None) -> bool:
        """One step down in what is asked for beside each token, or to no probabilities."""
        asked = MOST_OTHERS[self._others] if sent is None else sent.get("top_logprobs")
        if asked is None:
            return False
        lower = MOST_OTHERS.index(asked) + 1 if part == "top_logprobs" else len(MOST_OTHERS) - 1
        self._others = max(self._others, lower)
        return True

    def _plainer(self, sent: Mapping[str, Any] | None) -> bool:
        """One step down from what was sent, if that step was not taken since."""
        told = (
            FORMATS[self._format] if sent is None else sent.get("response_format", {}).get("type")
        )
        if told is None:
            return False
        self._format = max(self._format, FORMATS.index(told) + 1)
        return True

    def _messages(self, request: ChatRequest) -> list[dict[str, str]]:
        if self._system:
            return [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ]
        return [{"role": "user", "content": f"{request.system}\n\n{request.user}"}]
