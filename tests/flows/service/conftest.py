"""An installation for those who only use it, and where its files may lie."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.service.installation import down
from tests.support.datasets import write_generic
from tests.support.stack import Stack


@pytest.fixture
def empty() -> Iterator[Stack]:
    """An installation that is not up yet; whatever the test does, nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="palate-service-") as folder:
        stack = Stack(Path(folder) / "home", PALATE_DATA_DIR=str(Path(folder) / "data"))
        write_generic(Path(folder) / "data" / "films")
        try:
            yield stack
        finally:
            down(stack.home)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One that is up, for a module of tests."""
    with tempfile.TemporaryDirectory(prefix="palate-service-") as folder:
        stack = Stack(Path(folder) / "home", PALATE_DATA_DIR=str(Path(folder) / "data"))
        write_generic(Path(folder) / "data" / "films")
        try:
            stack.up()
            yield stack
        finally:
            down(stack.home)
