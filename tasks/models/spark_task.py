"""Candidates by Spark as a task."""

from pathlib import Path

from tasks.core.artifacts import local, read_table, write_table
from tasks.core.progress import bar
from tasks.core.stage import stage
from tasks.core.vocabulary import USER, Artifact
from tasks.models import stored
from tasks.models.factors import Factors
from tasks.models.spark_candidates import spark_candidates


@stage("find candidates with Spark", "1", role="candidates")
def spark_candidates_stage(
    home: Path,
    model: Artifact,
    ratings: Artifact,
    counts: Artifact,
    users: Artifact,
    count: int,
    seed: int,
) -> Artifact:
    """The top `count` unrated items of every user, by factors."""
    wanted = read_table(home, users)[USER]
    fitted = stored.load(home, model)
    if not isinstance(fitted, Factors):
        raise TypeError(f"Spark cannot search {type(fitted).__name__}")
    files = home, fitted, local(home, ratings), read_table(home, counts)
    with bar("finding candidates", total=len(wanted)) as advance:
        found = spark_candidates(*files, wanted, count, seed, advance=advance)
    return write_table(home, "candidates", found)
