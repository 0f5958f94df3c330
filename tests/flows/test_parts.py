"""Every recommended item carries its parts; those of learned lists stand in `test_unrated`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from tasks.artifacts import read_table
from tasks.store.query import query
from tasks.store.record import Run, ranked_rows, run_row
from tasks.store.warehouse import publish
from tasks.vocabulary import RuleName
from tests.flows.small import options, pipeline_of, world
from tests.support.direct import Direct

PARTS = "estimate, base_rank, similarity, popularity, score"


def test_every_recommended_item_carries_its_parts(tmp_path: Path) -> None:
    settings = options(tmp_path, model="popularity")
    made = world(tmp_path / "data", settings)
    pipeline = pipeline_of(made, settings, Direct(tmp_path))
    found = pipeline.propose()
    scores = pipeline.score(found.pairs)
    for rule in get_args(RuleName):
        run = Run(
            run_id=rule,
            flow="nightly",
            started_at_utc=datetime.now(UTC),
            settings=settings,
            dataset=pipeline.dataset,
            users=20,
            stages=[],
        )
        lists = read_table(tmp_path, pipeline.reorder(found.pairs, scores, rule))
        rows = ranked_rows(run, lists, made.items)
        publish(tmp_path, {"runs": run_row(run, datetime.now(UTC), lists), "ranked_items": rows})
        shown = query(tmp_path, "SELECT * FROM latest_recommendations")
        assert shown["run_id"].unique().to_list() == [rule] and shown.height > 100
        assert shown.select(PARTS.split(", ")).null_count().sum_horizontal().item() == 0
        assert shown["date_affinity"].null_count() == 0, "every year is known"
