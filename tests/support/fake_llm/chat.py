"""Chat completions: from a request's body to the reply, with the script's fault worked in."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from tests.support.fake_llm.answers import healthy, injected, judged_alone
from tests.support.fake_llm.bucket import Bucket
from tests.support.fake_llm.faults import Fault
from tests.support.fake_llm.journal import Journal
from tests.support.fake_llm.logprobs import tokens_with_others
from tests.support.fake_llm.profiles import PROFILES
from tests.support.fake_llm.prompt import Prompt
from tests.support.fake_llm.refusals import rate_limited, refuse, unknown_model
from tests.support.fake_llm.replies import Delivery, Reply
from tests.support.fake_llm.script import Script
from tests.support.fake_llm.taste import Taste
from tests.support.fake_llm.tokens import Tokens
from tests.support.fake_llm.wrong import Message, message

_DELIVERIES = ("hang", "drip", "reset", "close", "cut")


@dataclass(frozen=True)
class Chat:
    """The models of this server."""

    models: Sequence[str]
    latency: float
    bucket: Bucket | None
    script: Script
    journal: Journal
    tokens: Tokens
    probabilities: bool = False
    """Whether it gives those of tokens to who asks for them; else it overlooks the question."""
    profile: str | None = None
    """Whose ways it has (`profiles.PROFILES`)."""
    taste: Taste | None = None
    """What it knows of people, if anything."""

    def reply(
        self, body: Mapping[str, Any], authorization: str | None, batch: str | None = None
    ) -> Reply:
        """Decide on a reply and log it, before anything is sent."""
        prompt = Prompt.of(body)
        sequence = self.tokens.sequence(prompt.messages)
        usage = {"prompt_tokens": len(sequence), "cached_tokens": 0, "completion_tokens": 0}
        fault, reply = self._refusal(body, prompt, authorization, in_batch=batch is not None)
        if reply is None:
            scores = self.taste.scores if self.taste else None
            obeys = self.script.obedient and injected(prompt)
            said = self._limited(message(healthy(body, prompt, obeys, scores), fault), body)
            usage["cached_tokens"] = self.tokens.cached(str(body["model"]), sequence)
            usage["completion_tokens"] = self.tokens.count(said.content or said.refusal or "")
            given = self.probabilities and bool(body.get("logprobs"))
            worth = (scores or judged_alone)(prompt) if given else {}
            tokens = tokens_with_others(said.content or "", worth) if given else None
            reply = self._completion(body, said, usage, fault, tokens)
            fault = fault or (Fault("obedient") if obeys else None)
        n = self.journal.receive(
            model=body.get("model"),
            body=body,
            fault=fault and fault.kind,
            **usage,
            authorization=authorization,
            batch=batch,
        )
        return replace(reply, sent=lambda: self.journal.answer(n))

    def _refusal(
        self, body: Mapping[str, Any], prompt: Prompt, authorization: str | None, in_batch: bool
    ) -> tuple[Fault | None, Reply | None]:
        """The fault that strikes, and the reply if the model is not to run."""
        if self.bucket and not in_batch and (wait := self.bucket.refused_for()):
            return Fault("rate"), rate_limited(str(wait))
        schema = (body.get("response_format") or {}).get("type") == "json_schema"
        fault = self.script.take(prompt.text, schema=schema)
        reply = refuse(fault, body, authorization) if fault else None
        if reply is None and self.profile:
            reply = PROFILES[self.profile][0](body)
            fault = Fault("profile") if reply else fault
        if reply is None and body.get("model") not in self.models:
            return Fault("unknown_model"), unknown_model(body.get("model"))
        return fault, reply

    def _limited(self, said: Message, body: Mapping[str, Any]) -> Message:
        """Cut at the request's own limit, as every server does."""
        most = body.get("max_completion_tokens") or body.get("max_tokens")
        if not most or not said.content or self.tokens.count(said.content) <= most:
            return said
        return replace(said, content=self.tokens.first(said.content, most), finish_reason="length")

    def _completion(
        self,
        body: Mapping[str, Any],
        said: Message,
        usage: dict[str, int],
        fault: Fault | None,
        tokens: list[dict[str, Any]] | None,
    ) -> Reply:
        kind = fault.kind if fault else ""
        seconds = fault.parameters.get("seconds", 0.0) if fault else 0.0
        shape = PROFILES[self.profile][1] if self.profile and said.content else dict
        whole = _body(body, said, usage, choices=kind != "empty_choices")
        if tokens is not None and whole["choices"]:
            whole["choices"][0]["logprobs"] = {"content": tokens}
        whole = shape(whole)
        text = json.dumps(whole).encode()
        return Reply(
            200,
            text[: len(text) // 2] if kind == "cut_json" else text,
            delay=self.latency + (seconds if kind == "slow" else 0.0),
            delivery=cast(Delivery, kind) if kind in _DELIVERIES else "whole",
            interval=seconds,
        )


def _body(
    body: Mapping[str, Any], said: Message, usage: Mapping[str, int], choices: bool
) -> dict[str, Any]:
    text = {"role": "assistant", "content": said.content, "refusal": said.refusal}
    choice = {
        "index": 0,
        "message": text,
        "logprobs": None,
        "finish_reason": said.finish_reason,
    }
    return {
        "id": f"chatcmpl-{time.time_ns():x}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [choice] if choices else [],
        "usage": {
            "prompt_tokens": usage["prompt_tokens"],
            "completion_tokens": usage["completion_tokens"],
            "total_tokens": usage["prompt_tokens"] + usage["completion_tokens"],
            "prompt_tokens_details": {"cached_tokens": usage["cached_tokens"]},
        },
    }
