"""The instructions that models are given: one file per kind and version, never edited once used.

A new wording is a new file: the version is part of the key under which answers are kept.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Kind = Literal[
    "score",
    "aspects",
    "list",
    "profile",
    "structured",
    "contrastive",
    "describe",
    "judge",
    "choose",
    "explain",
]

CURRENT: dict[Kind, str] = {
    "score": "score-1",
    "aspects": "aspects-1",
    "list": "list-1",
    "profile": "profile-1",
    "structured": "structured-1",
    "contrastive": "contrastive-1",
    "describe": "describe-1",
    "judge": "judge-1",
    "choose": "choose-1",
    "explain": "explain-1",
}


@dataclass(frozen=True)
class Prompt:
    """Instructions, and in `version` the file's name with a hash of its text."""

    version: str
    text: str


@cache
def prompt(kind: Kind) -> Prompt:
    """The current instructions of a kind."""
    name = CURRENT[kind]
    text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    return Prompt(f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}", text)
