"""Commands that measure, one method or a grid of them, and what they print."""

import json as json_text
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.markup import escape

from flows.cli.app import console
from flows.cli.options import (
    Measuring,
    Replaying,
    Verbose,
    settings_of_evaluation,
    settings_of_replay,
    with_options,
)
from flows.cli.running import answering, check_data, running
from flows.outcomes import EvaluationResult, JudgementsResult, ReplayResult
from tasks.core.homes import address
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.sources import EvaluateOptions

measuring = partial(with_options, without=("nights", "replay"))
replaying = partial(with_options, without=("evaluation",))
WISHES = {
    "fit_simple": "fit by text and ratings",
    "fit_without": "fit without words",
    "known": "ratings of an item",
}
Json = Annotated[bool, Parameter(negative=())]


@measuring
def evaluate(
    *, json: Json = False, verbose: Verbose = False, settings: Measuring | None = None
) -> None:
    """Measure a method on held-out ratings: base and re-ranked lists of the same splits.

    The figures go into the results file too, those of single users included. Run it again after
    a crash or Ctrl-C: what was finished is taken from disk.

    Parameters
    ----------
    json
        Print one JSON object with every figure; progress goes to stderr.
    verbose
        Show a line for every stage.
    settings
        The options that all commands share, and those of an evaluation.

    """
    chosen = settings_of_evaluation(settings)
    if chosen.protocol == "wishes":
        _measure_wishes(chosen, as_json=json, verbose=verbose)
        return
    check_data(chosen, rules=False, verbose=verbose)
    with running(chosen.home, verbose=verbose) as wait_for_server:
        from flows.evaluate import evaluate as flow  # noqa: PLC0415 - keeps `--help` fast

        wait_for_server()
        result = flow(chosen)
    (show_json if json else show_evaluation)(result)


def _measure_wishes(settings: EvaluationSettings, *, as_json: bool, verbose: bool) -> None:
    with answering(settings.home, verbose=verbose):
        from flows.measuring_wishes import measure_wishes  # noqa: PLC0415 - keeps `--help` fast

        result = measure_wishes(settings)
    if as_json:
        console.print_json(result.model_dump_json())
        return
    import polars as pl  # noqa: PLC0415

    from flows.cli.tables import show_table  # noqa: PLC0415

    rows = pl.DataFrame(result.rows)
    show_table(rows.rename(WISHES), "Ten items for each taste in words")
    at = ", ".join(f"{weight:g} with {count} ratings" for count, weight in result.learned)
    console.print(f"How much words weigh, learned: {at or 'too little to learn it from'}.")
    console.print('Both lists of each taste: palate sql "FROM wish_lists"', soft_wrap=True)
    console.print(f"Results: {escape(str(result.database))}", soft_wrap=True)


@measuring
def experiment(
    grid: Path,
    /,
    *,
    json: Json = False,
    verbose: Verbose = False,
    settings: Measuring | None = None,
) -> None:
    """Run every cell of a grid, such as those in deployments/experiments.

    A cell that cannot run says why and stops no other. After a crash or Ctrl-C it carries on.

    Parameters
    ----------
    grid
        TOML file; data sets that it names are looked for in $PALATE_DATA_DIR.
    json
        Print one JSON object with every figure; progress goes to stderr.
    verbose
        Show a line for every stage.
    settings
        Options given here, in the environment or in --config win over those of the grid.

    """
    from tasks.evaluation.grid import read_grid  # noqa: PLC0415

    given = (settings or EvaluateOptions()).given
    wanted = read_grid(grid, {name: given[name] for name in given if name != "config"})
    with running(wanted.home, verbose=verbose) as wait_for_server:
        from flows.experiment import experiment as flow  # noqa: PLC0415

        wait_for_server()
        result = flow(wanted)
    (show_json if json else show_experiment)(result)
    if result.without_figures == result.cells:
        sys.exit(1)


@measuring
def judgements(
    file: Path, /, *, verbose: Verbose = False, settings: Measuring | None = None
) -> None:
    """Measure what recorded judgements of language models add to the order learned without them.

    Parameters
    ----------
    file
        TOML file, such as deployments/judgements/ml-100k.toml, that names what others recorded.
    verbose
        Show a line for every stage.
    settings
        Options given here, in the environment or in --config win over those of the file.

    """
    from tasks.evaluation.grid import command_of  # noqa: PLC0415 - keeps `--help` fast
    from tasks.evaluation.judgements.spec import read_judgements  # noqa: PLC0415

    options = (settings or EvaluateOptions()).given
    given = {name: options[name] for name in options if name != "config"}
    wanted, chosen = read_judgements(file, given)
    with answering(chosen.home, verbose=verbose):
        from flows.measuring_judgements import measure_judgements  # noqa: PLC0415

        result = measure_judgements(wanted, chosen, command_of("judgements", file, given))
    _show("judgements", result, wanted.title)
    console.print(f"Results: {escape(str(result.database))}", soft_wrap=True)


