"""Every recommended item carries its parts; those of learned lists stand in `test_unrated`."""

from pathlib import Path
from typing import get_args

from tasks.core.artifacts import scan_table
from tasks.core.vocabulary import RuleName
from tasks.night.stages import listed_stage, places_stage
from tasks.store.query import query
from tasks.store.record import ranked_rows
from tasks.store.warehouse import publish
from tests.flows.small import options, pipeline_of, world
from tests.store.rows import a_run
from tests.support.direct import Direct

PARTS = "estimate, base_rank, similarity, popularity, score"


def test_every_recommended_item_carries_its_parts(tmp_path: Path) -> None:
    settings = options(tmp_path, model="popularity")
    made = world(tmp_path / "data", settings)
    pipeline = pipeline_of(made, settings, Direct(tmp_path))
    found = pipeline.propose()
    scores = pipeline.score(found.pairs)
    for number, rule in enumerate(get_args(RuleName)):
        run = f"{number} {rule}"
        ranked = pipeline.reorder(found.pairs, scores, rule)
        users = pipeline.inputs.users
        listed = pipeline.run(listed_stage, run_id=run, users=users, new=users, kept=None)
        places = pipeline.run(places_stage, ranked=ranked, listed=listed, guarded=None, top=10)
        rows = ranked_rows(run, scan_table(tmp_path, places), made.items.lazy(), None)
        night = a_run(run)["runs"].with_columns(top=10)
        publish(tmp_path, {"runs": night, "ranked_items": rows})
        shown = query(tmp_path, "SELECT * FROM latest_recommendations")
        assert shown["run_id"].unique().to_list() == [run] and shown.height > 100
        assert shown.select(PARTS.split(", ")).null_count().sum_horizontal().item() == 0
        assert shown["date_affinity"].null_count() == 0, "every year is known"
