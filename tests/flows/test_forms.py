"""What the form of a deployed flow shows."""

import json

from prefect.utilities.callables import parameter_schema

from flows.deployed import evaluate, nightly


def test_a_form_sends_no_default_that_nobody_chose() -> None:
    for flow in (nightly, evaluate):
        schema = parameter_schema(flow).model_dump()
        assert '"default"' not in json.dumps(schema)
        assert {"Weights", "ModelOptions"} < set(schema["definitions"])


def test_a_default_is_told_in_words_and_limits_stay() -> None:
    settings = parameter_schema(nightly).model_dump()["definitions"]["Settings"]
    top = settings["properties"]["top"]
    assert top["description"].endswith("Default: 10.") and top["minimum"] == 1
    assert settings["additionalProperties"] is False
