"""A command's tasks told by stage: nothing is lost, and each stage counts its own units."""

import pytest

from tests.bench.stages import MEASURING, told_by_stage, units_of


def row(stage, part, seconds, rows=0, peak=None):
    return {"stage": stage, "part": part, "seconds": seconds, "rows": rows, "peak_mb": peak}


STAGES = [
    row("ingest", "", 4.0, 1_000),
    row("train", "tonight", 5.0, peak=700.0),
    row("find candidates", "tonight", 6.0, 500, peak=300.0),
    row("score", "tonight", 8.0, 500),
    row("choose texts", "tonight", 1.0, 500),
    row("train", "tonight inner 0", 2.0),
    row("learn to rank", "tonight", 3.0),
    row("choose users", "tonight", 0.5),
    row("train", "loo seed 0", 7.0),
    row("find candidates", "loo seed 0", 3.0, 200),
    row("measure", "loo seed 0", 1.5),
]
RUN = {"seconds": 60.0, "publish_seconds": 2.0, "stages": STAGES}


@pytest.fixture
def told():
    units = units_of(RUN, ratings=1_000, users=50, items=20, main="tonight")
    return {line["stage"]: line for line in told_by_stage(RUN, units, "tonight")}


def test_the_lines_add_up_to_the_whole_command(told):
    assert sum(line["seconds"] for line in told.values()) == pytest.approx(60.0)


def test_the_served_part_is_told_apart_from_what_measures(told):
    assert told["fit"]["seconds"] == 5.0
    assert told["learn"]["seconds"] == 5.0
    assert told[MEASURING]["seconds"] == 10.0
    assert told["other stages"]["seconds"] == 0.5


def test_each_stage_counts_its_own_units(told):
    assert told["candidates"]["units"] == 50 * 20
    assert told["score"]["units"] == 500
    assert told["metrics"]["units"] == 200
    assert told["score"]["us_per_unit"] == pytest.approx(1e6 * 9.0 / 500)


def test_publishing_is_counted_once_wherever_it_is_told(told):
    assert told["publish"]["seconds"] == 2.0
    run = RUN | {"stages": [*STAGES, row("publish", "", 2.5)]}
    again = told_by_stage(run, units_of(run, 1_000, 50, 20, "tonight"), "tonight")
    assert [s["seconds"] for s in again if s["stage"] == "publish"] == [2.5]


def test_memory_is_told_where_it_was_recorded(told):
    assert told["fit"]["peak_mb"] == 700.0
    assert told["score"]["peak_mb"] is None
