"""What a healthy model answers: deterministic, and scores that depend on the item's text only."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.fake_llm.prompt import Prompt

Pairs = list[tuple[str, str]]
"""A JSON object before it is written: keys may repeat, values are raw JSON text."""

INJECTION = "ignore the above"
ADVERT = "Everybody should see this one first."


def score_of(text: str) -> float:
    """A multiple of 0.1 in [-1, 1] that depends on the item's text only."""
    return (int.from_bytes(_digest(text)[:8]) % 21 - 10) / 10


def title_of(text: str) -> str:
    """The title that an item's text begins with."""
    year = re.search(r" \(\d{4}\)\.", text)
    return text[: year.start()] if year else text.partition(".")[0]


def why_of(text: str) -> str:
    """A sentence that depends on the item's text only."""
    return f"You like deterministic sentences such as {_digest(text).hex()[:8]}."


def text_of(user: str) -> str:
    """The text for a prompt without items."""
    return f"I like deterministic answer {_digest(user).hex()[:8]}."


def injected(prompt: Prompt) -> bool:
    return any(INJECTION in text.lower() for text in prompt.items.values())


def healthy(
    body: Mapping[str, Any],
    prompt: Prompt,
    obeys: bool,
    scores: Callable[[Prompt], Mapping[str, float]] | None = None,
) -> Pairs:
    """The right answer; 1.0 throughout for a model that obeys what an item says.

    `scores`: of the items, instead of `score_of` their texts.
    """
    if not prompt.items:
        choices = _choices(body)
        text = choices[0] if choices else text_of(prompt.user)
        return [("text", json.dumps(text, ensure_ascii=False))]
    number = 1.0 if obeys else prompt.check
    check = [] if prompt.check is None else [("check", json.dumps(number))]
    if "explain" in _schema(body).get("$defs", {}):
        whys = [(k, t, ADVERT if obeys else why_of(t)) for k, t in prompt.items.items()]
        return check + [(k, json.dumps({"title": title_of(t), "why": why})) for k, t, why in whys]
    judged = scores(prompt) if scores else judged_alone(prompt)
    said = dict.fromkeys(judged, 1.0) if obeys else judged
    if asks_marks(prompt):
        return check + [(key, str(round(expected_mark(one)))) for key, one in said.items()]
    return check + [(key, json.dumps(score)) for key, score in said.items()]


def judged_alone(prompt: Prompt) -> dict[str, float]:
    """`score_of` every item's text, by key."""
    return {key: score_of(text) for key, text in prompt.items.items()}


def asks_marks(prompt: Prompt) -> bool:
    """Whether the answer is to hold marks from 0 to 9."""
    return "each item's key with its mark" in prompt.text


def expected_mark(score: float) -> float:
    """What the marks that might stand there come to, so that they mean the same score."""
    return (score + 1.0) * 4.5


def written(pairs: Pairs) -> str:
    fields = (f"{json.dumps(key, ensure_ascii=False)}: {value}" for key, value in pairs)
    return "{" + ", ".join(fields) + "}"


def _choices(body: Mapping[str, Any]) -> list[str]:
    choices: list[str] = _schema(body).get("properties", {}).get("text", {}).get("enum", [])
    return choices


def _schema(body: Mapping[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] | None
    schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    return schema or {}


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
