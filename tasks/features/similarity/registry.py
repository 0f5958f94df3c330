"""Scorers by the name that `--scorer` gives: a new one is an entry here."""

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

from tasks.core.vocabulary import ScorerName
from tasks.features.similarity.embedded import EmbeddedScorer
from tasks.features.similarity.scorer import Scorer
from tasks.llm.options import EngineOptions
from tasks.texts.embedder import Embedder, Vectors
from tasks.texts.embedding_store import EmbeddingStore


def scorer_named(name: ScorerName, home: Path, options: EngineOptions) -> Scorer:
    """The scorer; what is costly to load or share is made once per process."""
    if name == "embedded":
        return _embedded(home)
    from tasks.features.similarity.language import LanguageScorer  # noqa: PLC0415 - loads openai and SQLAlchemy

    return LanguageScorer(home, options)


def text_vectors(home: Path, texts: Sequence[str]) -> Vectors:
    """Unit vectors (len(texts), 384) of the texts, in their order; each is embedded once."""
    return _store(home).matrix(texts)


@lru_cache
def _embedded(home: Path) -> Scorer:
    return EmbeddedScorer(_store(home))


@lru_cache
def _store(home: Path) -> EmbeddingStore:
    return EmbeddingStore(home / "embeddings.sqlite", _embedder())


@cache
def _embedder() -> Embedder:
    """One for all homes: it holds a quarter of a gigabyte."""
    return Embedder()
