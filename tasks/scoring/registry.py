"""Scorers by the name that `--scorer` gives: a new one is an entry here."""

from functools import lru_cache
from pathlib import Path

from tasks.scoring.embedded import EmbeddedScorer
from tasks.scoring.embedder import Embedder
from tasks.scoring.embedding_store import EmbeddingStore
from tasks.scoring.scorer import Scorer
from tasks.vocabulary import ScorerName


@lru_cache
def scorer_named(name: ScorerName, home: Path) -> Scorer:
    """The scorer, made once per process so that its model is loaded once."""
    makers = {"embedded": _embedded}
    return makers[name](home)


def _embedded(home: Path) -> Scorer:
    return EmbeddedScorer(EmbeddingStore(home / "embeddings.sqlite", Embedder()))
