"""Re-ranking as a task."""

from pathlib import Path

from tasks.artifacts import read_table, write_table
from tasks.progress import bar
from tasks.reranking.features import add_features
from tasks.reranking.rules import rerank
from tasks.settings import Weights
from tasks.steps import step
from tasks.vocabulary import Artifact, RerankerName


@step("re-rank", "2")
def rerank_task(
    home: Path,
    candidates: Artifact,
    scores: Artifact,
    ratings: Artifact,
    items: Artifact,
    rule: RerankerName,
    weights: Weights,
    min_similarity: float,
) -> Artifact:
    """Every candidate with its features, score and new rank; features from `ratings` alone."""
    with bar("re-ranking"):
        known = add_features(
            read_table(home, candidates),
            read_table(home, scores),
            read_table(home, ratings),
            read_table(home, items),
        )
        return write_table(home, "ranked", rerank(known, rule, weights, min_similarity))
