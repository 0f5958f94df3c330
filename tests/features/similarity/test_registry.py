"""What is costly to load is loaded once, however many homes a process serves."""

from pathlib import Path

import pytest

from tasks.features.similarity import registry
from tasks.texts.embedder import Embedder


def test_homes_share_one_embedder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Counted(Embedder):
        def __init__(self) -> None:
            made.append(self)

    monkeypatch.setattr(registry, "Embedder", Counted)
    registry._embedder.cache_clear()
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        assert text_vectors(tmp_path / name, ["a film"]).shape == (1, 384)
    assert len(made) == 1
