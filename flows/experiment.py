"""A grid of evaluations that share what they can, compared with each other."""

from datetime import UTC, datetime

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.cells import Evaluation
from flows.comparisons import compare_all
from flows.evaluate import publish_figures
from flows.outcomes import EvaluationResult
from flows.runner import on_its_runner
from tasks.core.flow_steps import FlowSteps
from tasks.evaluation.grid import Grid
from tasks.store.record import EvaluationRun, new_run_id


@flow(name="experiment", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
@on_its_runner
def experiment(grid: Grid) -> EvaluationResult:
    """Measure every cell of the grid, compare what it declares, and publish the figures.

    Stopped and started again it carries on: what was finished is taken from disk. A cell that
    fails or has nothing to run on says why and does not stop the others.
    """
    started, steps = datetime.now(UTC), FlowSteps(grid.home)
    results = Evaluation(steps).measure_all(grid.cells)
    comparisons = compare_all(steps, results, grid.comparisons)
    run = EvaluationRun(
        run_id=new_run_id(started),
        flow="experiment",
        started_at_utc=started,
        config=grid.described(),
        stages=steps.records,
    )
    return publish_figures(steps, run, results, comparisons, grid.published)
