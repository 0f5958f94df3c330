"""Marks read from the probabilities of an answer's tokens, instead of from the token written.

A model that writes 7 for everything still holds 8 for likelier in one place than in another.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.llm.json_objects import without_thoughts

MARKS = range(10)
"""What may be answered: one digit, which is one token for every tokenizer in use."""

_DIGIT = re.compile(r"[\s\":,{\[]*([0-9])[\s\",}\]]*", re.ASCII)
"""A token that is a mark, whatever of JSON is in the same token."""


@dataclass(frozen=True)
class Token:
    """A piece of an answer; `others`: probabilities of what might have stood there, it included."""

    text: bytes
    others: Mapping[str, float]


def tokens_of(choice: Any) -> tuple[Token, ...]:  # noqa: ANN401 - whatever a server sends
    """The tokens of a completion's choice with their probabilities; none where they are not given.

    As OpenAI's `logprobs.content` has them, with natural logarithms.
    """
    given = getattr(getattr(choice, "logprobs", None), "content", None)
    try:
        return tuple(_token(one) for one in given or ())
    except (AttributeError, TypeError, ValueError, OverflowError):
        return ()


def expected_marks(
    text: str, tokens: Sequence[Token], marks: Mapping[str, int]
) -> dict[str, float]:
    """The expected mark by key: the mean of the marks that might stand there, by probability.

    `text` is what the answer says, and `marks` what was read from it. Of the probabilities given
    for the place where a mark stands those of digits count, as parts of their sum. A key whose mark
    no token stands for has none.
    """
    whole = b"".join(token.text for token in tokens)
    if text.encode() not in whole:  # some servers give the tokens of what comes after the thinking
        text = without_thoughts(text).strip()
    start = whole.rfind(text.encode())
    if start < 0 or not text:
        return {}
    places = {key: _place(text, key, mark) for key, mark in marks.items()}
    found = {
        key: _expected(tokens, start + len(text[:place].encode()))
        for key, place in places.items()
        if place is not None
    }
    return {key: mean for key, mean in found.items() if mean is not None}


def to_score(mark: float) -> float:
    """A mark from 0 to 9 as a score from -1 to 1."""
    return 2.0 * mark / MARKS[-1] - 1.0


def _token(one: Any) -> Token:  # noqa: ANN401
    raw = getattr(one, "bytes", None)
    said = str(one.token)
    others = {said: math.exp(min(one.logprob, 0.0))}
    for other in one.top_logprobs or ():
        others[str(other.token)] = math.exp(min(other.logprob, 0.0))
    return Token(bytes(raw) if raw else said.encode(), others)


def _place(text: str, key: str, mark: int) -> int | None:
    """Where the digit of a key's mark stands: the last place, as the last answer counts."""
    name = rf"0*{int(key)}" if key.isascii() and key.isdigit() else re.escape(key)
    before = rf"(?<![\w.])[\"'“]?{name}[\"'”]?\s*[:,]\s*(?:\{{?\s*[\"'](?:mark|score)[\"']\s*:\s*)?"
    pattern = re.compile(rf"{before}[\"'“]?\+?({mark})(?:\.0*)?(?![\d.])")
    places = [match.start(1) for match in pattern.finditer(text)]
    return places[-1] if places else None


def _expected(tokens: Sequence[Token], place: int) -> float | None:
    """The mean of the digits that might stand in the token at this byte, by probability."""
    end = 0
    for token in tokens:
        end += len(token.text)
        if place < end:
            return _mean(token.others)
    return None


def _mean(others: Mapping[str, float]) -> float | None:
    total = weighed = 0.0
    for said, probability in others.items():
        digit = _DIGIT.fullmatch(said)
        if digit:
            total += probability
            weighed += probability * int(digit[1])
    return weighed / total if total > 0 else None
