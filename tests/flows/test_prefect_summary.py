"""What a real Prefect server keeps of a night, and that nothing is left where nobody looks."""

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows import prefect_summary
from flows.prefect_summary import show_in_prefect, summary
from tasks.core import prefect_progress
from tasks.core.artifacts import write_table
from tasks.core.flow_steps import FlowSteps
from tasks.core.progress import TEMPORARY_SERVER, bar
from tasks.core.stage import Rows, chunk_stage
from tasks.core.vocabulary import Artifact
from tasks.settings.settings import Settings
from tasks.store.warehouse import publish
from tests.store.rows import a_run
from tests.support.in_process import flows_in


@chunk_stage("count slowly", "1")
def slow_stage(home: Path, rows: Rows) -> Artifact:
    """As long as two looks at its bar; two of three have one."""
    number = rows[0]
    with bar("counting", total=4 if number else None) as advance:
        for _ in range(4):
            time.sleep(0.05)
            advance(1)
    return write_table(home, "slow", pl.DataFrame({"number": [number]}))


@flow(name="shown", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
def small(settings: Settings) -> str:
    FlowSteps(settings.home, "tonight").chunks(slow_stage, 3, 1)
    show_in_prefect(settings, "r1", settings.home / "reports" / "a night.html")
    return str(flow_run.id)


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(prefect_progress, "EVERY_SECONDS", 0.1)
    monkeypatch.delenv(TEMPORARY_SERVER, raising=False)
    publish(tmp_path, a_run("r1"))
    return Settings(home=tmp_path)


def left_by(server: str, run: str) -> dict[str, Any]:
    asked = json.dumps({"artifacts": {"flow_run_id": {"any_": [run]}}}).encode()
    request = urllib.request.Request(
        f"{server}/artifacts/filter", asked, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return {one["key"]: one["data"] for one in json.load(answer)}


def test_a_server_that_stays_keeps_progress_and_a_summary_that_names_the_report(
    night: Settings, server: str
) -> None:
    with flows_in(night.home, server):
        left = left_by(server, small(night))
    assert set(left) == {"palate-count-slowly-tonight", "palate-night"}
    assert left["palate-count-slowly-tonight"] == 100
    page = night.home / "reports" / "a night.html"
    assert left["palate-night"] == summary(night.home, "r1", page)
    assert str(page.resolve()).replace("_", "\\_") in left["palate-night"]
    assert "file://" not in left["palate-night"] and "](" not in left["palate-night"]


def test_a_server_that_ends_with_its_command_is_left_nothing(
    night: Settings, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TEMPORARY_SERVER, "1")
    with flows_in(night.home, server):
        assert left_by(server, small(night)) == {}


def test_an_artifact_that_fails_fails_no_night(
    night: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefect_summary, "is_seen", lambda: True)
    monkeypatch.setattr(prefect_summary, "create_markdown_artifact", lambda *_: 1 / 0)
    show_in_prefect(night, "r1")


def test_the_summary_says_how_a_night_ended_and_no_text_of_it_is_markup(tmp_path: Path) -> None:
    rows = a_run("r1", users=3)
    note = pl.lit("cell | of\n<b>*nothing*</b>").alias("note")
    passed = pl.lit('["EASE looks at some", "kNN, too"]').alias("passed_over")
    rows["runs"] = rows["runs"].with_columns(note, passed, status=pl.lit("degraded"))
    stages = {"stage": ["score", "publish"], "part": "", "cached": [True, False]}
    rows["stages"] = pl.DataFrame({"run_id": "r1", "place": [0, 1], **stages}).with_columns(
        seconds=1.0, rows=pl.lit(1, pl.Int64)
    )
    publish(tmp_path, rows)
    said = summary(tmp_path, "r1")
    assert "| status | degraded |" in said and "| stages cached | 1 of 2 |" in said
    assert "| passed over | EASE looks at some; kNN, too |" in said
    assert "| users served | 3 of 3 |" in said and "Not measured." in said
    assert "| note | cell \\| of \\<b\\>\\*nothing\\*\\</b\\> |" in said
    assert "| requests to a language model | 0 |" in said and "| cost | $0 |" in said
