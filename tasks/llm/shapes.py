"""The texts that a model writes: the fields of its answer, and how they become one text."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tasks.llm.answers import read_parts, read_text
from tasks.llm.prompts import Kind
from tasks.llm.rendering import clean

LONGEST_TEXT = 240
"""Characters, about 60 tokens of English: PAPER.md's limit for a profile."""

DISLIKES = "Dislikes: "
"""What the line of a taste starts with that says what is disliked."""


@dataclass(frozen=True)
class Part:
    """A field of an answer: the label of its line in the text, and its longest in characters."""

    label: str
    longest: int


SHAPES: dict[Kind, dict[str, Part]] = {
    "structured": {
        "likes": Part("Likes: ", 120),
        "moods": Part("Moods: ", 100),
        "eras": Part("Eras: ", 60),
        "people": Part("People: ", 120),
        "dislikes": Part(DISLIKES, 120),
    },
    "contrastive": {"likes": Part("", LONGEST_TEXT), "dislikes": Part(DISLIKES, LONGEST_TEXT)},
}
"""Kinds whose text has parts; the first must not be empty. All others give one text."""


def read_shaped(kind: Kind, said: str, allowed: Collection[str] | None) -> str | None:
    """An answer as it is kept: one line capped, a line per part, or an allowed word as it is."""
    shape = SHAPES.get(kind)
    if shape is None:
        text = read_text(said, allowed)
        return (text if allowed else clean(text, LONGEST_TEXT)) or None if text else None
    told = read_parts(said, shape)
    parts = {name: clean(told[name], part.longest) for name, part in shape.items()} if told else {}
    if not parts.get(next(iter(shape))):
        return None
    return "\n".join(shape[name].label + text for name, text in parts.items() if text)


def taste_and_dislikes(text: str) -> tuple[str, str]:
    """A kept taste on one line, and apart from it, without the label, what it says of dislikes."""
    *lines, last = text.split("\n")
    if not lines or not last.startswith(DISLIKES):
        return " ".join([*lines, last]), ""
    return " ".join(lines), last.removeprefix(DISLIKES)


def text_schema(kind: Kind, allowed: Collection[str] | None) -> dict[str, Any]:
    """JSON schema of an answer."""
    word: dict[str, object] = {"type": "string"}
    if allowed is not None:
        word["enum"] = list(allowed)
    names = list(SHAPES.get(kind, ["text"]))
    return {
        "type": "object",
        "properties": dict.fromkeys(names, word),
        "required": names,
        "additionalProperties": False,
    }
