"""The command line: one module per kind of command, all entered in `app`."""

from flows.commands import evaluation, house, llm, night, results
from flows.commands.app import app

__all__ = ["app", "evaluation", "house", "llm", "night", "results"]
