"""A choice as a row of the results file."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import polars as pl

from tasks.report.blind.pair import Chosen, Draw, Pair, Shown
from tasks.store.warehouse import publish

TEXTS = dict.fromkeys(("run_id", "user"), pl.String)


def keep_choice(home: Path, pair: Pair, draw: Draw, chosen: Chosen, seconds: float) -> None:
    """Append the choice to `choices`; raises StoreError where that cannot be done."""
    publish(home, {"choices": choice_row(pair, draw, chosen, seconds, datetime.now(UTC))})


def choice_row(
    pair: Pair, draw: Draw, chosen: Chosen, seconds: float, chosen_at_utc: datetime
) -> pl.DataFrame:
    """The one row; of a person's taste it holds nothing but the items of both lists."""
    row = {
        "id": f"{chosen_at_utc:%Y%m%d-%H%M%S}-{token_hex(3)}",
        "chosen_at_utc": chosen_at_utc.replace(tzinfo=None),
        **pair.model_dump(include={"run_id", "user", "dataset", "model", "scorer", "reranker"}),
        "base_items": _ids(pair.base),
        "reranked_items": _ids(pair.reranked),
        "first": draw.first,
        "chosen": chosen,
        "seconds": seconds,
        "seed": draw.seed,
    }
    return pl.DataFrame([row], schema_overrides=TEXTS)


def _ids(items: Sequence[Shown]) -> str:
    return json.dumps([shown.item for shown in items])
