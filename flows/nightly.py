"""The night as a flow of Prefect's."""

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.night import run_night
from flows.outcomes import NightlyResult
from flows.prefect_summary import show_in_prefect
from flows.runner import on_its_runner
from tasks.core.flow_steps import FlowSteps
from tasks.settings.settings import Settings


@flow(name="nightly", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
@on_its_runner
def nightly(settings: Settings) -> NightlyResult:
    """Recommend to every user, measure the same method on held-out ratings, publish both."""
    return run_night(FlowSteps, settings, show_in_prefect)
