"""What was found for a data set, kept for later nights and later runs of `enrich`."""

import hashlib
import re
from pathlib import Path

import polars as pl

from tasks.core.artifacts import write_table
from tasks.core.files import replacing
from tasks.core.vocabulary import ITEM, Artifact
from tasks.data.enriching.errors import EnrichError
from tasks.data.enriching.fill import FOUND

FOLDER = "enriched"


def file_of(home: Path, dataset: str) -> Path:
    """Where a data set's table lies, whatever characters its name has."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", dataset)[:60].strip("-")
    digest = hashlib.sha256(dataset.encode()).hexdigest()[:8]
    return home / FOLDER / f"{readable}-{digest}.parquet"


def load(home: Path, dataset: str) -> pl.DataFrame | None:
    """What earlier runs found; None before the first. Raises EnrichError when damaged."""
    file = file_of(home, dataset)
    if not file.is_file():
        return None
    try:
        found = pl.read_parquet(file, glob=False)
        return found.select(ITEM, *(pl.col(name).cast(kind) for name, kind in FOUND.items()))
    except (pl.exceptions.PolarsError, OSError):
        raise EnrichError(
            f"{file}: this is not a whole table of what `palate enrich` found.",
            "Delete it and run `palate enrich` again: TMDB's and the model's answers are kept.",
        ) from None


def save(home: Path, dataset: str, found: pl.DataFrame) -> Path:
    """Replace what is kept for a data set, whole."""
    file = file_of(home, dataset)
    with replacing(file) as private:
        found.write_parquet(private)
    return file


def enrichment_of(home: Path, dataset: str) -> Artifact | None:
    """What is kept now, as a file that a later `enrich` leaves alone; None before the first."""
    found = load(home, dataset)
    return None if found is None else write_table(home, FOLDER, found)
