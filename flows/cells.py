"""Measuring cells: each seed's split through the pipeline, base and re-ranked lists, figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rich.markup import escape

from flows.candidates import propose
from flows.dataset import read_dataset, read_held_out, read_recorded, read_typed
from flows.inner import INNER
from flows.pipeline import Inputs, Pipeline, rating_counts, refuse_useless_times
from flows.ranking import rank
from flows.tuning import tuned
from tasks.core.errors import (
    DownloadError,
    LlmDownError,
    LlmError,
    PalateError,
    SettingsError,
    StoppedError,
    TooLittleDataError,
)
from tasks.core.progress import bar, say
from tasks.core.steps import StageRecord, Steps
from tasks.core.vocabulary import Artifact, Dataset, Record
from tasks.data.stages import as_of_stage
from tasks.evaluation.cell import Cell, CellResult, Figures, Measured, Status
from tasks.evaluation.splits.windows import Window
from tasks.evaluation.stages import (
    Split,
    examples_stage,
    hide_external_stage,
    measure_lists_stage,
    measure_stage,
    split_stage,
    summarise_stage,
    windows_stage,
)
from tasks.llm.budget import NANO
from tasks.ranking.blend import Learned
from tasks.settings.evaluation import EvaluationSettings

NOTHING_TO_RUN_ON = (DownloadError, LlmError, SettingsError)
"""A cell that ends so could not run, for want of data, a package or a language model."""


class Given(Record):
    """What people gave beside the data set: tastes, a split, judgements of somebody else."""

    typed: Artifact | None = None
    held_out: Artifact | None = None
    recorded: Artifact | None = None


class OneSeed(Record):
    """What came of one split."""

    split: Split
    lists: Artifact
    measured: Measured
    learned: Learned | None


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
                settings = cell.settings
                name = f"{settings.data}, {settings.protocol_name}, {settings.method.model}"
                say(f"[bold]Cell {number} of {len(cells)}[/]: {cell.label} ({name})")
                results.append(self._attempt(cell))
                advance(1)
        return results

    def _attempt(self, cell: Cell) -> CellResult:
        asked = cell.settings.llm.llm_base_url, cell.settings.llm.llm_model
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
        steps = self.steps.at(cell.label)
        given = Given(
            typed=read_typed(steps, settings, dataset),
            held_out=read_held_out(steps, settings, dataset),
            recorded=read_recorded(steps, settings, dataset),
        )
        seeds = {
            seed: measure_split(self.steps, settings, dataset, given, seed)
            for seed in settings.each_seed
        }
        measured = {seed: one.measured for seed, one in seeds.items()}
        earliest = seeds[settings.seed]
        base, rerank = _work(self.steps.records[first:], settings.seeds)
        figures = Figures(
            dataset=dataset.info,
            users=sum(one.split.users.rows for one in seeds.values()),
            skipped=earliest.split.skipped,
            measured=measured,
            metrics=steps.run(
                summarise_stage, measured=list(measured.values()), seed=settings.seed
            ),
            examples=steps.run(
                examples_stage,
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
            self.datasets[settings.data] = read_dataset(self.steps.at(""), settings)
        dataset = self.datasets[settings.data]
        if settings.uses_external:
            return dataset
        hidden = self.steps.at("").run(hide_external_stage, items=dataset.items)
        return dataset.model_copy(update={"items": hidden})


def measure_split(
    steps: Steps, settings: EvaluationSettings, dataset: Dataset, given: Given, seed: int
) -> OneSeed:
    """The split of this seed, its test users' lists, and how good these are."""
    steps = steps.at(f"{settings.protocol_name} seed {seed}")
    window = _window(steps, settings, dataset) if settings.splits_by == "horizon" else None
    split = steps.run(
        split_stage,
        ratings=dataset.ratings,
        protocol=settings.splits_by,
        seed=seed,
        keep=settings.keep,
        limit=settings.limit_users,
        window=window,
        given=given.held_out,
    )
    train = split.train
    if window:
        dataset = steps.run(as_of_stage, dataset=dataset, moment=window.start)
        train = dataset.ratings  # as in the file of a night on that day, whose models serve here
    inputs = Inputs(
        ratings=train,
        users=split.users,
        typed=given.typed,
        recorded=given.recorded,
        new_items=split.new_items,
        held_out=split.held_out,
    )
    seeded = settings.model_copy(update={"seed": seed})
    pipeline = tuned(Pipeline.of(steps, seeded, dataset, inputs, window))
    candidates = propose(pipeline)
    ranked = rank(pipeline, candidates)
    rates = settings.estimates_ratings and not dataset.info.implicit
    model = candidates.models[settings.method.model] if rates else None
    return OneSeed(
        split=split,
        lists=ranked.lists,
        measured=_measured(pipeline, settings, split, ranked.lists, model),
        learned=ranked.fitted.learned,
    )


def _window(steps: Steps, settings: EvaluationSettings, dataset: Dataset) -> Window:
    """The newest window of the data. Raises TooLittleDataError where there is none, and why."""
    windows = steps.run(
        windows_stage,
        ratings=dataset.ratings,
        end=settings.known_until,
        days=settings.horizon,
        count=1,
        fewest=1,
    )
    if not windows:
        refuse_useless_times(steps, dataset.ratings)
        raise TooLittleDataError(
            "The protocol 'horizon' finds no window with ratings of people who rated before it.",
            "Set another --horizon, or choose another protocol.",
        )
    return windows[0]


def _measured(
    pipeline: Pipeline,
    settings: EvaluationSettings,
    split: Split,
    lists: Artifact,
    model: Artifact | None,
) -> Measured:
    often, info = rating_counts(pipeline), pipeline.dataset.info
    per_user = pipeline.steps.chunks(
        measure_stage,
        split.users.rows,
        pipeline.chunk,
        ranked=lists,
        split=split,
        items=pipeline.dataset.items,
        counts=often,
        relevant_at=info.relevant_at,
        count=split.new_items.rows if split.new_items else settings.candidate_count,
        ks=settings.ks,
    )
    overall = pipeline.steps.run(
        measure_lists_stage,
        ranked=lists,
        split=split,
        items=pipeline.dataset.items,
        counts=often,
        model=model,
        relevant_at=info.relevant_at,
        ks=settings.ks,
    )
    return Measured(per_user=per_user, overall=overall)


def _without(cell: Cell, status: Status, why: str) -> CellResult:
    say(f"    [red]{status}:[/] {escape(why)}")
    return CellResult(cell=cell, status=status, note=why)


def _work(records: Sequence[StageRecord], seeds: int) -> tuple[float, float]:
    """Seconds of work per seed before and after the candidates are there; learning comes after."""
    base = [record for record in records if record.role == "candidates"]
    learning = [record for record in base if INNER in record.part]
    rerank = [record for record in records if record.role == "order"]
    total, learned, after = (sum(r.work_seconds for r in some) for some in (base, learning, rerank))
    return (total - learned) / seeds, (after + learned) / seeds


def _asks(cell: Cell) -> bool:
    return cell.settings.method.asks_llm and cell.settings.method.judges


def _spent(cell: Cell) -> Decimal | None:
    """Dollars that the command has spent so far; None for a cell that asks nobody.

    None too where the model's price is not known.
    """
    if not _asks(cell):
        return None
    from tasks.llm.session import session_for  # noqa: PLC0415 - loads openai and SQLAlchemy

    session = session_for(cell.settings.home, cell.settings.engine)
    if session.engine.budget.price is None:
        return None
    return Decimal(session.totals.nano_dollars) / NANO
