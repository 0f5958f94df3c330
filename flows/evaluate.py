"""How good a method is: base and re-ranked lists on the same splits, with intervals."""

from datetime import UTC, datetime

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.cells import Evaluation
from flows.comparisons import compare_all
from flows.outcomes import EvaluationResult
from flows.runner import on_its_runner
from tasks.core.flow_steps import FlowSteps
from tasks.core.steps import Steps
from tasks.evaluation.cell import Cell, CellResult, Comparison, Published
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.settings import settings_json
from tasks.store.asked import requests_to_publish
from tasks.store.record import EvaluationRun, new_run_id
from tasks.store.stages import publish_evaluation_stage


@flow(name="evaluate", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
@on_its_runner
def evaluate(settings: EvaluationSettings) -> EvaluationResult:
    """Measure one method under one protocol over its seeds, and publish the figures."""
    started, steps = datetime.now(UTC), FlowSteps(settings.home)
    label = f"{settings.method.model}, {settings.method.reranker}"
    results = [Evaluation(steps).measure(Cell(label=label, settings=settings))]
    comparisons = compare_all(steps, results)
    run = EvaluationRun(
        run_id=new_run_id(started),
        flow="evaluate",
        started_at_utc=started,
        config=settings_json(settings),
        stages=steps.records,
    )
    return publish_figures(steps, run, results, comparisons)


def publish_figures(
    steps: Steps,
    run: EvaluationRun,
    results: list[CellResult],
    comparisons: list[Comparison],
    published: list[Published] | None = None,
) -> EvaluationResult:
    """Add the run to the results file."""
    asked = [r.cell.settings for r in results if r.figures and r.cell.settings.method.asks_llm]
    database = steps.run(
        publish_evaluation_stage,
        run=run,
        results=results,
        comparisons=comparisons,
        published=published or [],
        asked=requests_to_publish(asked[0].home, asked[0].engine) if asked else None,
    )
    return EvaluationResult(
        run_id=run.run_id,
        database=steps.home / database,
        cells=len(results),
        without_figures=sum(result.figures is None for result in results),
        stages=len(run.stages),
        cached=sum(stage.cached for stage in run.stages),
    )
