"""Running stages as plain functions, with the results that flows keep and no server."""

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from tasks.core.artifacts import artifacts_in, is_intact
from tasks.core.files import replacing
from tasks.core.stage import Stage
from tasks.core.steps import StageRecord, Steps, begin
from tasks.core.vocabulary import Artifact

P = ParamSpec("P")
R = TypeVar("R")

RESULTS = "results"
"""The folder of a home where flows keep what stages gave."""


class DirectSteps(Steps):
    """Runs stages here, one after the other: for an answer in seconds, about one person."""

    def __init__(
        self, home: Path, part: str = "", records: list[StageRecord] | None = None
    ) -> None:
        super().__init__(home, part, records)
        self._intact: set[Artifact] = set()

    def at(self, part: str) -> Self:
        """The same records, and files known to be intact, for stages with another purpose."""
        there = super().at(part)
        there._intact = self._intact
        return there

    def run(self, stage: Stage[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage, or take its result from an earlier run if its files are intact."""
        result: R = self._settled(stage, stage.parameters(self.home, *args, **kwargs))
        return result

    def _run_each(self, stage: Stage[..., Artifact], calls: list[dict[str, Any]]) -> list[Artifact]:
        return [self._settled(stage, call) for call in calls]

    def _is_intact(self, artifact: Artifact) -> bool:
        """Whether a file is as it was written; each is read once."""
        if artifact not in self._intact and is_intact(self.home, artifact):
            self._intact.add(artifact)
        return artifact in self._intact

    def _settled(self, stage: Stage[..., Any], parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what the stage gives
        started = begin()
        file = self.home / RESULTS / stage.key(parameters)
        kept = read_result(file) if file.is_file() else None
        if kept and all(map(self._is_intact, artifacts_in(kept[0]))):
            for used in (file, *(artifact.at(self.home) for artifact in artifacts_in(kept[0]))):
                with suppress(OSError):  # of somebody else
                    os.utime(used)
            result = kept[0]
        else:
            kept = None
            compute: Callable[..., Any] = stage.fn
            result = compute(**parameters)
            write_result(file, result)
        seconds, work = time.monotonic() - started, self._work(result, parameters)
        self._record(stage, parameters, kept is not None, (seconds, work), [result])
        return result


def read_result(file: Path) -> tuple[Any] | None:
    """What a stage gave, as Prefect or `write_result` kept it; None where that is not to be read.

    Records come as {"__class__": ..., "data": ...}, of the project's own classes alone.
    """
    with suppress(OSError, ValueError, KeyError, TypeError, ImportError, AttributeError):
        record = json.loads(file.read_bytes())
        return (json.loads(record["result"], object_hook=_restored),)
    return None


def write_result(file: Path, result: object) -> None:
    """Keep what a stage gave where flows find it, in the form that Prefect gives it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    serializer = {
        "type": "json",
        "jsonlib": "json",
        "object_encoder": "prefect.serializers.prefect_json_object_encoder",
        "object_decoder": "prefect.serializers.prefect_json_object_decoder",
        "dumps_kwargs": {},
        "loads_kwargs": {},
    }
    metadata = {
        "storage_key": str(file.resolve()),
        "expiration": None,
        "serializer": serializer,
        "prefect_version": version("prefect"),
        "storage_block_id": None,
    }
    record = {"metadata": metadata, "result": json.dumps(result, default=_plain)}
    with replacing(file) as private:
        private.write_text(json.dumps(record), encoding="utf-8")


def _plain(value: object) -> object:
    if not isinstance(value, BaseModel):
        raise TypeError(f"a stage gave a {type(value).__name__}, which is not kept")
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    return {"__class__": name, "data": to_jsonable_python(value)}


def _restored(given: dict[str, Any]) -> object:
    if "__class__" not in given:
        return given
    module, _, name = given["__class__"].rpartition(".")
    if module.partition(".")[0] != "tasks":
        raise ValueError(f"{given['__class__']} is not one of the project's records")
    restored: object = getattr(import_module(module), name).model_validate(given["data"])
    return restored
