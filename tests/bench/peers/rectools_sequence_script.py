"""Run by RecTools' own environment: fits a sequential model epoch by epoch, writes its lists."""

import json
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from pytorch_lightning import seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel
from rectools.models.nn.transformers.ligr import LiGRLayers

COLUMNS = {
    "user": Columns.User,
    "item": Columns.Item,
    "weight": Columns.Weight,
    "timestamp": Columns.Datetime,
}
KINDS: dict[str, dict[str, Any]] = {
    "SASRec": {"loss": "softmax"},
    "eSASRec": {
        "loss": "sampled_softmax",
        "n_negatives": 256,
        "transformer_layers_type": LiGRLayers,
        "use_key_padding_mask": True,
    },
}
"""SASRec as RecTools ships it, and with what its authors' eSASRec changes of it."""


def main() -> None:
    folder = Path(sys.argv[1])
    plan = pd.read_parquet(folder / "plan.parquet").to_dict("records")[0]
    torch.set_num_threads(int(plan["threads"]))
    seed_everything(int(plan["seed"]), verbose=False)
    warnings.simplefilter("ignore")
    served = [_window(folder, number) for number in range(int(plan["windows"]))]
    dataset, model, count = served[0][0], _model(plan), int(plan["count"])
    lists, epochs, started = [], 0, time.perf_counter()
    while epochs < plan["epochs"] and time.process_time() < plan["cpu_seconds"]:
        model.fit_partial(dataset, min_epochs=1, max_epochs=1)
        epochs += 1
        if plan["every_epoch"]:
            lists.append(_lists(model, *served[0], count, epoch=epochs, window=0))
    if not plan["every_epoch"]:
        for number, (known, users) in enumerate(served):
            lists.append(_lists(model, known, users, count, epoch=epochs, window=number))
    pd.concat(lists).to_parquet(folder / "lists.parquet")
    told = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time(),
        "epochs": epochs,
        "version": version("rectools"),
        "torch": version("torch"),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _window(folder: Path, number: int) -> tuple[Dataset, Any]:
    """What is known when a window starts, and the people who are to get lists."""
    rows = pd.read_parquet(folder / f"train_{number}.parquet").rename(columns=COLUMNS)
    rows[Columns.Datetime] = pd.to_datetime(rows[Columns.Datetime], unit="s")
    users = pd.read_parquet(folder / f"wanted_{number}.parquet")["user"].to_numpy()
    return Dataset.construct(rows[list(COLUMNS.values())]), users


def _model(plan: dict[str, Any]) -> SASRecModel:
    return SASRecModel(
        n_blocks=int(plan["blocks"]),
        n_heads=int(plan["heads"]),
        n_factors=int(plan["factors"]),
        session_max_len=int(plan["session"]),
        dropout_rate=float(plan["dropout"]),
        lr=float(plan["lr"]),
        batch_size=int(plan["batch"]),
        deterministic=True,
        **KINDS[plan["kind"]],
    )


def _lists(
    model: SASRecModel, dataset: Dataset, users: object, count: int, **told: int
) -> pd.DataFrame:
    """Lists of who has one, told of which epoch and window; rated items are left out."""
    found = model.recommend(
        users=users, dataset=dataset, k=count, filter_viewed=True, on_unsupported_targets="ignore"
    )
    named = {Columns.User: "user", Columns.Item: "item", Columns.Rank: "rank"}
    return found.rename(columns=named)[list(named.values())].assign(**told)


if __name__ == "__main__":
    main()
