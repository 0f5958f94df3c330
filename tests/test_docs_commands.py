"""What pages of the guide show: blocks that are blocks, and commands that exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.support.browser import browser, find_chromium
from tests.support.whole_app import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MARKDOWN = MarkdownIt("commonmark").enable("table")
COMMANDS = ("palate", "make", "prefect", "pip", "duckdb", "export", "$")

NOT_PARSED = {
    "prefect": "Prefect's own, on a server that stays: tests/flows/service runs deployments",
    "pip": "installs from an index: tests/test_packaging.py installs the wheel",
    "duckdb": "another program; its questions run in tests/sql",
    "export": "sets the environment",
}
"""Commands that are shown and not tried here, and why."""


def blocks(page: Path) -> Iterator[str]:
    for token in MARKDOWN.parse(page.read_text(encoding="utf-8")):
        if token.type in {"code_block", "fence"}:
            yield token.content


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command, without comments."""
    for block in blocks(page):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            text = re.sub(r"^\$ ", "", line).removeprefix(".venv/bin/")
            if text.split(" ")[0] in COMMANDS:
                yield shlex.split(text, comments=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_is_in_a_paragraph_of_its_own(page: Path) -> None:
    for token in MARKDOWN.parse(page.read_text(encoding="utf-8")):
        if token.type == "inline":
            words = token.content.split(" ")
            assert words[0] not in COMMANDS, f"line {token.map}: indent it by four"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_block_is_prose_that_was_indented_by_chance(page: Path) -> None:
    for block in blocks(page):
        first = block.strip().splitlines()[0]
        assert not re.match(r"[A-Z*|-][a-z]+ [a-z]+ [a-z]+ [a-z]+ [a-z]+ [a-z]+", first), first


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_one_and_takes_its_options(
    page: Path, clean_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in commands(page):
        if words[0] == "make":
            assert words[1] in targets, words
        elif words[0] == "palate":
            app.parse_args(words[1:], exit_on_error=False, print_error=False)
        else:
            assert words[0] in NOT_PARSED, words


def test_a_reader_in_a_browser_sees_a_block_first(tmp_path: Path) -> None:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("needs Chromium: `make chromium` installs Debian's")
    with browser(chromium, tmp_path / "profile") as shown:
        for name in ("results", "experiments", "language-model"):
            html = MARKDOWN.render((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8"))
            file = tmp_path / f"{name}.html"
            file.write_text(f"<!doctype html><meta charset=utf-8>{html}", encoding="utf-8")
            shown.open(file)
            after = "document.querySelector('h1').nextElementSibling"
            assert shown.ask(f"{after}.tagName") == "PRE", name
            assert shown.ask(f"getComputedStyle({after}).whiteSpace.startsWith('pre')"), name
