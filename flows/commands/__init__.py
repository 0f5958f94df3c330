"""The command line: one module per kind of command, all entered in `app`."""

from flows.commands import (
    compare,
    evaluation,
    house,
    llm,
    night,
    notify,
    results,
    standing,
)
from flows.commands.app import app

__all__ = [
    "app",
    "compare",
    "evaluation",
    "house",
    "llm",
    "night",
    "notify",
    "results",
    "standing",
]
