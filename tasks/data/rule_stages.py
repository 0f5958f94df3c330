"""Rules as stages: read once, then as they are on a day, for somebody, and for lists."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from tasks.core.artifacts import read_table, scan_table, write_table
from tasks.core.errors import NewcomerError, TooLittleDataError
from tasks.core.stage import stage
from tasks.core.vocabulary import BASE_RANK, ITEM, USER, Artifact, Dataset, Id, Record, Rules
from tasks.data import catalogue
from tasks.data.querying.queries import Queried
from tasks.data.rules import RuleFiles, read_rule_files, unavailable
from tasks.data.stages import People


class WrittenRules(Record):
    """The rules of a data set on any day; `available` (item, from, until) where items have days."""

    rules: Rules
    available: Artifact | None


def write_rules(home: Path, files: RuleFiles, dataset: Dataset) -> WrittenRules:
    """Read the files of rules and write them as Parquet under `home`."""
    items = read_table(home, dataset.items)
    users = scan_table(home, dataset.ratings).select(USER).unique().collect(engine="streaming")
    with TemporaryDirectory(prefix="palate-rules-") as copies:
        tables = read_rule_files(files, items, users, Path(copies))
    rules = Rules(
        pairs=write_table(home, "rules", tables.pairs),
        items=write_table(home, "rules", tables.items),
        users=write_table(home, "rules", tables.users),
        dropped=tables.dropped,
    )
    dated = tables.available
    return WrittenRules(
        rules=rules, available=None if dated is None else write_table(home, "rules", dated)
    )


@stage("read rules", "1", role="figures", not_in_key={"source", "queried"})
def read_rules_stage(
    home: Path,
    source: str,
    fingerprint: str,
    dataset: Dataset,
    columns: dict[str, str] | None,
    queried: Queried | None = None,
) -> WrittenRules:
    """The rules beside what `--data` names; `fingerprint` stands for their content in the key.

    `queried`: what its database gave.
    """
    return write_rules(home, catalogue.find(source, home, columns, queried).rules, dataset)


@stage("rules of a day", "1", role="figures")
def rules_of_day_stage(home: Path, written: WrittenRules, day: str) -> Rules:
    """The rules with the items that are not available on this day, given as 2024-05-31."""
    return rules_on(home, written, date.fromisoformat(day))


def rules_on(home: Path, written: WrittenRules, day: date) -> Rules:
    """The same, of what `write_rules` gave."""
    if written.available is None:
        return written.rules
    off = unavailable(read_table(home, written.available), day)
    both = pl.concat([read_table(home, written.rules.items), off]).unique().sort(ITEM)
    return written.rules.model_copy(update={"items": write_table(home, "rules", both)})


@stage("leave users out", "1", role="figures")
def without_users_stage(home: Path, users: Artifact, rules: Rules) -> Artifact:
    """The users who get lists. Raises TooLittleDataError where none is left."""
    left = read_table(home, users).join(
        read_table(home, rules.users), on=USER, how="anti", maintain_order="left"
    )
    if left.is_empty():
        raise TooLittleDataError("The rules leave nobody to recommend to.", "Check exclude.csv.")
    return write_table(home, "users", left)


@stage("rules for people", "1", role="figures")
def people_rules_stage(home: Path, rules: Rules, like: Id | None, people: People) -> Rules:
    """The rules for people who stand for the user `like`. Raises NewcomerError if they get none."""
    is_theirs = pl.col(USER).cast(pl.String) == str(like)
    if like is not None and read_table(home, rules.users).filter(is_theirs).height:
        raise NewcomerError(f"User {like} gets no lists.", "exclude.csv names them.")
    pairs = read_table(home, rules.pairs)
    own = pairs.filter(is_theirs) if like is not None else pairs.clear()
    ids = read_table(home, people.users)
    copied = ids.join(own.select(ITEM), how="cross").sort(USER, ITEM)
    none = write_table(home, "rules", ids.clear())
    given = {"pairs": write_table(home, "rules", copied), "users": none}
    return rules.model_copy(update=given)


@stage("count short lists", "1", role="figures")
def short_lists_stage(home: Path, ranked: Artifact, users: Artifact, top: int) -> int:
    """How many of the users have fewer than `top` items in their list."""
    longest = scan_table(home, ranked).group_by(USER).agg(pl.col(BASE_RANK).max())
    counted = read_table(home, users).join(
        longest.collect(engine="streaming"), on=USER, how="left", maintain_order="left"
    )
    return int((counted[BASE_RANK].fill_null(0) < top).sum())
