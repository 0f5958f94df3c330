"""The command line's entry: runs a command, and makes a foreseen error one clear message.

Only the command that is typed is loaded: most need libraries that take long.
"""

import ast
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import NoReturn

import cyclopts
from cyclopts import App
from pydantic import ValidationError
from rich.console import Console

from flows.cli.app import app, new_app
from tasks.core.errors import PalateError, SettingsError
from tasks.core.full_disk import disk_full, is_full
from tasks.core.loopback import spare_loopback

COMMANDS = {
    "check": ("check",),
    "compare": ("compare",),
    "evaluation": ("evaluate", "experiment", "judgements", "replay"),
    "export": ("export",),
    "house": ("doctor", "gc", "notify"),
    "llm": ("llm",),
    "night": ("enrich", "estimate", "nightly"),
    "recommend": ("recommend",),
    "results": ("datasets", "questions", "report", "results", "sql", "tables"),
    "service": ("down", "up", "worker"),
}
"""The commands of each file; importing a file enters them in `app`."""

errors = Console(stderr=True)
INTERRUPTED = 130
MAY_HOLD_A_KEY = ("llm_base_url", "publish_to")


def main() -> NoReturn:
    """Run the command line; every foreseen error is one clear message and exit code 1."""
    spare_loopback(os.environ)
    words = sys.argv[1:]
    try:
        command = _loaded(words)
        with _options_shown(words):
            command(_plain(words), exit_on_error=False, print_error=False)
    except KeyboardInterrupt:
        _say("Interrupted.", "Nothing finished is lost: the same command carries on from here.")
        sys.exit(INTERRUPTED)
    except Exception as error:
        if not _explain(error):
            raise
        sys.exit(1)
    sys.exit(0)


def _explain(error: BaseException) -> bool:
    """Say what a foreseen error means; False for any other."""
    match error:
        case PalateError():
            _say(error.what, error.fix)
        case ValidationError():
            _say_invalid(error)
        case cyclopts.CycloptsError():
            cause = error.__cause__
            if not isinstance(cause, PalateError | ValidationError) or not _explain(cause):
                _say(str(error), "`palate --help` and `palate COMMAND --help` show what there is.")
        case _ if is_full(error):
            full = disk_full(error, Path.cwd())
            _say(full.what, full.fix)
        case OSError():
            where = f" ({error.filename})" if error.filename else ""
            what = f"{error.strerror or error}{where}."
            _say(what, "Check the folder, its permissions, the disk.")
        case _:
            return False
    return True


def _loaded(words: list[str]) -> App:
    """The app with the command that is typed; without one, with what --help says of all."""
    typed = next((word for word in words if not word.startswith("-")), "")
    for file, names in COMMANDS.items():
        if typed in names:
            import_module(f"{__package__}.{file}")
            return app
    return overview()


def overview() -> App:
    """All commands with what they say of themselves, of which none is loaded for that."""
    shown = new_app()
    for file, names in COMMANDS.items():
        source = files(__package__).joinpath(f"{file}.py").read_text(encoding="utf-8")
        tree = ast.parse(source)
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for name in names:
            about = ast.get_docstring(functions.get(name, tree))
            shown.command(f"{__package__}.{file}:{name}", name=name, help=about)
    return shown


@contextmanager
def _options_shown(words: list[str]) -> Iterator[None]:
    """Let --help-all and --help-GROUP show what they name."""
    wanted = [word.removeprefix("--help-") for word in words if word.startswith("--help-")]
    if not wanted:
        yield
        return
    from flows.cli.options import show_options  # noqa: PLC0415 - loads Polars
    from tasks.settings.groups import GROUPS  # noqa: PLC0415

    for name in wanted:
        if name not in {"all", *GROUPS}:
            there = ", ".join(f"--help-{one}" for one in ("all", *GROUPS))
            raise SettingsError(f"--help-{name}: there is no such group.", f"There are {there}.")
    show_options(GROUPS if "all" in wanted else wanted)
    try:
        yield
    finally:
        show_options()


def _plain(words: list[str]) -> list[str]:
    """The words of the command line, with --help in place of --help-all and --help-GROUP."""
    return ["--help" if word.startswith("--help-") else word for word in words]


def _say_invalid(error: ValidationError) -> None:
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        reason = problem["msg"].removeprefix("Value error, ")
        hidden = isinstance(problem["input"], dict) or name in MAY_HOLD_A_KEY
        given = "" if hidden else f" (given: {problem['input']})"
        where = ""
        if name:
            option = name.replace("_", "-")
            variable = name.upper().replace(".", "__")
            where = f"Set --{option}, PALATE_{variable}, or {name} in the TOML file."
        _say(f"{name or 'settings'}: {reason}{given}.", where)


def _say(what: str, fix: str) -> None:
    errors.print("Error:", what, style="red", markup=False, highlight=False, soft_wrap=True)
    errors.print(fix, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
