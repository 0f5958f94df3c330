"""Reading a model's answer strictly: what is not plainly a valid part of it does not count."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tasks.llm.rendering import LONGEST_TITLE, clean, fingerprint

LONGEST_SENTENCE = 200
"""Characters."""

_FENCED = re.compile(r"```(?:json)?\s*(\{.*\})\s*```", re.DOTALL)
_BRACED = re.compile(r"\{.*\}", re.DOTALL)
_DOUBLED = object()

_YEAR = re.compile(r"\(\d{4}\)")
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"://|www\.|\S@\S|\b[\w-]+\.(?:com|net|org|info|io)\b", re.IGNORECASE)

V = TypeVar("V")


@dataclass(frozen=True)
class ParsedAnswer(Generic[V]):
    """The valid values by key; `canary` tells whether the check number came back unchanged.

    A changed number means that something in the request gave the model other instructions, so
    that nothing in the answer can be trusted: there are no `values` then.
    """

    values: dict[str, V]
    canary: bool = True

    def renamed(self, names: Mapping[str, str]) -> "ParsedAnswer[V]":
        """The same values under the names that stand behind their keys."""
        return ParsedAnswer({names[key]: value for key, value in self.values.items()}, self.canary)


def read_scores(text: str, keys: Collection[str], check: float) -> ParsedAnswer[float]:
    """The numbers from -1 to 1 under the keys that were asked for; a doubled key has none."""
    answer, canary = _checked(text, check)
    scores = {key: float(answer[key]) for key in keys if _valid(answer.get(key))}
    return ParsedAnswer(scores, canary)


def read_sentences(text: str, titles: Mapping[str, str], check: float) -> ParsedAnswer[str]:
    """The sentences by key, each one clean line of 200 characters at most.

    A sentence counts if the title beside it is the item's (`title_print`): then it was written
    about this item and no other. One that stands twice in an answer is about nothing, and one with
    an address advertises.
    """
    answer, canary = _checked(text, check)
    lines = {key: _sentence(answer.get(key), title) for key, title in titles.items()}
    sentences = {key: line for key, line in lines.items() if line}
    times = Counter(line.casefold() for line in sentences.values())
    once = {key: line for key, line in sentences.items() if times[line.casefold()] == 1}
    return ParsedAnswer(once, canary)


def read_text(text: str, allowed: Collection[str] | None) -> str | None:
    """The one text of the answer, None if there is none or it is not among the `allowed`."""
    answer = _object(text)
    value = answer.get("text") if answer else None
    if not isinstance(value, str) or not value.strip():
        return None
    return value if allowed is None or value in allowed else None


def title_print(title: str) -> str:
    """A hash that is the same for "Matrix, The" and "The Matrix (1999)"."""
    shown = clean(title, LONGEST_TITLE).casefold()
    words = sorted(_WORD.findall(_YEAR.sub("", shown)))
    return fingerprint(" ".join(words) or shown)


def _sentence(value: object, title: str) -> str | None:
    parts = value if isinstance(value, dict) else {}
    named, why = parts.get("title"), parts.get("why")
    if not isinstance(named, str) or not isinstance(why, str) or title_print(named) != title:
        return None
    line = clean(why, LONGEST_SENTENCE)
    return None if _ADDRESS.search(line) else line


def _checked(text: str, check: float) -> tuple[dict[str, Any], bool]:
    """The answer, empty if its check number is missing or another; False if it is another."""
    answer = _object(text)
    if answer is None or "check" not in answer:
        return {}, True
    return (answer, True) if _equals(answer["check"], check) else ({}, False)


def _object(text: str) -> dict[str, Any] | None:
    """The JSON object that the answer is, or that stands alone in it between other words."""
    fenced, braced = _FENCED.search(text), _BRACED.search(text)
    for part in (text, fenced and fenced[1], braced and braced[0]):
        try:
            value = json.loads(part or "", object_pairs_hook=_unique, parse_constant=_nothing)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict) else None
    return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dict, in which a key with two different values has none that is valid."""
    values: dict[str, Any] = {}
    for key, value in pairs:
        other = key in values and (type(values[key]), values[key]) != (type(value), value)
        values[key] = _DOUBLED if other else value
    return values


def _nothing(_constant: str) -> None:
    """NaN and Infinity are no numbers."""


def _valid(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -1.0 <= value <= 1.0  # type: ignore[operator]


def _equals(value: object, check: float) -> bool:
    return _valid(value) and abs(float(value) - check) < 1e-9  # type: ignore[arg-type]
