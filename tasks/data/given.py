"""Files that others made of a data set's users and items: found, and read as a table."""

from collections.abc import Mapping
from pathlib import Path

from tasks.core.errors import BadDataError
from tasks.data.formats.finding_files import candidate_of
from tasks.data.formats.held import Held
from tasks.data.formats.look import look_at
from tasks.data.formats.reading import table_of
from tasks.data.tables import Table

Called = Mapping[str, tuple[str, ...]]
"""By our column what files call it."""


def placed(file: Path, folder: Path) -> Path:
    """Where the file lies: as it is named, else in the data set's folder."""
    beside = folder / file
    return beside if not file.is_file() and beside.is_file() else file


def read_given(
    file: Path,
    option: str,
    called: Called,
    needed: tuple[str, ...],
    columns: Mapping[str, str],
    copies: Path,
) -> Table:
    """The rows of a file with our columns, of which `needed` must be there; others may be.

    `columns`: by our column what `--columns` says that files call it. What cannot be read where it
    lies is copied into the folder `copies`. Raises BadDataError where the
    file that `option` names is missing or cannot be read, or lacks a column.
    """
    if not file.is_file():
        raise BadDataError(file, "the file is missing", f"Check {option}.")
    look = look_at(Held(file))
    known = {ours: theirs for ours, theirs in columns.items() if theirs in look.names}
    table = candidate_of(look, called, known)
    lacking = [name for name in needed if name not in table.has]
    if lacking:
        raise BadDataError(
            file,
            f"the column is missing (found: {', '.join(look.names)})",
            "Add it, or name the one that holds it: --columns OURS=THEIRS.",
            column=lacking[0],
        )
    names = {theirs: ours for theirs, ours in table.names.items() if ours in called}
    return table_of(look, table.format, names, copies)
