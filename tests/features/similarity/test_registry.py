"""What is costly to load is loaded once, however many homes a process serves."""

from pathlib import Path

import pytest

from tasks.texts import embedding_store
from tasks.texts.embedder import Embedder
from tasks.texts.embedding_store import text_vectors


def test_homes_share_one_embedder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Counted(Embedder):
        def __init__(self) -> None:
            made.append(self)

    monkeypatch.setattr(embedding_store, "Embedder", Counted)
    embedding_store._embedder.cache_clear()
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        assert text_vectors(tmp_path / name, ["a film"]).shape == (1, 384)
    assert len(made) == 1
