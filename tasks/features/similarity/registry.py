"""Scorers by the name that `--scorer` gives: a new one is an entry here."""

from functools import lru_cache
from pathlib import Path

from tasks.core.vocabulary import ScorerName
from tasks.features.similarity.embedded import EmbeddedScorer
from tasks.features.similarity.scorer import Scorer
from tasks.llm.options import EngineOptions
from tasks.llm.questions import SCORE
from tasks.texts.embedding_store import store_of


def scorer_named(name: ScorerName, home: Path, options: EngineOptions) -> Scorer:
    """The scorer; what is costly to load or share is made once per process."""
    if name == "embedded":
        return _embedded(home)
    from tasks.features.similarity.language import LanguageScorer  # noqa: PLC0415 - loads openai and SQLAlchemy

    return LanguageScorer(home, options)


def scorer_version(name: ScorerName, options: EngineOptions) -> str:
    """Changes whenever the same question would get another score."""
    if name == "embedded":
        return EmbeddedScorer.version
    return SCORE.judge(options)


@lru_cache
def _embedded(home: Path) -> Scorer:
    return EmbeddedScorer(store_of(home))
