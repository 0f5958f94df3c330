"""`palate` with every command loaded, where a command loads its own alone."""

from importlib import import_module

from flows.cli.app import app
from flows.cli.main import COMMANDS

__all__ = ["app"]

for file in COMMANDS:
    import_module(f"flows.cli.{file}")
