"""Reading a model's answer strictly: what is not plainly a valid part of it does not count."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Generic, TypeVar

_FENCED = re.compile(r"```(?:json)?\s*(\{.*\})\s*```", re.DOTALL)
_BRACED = re.compile(r"\{.*\}", re.DOTALL)
_DOUBLED = object()

V = TypeVar("V")


@dataclass(frozen=True)
class Found(Generic[V]):
    """What is validly said, by key; `canary` tells whether the check number came back unchanged.

    A changed number means that something in the request gave the model other instructions, so
    that nothing in the answer can be trusted: `said` is then empty.
    """

    said: dict[str, V]
    canary: bool


@dataclass(frozen=True)
class Order:
    """Keys, best first, None where the answer holds no permutation; `canary` as in `Found`."""

    keys: tuple[str, ...] | None
    canary: bool


def read_scores(text: str, keys: Collection[str], check: float) -> Found[float]:
    """The numbers from -1 to 1 under the keys that were asked for; a doubled key has none."""
    answer, canary = checked(text, check)
    found = {key: float(answer[key]) for key in keys if _valid(answer.get(key))}
    return Found(found, canary)


def read_aspects(
    text: str, keys: Collection[str], check: float, aspects: Collection[str]
) -> Found[float]:
    """The mean over the aspects of every item that has a number from -1 to 1 for each of them."""
    answer, canary = checked(text, check)
    means = {}
    for key in keys:
        said = answer.get(key)
        values: list[Any] = [said.get(a) for a in aspects] if isinstance(said, dict) else []
        if values and all(_valid(value) for value in values):
            means[key] = round(fmean(values), 6)
    return Found(means, canary)


def read_order(text: str, keys: Collection[str], check: float) -> Order:
    """The keys in the order given; none unless each stands there exactly once, and no other."""
    answer, canary = checked(text, check)
    said = answer.get("order")
    if not isinstance(said, list) or not all(isinstance(key, str) for key in said):
        return Order(None, canary)
    return Order(tuple(said) if sorted(said) == sorted(keys) else None, canary)


def checked(text: str, check: float) -> tuple[dict[str, Any], bool]:
    """The answer, empty if its check number is missing or another; False if it is another."""
    answer = _object(text)
    if answer is None or "check" not in answer:
        return {}, True
    return (answer, True) if _equals(answer["check"], check) else ({}, False)


def read_parts(text: str, names: Collection[str]) -> dict[str, str] | None:
    """The texts of the answer by name, which may be empty; None if one is missing or no text."""
    answer = _object(text) or {}
    parts = {name: answer.get(name) for name in names}
    told = {name: said for name, said in parts.items() if isinstance(said, str)}
    return told if len(told) == len(parts) else None


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
