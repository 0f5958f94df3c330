"""From people's values to rows: means with intervals, and what lists have beyond others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tasks.evaluation.significance import bootstrap_intervals, holm, paired, user_sums, verdict

Values = Mapping[int, pl.DataFrame]
"""By draw of the folds the values of people (user, metrics ...)."""

ROWS = {
    "part": pl.String(),
    "place": pl.Int32(),
    "judge": pl.String(),
    "list": pl.String(),
    "against": pl.String(),
    "metric": pl.String(),
    "value": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "p": pl.Float64(),
    "users": pl.Int64(),
}


@dataclass
class JudgedLists:
    """What was measured of one part: lists by name, and which are to be compared with which.

    `judges`: whose judgements a list holds, if anybody's.
    """

    part: str
    seed: int
    lists: dict[str, Values] = field(default_factory=dict)
    judges: dict[str, str] = field(default_factory=dict)
    compared: list[tuple[str, str]] = field(default_factory=list)

    def add(
        self, name: str, values: Values, judge: str | None = None, against: Sequence[str] = ()
    ) -> None:
        """Enter a list, to be compared with others that were entered before it."""
        self.lists[name] = values
        if judge:
            self.judges[name] = judge
        self.compared += [(name, other) for other in against]

    def rows(self) -> pl.DataFrame:
        """A row per list and metric, then per comparison and metric, with the columns of ROWS."""
        every = [*self._means(), *self._differences()]
        places = [{"place": place} | row for place, row in enumerate(every)]
        return (
            pl.DataFrame(places, schema=ROWS, orient="row") if places else pl.DataFrame(schema=ROWS)
        )

    def _means(self) -> Iterator[dict[str, object]]:
        for name, values in self.lists.items():
            sums = user_sums(list(values.values()))
            low, high = bootstrap_intervals(sums.sums, sums.counts, self.seed)
            people = np.count_nonzero(sums.counts, axis=0)
            figures = zip(sums.metrics, sums.means(), low, high, people, strict=True)
            for metric, mean, least, most, users in figures:
                given = {"metric": metric, "value": mean, "low": least, "high": most}
                yield self._named(name) | given | {"users": users}

    def _differences(self) -> Iterator[dict[str, object]]:
        for name, other in self.compared:
            table = paired(self.lists[name], self.lists[other], self.seed)
            table = table.rename({"difference": "value", "p_value": "p"})
            for row in table.drop("better", "worse").iter_rows(named=True):
                yield self._named(name) | {"against": other} | row

    def _named(self, name: str) -> dict[str, object]:
        return {"part": self.part, "list": name, "judge": self.judges.get(name)}


def with_verdicts(rows: pl.DataFrame) -> pl.DataFrame:
    """The same with verdicts, and `p_holm`, over the comparisons of one part and metric."""
    adjusted = pl.col("p").map_batches(lambda p: pl.Series(holm(p.to_numpy())), pl.Float64)
    family = [pl.col("part"), pl.col("metric"), pl.col("against").is_null()]
    corrected = rows.with_columns(adjusted.over(family).fill_nan(None).alias("p_holm"))
    is_compared, figures = corrected["against"].is_not_null(), ("low", "high", "p_holm")
    verdicts = [verdict(*row) for row in corrected.select(figures).iter_rows()]
    told = pl.Series("verdict", verdicts).zip_with(is_compared, pl.Series([None], dtype=pl.String))
    return corrected.with_columns(told)
