"""Where a test types commands, and one grid for all who look at its results."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tasks.texts import embedder, embedding_store
from tests.support.grids import Place, Ran, run_in_peace
from tests.support.in_process import Terminal
from tests.support.remembering import RememberingEmbedder


@pytest.fixture(scope="session", autouse=True)
def remembered() -> Iterator[None]:
    """The same texts are in most homes: this process embeds each once, in one session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedder, "_new_session", cache(embedder._new_session))
        patch.setattr(embedding_store, "Embedder", RememberingEmbedder)
        yield


@pytest.fixture
def terminal(tmp_path: Path, server: str) -> Terminal:
    """Commands on a home of the test's own, in this process."""
    return Terminal(tmp_path / "home", server)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("grid"))


@pytest.fixture(scope="session")
def grid_run(place: Place, tmp_path_factory: pytest.TempPathFactory, server: str) -> Ran:
    """A small grid, run in peace once for all who only look at what it left."""
    return run_in_peace(place, tmp_path_factory.mktemp("undisturbed"), server)
