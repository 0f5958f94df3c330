"""What a flow works on: the data set, with what `palate enrich` found, and typed tastes."""

from collections.abc import Iterable
from pathlib import Path

from rich.markup import escape

from flows.rules import read_rules
from tasks.core.direct_steps import DirectSteps
from tasks.core.errors import BadDataError
from tasks.core.files import sha256_of
from tasks.core.progress import quietly, say
from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact, Dataset, Rules
from tasks.data import catalogue
from tasks.data.catalogue import Source
from tasks.data.dropped import dropped_lines
from tasks.data.enriching.fill import apply_enrichment_stage, enrichment_of
from tasks.data.given import placed
from tasks.data.held_out import read_held_out_stage
from tasks.data.rule_stages import without_users_stage
from tasks.data.stages import as_of_stage, ingest_stage
from tasks.data.strangers import check_dropped
from tasks.evaluation.stages import times_stage
from tasks.features.similarity.stages import read_recorded_stage
from tasks.models.stages import choose_users_stage
from tasks.night.state import Known
from tasks.settings.common import CommonOptions
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.settings import Settings
from tasks.texts.profiles.stages import served_stage, typed_profiles_stage
from tasks.texts.stages import texts_stage


def find_source(settings: CommonOptions) -> Source:
    """What `--data` names; a database is asked anew, once for all that is done with it."""
    source = catalogue.find(settings.data, settings.home, settings.column_names)
    if source.said:
        say(f"    {escape(source.said)}")
    return source


def read_dataset(steps: Steps, settings: CommonOptions, source: Source | None = None) -> Dataset:
    """Ingest what `--data` names, unless it was before; without what came after `--as-of`.

    `source`: what was found of it already.
    """
    whole = _whole_dataset(steps, settings, source or find_source(settings))
    return _as_of(steps, settings, whole)


def read_with_rules(
    steps: Steps, settings: CommonOptions, source: Source | None = None
) -> tuple[Dataset, Rules | None]:
    """The same, and what lists of its day leave out; None where no rule was written."""
    source = source or find_source(settings)
    whole = _whole_dataset(steps, settings, source)
    rules = read_rules(steps, settings, whole, source)
    return _as_of(steps, settings, whole), rules


def check_rows(settings: CommonOptions, *, rules: bool) -> None:
    """Read all that a flow will read, every row of it; the flow finds it done, and says of it.

    `rules`: those beside the data set, too. Needs no Prefect. Raises what the flow would raise.
    """
    steps = DirectSteps(settings.home)
    with quietly():
        if rules:
            dataset, _ = read_with_rules(steps, settings)
        else:
            dataset = read_dataset(steps, settings)
        read_typed(steps, settings, dataset)
        if isinstance(settings, EvaluationSettings):
            read_held_out(steps, settings, dataset)
            read_recorded(steps, settings, dataset)


def ingested(steps: Steps, settings: CommonOptions, source: Source) -> Dataset:
    """What `--data` names, as it came; what was inferred and left out of it is said.

    Raises BadDataError where too much would be left out.
    """
    dataset = steps.run(
        ingest_stage,
        source=catalogue.absolute(settings.data),
        fingerprint=source.fingerprint(),
        columns=settings.column_names or None,
        queried=source.queried,
    )
    _say_each(dataset.remarks)
    _say_each(dropped_lines(dataset))
    check_dropped(dataset, source.files[0].parent, settings.max_dropped)
    return dataset


def _whole_dataset(steps: Steps, settings: CommonOptions, source: Source) -> Dataset:
    dataset = ingested(steps, settings, source)
    enrichment = enrichment_of(settings.home, dataset.info.name)
    if enrichment is not None:
        filled = steps.run(apply_enrichment_stage, items=dataset.items, enrichment=enrichment)
        dataset = dataset.model_copy(update={"items": filled})
    return dataset


def _as_of(steps: Steps, settings: CommonOptions, dataset: Dataset) -> Dataset:
    if settings.known_until is None:
        return dataset
    return steps.run(as_of_stage, dataset=dataset, moment=settings.known_until)


def what_is_known(steps: Steps, settings: Settings, source: Source | None = None) -> Known:
    """What a night knows: the data set, whom to serve, what items say, and typed tastes."""
    dataset, rules = read_with_rules(steps, settings, source)
    ratings = dataset.ratings
    users = steps.run(
        choose_users_stage, ratings=ratings, limit=settings.limit_users, seed=settings.seed
    )
    texts = steps.run(texts_stage, items=dataset.items, tags=dataset.tags, ratings=ratings)
    typed = read_typed(steps, settings, dataset)
    if typed:
        served = steps.run(served_stage, users=users, ratings=ratings, typed=typed)
        if served.rows > users.rows:
            say(f"    {served.rows - users.rows:,} people of --profiles have rated nothing")
        users = served
    if rules and rules.users.rows:
        users = steps.run(without_users_stage, users=users, rules=rules)
    if settings.horizon is not None:
        _say_of_horizon(steps, ratings)
    return Known(dataset=dataset, users=users, texts=texts, typed=typed, rules=rules)


def _say_of_horizon(steps: Steps, ratings: Artifact) -> None:
    problem = steps.run(times_stage, ratings=ratings)
    if problem:
        say(f"    [red]--horizon changes nothing:[/] {problem[0]}")


def read_held_out(steps: Steps, settings: EvaluationSettings, dataset: Dataset) -> Artifact | None:
    """What others held out, None where nobody did; what there is to say of the file is said."""
    if settings.held_out is None:
        return None
    file = file_given(settings, settings.held_out)
    read = steps.run(
        read_held_out_stage,
        file=file,
        fingerprint=fingerprint_of(file),
        dataset=dataset,
        columns=settings.column_names,
    )
    _say_each(read.remarks)
    return read.ratings


def read_recorded(steps: Steps, settings: EvaluationSettings, dataset: Dataset) -> Artifact | None:
    """Somebody else's judgements, None where there are none; what there is to say is said."""
    if settings.scores is None:
        return None
    return read_judge(steps, settings, dataset, settings.scores, settings.judge)


def read_judge(
    steps: Steps, settings: CommonOptions, dataset: Dataset, named: Path, judge: str
) -> Artifact:
    """The judgements of a file (user, item, similarity); what there is to say is said."""
    file = file_given(settings, named)
    read = steps.run(
        read_recorded_stage,
        file=file,
        fingerprint=fingerprint_of(file),
        dataset=dataset,
        judge=judge,
        columns=settings.column_names,
    )
    _say_each(read.remarks)
    return read.scores


def file_given(settings: CommonOptions, file: Path) -> Path:
    """Where a file lies that a setting names: as it stands there, or in the data set's folder."""
    source = catalogue.find(settings.data, settings.home, settings.column_names)
    return placed(file.expanduser(), source.files[0].parent).resolve()


def fingerprint_of(file: Path) -> str:
    """The hash of its content; nothing where there is none: whoever reads it says so."""
    return sha256_of(file) if file.is_file() else ""


def _say_each(remarks: Iterable[str]) -> None:
    for remark in remarks:
        say(f"    {escape(remark)}")


def read_typed(steps: Steps, settings: CommonOptions, dataset: Dataset) -> Artifact | None:
    """The tastes of `--profiles`, None without that option."""
    file = settings.profiles
    if file is None:
        return None
    if not file.is_file():
        raise BadDataError(file, "the file is missing", "Check --profiles.")
    return steps.run(
        typed_profiles_stage, file=file, fingerprint=sha256_of(file), ratings=dataset.ratings
    )
