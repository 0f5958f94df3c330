"""The fake language model, one per file of tests, and what it has heard."""

from collections.abc import Iterator

import pytest

from tests.llm.engine_support import Watched
from tests.support.fake_llm.handle import FakeLLM, fake_llm


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeLLM]:
    with fake_llm(tmp_path_factory.mktemp("fake")) as running:
        yield running


@pytest.fixture
def fake(server: FakeLLM) -> Watched:
    return Watched(server)
