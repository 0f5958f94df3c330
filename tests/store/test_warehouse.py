import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from filelock import FileLock

import sql
from tasks.core.errors import StoreError
from tasks.store.query import query
from tasks.store.warehouse import database_file, is_published, publish
from tests.store.rows import a_run

OLDER = """
CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY, flow VARCHAR NOT NULL, started_at_utc TIMESTAMP NOT NULL,
    finished_at_utc TIMESTAMP NOT NULL, seconds DOUBLE NOT NULL, dataset VARCHAR NOT NULL,
    model VARCHAR NOT NULL, scorer VARCHAR NOT NULL, reranker VARCHAR NOT NULL,
    top INTEGER NOT NULL, ratings BIGINT NOT NULL, items BIGINT NOT NULL, users BIGINT NOT NULL,
    users_listed BIGINT NOT NULL, candidates BIGINT NOT NULL, unscored BIGINT NOT NULL,
    config JSON NOT NULL, versions JSON NOT NULL
);
CREATE TABLE stages (
    run_id VARCHAR NOT NULL, place INTEGER NOT NULL, stage VARCHAR NOT NULL, part VARCHAR NOT NULL,
    cached BOOLEAN NOT NULL, seconds DOUBLE NOT NULL, rows BIGINT NOT NULL,
    PRIMARY KEY (run_id, place)
);
CREATE TABLE metrics (run_id VARCHAR, list VARCHAR, metric VARCHAR, k INTEGER, value DOUBLE);
CREATE VIEW latest_metrics AS SELECT * FROM metrics;
CREATE TABLE learned_weights (
    run_id VARCHAR NOT NULL, cell INTEGER NOT NULL, feature VARCHAR NOT NULL,
    weight DOUBLE NOT NULL, mean DOUBLE NOT NULL, spread DOUBLE NOT NULL,
    PRIMARY KEY (run_id, cell, feature)
);
INSERT INTO learned_weights VALUES ('run-1', 0, 'age', 0.5, 0, 1);
"""
"""A results file of before evaluations, but for the tables that have not changed since."""

OLD_SCHEMA = (Path(__file__).parent / "old_results.sql").read_text(encoding="utf-8")
"""Tables and views of the version that had losing_lists and telling_lists."""

ROOT = Path(__file__).parents[2]
PUBLISHER = """
import sys
from pathlib import Path
from tasks.store.warehouse import publish
from tests.store.rows import a_run
publish(Path(sys.argv[1]), a_run(sys.argv[2], users=200))
"""


def test_runs_accumulate(tmp_path: Path) -> None:
    publish(tmp_path, a_run("20260101-000000-aaaaaa"))
    publish(tmp_path, a_run("20260102-000000-bbbbbb"))
    assert query(tmp_path, "SELECT run_id FROM runs ORDER BY 1")["run_id"].to_list() == [
        "20260101-000000-aaaaaa",
        "20260102-000000-bbbbbb",
    ]


def test_four_processes_publish_at_once_and_all_four_runs_are_there(tmp_path: Path) -> None:
    publishers = [
        subprocess.Popen([sys.executable, "-c", PUBLISHER, str(tmp_path), f"run-{n}"], cwd=ROOT)
        for n in range(4)
    ]
    assert [publisher.wait(timeout=60) for publisher in publishers] == [0] * 4
    rows = query(tmp_path, "SELECT run_id, count(*) AS n FROM ranked_items GROUP BY 1 ORDER BY 1")
    assert rows.rows() == [(f"run-{n}", 200) for n in range(4)]


def test_a_run_that_cannot_be_added_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    publish(tmp_path, a_run("run-1"))
    before = database_file(tmp_path).read_bytes()
    with pytest.raises(StoreError, match="could not be added"):
        publish(tmp_path, a_run("run-1"))
    assert database_file(tmp_path).read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "palate.duckdb",
        "palate.duckdb.lock",
    ]


def test_a_file_that_is_no_database_is_neither_used_nor_lost(tmp_path: Path) -> None:
    database_file(tmp_path).write_text("my notes", encoding="utf-8")
    with pytest.raises(StoreError, match="move it away"):
        publish(tmp_path, a_run("run-1"))
    assert database_file(tmp_path).read_text(encoding="utf-8") == "my notes"


def test_a_publisher_that_waits_too_long_says_so(tmp_path: Path) -> None:
    with FileLock(tmp_path / "palate.duckdb.lock"), pytest.raises(StoreError, match="publishing"):
        publish(tmp_path, a_run("run-1"), wait=0.1)


def test_a_new_file_can_be_opened_by_older_clients(tmp_path: Path) -> None:
    publish(tmp_path, a_run("run-1"))
    stored = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal"
    assert query(tmp_path, stored).item() == "v1.5.0+"


