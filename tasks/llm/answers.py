"""Reading a model's answer strictly: what is not plainly a valid part of it does not count."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

_FENCED = re.compile(r"```(?:json)?\s*(\{.*\})\s*```", re.DOTALL)
_BRACED = re.compile(r"\{.*\}", re.DOTALL)
_DOUBLED = object()


@dataclass(frozen=True)
class Scores:
    """Valid scores by key; `canary` tells whether the check number came back unchanged.

    A changed number means that something in the request gave the model other instructions, so
    that no score of the answer can be trusted: `scores` is then empty.
    """

    scores: dict[str, float]
    canary: bool


def read_scores(text: str, keys: Collection[str], check: float) -> Scores:
    """The numbers from -1 to 1 under the keys that were asked for; a doubled key has none."""
    answer = _object(text)
    if answer is None:
        return Scores({}, canary=True)
    if "check" in answer and not _equals(answer["check"], check):
        return Scores({}, canary=False)
    if "check" not in answer:
        return Scores({}, canary=True)
    return Scores({key: float(answer[key]) for key in keys if _valid(answer.get(key))}, canary=True)


def read_text(text: str, allowed: Collection[str] | None) -> str | None:
    """The one text of the answer, None if there is none or it is not among the `allowed`."""
    answer = _object(text)
    said = answer.get("text") if answer else None
    if not isinstance(said, str) or not said.strip():
        return None
    return said if allowed is None or said in allowed else None


def _object(text: str) -> dict[str, Any] | None:
    """The JSON object that the answer is, or that stands alone in it between other words."""
    fenced, braced = _FENCED.search(text), _BRACED.search(text)
    for found in (text, fenced and fenced[1], braced and braced[0]):
        try:
            value = json.loads(found or "", object_pairs_hook=_unique, parse_constant=_nothing)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict) else None
    return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        other = key in found and (type(found[key]), found[key]) != (type(value), value)
        found[key] = _DOUBLED if other else value
    return found


def _nothing(_constant: str) -> None:
    """NaN and Infinity are no numbers."""


def _valid(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -1.0 <= value <= 1.0  # type: ignore[operator]


def _equals(value: object, check: float) -> bool:
    return _valid(value) and abs(float(value) - check) < 1e-9  # type: ignore[arg-type]