@replaying
def replay(*, verbose: Verbose = False, settings: Replaying | None = None) -> None:
    """Make past nights again, each from what was known on its day; judge them on what came then.

    Needs ratings with timestamps. Run it again after a crash or Ctrl-C to carry on.
    """
    chosen = settings_of_replay(settings)
    check_data(chosen, rules=True, verbose=verbose)
    with running(chosen.home, verbose=verbose) as wait_for_server:
        from flows.replay import replay as flow  # noqa: PLC0415

        wait_for_server()
        result = flow(chosen)
    show_replay(result, chosen.top)


def show_replay(result: ReplayResult, top: int) -> None:
    """Every list night by night, over all nights, and against its rivals."""
    import polars as pl  # noqa: PLC0415

    import sql  # noqa: PLC0415
    from flows.cli.tables import show_table  # noqa: PLC0415
    from tasks.store.query import query  # noqa: PLC0415

    def rows(name: str, **more: str) -> pl.DataFrame:
        given = {"run_id": result.run_id, **more}
        return query(result.database.parent, sql.statement(f"replay/{name}.sql"), given)

    values = rows("by_night", metric="NDCG liked").with_columns(pl.col("value").round(4))
    wide = values.pivot("day", index="list", values="value", maintain_order=True)
    show_table(wide, f"NDCG@{top} of what people liked, night by night")
    show_table(rows("lists").drop("newcomers"), f"Over all nights, at {top} places")
    shown = pl.col("metric") == "NDCG liked"
    apart = rows("differences").filter(shown).drop("metric", "newcomers")
    show_table(apart, "Published lists minus the others, by person and night")
    console.print(
        "low, high: 95 % interval (bootstrap over people); repeated: share of a list that was in"
        " the one of the night before; new: first rated within a horizon before the night.",
        soft_wrap=True,
    )
    console.print(
        f"{result.cached} of {result.stages} stages were cached; run {result.run_id}",
        soft_wrap=True,
    )
    console.print(f"Report: {escape(str(result.page))}", soft_wrap=True)
    console.print(f"Results: {escape(address(result.database))}", soft_wrap=True)


def show_evaluation(result: EvaluationResult) -> None:
    """One method: base against re-ranked, metric by metric."""
    _show("one_method", result, "Base lists against re-ranked lists, paired by user")
    console.print("Other list lengths: --json, or `palate sql 'FROM lift_over_base'`.")
    _show_where(result)


def show_experiment(result: EvaluationResult) -> None:
    """A grid: its methods, its comparisons, others' figures beside ours, and what did not run."""
    _show("methods", result, "Methods")
    _show("shown_comparisons", result, "Differences at 10 places, paired by user")
    _show("beside_published", result, "Published figures beside these", if_any=True)
    _show("without_figures", result, "Cells without figures", if_any=True)
    _show_where(result)


def show_json(result: EvaluationResult) -> None:
    """Every figure and comparison as one JSON object, with the cells that did not run."""
    names = ("cells", "comparisons", "without_figures")
    figures: dict[str, Any] = {name: _rows(name, result).to_dicts() for name in names}
    figures |= {"run_id": result.run_id, "database": str(result.database)}
    console.file.write(json_text.dumps(figures, ensure_ascii=False, indent=2) + "\n")


def _show(
    name: str, result: EvaluationResult | JudgementsResult, title: str, *, if_any: bool = False
) -> None:
    from flows.cli.tables import show_table  # noqa: PLC0415

    rows = _rows(name, result)
    if rows.height or not if_any:
        show_table(rows, title)


def _rows(name: str, result: EvaluationResult | JudgementsResult) -> Any:  # noqa: ANN401 - polars takes time to load
    import sql  # noqa: PLC0415
    from tasks.store.query import query  # noqa: PLC0415

    statement = sql.statement(f"evaluation/{name}.sql")
    return query(result.database.parent, statement, {"run_id": result.run_id})


def _show_where(result: EvaluationResult) -> None:
    console.print(
        "low, high: 95 % interval (bootstrap over users). A difference is called one only when its"
        " interval excludes 0 and the corrected p-value is below .05.",
        soft_wrap=True,
    )
    console.print(
        f"{result.cells - result.without_figures} of {result.cells} cells have figures;"
        f" {result.cached} of {result.stages} stages were cached; run {result.run_id}",
        soft_wrap=True,
    )
    console.print(f"Results: {escape(address(result.database))}", soft_wrap=True)
