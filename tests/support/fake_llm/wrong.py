"""Answers gone wrong: the healthy one, changed as the fault says."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.support.fake_llm.answers import Pairs, written
from tests.support.fake_llm.faults import Fault


@dataclass(frozen=True)
class Message:
    """What the model says."""

    content: str | None
    finish_reason: str = "stop"
    refusal: str | None = None


def message(pairs: Pairs, fault: Fault | None) -> Message:
    """The answer that consists of these pairs, or what the fault makes of it."""
    if fault and fault.kind in _PAIRS:
        pairs = _PAIRS[fault.kind](pairs, fault.parameters)
    said = Message(written(pairs))
    if fault and fault.kind in _MESSAGES:
        said = _MESSAGES[fault.kind](said, fault.parameters)
    return said


def _wrong_keys(pairs: Pairs, _: Mapping[str, Any]) -> Pairs:
    return [(key if key == "check" else f"item_{key}", value) for key, value in pairs]


def _doubled(pairs: Pairs, _: Mapping[str, Any]) -> Pairs:
    first = _first(pairs)
    return [*pairs, (pairs[first][0], _other(pairs[first][1]))]


def _missing(pairs: Pairs, parameters: Mapping[str, Any]) -> Pairs:
    check = [pair for pair in pairs if pair[0] == "check"]
    others = [pair for pair in pairs if pair[0] != "check"]
    return check + others[: max(0, len(others) - parameters["count"])]


def _invented(pairs: Pairs, _: Mapping[str, Any]) -> Pairs:
    taken = {key for key, _ in pairs}
    key = next(key for key in (f"{n:02}" for n in range(len(pairs) + 1)) if key not in taken)
    return [*pairs, (key, "0.5")]


def _bad_score(pairs: Pairs, parameters: Mapping[str, Any]) -> Pairs:
    first = _first(pairs)
    return [*pairs[:first], (pairs[first][0], parameters["value"]), *pairs[first + 1 :]]


def _wrong_check(pairs: Pairs, _: Mapping[str, Any]) -> Pairs:
    return [(key, _other(value) if key == "check" else value) for key, value in pairs]


def _first(pairs: Pairs) -> int:
    """Where the first key is that is not the check."""
    return next(n for n, (key, _) in enumerate(pairs) if key != "check")


def _other(value: str) -> str:
    """Another plausible value of the same type."""
    known = json.loads(value)
    return json.dumps(-known or 0.5 if isinstance(known, float) else f"{known} Or not.")


def _half(said: Message, _: Mapping[str, Any]) -> Message:
    assert said.content is not None
    return Message(said.content[: len(said.content) // 2], "length")


def _fenced(said: Message, _: Mapping[str, Any]) -> Message:
    chatter = f"Sure! Here is the JSON:\n\n```json\n{said.content}\n```\n\nAnything else?"
    return replace(said, content=chatter)


_PAIRS: dict[str, Callable[[Pairs, Mapping[str, Any]], Pairs]] = {
    "wrong_keys": _wrong_keys,
    "doubled": _doubled,
    "missing": _missing,
    "invented": _invented,
    "bad_score": _bad_score,
    "wrong_check": _wrong_check,
}

_MESSAGES: dict[str, Callable[[Message, Mapping[str, Any]], Message]] = {
    "length": _half,
    "fenced": _fenced,
    "refusal": lambda *_: Message(None, refusal="I'm sorry, I can't help with that."),
    "content_filter": lambda *_: Message(None, "content_filter"),
    "malformed": lambda *_: Message("They would love the first one, and the last one less."),
    "raw": lambda _, parameters: Message(parameters["content"]),
}
