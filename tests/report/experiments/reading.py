"""Reading the pages of results as tests do."""

import re
from pathlib import Path

from tasks.report.experiments.results import write_results


def front_of(home: Path) -> str:
    """The page that links all others."""
    page = home / "page" / "RESULTS.md"
    write_results(home, page)
    return page.read_text(encoding="utf-8")


def page_of(home: Path, name: str = "domains") -> str:
    """A page beside it: the one of an experiment, unless another is named."""
    front_of(home)
    return (home / "page" / "results" / f"{name}.md").read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under a heading."""
    return re.split(r"^#+ ", text.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def tables_are_whole(text: str) -> int:
    """How many tables there are; each line of one has as many cells as its head."""
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
        assert re.fullmatch(r"\|(---\|)+", table.splitlines()[1])
    return len(tables)
