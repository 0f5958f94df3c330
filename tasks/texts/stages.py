"""Item texts and their vectors as stages."""

from pathlib import Path

from tasks.core.artifacts import read_table, write_arrays, write_table
from tasks.core.chunks import rows_of
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import TEXT, Artifact
from tasks.texts.embedder import Embedder
from tasks.texts.embedding_store import text_vectors
from tasks.texts.item_texts import item_texts

VECTORS = "vectors"


@stage("write item texts", "3")
def texts_stage(home: Path, items: Artifact, tags: Artifact | None, ratings: Artifact) -> Artifact:
    """Every item's text, sorted by item; tags only of pairs in `ratings`, the train ratings."""
    tagged = read_table(home, tags) if tags else None
    texts = item_texts(read_table(home, items), tagged, read_table(home, ratings))
    return write_table(home, "texts", texts)


@chunk_stage("embed item texts", "2", "numpy", also=lambda _given: Embedder.version)
def vectors_stage(home: Path, rows: Rows, texts: Artifact) -> Artifact:
    """Unit vectors of these rows of the texts."""
    vectors = text_vectors(home, rows_of(home, texts, rows)[TEXT].to_list())
    return write_arrays(home, "vectors", len(vectors), {VECTORS: vectors})
