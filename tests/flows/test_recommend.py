"""One new person, through the command; once in a process of its own."""

from pathlib import Path

import polars as pl
import pytest

from tests.support.command import PLAIN, succeed
from tests.support.in_process import Terminal


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def terminal(home: Path, server: str) -> Terminal:
    """In the home that all of them share."""
    return Terminal(home, server)


def titles(data: Path) -> list[str]:
    items = pl.read_parquet(data / "items.parquet")
    return [f"{title} ({year})" for title, year in items.select("title", "year").head(4).rows()]


def test_rated_titles_and_a_taste_give_both_lists(
    home: Path, made_up: Path, with_server: str
) -> None:
    rates = [part for title in titles(made_up)[:3] for part in ("--rate", f"{title}=5")]
    done = succeed(
        "recommend", "--data", made_up, "--home", home, *rates, "--taste", "I love violins"
    )
    assert f"You rated {titles(made_up)[0]}: 5" in done.stdout
    assert "base model alone" in done.stdout and "re-ranked for you" in done.stdout
    listed = [line for line in done.stdout.splitlines() if line.startswith("│ ")]
    assert len(listed) == 10
    assert not any(title in line for line in listed for title in titles(made_up)[:3])


def test_a_taste_alone_is_enough(made_up: Path, terminal: Terminal) -> None:
    done = terminal.succeed("recommend", "--data", made_up, *PLAIN, "--taste", "slow desert trains")
    assert len([line for line in done.stdout.splitlines() if line.startswith("│ ")]) == 10


def test_two_titles_without_a_taste_are_too_few(made_up: Path, terminal: Terminal) -> None:
    first, second, *_ = titles(made_up)
    done = terminal.run(
        "recommend",
        "--data",
        made_up,
        *PLAIN,
        "--rate",
        f"{first}=5",
        "--rate",
        f"{second}=4",
    )
    assert done.returncode == 1
    assert "2 rated titles are too few" in done.stderr and "Traceback" not in done.stderr


def test_an_unsure_title_lists_the_alternatives(made_up: Path, terminal: Terminal) -> None:
    done = terminal.run("recommend", "--data", made_up, *PLAIN, "--rate", "The=5")
    assert done.returncode == 1
    assert "not clear which item 'The' is" in done.stderr and '"#' in done.stderr
    assert "Traceback" not in done.stderr
