"""The ways of asking about items: what an answer looks like, and how it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic

from tasks.llm.answers import Found, V, read_aspects, read_scores
from tasks.llm.options import LlmOptions
from tasks.llm.prompts import Kind

ASPECTS = ("story", "mood", "style", "people")
"""What `aspects` scores of an item, as its prompt explains them; their mean is the similarity."""

STEPS = [round(-1.0 + 0.1 * step, 1) for step in range(21)]


@dataclass(frozen=True)
class Way(Generic[V]):
    """`of_item`: JSON schema of what an answer has per item.

    `read` is given the answer, what each key stands for, and the check number.
    `room`: tokens that an answer may have per item, as small models are generous with blanks;
    `usual`: what it takes.
    """

    kind: Kind
    of_item: Mapping[str, Any]
    read: Callable[[str, Mapping[str, Any], float], Found[V]]
    room: int
    usual: int

    def schema(self, keys: tuple[str, ...]) -> dict[str, Any]:
        """JSON schema of an answer: the same for all requests of a size: servers can keep it."""
        items = {key: {"$ref": f"#/$defs/{self.kind}"} for key in keys}
        return {
            "type": "object",
            "properties": {"check": {"type": "number"}, **items},
            "required": ["check", *keys],
            "additionalProperties": False,
            "$defs": {self.kind: dict(self.of_item)},
        }


_SCORE = {"type": "number", "enum": STEPS}
"""An enum, because llama.cpp's grammars do not bound numbers."""

SCORES = Way("score", _SCORE, read_scores, room=16, usual=7)
BY_ASPECT = Way(
    "aspects",
    {
        "type": "object",
        "properties": dict.fromkeys(ASPECTS, _SCORE),
        "required": list(ASPECTS),
        "additionalProperties": False,
    },
    partial(read_aspects, aspects=ASPECTS),
    room=64,
    usual=29,
)
WAYS = {way.kind: way for way in (SCORES, BY_ASPECT)}


def way_of(options: LlmOptions) -> Way[float]:
    """The way of asking for scores that the settings name."""
    return BY_ASPECT if options.llm_ask == "aspects" else SCORES
