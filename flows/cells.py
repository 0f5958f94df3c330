"""Measuring cells: each seed's split through the pipeline, base and re-ranked lists, figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rich.markup import escape

from flows.dataset import read_dataset, read_typed
from flows.inner import INNER
from flows.one_split import rank_split
from flows.stages import BASE_STAGES, RERANK_STAGES
from tasks.core.errors import (
    DatasetNotFoundError,
    DownloadError,
    LlmDownError,
    LlmError,
    PalateError,
    SettingsError,
    StoppedError,
)
from tasks.core.progress import bar, say
from tasks.core.stage import StepRecord, Steps
from tasks.core.vocabulary import Dataset
from tasks.evaluation.cell import Cell, CellResult, Figures, Status
from tasks.evaluation.stages import (
    hide_external_task,
    losing_task,
    summarise_task,
    telling_task,
)
from tasks.llm.budget import NANO
from tasks.settings.evaluation import EvaluationSettings

NOTHING_TO_RUN_ON = (DatasetNotFoundError, DownloadError, LlmError, SettingsError)
"""A cell that ends so could not run, for want of data, a package or a language model."""


@dataclass
class Evaluation:
    """Measures cells; what several of them need is made once."""

    steps: Steps
    datasets: dict[str, Dataset] = field(default_factory=dict)
    _unreachable: dict[tuple[str | None, str | None], str] = field(default_factory=dict)

    def measure_all(self, cells: Sequence[Cell]) -> list[CellResult]:
        """Every cell's result; a cell that fails says why and does not stop the others."""
        results = []
        with bar("cells", total=len(cells)) as advance:
            for number, cell in enumerate(cells, start=1):
                name = f"{cell.settings.data}, {cell.settings.protocol_name}, {cell.settings.model}"
                say(f"[bold]Cell {number} of {len(cells)}[/]: {cell.label} ({name})")
                results.append(self._attempt(cell))
                advance(1)
        return results

    def _attempt(self, cell: Cell) -> CellResult:
        asked = cell.settings.llm_base_url, cell.settings.llm_model
        absent = cell.missing or (self._unreachable.get(asked) if _asks(cell) else None)
        if absent:
            return _without(cell, "not run", absent)
        try:
            return self.measure(cell)
        except StoppedError:
            raise
        except NOTHING_TO_RUN_ON as error:
            if isinstance(error, LlmDownError):
                self._unreachable[asked] = error.what
            return _without(cell, "not run", error.what)
        except PalateError as error:
            return _without(cell, "failed", error.what)
        except Exception as error:
            return _without(cell, "failed", f"{type(error).__name__}: {error}")

    def measure(self, cell: Cell) -> CellResult:
        """One cell's figures over all its seeds. Raises what stops it."""
        settings, first, before = cell.settings, len(self.steps.records), _spent(cell)
        dataset = self._dataset(settings)
        typed = read_typed(self.steps, settings, dataset)
        given = self.steps, settings, dataset, typed
        seeds = {seed: rank_split(*given, seed) for seed in settings.each_seed}
        measured = {seed: one.measured for seed, one in seeds.items()}
        earliest = seeds[settings.seed]
        base, rerank = _work(self.steps.records[first:], settings.seeds)
        figures = Figures(
            dataset=dataset.info,
            users=sum(one.split.users.rows for one in seeds.values()),
            skipped=earliest.split.skipped,
            measured=measured,
            metrics=self.steps.run(
                summarise_task, cell.label, measured=list(measured.values()), seed=settings.seed
            ),
            losing=self.steps.run(
                losing_task,
                cell.label,
                ranked=earliest.lists,
                measured=earliest.measured,
                held_out=earliest.split.held_out,
                items=dataset.items,
                top=settings.top,
            ),
            telling=self.steps.run(
                telling_task,
                cell.label,
                ranked=earliest.lists,
                measured=earliest.measured,
                held_out=earliest.split.held_out,
                items=dataset.items,
                top=settings.top,
            ),
            base_seconds=base,
            rerank_seconds=rerank,
            dollars=None if before is None else (_spent(cell) or 0) - before,
            learned=earliest.learned,
        )
        return CellResult(cell=cell, status="run", figures=figures)

    def _dataset(self, settings: EvaluationSettings) -> Dataset:
        """The data set, without what was collected later where the protocol must not see it."""
        if settings.data not in self.datasets:
            self.datasets[settings.data] = read_dataset(self.steps, settings)
        dataset = self.datasets[settings.data]
        if settings.uses_external:
            return dataset
        hidden = self.steps.run(hide_external_task, items=dataset.items)
        return dataset.model_copy(update={"items": hidden})


def _without(cell: Cell, status: Status, why: str) -> CellResult:
    say(f"    [red]{status}:[/] {escape(why)}")
    return CellResult(cell=cell, status=status, note=why)


def _work(records: Sequence[StepRecord], seeds: int) -> tuple[float, float]:
    """Seconds of work per seed before and after the candidates are there; learning comes after."""
    base = [record for record in records if record.stage in BASE_STAGES]
    learning = [record for record in base if INNER in record.part]
    rerank = [record for record in records if record.stage in RERANK_STAGES]
    total, learned, after = (sum(r.work_seconds for r in some) for some in (base, learning, rerank))
    return (total - learned) / seeds, (after + learned) / seeds


def _asks(cell: Cell) -> bool:
    return cell.settings.asks_llm and cell.settings.reads_similarity


def _spent(cell: Cell) -> Decimal | None:
    """Dollars that the command has spent so far; None for a cell that asks nobody.

    None too where the model's price is not known.
    """
    if not _asks(cell):
        return None
    from tasks.llm.session import session_for  # noqa: PLC0415 - loads openai and SQLAlchemy

    session = session_for(cell.settings.home, cell.settings.llm)
    if session.engine.budget.price is None:
        return None
    return Decimal(session.totals.nano_dollars) / NANO
