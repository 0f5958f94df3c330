"""JSON values in what a model wrote, with thinking, fences, words and small damage around them."""

import json
import re
from collections.abc import Iterator
from typing import Any

DOUBLED = object()
"""The value of a key that stands there twice with two values."""

LONGEST = 200_000
DEEPEST = 500
MOST_READ = 1_000_000
"""Of an answer, of brackets inside each other, of characters read over and over again."""

_THOUGHTS = re.compile(r"<(think|thinking|reasoning|thought)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_THOUGHT_ENDS = re.compile(r"</(?:think|thinking|reasoning|thought)>", re.IGNORECASE)
_FINAL = re.compile(r"<\|channel\|>\s*final\b.*?<\|message\|>", re.DOTALL)
_OTHER_MARKS = re.compile(r"<\|(?:end|return|start|channel|message)\|>")

_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*")|(?P<curly>“[^”]*”)|(?P<single>'(?:[^'\\"\n]|\\.)*')"""
    r"""|(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))"""
    r"""|(?P<word>-?[A-Za-z_]\w*)|(?P<mark>[{}\[\]:,])|(?P<blank>\s+)|(?P<other>.)""",
    re.DOTALL,
)
_NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?((?:[eE][+-]?\d+)?)")
_WORDS = {"true": "true", "false": "false", "null": "null", "True": "true", "False": "false"}
_WORDS |= {"None": "null", "NaN": "NaN", "Infinity": "Infinity", "-Infinity": "-Infinity"}
_CLOSES = {"{": "}", "[": "]"}


def json_values(text: str) -> list[Any]:
    """The objects and lists that stand in an answer, in their order, without its thinking.

    A comma before a bracket, a plus before a number, a digit left out beside the point, other
    quotation marks and brackets that are missing at the end are read as what they must mean.
    What is open at the end has no last value: it may be cut.
    """
    said = without_thoughts(text)[:LONGEST]
    values, place, read = [], 0, 0
    while read < MOST_READ and (start := _next_bracket(said, place)) >= 0:
        written, place, end = _written(said, start)
        read += end - start
        if written is not None:
            value = _parsed(written)
            if value is not None:
                values.append(value)
    return values


def without_thoughts(text: str) -> str:
    """What was said after the thinking, or in the final channel."""
    finals = list(_FINAL.finditer(text))
    said = text[finals[-1].end() :] if finals else text
    said = _THOUGHTS.sub(" ", said)
    ends = list(_THOUGHT_ENDS.finditer(said))  # some templates leave the opening out
    said = said[ends[-1].end() :] if ends else said
    return _OTHER_MARKS.sub(" ", said)


def _next_bracket(text: str, place: int) -> int:
    found = [at for mark in "{[" if (at := text.find(mark, place)) >= 0]
    return min(found, default=-1)


def _written(  # noqa: C901 - one pass
    text: str, start: int
) -> tuple[str | None, int, int]:
    """The value that begins at `start` as right JSON (None: it is none), what is next, its end."""
    out: list[str] = []
    open_: list[str] = []
    end = start
    for kind, token in _tokens(text, start):
        end += len(token)
        if len(open_) > DEEPEST:
            return None, end, end
        if _is_no_json(kind, token):
            return None, start + 1, end
        if token in _CLOSES:
            open_.append(token)
        elif token in {"}", "]"}:
            if _CLOSES[open_.pop()] != token:
                return None, start + 1, end
            _drop_comma(out)
        if kind != "blank":
            out.append(_in_json(kind, token))
        if not open_:
            return "".join(out), end, end
    return _closed(out, open_), end, end


def _is_no_json(kind: str, token: str) -> bool:
    return kind == "other" or (kind == "word" and token not in _WORDS)


def _tokens(text: str, start: int) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text, start):
        yield match.lastgroup or "other", match[0]


def _in_json(kind: str, token: str) -> str:
    if kind in {"curly", "single"}:
        return json.dumps(token[1:-1], ensure_ascii=False)
    if kind == "word":
        return _WORDS[token]
    found = _NUMBER.fullmatch(token) if kind == "number" else None
    if found is None:
        return token
    sign, whole, part, power = found.groups()
    point = "" if part is None else f".{part or '0'}"
    return f"{'-' if sign == '-' else ''}{whole or '0'}{point}{power}"


def _closed(out: list[str], open_: list[str]) -> str | None:
    """What was left open at the end, without its last value, and closed."""
    if len(open_) != 1 or open_[0] != "{":
        return None
    while out and out[-1] not in {",", "{"}:
        out.pop()
    _drop_comma(out)
    return "".join(out) + "}"


def _drop_comma(out: list[str]) -> None:
    if out and out[-1] == ",":
        out.pop()


def _parsed(written: str) -> Any:  # noqa: ANN401 - whatever a model wrote
    try:
        return json.loads(written, object_pairs_hook=_unique, parse_constant=_nothing)
    except (ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dict, in which a key with two different values has none that is valid."""
    values: dict[str, Any] = {}
    for key, value in pairs:
        add(values, key, value)
    return values


def add(values: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401
    """Put a value under a key; a second, different one spoils both."""
    other = key in values and (type(values[key]), values[key]) != (type(value), value)
    values[key] = DOUBLED if other else value


def _nothing(_constant: str) -> None:
    """NaN and Infinity are no numbers."""
