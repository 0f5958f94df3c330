"""Where fan-outs run is decided around a flow, before anything else happens."""

import sys
from inspect import signature
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow
from prefect.context import FlowRunContext

from flows import runner
from flows.runner import on_its_runner
from tasks.core.errors import SettingsError
from tasks.core.homes import home_of
from tasks.core.stage import STAGES
from tasks.llm.options import EngineOptions, Sharing
from tasks.settings.settings import Settings
from tests.support.in_process import flows_in
from tests.support.options import plain_settings

SHARING = Sharing(run="a-run", askers=2)


@flow
@on_its_runner
def where(settings: Settings, more: int = 0) -> tuple[str, int]:
    """Say which runner tasks have."""
    context = FlowRunContext.get()
    assert context is not None
    return type(context.task_runner).__name__, more


def test_threads_stay_the_flow_s_own_and_parameters_arrive(tmp_path: Path, server: str) -> None:
    with flows_in(tmp_path, server):
        assert where(Settings(home=tmp_path), more=3) == ("ThreadPoolTaskRunner", 3)


def test_a_missing_package_is_named_with_what_to_install(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.delitem(sys.modules, "flows.dask.cluster", raising=False)
    with flows_in(tmp_path, server), pytest.raises(SettingsError) as caught:
        where(Settings(home=tmp_path, runner="dask"))
    assert "(dask)" in caught.value.what and "palate[dask]" in caught.value.fix


@pytest.mark.parametrize(
    "asking",
    [{"scorer": "llm"}, {"profile_writer": "llm"}, {"explain": True}],
)
def test_workers_of_other_machines_cannot_share_a_file_as_ledger(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch, asking: dict[str, object]
) -> None:
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    chosen = plain_settings(home=tmp_path, runner="dask://127.0.0.1:9", llm_model="m", **asking)
    with flows_in(tmp_path, server), pytest.raises(SettingsError, match="PALATE_LEDGER_URL"):
        where(chosen)


def test_one_command_has_one_runner() -> None:
    both: list[runner.AnySettings] = [Settings(runner="dask"), Settings()]
    with pytest.raises(SettingsError, match="several"), runner._runner_for(both):
        pass


def test_workers_are_told_whole_paths_and_whom_they_share_limits_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = pytest.importorskip("flows.dask.cluster")
    monkeypatch.chdir(tmp_path)
    given: dict[str, Any] = {
        "home": Path(".palate"),
        "rows": (0, 5),
        "options": EngineOptions(llm_prices=Path("prices.toml"), llm_model="m"),
    }
    result = cluster.for_workers(given, SHARING)
    assert result["home"] == tmp_path / ".palate"
    assert result["options"].llm_prices == tmp_path / "prices.toml"
    assert result["options"].sharing == SHARING and result["options"].llm_model == "m"
    changed = {name for name in given if result[name] != given[name]}
    assert changed == {"home", "options"}
    assert given["options"].sharing is None


def test_what_workers_are_told_otherwise_is_in_no_key() -> None:
    import flows.nightly  # noqa: F401, PLC0415 - defines every stage

    for stage in STAGES.values():
        assert {"home", "options"} & set(signature(stage.fn).parameters) <= stage.not_in_key


@pytest.mark.parametrize(
    ("lacks", "expected"),
    [
        ({"code": "x"}, "another version"),
        ({"home": False}, "does not see"),
        ({"server": False}, "does not reach Prefect's server"),
        ({"ledger": "x"}, "another ledger"),
        ({"key": None}, "another ledger or key"),
    ],
)
def test_what_a_worker_lacks_is_said(lacks: dict[str, object], expected: str) -> None:
    cluster = pytest.importorskip("flows.dask.cluster")
    here = cluster.WorkerFacts(code="c", home=True, server=True, ledger="l", key="k")

    def problem(seen: object, asks: bool = True) -> tuple[str, str] | None:
        lacking: tuple[str, str] | None = cluster._problem(here, seen, Path("h"), "url", asks=asks)
        return lacking

    assert problem(here) is None
    result = problem(here.model_copy(update=lacks))
    assert result and expected in result[0]
    if "ledger" in expected:
        assert problem(here.model_copy(update=lacks), asks=False) is None
    broken = problem(ModuleNotFoundError("tasks"))
    assert broken and "cannot run palate" in broken[0]


def test_of_a_shared_home_a_worker_has_a_mirror_of_its_own() -> None:
    cluster = pytest.importorskip("flows.dask.cluster")
    here = cluster.WorkerFacts(code="c", home=True, server=True, ledger="l", key="k")
    elsewhere = here.model_copy(update={"home": False})
    assert cluster._problem(here, elsewhere, home_of("s3://nights/team"), "url", asks=True) is None


def test_what_a_cluster_loses_is_an_error_and_no_unfinished_stage() -> None:
    cluster = pytest.importorskip("flows.dask.cluster")

    class Lost:
        def result(self, timeout: float | None = None) -> None:
            raise ConnectionResetError("gone")

    future = cluster.ClusterFuture(wrapped_future=Lost(), task_run_id=uuid4())
    with pytest.raises(cluster.ServiceError, match="lost a task"):
        future.wait()
