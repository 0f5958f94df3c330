"""The nights of a replay as rows."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table
from tasks.evaluation.replay.night import ReplayedNight


def replayed_tables(
    home: Path, run_id: str, nights: Sequence[ReplayedNight]
) -> dict[str, pl.DataFrame]:
    """Rows of `replayed_nights` and of `reliability`."""
    mine = pl.lit(run_id).alias("run_id")
    rows = [one.model_dump(exclude={"number", "reliability"}) for one in nights]
    table = pl.DataFrame(rows, schema_overrides={"note": pl.String}).with_columns(
        pl.Series("night", [one.number for one in nights], pl.Int32),
        pl.from_epoch("moment", time_unit="s"),
    )
    checked = [
        read_table(home, one.reliability).select(
            pl.lit(one.number, pl.Int32).alias("night"), pl.all()
        )
        for one in nights
        if one.reliability
    ]
    tables = {"replayed_nights": table.select(mine, pl.all())}
    return tables | ({"reliability": pl.concat(checked).select(mine, pl.all())} if checked else {})