def test_every_view_is_listed_and_answers(tmp_path: Path) -> None:
    folder = Path(sql.__file__).parent / "views"
    assert sorted(sql.VIEWS) == sorted(file.stem for file in folder.glob("*.sql"))
    publish(tmp_path, a_run("run-1"))
    with duckdb.connect(database_file(tmp_path), read_only=True) as database:
        for view in sql.VIEWS:
            database.sql(f"FROM {view}").fetchall()


def test_latest_views_show_the_last_run_only(tmp_path: Path) -> None:
    publish(tmp_path, a_run("run-1", title="Old"))
    publish(tmp_path, a_run("run-2", title="New"))
    assert query(tmp_path, "FROM latest_recommendations")["title"].to_list() == ["New"]
    side = query(tmp_path, "FROM side_by_side").row(0, named=True)
    assert (side["base_title"], side["title"], side["came_from"]) == ("New", "New", 1)
    assert query(tmp_path, "FROM run_history")["run_id"].to_list() == ["run-2", "run-1"]


def write_old(home: Path, run_id: str) -> None:
    """A results file of the version before list_examples: user 1 lost, user 2 gained."""
    with duckdb.connect(database_file(home)) as database:
        database.execute(OLD_SCHEMA)
        for name, rows in a_run(run_id).items():
            database.register("new_rows", rows.to_arrow())
            database.execute(f"INSERT INTO {name} BY NAME SELECT * FROM new_rows")
        database.execute(f"""
            INSERT INTO cells VALUES (
                '{run_id}', 0, 'all', 'films', 'loo', 'svd', 'none', 'learned', false, false,
                1, 9, 5, 1, 3, 'run', NULL, 1, 1, NULL, '{{}}', '{{}}'
            );
            INSERT INTO telling_lists VALUES
                ('{run_id}', 0, 5, '1', -0.5, '10', 'Ten', 1995, 1, 1, true, 4, 0, 1, 1, 1),
                ('{run_id}', 0, 5, '2', 0.5, '10', 'Ten', 1995, 1, 1, true, 4, 0, 1, 1, 1);
            INSERT INTO losing_lists VALUES
                ('{run_id}', 0, 5, '1', '10', 'Ten', 1, 1, true),
                ('{run_id}', 0, 5, '3', '10', 'Ten', 1, 1, true);
            INSERT INTO stages (run_id, place, stage, part, cached, seconds, rows)
            VALUES ('{run_id}', 0, 'train', 'tonight', false, 1, 5);
        """)


def test_lists_of_an_earlier_version_are_carried_over_once(tmp_path: Path) -> None:
    write_old(tmp_path, "run-1")
    for run_id in ("run-2", "run-3"):
        publish(tmp_path, a_run(run_id))
    examples = query(tmp_path, "SELECT user, gain, year FROM list_examples ORDER BY user")
    assert examples.rows() == [("1", -0.5, 1995), ("2", 0.5, 1995), ("3", None, None)]
    losing = query(tmp_path, "SELECT * FROM losing_lists ORDER BY user")
    assert losing.columns[-4:] == ["title", "base_rank", "rank", "held_out"]
    assert losing["user"].to_list() == ["1", "3"]
    telling = query(tmp_path, "SELECT * FROM telling_lists ORDER BY gain")
    assert telling["user"].to_list() == ["1", "2"] and telling.columns[-1] == "score"
    for view in ("worse_lists", "losers"):
        assert query(tmp_path, f"SELECT user, title FROM {view} ORDER BY 1").rows() == [
            ("1", "Ten *"),
            ("3", "Ten *"),
        ]


def test_a_file_that_was_never_brought_up_to_date_keeps_its_lists_in_a_failed_publication(
    tmp_path: Path,
) -> None:
    write_old(tmp_path, "run-1")
    with pytest.raises(StoreError, match="could not be added"):
        publish(tmp_path, a_run("run-1"))
    assert query(tmp_path, "FROM losing_lists").height == 2


def test_signals_and_reasons_may_be_missing_and_no_view_breaks(tmp_path: Path) -> None:
    night = a_run("run-1")
    gone = ("similarity", "popularity", "date_affinity")
    night["ranked_items"] = night["ranked_items"].drop(gone)
    publish(tmp_path, night)
    with_reasons = a_run("run-2")
    with_reasons["ranked_items"] = with_reasons["ranked_items"].with_columns(
        reasons=pl.lit("often rated lately"),
        **{name: pl.lit(None, pl.Float64) for name in gone},
    )
    publish(tmp_path, with_reasons)
    for view in sql.VIEWS:
        query(tmp_path, f"FROM {view}")
    for view in ("latest_recommendations", "side_by_side"):
        assert query(tmp_path, f"SELECT reasons FROM {view}").rows() == [("often rated lately",)]


