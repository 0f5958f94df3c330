"""A data set that is queries of a database: they are checked, read, and found as files are."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from tasks.core.addresses import Address
from tasks.core.artifacts import local
from tasks.core.databases import reading_database
from tasks.core.errors import BadDataError, SettingsError
from tasks.core.vocabulary import ITEM, TAG, USER, Artifact, Record
from tasks.data.formats.described import Described, described_in
from tasks.data.formats.finding_files import Candidate, Found, candidate_of
from tasks.data.formats.held import Held
from tasks.data.formats.look import look_at
from tasks.data.formats.names import DESCRIBED, RATED, TAGGED, guessed
from tasks.data.querying.rows import Check, Statement

T = TypeVar("T")


@dataclass(frozen=True)
class _Asked:
    """What a query is for: the columns that it may have, and those that it must."""

    wanted: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]


ASKED = {
    "ratings": _Asked(RATED, (USER, ITEM)),
    "items": _Asked(DESCRIBED, (ITEM,)),
    "tags": _Asked(TAGGED, (USER, ITEM, TAG)),
}


class Queried(Record):
    """The rows of each query, by what it gives, and how long it took to read all."""

    tables: dict[str, Artifact]
    seconds: float


@dataclass(frozen=True)
class Queries:
    """The queries of the dataset.toml in a folder. `given`: by our column what they call it."""

    place: Path
    described: Described
    database: Address
    given: Mapping[str, str]

    def check(self) -> None:
        """Look at the columns of each, and read no rows.

        Raises BadDataError where the database cannot be reached, a query fails or lacks a column.
        """

        def look(connection: Connection) -> None:
            for what, statement in self._statements().items():
                statement.check(connection, self._check_of(what))

        self._within(look)

    def read(self, home: Path) -> Queried:
        """Keep what each gives at one moment as Parquet under `home`; errors as of `check`."""
        started = time.monotonic()

        def keep(connection: Connection) -> dict[str, Artifact]:
            return {
                what: statement.keep(home, connection, self._check_of(what))
                for what, statement in self._statements().items()
            }

        tables = self._within(keep)
        return Queried(tables=tables, seconds=time.monotonic() - started)

    def found(self, home: Path, queried: Queried) -> Found:
        """The data set, as if it were files."""
        tables = {
            what: self._candidate(what, Held(local(home, table), origin=self._origin(what)))
            for what, table in queried.tables.items()
        }
        return Found(
            self.place,
            tables["ratings"],
            tables.get("items"),
            self.described,
            self.given,
            tables.get("tags"),
        )

    def said(self, queried: Queried) -> str:
        """What was read, from where, and in which time."""
        counts = ", ".join(f"{table.rows:,} {what}" for what, table in queried.tables.items())
        return f"{counts} read from {self.database.shown} in {queried.seconds:.1f} s"

    def _statements(self) -> dict[str, Statement]:
        """By what it gives."""
        return {
            what: Statement(sql, self._origin(what), self.database)
            for what in ASKED
            if (sql := getattr(self.described.queries, what)) is not None
        }

    def _origin(self, what: str) -> Path:
        """How messages name a query."""
        return Path(f"{self.described.file} [queries] {what}")

    def _candidate(self, what: str, held: Held) -> Candidate:
        look = look_at(held)
        if what == "tags":
            return Candidate(look, None, guessed(look.names, TAGGED, self.given))
        return candidate_of(look, ASKED[what].wanted, self.given)

    def _check_of(self, what: str) -> Check:
        asked = ASKED[what]

        def check(names: Sequence[str]) -> None:
            has = guessed(names, asked.wanted, self.given).values()
            lacks = next((name for name in asked.needed if name not in has), None)
            if lacks is not None:
                raise BadDataError(
                    self._origin(what),
                    f"the column is missing (found: {', '.join(names)})",
                    f"Select it AS {lacks}, or say what it is called: --columns {lacks}=NAME.",
                    column=lacks,
                )

        return check

    def _within(self, work: Callable[[Connection], T]) -> T:
        file = self.described.file

        def failed(said: str) -> BadDataError:
            problem = f"{self.database.shown} cannot be read ({said})"
            fix = "Check that it runs, the address, the password and the rights of its user."
            return BadDataError(file, problem, fix, column="data")

        try:
            return reading_database(self.database, work, failed, self.place)
        except SettingsError as error:
            raise BadDataError(file, error.what.rstrip("."), error.fix, column="data") from None


def queries_in(place: Path, columns: Mapping[str, str]) -> Queries | None:
    """The queries of the folder's dataset.toml, None where it names no database."""
    described = described_in(place) if place.is_dir() else None
    if described is None or described.database is None:
        return None
    return Queries(place, described, described.database, {**described.columns, **columns})
