"""Every recommended item carries the parts that its rule reads; learned: see `test_unrated`."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

from flows.candidates import propose
from flows.ranking import rank
from tasks.core.artifacts import scan_table
from tasks.core.vocabulary import RuleName
from tasks.night.stages import listed_stage, places_stage
from tasks.store.query import query
from tasks.store.record import ranked_rows
from tasks.store.warehouse import publish
from tests.flows.small import options, pipeline_of, world
from tests.store.rows import a_run
from tests.support.direct import Direct

PARTS = ("estimate", "base_rank", "similarity", "popularity", "score")


def test_every_recommended_item_carries_its_parts(tmp_path: Path) -> None:
    settings = options(tmp_path, model="popularity")
    made = world(tmp_path / "data", settings)
    steps = Direct(tmp_path)
    pipeline = pipeline_of(made, settings, steps)
    candidates, users = propose(pipeline), pipeline.inputs.users
    for number, rule in enumerate(get_args(RuleName)):
        run = f"{number} {rule}"
        method = pipeline.method.model_copy(update={"reranker": rule})
        ranked = rank(replace(pipeline, method=method), candidates).lists
        listed = steps.run(listed_stage, run_id=run, users=users, new=users, kept=None)
        places = steps.run(places_stage, ranked=ranked, listed=listed, guarded=None, top=10)
        rows = ranked_rows(run, scan_table(tmp_path, places), made.items.lazy(), None)
        night = a_run(run)["runs"].with_columns(top=10)
        publish(tmp_path, {"runs": night, "ranked_items": rows})
        shown = query(tmp_path, "SELECT * FROM latest_recommendations")
        assert shown["run_id"].unique().to_list() == [run] and shown.height > 100
        unread = {"popularity"} if rule not in {"weighted", "rrf"} else set()
        unread |= {"similarity"} if rule == "none" else set()
        for part in PARTS:
            assert shown[part].null_count() == (shown.height if part in unread else 0), part
        if rule in {"weighted", "rrf"}:
            assert shown["date_affinity"].null_count() == 0, "every year is known"
