"""What `palate` says of its commands without loading them, and what a command loads."""

import ast
import subprocess
import sys
from importlib import import_module
from importlib.resources import files
from inspect import cleandoc

import pytest

from flows.cli.app import app
from flows.cli.main import COMMANDS, overview
from tests.support.in_process import run_here, succeed_here

FLAGS = {"--help", "-h", "--version"}
HEAVY = ("polars", "numpy", "scipy", "prefect", "duckdb", "openai", "sqlalchemy")


def loaded_by(*words: str) -> list[str]:
    """Which of the libraries that take long a command loads."""
    code = (
        f"import sys; sys.argv = {['palate', *words]}\n"
        "from flows.cli.main import main\n"
        "try: main()\n"
        f"except SystemExit: print([n for n in {HEAVY} if n in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names: list[str] = ast.literal_eval(done.stderr.splitlines()[-1])
    return names


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["questions"], ["sql", "--help"]])
def test_what_needs_no_library_loads_none(words: list[str]) -> None:
    assert loaded_by(*words) == []


def test_the_help_of_a_command_loads_no_prefect_and_nothing_that_asks() -> None:
    assert not {"prefect", "duckdb", "openai", "sqlalchemy"} & set(loaded_by("nightly", "--help"))


def test_every_command_stands_in_the_table_of_its_file() -> None:
    ours = {file.name.removesuffix(".py") for file in files("flows.cli").iterdir()}
    for file in ours - {"main", "__pycache__", "__init__"}:
        import_module(f"flows.cli.{file}")
    named = {name for names in COMMANDS.values() for name in names}
    assert named == set(app) - FLAGS == set(overview()) - FLAGS


def test_each_command_says_the_same_of_itself_before_it_is_loaded() -> None:
    for file, names in COMMANDS.items():
        import_module(f"flows.cli.{file}")
        for name in names:
            before = overview()[name].help
            assert before and before.strip() == cleandoc(app[name].help).strip()


def test_an_unknown_command_is_told_the_nearest_one() -> None:
    refused = run_here("nightl")
    assert refused.returncode == 1 and 'Did you mean "nightly"?' in refused.stderr


def test_options_of_one_command_are_not_shown_for_the_next() -> None:
    assert "--tuning" in succeed_here("nightly", "--help-all").stdout
    assert "--tuning" not in succeed_here("nightly", "--help").stdout
