"""An embedder that reads no text twice in one process, whatever home its vector is for."""

from collections.abc import Iterator, Sequence

import numpy as np

from tasks.texts.embedder import BATCH, Embedder, Vectors

_vectors: dict[str, Vectors] = {}


class RememberingEmbedder(Embedder):
    """The real one's vectors (a text's does not depend on the texts beside it)."""

    def embed(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        new = [text for text in dict.fromkeys(texts) if text not in _vectors]
        if new:
            for places, vectors in super().embed(new):
                _vectors.update(zip([new[place] for place in places], vectors, strict=True))
        for start in range(0, len(texts), BATCH):
            places = list(range(start, min(start + BATCH, len(texts))))
            yield places, np.stack([_vectors[texts[place]] for place in places])
