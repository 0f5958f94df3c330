"""What lists leave out tonight, and how many became short by it."""

from datetime import UTC, datetime

from rich.markup import escape

from tasks.core.errors import TooLittleDataError
from tasks.core.progress import say
from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact, Dataset, Rules
from tasks.data import catalogue
from tasks.data.catalogue import Source
from tasks.data.rule_stages import read_rules_stage, rules_of_day_stage, short_lists_stage
from tasks.data.rules import said_of
from tasks.night.state import Known
from tasks.settings.common import CommonOptions


def read_rules(
    steps: Steps, settings: CommonOptions, dataset: Dataset, source: Source
) -> Rules | None:
    """The rules beside a data set, as they are today or at `--as-of`; None without any.

    `dataset` is whole: not cut off at a moment. Raises TooLittleDataError where no item is left.
    """
    if not source.rules.files:
        return None
    written = steps.run(
        read_rules_stage,
        source=catalogue.absolute(settings.data),
        fingerprint=source.rules.fingerprint(),
        dataset=dataset,
        columns=settings.column_names or None,
        queried=source.queried,
    )
    rules = written.rules
    if written.available is not None:
        rules = steps.run(rules_of_day_stage, written=written, day=_day(settings.known_until))
    for line in said_of(rules):
        say(f"    {escape(line)}")
    if rules.items.rows >= dataset.items.rows:
        raise TooLittleDataError(
            "The rules leave no item to recommend.", "Check exclude.csv and the items' days."
        )
    return rules


def _day(moment: int | None) -> str:
    """The date of a moment in UTC; today's without."""
    when = datetime.now(UTC) if moment is None else datetime.fromtimestamp(moment, UTC)
    return when.date().isoformat()


def say_short(steps: Steps, known: Known, ranked: Artifact, top: int) -> str | None:
    """How many lists have fewer than `top` items with the rules, said aloud; None if none has."""
    if known.rules is None:
        return None
    short = steps.run(short_lists_stage, ranked=ranked, users=known.users, top=top)
    if not short:
        return None
    note = f"{short:,} of {known.users.rows:,} lists have fewer than {top} items under the rules."
    say(f"    {note}")
    return note
