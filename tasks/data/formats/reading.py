"""The rows of a file, whatever it is written in, as a table whose rows know where they stood."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import accumulate, count
from pathlib import Path

import duckdb
import polars as pl
from pyarrow.parquet import read_metadata

from tasks.core.errors import BadDataError
from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER
from tasks.data.formats.held import UTF_8, Change, Held, json_of_literals, without_backslashes
from tasks.data.formats.known import Format
from tasks.data.formats.look import FIELD, Look
from tasks.data.tables import ROW, Table, followed_by, scan_table
from tasks.data.written import Written

Read = Callable[[Look, Held, Format | None, Mapping[str, str], Path], Table]

FILM_LINES = r"^(\d+):\s*$"


def table_of(look: Look, kind: Format | None, names: Mapping[str, str], copies: Path) -> Table:
    """The rows of a file, or of all parts of a table; `names`: its columns and ours.

    What polars cannot read where it lies is copied into the folder `copies` first.
    """
    copies.mkdir(parents=True, exist_ok=True)
    match look.kind:
        case "Parquet":
            table = _parquet(look, names, copies)
        case "JSON lines" | "Python lines":
            table = _of_each(look, kind, names, copies, _objects)
        case "rows by film":
            table = _by_film(look, copies)
        case _:
            table = _of_each(look, kind, names, copies, _delimited)
    if kind is None or kind.prepare is None:
        return table
    return table.having(kind.prepare(table.rows.lazy()))


def _of_each(
    look: Look, kind: Format | None, names: Mapping[str, str], copies: Path, read: Read
) -> Table:
    tables = [read(look, part, kind, names, copies) for part in look.parts]
    whole = tables[0]
    for table in tables[1:]:
        whole = followed_by(whole, table)
    return whole


def _parquet(look: Look, names: Mapping[str, str], copies: Path) -> Table:
    files = tuple(_file_of(part, copies) for part in look.parts)
    first, shown = files[0], look.parts[0].shown
    every = frozenset(names.values())
    if len(files) == 1 and look.folder is None:
        return scan_table(shown, names, every, Written(first, is_parquet=True))
    try:
        rows = [read_metadata(file).num_rows for file in files]
    except (OSError, ValueError):
        for file in files:
            scan_table(file, names, every, Written(file, is_parquet=True))
        raise
    table = scan_table(shown, names, every, Written(first, is_parquet=True, parts=files))
    before = list(accumulate(rows, initial=0))[1:-1]
    later = tuple((part.shown, added) for part, added in zip(look.parts[1:], before, strict=True))
    return replace(table, later=later)


def _file_of(part: Held, copies: Path) -> Path:
    """Where it lies unpacked."""
    if not part.compression:
        return part.file
    copy = _free(copies, ".parquet")
    with copy.open("wb") as file:
        file.writelines(part.chunks())
    return copy


def _delimited(
    look: Look, part: Held, kind: Format | None, names: Mapping[str, str], copies: Path
) -> Table:
    changes: list[Change] = []
    if look.escaped or (kind is not None and kind.escaped):
        changes.append(without_backslashes)
    separator = look.separator
    if kind is not None and kind.rewrite is not None:
        changes.append(kind.rewrite)
        separator = kind.separator or separator
    elif len(separator) > 1:
        changes.append(lambda text: text.replace(look.separator, FIELD))
        separator = FIELD
    path = part.file
    if changes or part.compression or look.encoding != UTF_8:
        path = _free(copies, ".txt")
        part.write_plain(path, look.encoding, tuple(changes))
    quote = '"' if look.quoted and separator != FIELD else None
    how = Written(path, False, separator, quote, look.has_header)
    return scan_table(part.shown, names, frozenset(names.values()), how)


def _objects(
    look: Look, part: Held, _kind: Format | None, names: Mapping[str, str], copies: Path
) -> Table:
    """One JSON object per line; a list's members are joined by "|"."""
    plain, target = _free(copies, ".jsonl"), _free(copies, ".parquet")
    is_python = look.kind == "Python lines"
    part.write_plain(plain, look.encoding, (json_of_literals,) if is_python else ())
    columns = ", ".join(f"{_quoted(name)}: 'JSON'" for name in names)
    values = ", ".join(f"{_text_of(name)} AS {_identifier(name)}" for name in names)
    rows = f"read_json(?, format = 'newline_delimited', columns = {{{columns}}})"
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")  # so that rows stay in their order
        try:
            connection.execute(
                f"COPY (SELECT row_number() OVER ()::UINTEGER AS {ROW}, {values} FROM {rows})"
                f" TO {_quoted(str(target))} (FORMAT parquet)",
                [str(plain)],
            )
        except duckdb.Error as error:
            raise _bad_line(part.shown, plain, error) from error
    plain.unlink()
    how = Written(target, is_parquet=True, has_rows=True)
    return scan_table(part.shown, names, frozenset(names.values()), how)


def _text_of(name: str) -> str:
    value = _identifier(name)
    members = f"({value} ->> '$[*]')"
    inner = f"({value} ->> '$[*][*]')"
    return (
        f"CASE json_type({value}) WHEN 'ARRAY' THEN CASE json_type({value}, '$[0]')"
        f" WHEN 'ARRAY' THEN array_to_string({inner}, '|')"
        f" ELSE array_to_string({members}, '|') END ELSE {value} ->> '$' END"
    )


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _bad_line(shown: Path, plain: Path, error: Exception) -> BadDataError:
    with plain.open(encoding="utf-8") as lines:
        for row, line in enumerate(lines, start=1):
            try:
                is_object = not line.strip() or isinstance(json.loads(line), dict)
            except ValueError:
                is_object = False
            if not is_object:
                return BadDataError(
                    shown, "the line is no JSON object", "Correct or delete the line.", row=row
                )
    return BadDataError(shown, f"this is not JSON lines ({error})", "Write it again.")


def _by_film(look: Look, copies: Path) -> Table:
    """Rows of user, rating and day below a line "ITEM:" each; all parts one after the other."""
    plain, lines = _free(copies, ".txt"), 0
    later: list[tuple[Path, int]] = []
    for part in look.parts:
        if lines:
            later.append((part.shown, lines))
        lines += part.write_plain(plain, look.encoding)
    line = pl.col("1").str.strip_chars()
    how = Written(plain, False, FIELD, None, False)
    rows = how.scan().with_row_index(ROW, offset=1)
    film = line.str.extract(FILM_LINES).forward_fill()
    parted = line.str.split_exact(",", 2).struct.rename_fields([USER, RATING, TIMESTAMP])
    rated = rows.with_columns(film.alias(ITEM)).filter(~line.str.contains(FILM_LINES))
    columns = rated.select(ROW, ITEM, parted.alias("rated")).unnest("rated")
    return Table(
        look.parts[0].shown, columns, later=tuple(later), written={look.parts[0].shown: how}
    )


def _free(copies: Path, suffix: str) -> Path:
    """A name that no copy has yet."""
    return next(file for place in count() if not (file := copies / f"{place}{suffix}").exists())
