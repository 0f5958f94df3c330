"""Run by LensKit's own environment: recommends from given factors, times that, writes the lists."""

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import lenskit
import numpy as np
import pandas as pd
from lenskit import batch
from lenskit.als import ImplicitMFScorer
from lenskit.data import from_interactions_df
from lenskit.pipeline import topn_pipeline

COUNT, TIMES = 100, 3


def main() -> None:
    folder = Path(sys.argv[1])
    train = pd.read_parquet(folder / "train.parquet")
    wanted = pd.read_parquet(folder / "wanted.parquet")["user"].tolist()
    data = from_interactions_df(train, user_col="user", item_col="item")
    scorer = ImplicitMFScorer(embedding_size=2, epochs=1, user_embeddings="prefer")
    pipeline = topn_pipeline(scorer, n=COUNT)
    pipeline.train(data)  # for its lookups; the factors are given
    scorer = pipeline.node("scorer").component
    scorer.user_embeddings = _vectors(folder, "user", data.users.ids())
    scorer.item_embeddings = _vectors(folder, "item", data.items.ids())
    seconds = []
    for _ in range(TIMES):
        started = time.perf_counter()
        found = batch.recommend(pipeline, wanted, COUNT, n_jobs=1)
        seconds.append(time.perf_counter() - started)
    lists = found.to_df().rename(columns={"user_id": "user", "item_id": "item"})
    lists[["user", "item"]].to_parquet(folder / "lists.parquet")
    sys.stdout.write(json.dumps({"seconds": min(seconds), "version": lenskit.__version__}) + "\n")


def _vectors(folder: Path, name: str, ids: Iterable[object]) -> np.ndarray:
    held = pd.read_parquet(folder / f"{name}_vectors.parquet").set_index(name)["vector"]
    return np.stack(held.loc[list(ids)].to_list()).astype(np.float32)


if __name__ == "__main__":
    main()
