"""Reading a model's answer as a person would: what has one reading counts, nothing else does."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tasks.llm.json_objects import add, json_values
from tasks.llm.rendering import LONGEST_TITLE, clean, fingerprint

LONGEST_SENTENCE = 200
"""Characters."""

CHECK = "check"
WHY_FIELD = "why"
MARK_FIELD = "mark"
HIGHEST_MARK = 9
KEY_FIELDS = ("key", "id", "item")
"""How an entry of a list may call its key."""
WRAPPERS = 2
"""Objects or lists around what was asked for, at most."""

_NUMERAL = re.compile(r"[+-]?(?:\d{1,9}(?:\.\d{0,30})?|\.\d{1,30})", re.ASCII)
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
    answer, canary = _checked(text, keys, check, "score")
    numbers = {key: _number(answer.get(key)) for key in keys}
    return ParsedAnswer({key: n for key, n in numbers.items() if n is not None}, canary)


def read_marks(text: str, keys: Collection[str], check: float) -> ParsedAnswer[int]:
    """The whole numbers from 0 to 9 under the keys that were asked for; a doubled key has none."""
    answer, canary = _checked(text, keys, check, MARK_FIELD)
    marks = {key: _mark(answer.get(key)) for key in keys}
    return ParsedAnswer({key: mark for key, mark in marks.items() if mark is not None}, canary)


def read_sentences(text: str, titles: Mapping[str, str], check: float) -> ParsedAnswer[str]:
    """The sentences by key, each one clean line of 200 characters at most.

    A sentence counts if the title beside it is the item's (`title_print`): then it was written
    about this item and no other. One that stands twice in an answer is about nothing, and one with
    an address advertises.
    """
    answer, canary = _checked(text, titles, check, WHY_FIELD)
    lines = {key: _sentence(answer.get(key), title) for key, title in titles.items()}
    sentences = {key: line for key, line in lines.items() if line}
    times = Counter(line.casefold() for line in sentences.values())
    once = {key: line for key, line in sentences.items() if times[line.casefold()] == 1}
    return ParsedAnswer(once, canary)


def read_text(text: str, allowed: Collection[str] | None) -> str | None:
    """The one text of the answer, None if there is none or it is not among the `allowed`."""
    texts = [value for one in json_values(text) if (value := _text_of(one)) is not None]
    value = texts[-1] if texts else None
    if not isinstance(value, str) or not value.strip():
        return None
    return value if allowed is None or value in allowed else None


def title_print(title: str) -> str:
    """A hash that is the same for "Matrix, The" and "The Matrix (1999)"."""
    shown = clean(title, LONGEST_TITLE).casefold()
    words = sorted(_WORD.findall(_YEAR.sub("", shown)))
    return fingerprint(" ".join(words) or shown)


def _text_of(value: object) -> object:
    """What stands under "text", in the object or in one object or list around it."""
    for _ in range(WRAPPERS + 1):
        if isinstance(value, dict) and "text" in value:
            return value["text"]
        inside = list(value.values()) if isinstance(value, dict) else value
        if not isinstance(inside, list) or len(inside) != 1:
            return None
        value = inside[0]
    return None


def _sentence(value: object, title: str) -> str | None:
    parts = value if isinstance(value, dict) else {}
    named, why = parts.get("title"), parts.get("why")
    if not isinstance(named, str) or not isinstance(why, str) or title_print(named) != title:
        return None
    line = clean(why, LONGEST_SENTENCE)
    return None if _ADDRESS.search(line) else line


def _checked(
    text: str, keys: Collection[str], check: float, field: str
) -> tuple[dict[str, Any], bool]:
    """The answer by key, empty if its check number is missing or another; False if another.

    It is the last value of the right shape: one with the check number and a key that was asked for.
    `field`: what the value is called where entries of a list name their key.
    """
    shaped = [_gathered(value, keys, field) for value in json_values(text)]
    checked = [answer for answer in shaped if CHECK in answer]
    whole = [answer for answer in checked if len(answer) > 1] or checked
    if not whole:
        return {}, True
    answer = whole[-1]
    return (answer, True) if _equals(answer[CHECK], check) else ({}, False)


def _gathered(value: object, keys: Collection[str], field: str) -> dict[str, Any]:
    """What stands under the keys and the check, in the value or in wrappers around it."""
    asked = {_plain(key): key for key in keys}
    gathered: dict[str, Any] = {}
    _gather(value, asked, field, gathered, WRAPPERS)
    return gathered


def _gather(
    value: object, asked: Mapping[str, str], field: str, into: dict[str, Any], deep: int
) -> None:
    pairs = value.items() if isinstance(value, dict) else ()
    for key, inside in pairs:
        name = key if key == CHECK else asked.get(_plain(key))
        if name is not None:
            alone = isinstance(inside, dict) and set(inside) == {field}
            add(into, name, inside[field] if alone else inside)
        elif deep and isinstance(inside, dict | list):
            _gather(inside, asked, field, into, deep - 1)
    for entry in value if isinstance(value, list) else ():
        named = _named(entry, asked)
        if named is not None:
            add(into, named, entry if field == WHY_FIELD else entry.get(field))
        elif deep:
            _gather(entry, asked, field, into, deep - 1)


def _named(entry: object, asked: Mapping[str, str]) -> str | None:
    """The key that an entry of a list names as its own."""
    if not isinstance(entry, dict):
        return None
    names = [entry[name] for name in KEY_FIELDS if name in entry]
    return asked.get(_plain(str(names[0]))) if len(names) == 1 else None


def _plain(key: str) -> str:
    """A key without its padding: "1" for "01"."""
    return key.lstrip("0") or "0" if key.isascii() and key.isdigit() and len(key) <= 2 else key


def _number(value: object, low: float = -1.0, high: float = 1.0) -> float | None:
    """A number from `low` to `high`, also one that is written as text."""
    if isinstance(value, str) and _NUMERAL.fullmatch(value.strip()):
        value = float(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and low <= value <= high else None  # type: ignore[operator, arg-type]


def _mark(value: object) -> int | None:
    number = _number(value, 0, HIGHEST_MARK)
    return int(number) if number is not None and number.is_integer() else None


def _equals(value: object, check: float) -> bool:
    number = _number(value)
    return number is not None and abs(number - check) < 1e-9
