"""The flows that workers run; started by `palate up`: tests/flows/service."""

import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.utilities.callables import parameter_schema

from flows import deployed
from flows import nightly as nights
from flows.deployed import evaluate, experiment, nightly
from tasks.core.errors import PalateError
from tasks.settings.groups import ESSENTIAL
from tasks.settings.sources import EvaluateOptions, NightlyOptions
from tasks.store.query import query
from tasks.store.record import attempt
from tests.support.in_process import flows_in

FILE = Path(__file__).parents[2] / "deployments" / "prefect.yaml"


def test_every_deployment_is_of_a_flow_that_takes_its_parameters() -> None:
    deployments = yaml.safe_load(FILE.read_text())["deployments"]
    assert [one["name"] for one in deployments] == [
        *("nightly", "evaluate", "replay", "experiment", "recommend"),
    ]
    for one in deployments:
        module, name = one["entrypoint"].split(":")
        assert module == "flows/deployed.py"
        flow = getattr(deployed, name)
        assert flow.name == one["name"]
        flow.validate_parameters(one["parameters"])


def test_a_deployed_night_publishes_under_the_id_of_its_run(
    tmp_path: Path, server: str, made_up: Path
) -> None:
    settings = NightlyOptions(home=tmp_path, data=str(made_up), reranker="none", measure_users=0)
    with flows_in(tmp_path, server):
        state = nightly(settings, return_state=True)
    run = state.state_details.flow_run_id
    assert run is not None
    (published,) = query(tmp_path, "SELECT run_id FROM runs")["run_id"]
    assert published == state.result().run_id and published.endswith(run.hex[-6:])


def test_what_is_attempted_again_after_it_was_published_is_published_once(
    tmp_path: Path, server: str, made_up: Path
) -> None:
    settings = NightlyOptions(home=tmp_path, data=str(made_up), reranker="none", measure_users=0)
    with flows_in(tmp_path, server), attempt("20261124-030005-abcdef"):
        night = nights.nightly(settings.settings())
        before = night.database.read_bytes()
        again = nights.nightly(settings.settings())
    assert again.run_id == night.run_id == "20261124-030005-abcdef"
    assert night.database.read_bytes() == before


def test_a_grid_without_any_figures_fails(tmp_path: Path, server: str) -> None:
    grid = tmp_path / "grid.toml"
    grid.write_text('name = "none"\n[settings]\ndata = "nowhere"\n[[cells]]\nlabel = "x"\n')
    with flows_in(tmp_path, server), pytest.raises(PalateError, match="none of its 1"):
        experiment(str(grid), EvaluateOptions(home=tmp_path))


def form_of(flow) -> dict[str, dict[str, Any]]:
    definitions = parameter_schema(flow).model_dump()["definitions"]
    (name,) = {"NightlyOptions", "EvaluateOptions"} & set(definitions)
    fields: dict[str, dict[str, Any]] = definitions[name]["properties"]
    return fields


@pytest.mark.usefixtures("clean_environment")
def test_a_form_sends_no_default_that_nobody_chose_but_switches_that_are_on() -> None:
    for flow in (nightly, evaluate):
        schema = parameter_schema(flow).model_dump()
        assert '"default": true' in json.dumps(schema).replace("True", "true")
        defaults = re.findall(r'"default": ("[^"]*"|[^,}]*)', json.dumps(schema))
        assert set(defaults) == {"true"}
        assert {"Weights", "ModelOptions"} < set(schema["definitions"])
    fields = form_of(nightly)
    assert fields["guard"]["default"] is fields["report"]["default"] is True
    assert "default" not in fields["explain"], "it is off"


@pytest.mark.usefixtures("clean_environment")
def test_the_few_that_matter_come_first_then_group_by_group() -> None:
    fields = form_of(nightly)
    ordered = sorted(fields, key=lambda name: fields[name]["position"])
    assert [fields[name]["position"] for name in ordered] == list(range(len(fields)))
    few = len(ESSENTIAL & set(fields))
    assert set(ordered[:few]) == ESSENTIAL & set(fields) and few < 14
    titles = [fields[name]["title"].split(":")[0] for name in ordered[few:]]
    groups = [title for title, _ in groupby(titles)]
    assert len(groups) == len(set(groups)) and "Night after night" in groups


def test_a_form_says_what_holds_in_the_environment_that_deploys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PALATE_METHOD", "paper")
    monkeypatch.setenv("PALATE_GUARD", "false")
    fields = form_of(nightly)
    assert fields["model"]["description"].endswith("Default: svd.")
    assert "default" not in fields["guard"]


def test_a_default_stands_in_words_and_limits_stay() -> None:
    settings = parameter_schema(nightly).model_dump()["definitions"]["NightlyOptions"]
    top = settings["properties"]["top"]
    assert top["description"].endswith("Default: 10.") and top["minimum"] == 1
    assert settings["properties"]["model"]["description"].endswith("Default: ease.")
    assert settings["additionalProperties"] is False


def test_what_a_run_is_given_is_all_that_counts_as_given() -> None:
    (chosen,) = nightly.validate_parameters({"settings": {"top": 5}}).values()
    assert chosen.given == {"top": 5} and chosen.settings().method.model == "ease"
