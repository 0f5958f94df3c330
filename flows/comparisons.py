"""Which lists of an evaluation are held against which, paired by user and split."""

from collections.abc import Sequence

from tasks.core.steps import Steps
from tasks.evaluation.cell import CellResult, Comparison, Declared, Measured, pairs
from tasks.evaluation.stages import compare_stage

AGAINST_BASE = "re-ranked against base"


def compare_all(
    steps: Steps, results: Sequence[CellResult], declared: Sequence[Declared] = ()
) -> list[Comparison]:
    """Every re-ranked list against its base list, then what a grid declares."""
    made = [
        _compare(steps, result, result, (place, place), "base", AGAINST_BASE)
        for place, result in enumerate(results)
        if result.figures and result.cell.settings.method.reorders
    ]
    for wanted in declared:
        made += [
            _compare(steps, results[one], results[other], (one, other), "reranked", wanted.says)
            for one, other in pairs(results, wanted)
        ]
    return made


def _compare(
    steps: Steps,
    ours: CellResult,
    theirs: CellResult,
    places: tuple[int, int],
    against_list: str,
    says: str,
) -> Comparison:
    values = steps.at(f"{ours.cell.label}: {says}").run(
        compare_stage,
        ours=_measured(ours),
        ours_list="reranked",
        theirs=_measured(theirs),
        theirs_list=against_list,
        seed=ours.cell.settings.seed,
    )
    return Comparison(
        cell=places[0], against=places[1], against_list=against_list, says=says, values=values
    )


def _measured(result: CellResult) -> dict[int, Measured]:
    return result.figures.measured if result.figures else {}
