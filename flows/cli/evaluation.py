"""Commands that measure: one method, or a grid of them."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli.app import Verbose, app, given_options, running
from tasks.settings.sources import EvaluateOptions

Options = Annotated[EvaluateOptions, Parameter(name="*")]


@app.command
def evaluate(
    *,
    json: Annotated[bool, Parameter(negative=())] = False,
    verbose: Verbose = False,
    settings: Options | None = None,
) -> None:
    """Measure a method on held-out ratings: base and re-ranked lists of the same splits.

    The figures go into the results file too, those of single users included. Run it again after
    a crash or Ctrl-C: what was finished is taken from disk.

    Parameters
    ----------
    json
        Print one JSON object with every figure, for programs; progress goes to stderr.
    verbose
        Show a line for every stage.
    settings
        The options that all commands share, and those of an evaluation.

    """
    chosen = (settings or EvaluateOptions()).settings()
    with running(chosen.home, verbose=verbose) as wait_for_server:
        from flows.cli.shown.figures import show_evaluation, show_json  # noqa: PLC0415
        from flows.evaluate import evaluate as flow  # noqa: PLC0415

        wait_for_server()
        result = flow(chosen)
    (show_json if json else show_evaluation)(result)


@app.command
def experiment(
    grid: Path,
    /,
    *,
    json: Annotated[bool, Parameter(negative=())] = False,
    verbose: Verbose = False,
    settings: Options | None = None,
) -> None:
    """Run every cell of a grid, such as those in deployments/experiments.

    Cells share what they can; a cell that fails, or has no data set or language model to run on,
    says why and does not stop the others. Run it again after a crash or Ctrl-C to carry on.

    Parameters
    ----------
    grid
        TOML file; data sets that it names are looked for in $PALATE_DATA_DIR.
    json
        Print one JSON object with every figure, for programs; progress goes to stderr.
    verbose
        Show a line for every stage.
    settings
        Options given here, in the environment or in --config win over those of the grid.

    """
    from tasks.evaluation.grid import read_grid  # noqa: PLC0415 - keeps `--help` fast

    chosen = settings or EvaluateOptions()
    wanted = read_grid(grid, given_options(chosen))
    with running(wanted.home, verbose=verbose) as wait_for_server:
        from flows.cli.shown.figures import show_experiment, show_json  # noqa: PLC0415
        from flows.experiment import experiment as flow  # noqa: PLC0415

        wait_for_server()
        result = flow(wanted)
    (show_json if json else show_experiment)(result)
    if result.without_figures == result.cells:
        sys.exit(1)