def an_evaluation(run_id: str) -> dict[str, pl.DataFrame]:
    """A run that is of no single data set and recommends nothing to anybody."""
    names = ("run_id", "started_at_utc", "finished_at_utc", "seconds", "config", "versions")
    row = a_run(run_id)["runs"].select(pl.lit("evaluate").alias("flow"), *names)
    return {"runs": row}


def test_an_evaluation_is_not_the_last_night(tmp_path: Path) -> None:
    publish(tmp_path, a_run("run-1", title="Heat"))
    publish(tmp_path, an_evaluation("run-2"))
    assert query(tmp_path, "FROM latest_run")["run_id"].to_list() == ["run-1"]
    assert query(tmp_path, "FROM latest_recommendations")["title"].to_list() == ["Heat"]
    assert query(tmp_path, "FROM run_history")["run_id"].to_list() == ["run-2", "run-1"]


def test_an_older_results_file_takes_new_runs_and_keeps_its_own(tmp_path: Path) -> None:
    with duckdb.connect(database_file(tmp_path)) as database:
        database.execute(OLDER)
        database.register("night", a_run("run-1")["runs"].to_arrow())
        database.execute("INSERT INTO runs BY NAME SELECT * FROM night")
    publish(tmp_path, an_evaluation("run-2"))
    publish(tmp_path, a_run("run-3"))
    runs = query(tmp_path, "SELECT run_id, dataset, status FROM runs ORDER BY run_id")
    assert runs.rows() == [
        ("run-1", "made-up", "complete"),
        ("run-2", None, "complete"),
        ("run-3", "made-up", "complete"),
    ]
    weights = query(tmp_path, "SELECT feature, weight, gain, feature_group FROM learned_weights")
    assert weights.rows() == [("age", 0.5, None, None)]
    for view in sql.VIEWS:
        query(tmp_path, f"FROM {view}")


def test_the_key_that_lists_had_goes_and_its_lists_stay(tmp_path: Path) -> None:
    publish(tmp_path, a_run("run-1"))
    with duckdb.connect(database_file(tmp_path)) as database:
        database.execute("ALTER TABLE ranked_items ADD PRIMARY KEY (run_id, user, item)")
    for number in (2, 3):
        publish(tmp_path, a_run(f"run-{number}"))
    assert query(tmp_path, "SELECT run_id FROM ranked_items ORDER BY 1").height == 3
    keyed = "FROM duckdb_constraints() WHERE table_name = 'ranked_items' AND constraint_type LIKE"
    assert not query(tmp_path, f"{keyed} 'PRIMARY%'").height
    assert query(tmp_path, f"{keyed} 'NOT NULL'").height
    assert not query(tmp_path, "FROM duckdb_tables() WHERE table_name LIKE '%before'").height
    about = "SELECT comment FROM duckdb_columns() WHERE table_name = 'ranked_items'"
    assert all(query(tmp_path, about)["comment"])


def test_a_run_that_did_nothing_is_still_a_run(tmp_path: Path) -> None:
    publish(tmp_path, an_evaluation("run-1") | {"stages": pl.DataFrame()})
    assert query(tmp_path, "SELECT run_id, tasks FROM run_history").rows() == [("run-1", None)]


def test_a_run_is_known_once_it_is_published(tmp_path: Path) -> None:
    assert not is_published(tmp_path, "run-1")
    publish(tmp_path, a_run("run-1"))
    assert is_published(tmp_path, "run-1") and not is_published(tmp_path, "run-2")
    database_file(tmp_path).write_bytes(b"no results")
    assert not is_published(tmp_path, "run-1"), "publishing says what is wrong with the file"


def test_of_old_nights_the_figures_stay_and_the_lists_go(tmp_path: Path) -> None:
    def night(number: int, dataset: str = "made-up") -> None:
        run = a_run(f"{dataset}-{number}")
        when = pl.col("finished_at_utc") + pl.duration(days=number)
        run["runs"] = run["runs"].with_columns(when, dataset=pl.lit(dataset))
        publish(tmp_path, run, keep_nights=2)

    night(0, "other")
    for number in range(1, 5):
        night(number)
    listed = "SELECT DISTINCT run_id FROM ranked_items ORDER BY 1"
    assert query(tmp_path, listed)["run_id"].to_list() == ["made-up-3", "made-up-4", "other-0"]
    assert query(tmp_path, "SELECT count(*) FROM runs").item() == 5
    publish(tmp_path, {"runs": a_run("evaluation")["runs"]})
    assert query(tmp_path, listed).height == 3, "whoever says nothing removes nothing"


def test_the_file_does_not_grow_with_nights_whose_lists_are_gone(tmp_path: Path) -> None:
    sizes = []
    for number in range(12):
        publish(tmp_path, a_run(f"run-{number:02}", users=10_000), keep_nights=2)
        sizes.append(database_file(tmp_path).stat().st_size)
    assert max(sizes[6:]) < 1.5 * max(sizes[:6]), "lists of a night go when those beside them do"
