"""What a pipeline knows of the day that its lists are for."""

from datetime import UTC, datetime
from pathlib import Path

from flows.similarity import prepare
from tasks.evaluation.splits.windows import Window
from tests.flows.small import options, pipeline_of, world
from tests.support.direct import Direct


def years(tmp_path: Path, outer: Window | None = None, **given: object) -> set[int]:
    """The years that profiles are written in."""
    settings, steps = options(tmp_path, **given), Direct(tmp_path)
    prepare(pipeline_of(world(tmp_path / "data", settings), settings, steps, outer))
    return {call.given["this_year"] for call in steps.of("make profiles")}


def test_profiles_are_of_the_day_of_as_of_or_of_the_window_and_else_of_today(
    tmp_path: Path,
) -> None:
    assert years(tmp_path, as_of="2009-03-01") == {2009}
    window = Window(end=int(datetime(2001, 9, 1, tzinfo=UTC).timestamp()), days=5)
    assert years(tmp_path, window) == {2001}
    assert years(tmp_path) == {datetime.now(UTC).year}
