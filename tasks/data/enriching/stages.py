"""Joining what `palate enrich` found to a catalogue, as a task."""

from pathlib import Path

from tasks.core.artifacts import read_table, write_table
from tasks.core.stage import stage
from tasks.core.vocabulary import Artifact
from tasks.data.enriching.fill import apply


@stage("apply enrichment", "1")
def apply_enrichment_stage(home: Path, items: Artifact, enrichment: Artifact) -> Artifact:
    """Items with their nulls filled; `enrichment` is what `store.enrichment_of` gives."""
    filled = apply(read_table(home, items), read_table(home, enrichment))
    return write_table(home, "items", filled)
