"""What a night reads: the data set, and the model that embeds texts."""

import os
from pathlib import Path

import numpy as np

from flows.doctor.finding import Finding, fail, ok
from tasks.data import catalogue
from tasks.data.download import ML_LATEST_SMALL
from tasks.settings.settings import Settings
from tasks.texts.embedder import Embedder


def check_data(settings: Settings) -> list[Finding]:
    """What `--data` names is there; the check downloads nothing."""
    data = settings.data
    beside = Path(os.environ.get(catalogue.DATA_DIR) or data) / data
    if data == ML_LATEST_SMALL.name and not (Path(data).is_dir() or beside.is_dir()):
        return [ok("data", f"{data} is downloaded by the first night, from {ML_LATEST_SMALL.url}")]
    source = catalogue.find(data, settings.home)
    return [ok("data", f"{data}: {', '.join(file.name for file in source.files)}")]


def check_embedder(_settings: Settings) -> list[Finding]:
    """The embedding model loads and gives unit vectors."""
    ((_, vectors),) = Embedder().embed(["a quiet film about trains"])
    if not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3):
        return [
            fail("embedder", "it gives no unit vectors", "Install the locked dependencies again.")
        ]
    return [ok("embedder", f"{Embedder.version} loads")]
