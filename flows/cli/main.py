"""The command line's entry: runs a command, and makes a foreseen error one clear message."""

import os
import sys
from pathlib import Path
from typing import NoReturn

import cyclopts
from pydantic import ValidationError
from rich.console import Console

from flows.cli import (
    check,
    compare,
    evaluation,
    export,
    house,
    llm,
    night,
    recommend,
    results,
    service,
)
from flows.cli.app import app, show_options
from tasks.core.errors import PalateError, SettingsError
from tasks.core.full_disk import disk_full, is_full
from tasks.core.loopback import spare_loopback
from tasks.settings.groups import GROUPS

COMMANDS = (check, compare, evaluation, export, house, llm, night, recommend, results, service)
"""Importing a file enters its commands in `app`."""

errors = Console(stderr=True)
INTERRUPTED = 130
MAY_HOLD_A_KEY = ("llm_base_url", "publish_to")


def main() -> NoReturn:
    """Run the command line; every foreseen error is one clear message and exit code 1."""
    spare_loopback(os.environ)
    try:
        app(_words(sys.argv[1:]), exit_on_error=False, print_error=False)
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


def _words(words: list[str]) -> list[str]:
    """The words of the command line, with --help in place of --help-all and --help-GROUP."""
    wanted = [word.removeprefix("--help-") for word in words if word.startswith("--help-")]
    for name in wanted:
        if name not in {"all", *GROUPS}:
            there = ", ".join(f"--help-{one}" for one in ("all", *GROUPS))
            raise SettingsError(f"--help-{name}: there is no such group.", f"There are {there}.")
    show_options(GROUPS if "all" in wanted else wanted)
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
