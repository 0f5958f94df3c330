"""How good a night's method is, on held-out ratings."""

from flows.cells import Evaluation
from flows.tonight import Lists, Plan, Tonight
from tasks.core.errors import LlmDownError
from tasks.core.progress import say
from tasks.core.steps import Steps
from tasks.evaluation.cell import Cell, CellResult
from tasks.settings.common import CommonOptions
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.settings import Settings

HELD_OUT = "held out"

MOST_PEOPLE = 20_000
"""Measured unless the settings say: of more people intervals would hardly be narrower."""


def measure(steps: Steps, tonight: Tonight, plan: Plan, lists: Lists) -> list[CellResult]:
    """The method on one split, where nothing sees the held-out side.

    Nothing where nothing was fitted anew: the figures of the night that did hold. Typed profiles
    are left out: nobody can say whether they were written from train alone.
    """
    settings, protocol = tonight.settings, tonight.measured_by
    if lists.degraded or not is_due(tonight, plan):
        return []
    common = {name: getattr(settings, name) for name in CommonOptions.model_fields}
    common |= {"profiles": None, "limit_users": most_measured(settings)}
    held_out = EvaluationSettings(
        **common, method=settings.method, llm=settings.llm, protocol=protocol, seeds=1
    )
    try:
        evaluation = Evaluation(steps, {settings.data: tonight.known.dataset})
        return [evaluation.measure(Cell(label=HELD_OUT, settings=held_out))]
    except LlmDownError as down:
        say(f"    [red]not measured:[/] {down.what}")
        return []


def most_measured(settings: Settings) -> int:
    """How many people are measured at most."""
    return settings.users_to_measure or settings.limit_users or MOST_PEOPLE


def is_due(tonight: Tonight, plan: Plan) -> bool:
    """Whether the method has no figures yet, or others are wanted."""
    wanted = tonight.settings.users_to_measure
    if wanted == 0:
        return False
    if plan.last is None or plan.last.state.measured_in is None:
        return True
    state = plan.last.state
    return (state.measured_users, state.measured_by) != (wanted, tonight.measured_by)
