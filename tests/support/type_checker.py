"""What the project's type checker says about a piece of code."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
SECONDS = 300
FATAL = 2
"""mypy's exit code where it could not check, as for a syntax error."""

OPTIONS = ("--no-error-summary", "--no-color-output", "--no-pretty", "--hide-error-context")
ERROR = ": error: "


def type_errors(source: str) -> list[str]:
    """The errors of mypy, with the project's settings, in a module of this source.

    Each is `LINE: TEXT  [CODE]`. Errors in what it imports are not among them. Raises RuntimeError
    where mypy cannot check it. Uses the checkout's .mypy_cache: takes seconds after `make check`,
    and a minute where there is none.
    """
    with TemporaryDirectory(prefix="palate-types-") as folder:
        file = Path(folder, "checked_source.py")
        file.write_text(source, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "mypy", *OPTIONS, "--config-file", "pyproject.toml", str(file)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    if done.returncode >= FATAL:
        raise RuntimeError(done.stdout + done.stderr)
    own = f"{file}:"
    lines = [line.removeprefix(own) for line in done.stdout.splitlines() if line.startswith(own)]
    return [line.replace(ERROR, ": ", 1) for line in lines if ERROR in line]
