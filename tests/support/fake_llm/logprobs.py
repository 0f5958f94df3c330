"""The tokens of an answer with the probabilities of what might stand in their places."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from tests.support.fake_llm.answers import expected_mark

NOISE = 0.2
"""Of each place, what the model holds for something that is no mark."""

_PIECES = re.compile(r"\d|[A-Za-z]+|\s+|.", re.DOTALL)
_MARK = re.compile(r'"(\w+)":\s*(\d)(?=[,}])')


def tokens_with_others(content: str, worth: Mapping[str, float]) -> list[dict[str, Any]]:
    """As OpenAI's `logprobs.content`; what an item is worth, by key, lies between two marks."""
    places = {match.start(2): match[1] for match in _MARK.finditer(content)}
    tokens = []
    for piece in _PIECES.finditer(content):
        score = worth.get(places.get(piece.start(), ""))
        expected = None if score is None else expected_mark(score)
        healthy = expected is not None and piece[0] == str(round(expected))
        others = _marks(expected) if expected is not None and healthy else {piece[0]: 1.0}
        shown = [_token(said, p) for said, p in others.items()]
        tokens.append({**_token(piece[0], others[piece[0]]), "top_logprobs": shown})
    return tokens


def _marks(expected: float) -> dict[str, float]:
    low = min(8, math.floor(expected))
    part = expected - low
    marks = {str(low): (1 - NOISE) * (1 - part), str(low + 1): (1 - NOISE) * part}
    return {said: p for said, p in marks.items() if p > 0} | {json.dumps("no"): NOISE}


def _token(said: str, probability: float) -> dict[str, Any]:
    return {
        "token": said,
        "bytes": list(said.encode("utf-8", "surrogatepass")),
        "logprob": math.log(probability),
    }
