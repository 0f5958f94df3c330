"""The flows as deployments/prefect.yaml names them: what commands set up, for runs by a worker.

Their parameters are what the form in Prefect's UI and `prefect deployment run --param` take.
Where a setting is not given, that of the worker's environment holds (PALATE_NAME, PALATE_CONFIG).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from rich.markup import escape

from flows import evaluate as evaluating
from flows import experiment as experimenting
from flows import nightly as nights
from flows import recommend as recommending
from flows import replay as replaying
from flows.outcomes import EvaluationResult, NightlyResult, Recommendation, ReplayResult
from tasks.core.errors import PalateError
from tasks.core.lock import in_use
from tasks.core.progress import lines_to, log_for, say
from tasks.core.storage import storage_of
from tasks.evaluation.grid import read_grid
from tasks.llm.open_sessions import asking
from tasks.settings.form import AsForm
from tasks.settings.sources import (
    EvaluateOptions,
    GivenOptions,
    NightlyOptions,
    ReplayCommandOptions,
)
from tasks.store.record import attempt, new_run_id

Chosen = Annotated[NightlyOptions, AsForm(NightlyOptions)]
Measuring = Annotated[EvaluateOptions, AsForm(EvaluateOptions)]
Replaying = Annotated[ReplayCommandOptions, AsForm(ReplayCommandOptions)]
runner: ThreadPoolTaskRunner[object] = ThreadPoolTaskRunner(max_workers=2)


@contextmanager
def working(home: Path) -> Iterator[None]:
    """Everything a deployed flow needs around it: stages in the run's log, an end to all asking.

    What a flow publishes has one id, however often the run has to be resumed. `palate gc` removes
    nothing meanwhile.
    """
    storage_of(home).check()
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(flow_run.id))
    started = run.start_time or datetime.now(UTC)
    run_id = new_run_id(started, mark=run.id.hex[-6:])
    lines = lines_to(get_run_logger().info, log_for(home, run_id))
    with in_use(home), asking(), lines, attempt(run_id):
        yield


def _say_notes(options: GivenOptions) -> None:
    for note in options.notes():
        say(f"  {escape(note)}")


@flow(name="nightly", task_runner=runner)  # type: ignore[arg-type]
def nightly(settings: Chosen) -> NightlyResult:
    """Recommend to every user, measure on held-out ratings, publish to DuckDB."""
    with working(settings.home):
        _say_notes(settings)
        return nights.nightly.fn(settings.settings())


@flow(name="evaluate", task_runner=runner)  # type: ignore[arg-type]
def evaluate(settings: Measuring) -> EvaluationResult:
    """Measure a method on held-out ratings: base and re-ranked lists of the same splits."""
    with working(settings.home):
        _say_notes(settings)
        return evaluating.evaluate.fn(settings.settings())


@flow(name="replay", task_runner=runner)  # type: ignore[arg-type]
def replay(settings: Replaying) -> ReplayResult:
    """Make past nights again, each from what was known on its day; judge them on what came then."""
    with working(settings.home):
        _say_notes(settings)
        return replaying.replay.fn(settings.settings())


@flow(name="experiment", task_runner=runner)  # type: ignore[arg-type]
def experiment(grid: str, settings: Measuring) -> EvaluationResult:
    """Run every cell of a grid.

    Args:
        grid: TOML file, such as those in deployments/experiments.
        settings: What is given here wins over what the grid says.

    """
    given = {name: value for name, value in settings.given.items() if name != "config"}
    wanted = read_grid(Path(grid), given)
    with working(wanted.home):
        result = experimenting.experiment.fn(wanted)
    if result.without_figures == result.cells:
        raise PalateError(
            f"{grid}: none of its {result.cells} cells has any figures.",
            "The log of this run says why; `palate sql` shows the notes: SELECT * FROM cells.",
        )
    return result


@flow(name="recommend", task_runner=runner)  # type: ignore[arg-type]
def recommend(rate: list[str], taste: str, settings: Chosen) -> Recommendation:
    """Recommend to one new person: the list goes into the run's log, nothing is published.

    Args:
        rate: Titles with ratings, such as "Toy Story (1995)=5"; three at least without a taste.
        taste: What the person likes, in their own words; may be empty.
        settings: The options of `palate recommend`.

    """
    tastes = (taste,) if taste.strip() else ()
    with working(settings.home):
        _say_notes(settings)
        question = recommending.PersonAsks(rate=tuple(rate), tastes=tastes)
        result = recommending.recommend(settings.settings(), question)
        for place in result.lists[0].items:
            say(f"  {place.rank}. {place.title}: {place.why or ''}")
    return result
