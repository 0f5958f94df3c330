"""A small grid on made-up data, in which some cells cannot run, and what running it left."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.datasets import write_generic
from tests.support.in_process import Terminal

GRID = """
name = "small"
title = "A small grid"
[settings]
data = "films"
seeds = 2
search_count = 20

[[cells]]
label = "all"
model = ["svd", "knn"]

[[cells]]
label = "without similarity"
weights = { similarity = 0 }
model = ["svd", "knn"]

[[cells]]
label = "broken"
data = "broken"

[[cells]]
label = "nowhere"
data = "nowhere"

[[cells]]
label = "asked"
scorer = "llm"

[[cells]]
label = "baseline"
reranker = "none"
model = "popularity"

[[comparisons]]
of = "all"
against = "without similarity"
says = "what similarity adds"

[[comparisons]]
of = "all"
against = "baseline"
says = "against the most popular"

[[comparisons]]
of = "all"
against = "nowhere"
says = "against nothing"

[[published]]
source = "a paper"
method = "SVD"
protocol = "loo"
model = "svd"
metric = "NDCG"
k = 10
value = 0.09
corrected = 0.1

[[published]]
source = "a paper"
method = "SVD + words"
protocol = "loo"
model = "svd"
label = "all"
metric = "NDCG"
k = 10
value = 0.15
"""

LABELS = ["all", "all", "without similarity", "without similarity", "broken", "nowhere", "asked"]
LABELS += ["baseline"]


class Place:
    """A grid with a collection of data sets, and how the command is told of both."""

    def __init__(self, folder: Path) -> None:
        self.grid = folder / "grid.toml"
        self.grid.write_text(GRID, encoding="utf-8")
        self.collection = folder / "collection"
        write_generic(self.collection / "films", users=14, items=40, per_user=14)
        shutil.copytree(self.collection / "films", self.collection / "broken")
        (self.collection / "broken" / "ratings.parquet").write_bytes(b"PAR1, but no more")

    def words(self) -> list[object]:
        """The command that runs it."""
        return ["experiment", self.grid, "--json"]

    def told(self) -> dict[str, str]:
        """The environment of the command."""
        return {"PALATE_DATA_DIR": str(self.collection)}


@dataclass(frozen=True)
class Ran:
    """The home of a grid that ran, the JSON it printed, and its progress."""

    home: Path
    said: dict[str, Any]
    progress: str


def run_in_peace(place: Place, home: Path, server: str) -> Ran:
    """Run the grid with nothing in its way."""
    done = Terminal(home, server).succeed(*place.words(), **place.told())
    return Ran(home, json.loads(done.stdout, parse_constant=pytest.fail), done.stderr)
