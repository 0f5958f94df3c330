"""What the start of a file tells of its rows: their kind, what parts them, and what they have."""

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pyarrow.parquet as pq

from tasks.data.formats.held import UTF_8, Held, json_of_literals
from tasks.data.formats.names import ours_of

LINES = 50
FIELD = "\x1f"
"""Stands for a separator of several letters in a plain copy."""
SEPARATORS = ("::", "\t", ";", ",", "|")
NAMED = {"\t": "tab", "::": "'::'", ";": "';'", ",": "','", "|": "'|'"}

Kind = Literal["delimited", "JSON lines", "Python lines", "rows by film", "Parquet", "nothing"]

_FILM = re.compile(r"^\d+:$")
_RATED = re.compile(r"^\d+,\d")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")


@dataclass(frozen=True)
class Look:
    """A file, or the parts of one table, and how its rows are written.

    `names`: of its columns; their places from 1 where no header names them. `first`: its first
    line. `quoted`: whether quotes enclose fields; `escaped`: whether a backslash stands before
    quotes inside.
    """

    parts: tuple[Held, ...]
    kind: Kind
    names: tuple[str, ...] = ()
    first: str = ""
    encoding: str = UTF_8
    separator: str = ","
    quoted: bool = True
    escaped: bool = False
    has_header: bool = True
    folder: Path | None = None

    @property
    def shown(self) -> Path:
        """How messages name it."""
        return self.folder or self.parts[0].shown

    @property
    def stem(self) -> str:
        """The file's name without its endings, in small letters."""
        return self.shown.name.lower().split(".")[0]

    @property
    def signature(self) -> str:
        """What a format is told by: the names of the columns, or the first line where none are."""
        return self.first if not self.has_header else ",".join(self.names)

    @property
    def writing(self) -> str:
        """How it is written, for people: "delimited by ';', latin-1, gzip"."""
        if self.parts[0].origin:
            return "a query"
        parts: list[str] = [self.kind]
        if self.kind == "delimited":
            parts = [f"parted by {NAMED[self.separator]}"]
            parts += [] if self.has_header else ["no header"]
        if self.kind != "Parquet":
            parts.append(self.encoding)
        packed = self.parts[0].compression
        parts += [packed] if packed else []
        parts += [f"{len(self.parts):,} parts"] if len(self.parts) > 1 else []
        return ", ".join(parts)


def look_at(*parts: Held, folder: Path | None = None) -> Look:
    """Look at the first of `parts`; BadDataError where it cannot be unpacked."""
    first = parts[0]
    head = first.head()
    if head.startswith(b"PAR1"):
        return Look(parts, "Parquet", _names_in_parquet(first, folder), folder=folder)
    if b"\0" in head and head[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        return Look(parts, "nothing", folder=folder)
    encoding = first.encoding()
    text = head.decode("utf-8-sig" if encoding == UTF_8 else encoding, "ignore")
    whole = text if len(head) < 1 << 16 else text[: text.rfind("\n") + 1]
    lines = [line for line in whole.splitlines() if line.strip()][:LINES]
    if not lines:
        return Look(parts, "delimited", encoding=encoding, folder=folder)
    look = Look(parts, "nothing", first=lines[0], encoding=encoding, folder=folder)
    return _as_objects(look, lines) or _by_film(look, lines) or _delimited(look, lines)


def _names_in_parquet(held: Held, folder: Path | None) -> tuple[str, ...]:
    try:
        names = pq.read_schema(held.file).names if not held.member else []
    except (OSError, ValueError):
        return ()
    above = held.file.relative_to(folder).parts[:-1] if folder else ()
    return (*names, *(part.partition("=")[0] for part in above if "=" in part))


def _as_objects(look: Look, lines: Sequence[str]) -> Look | None:
    if not lines[0].lstrip().startswith("{"):
        return None
    is_python = bool(re.match(r"""\s*\{\s*(u?')""", lines[0]))
    names: dict[str, None] = {}
    for line in lines:
        try:
            record = json.loads(json_of_literals(line) if is_python else line)
        except ValueError:
            continue
        names |= dict.fromkeys(record if isinstance(record, dict) else ())
    return replace(look, kind="Python lines" if is_python else "JSON lines", names=tuple(names))


def _by_film(look: Look, lines: Sequence[str]) -> Look | None:
    if not (_FILM.match(lines[0]) and len(lines) > 1 and _RATED.match(lines[1])):
        return None
    return replace(look, kind="rows by film", has_header=False)


def _delimited(look: Look, lines: Sequence[str]) -> Look:
    separator, rows = max(
        ((one, _split(lines, one)) for one in SEPARATORS), key=lambda pair: _agreement(pair[1])
    )
    if len(rows[0]) < 2:
        return look
    fields = [name.strip() for name in rows[0]]
    known = any(ours_of(name) for name in fields)
    has_header = known or not any(_NUMBER.match(name) for name in fields)
    text = "\n".join(lines)
    return replace(
        look,
        kind="delimited",
        separator=separator,
        names=tuple(fields if has_header else map(str, range(1, len(fields) + 1))),
        has_header=has_header,
        quoted=separator in {",", ";"} or any(one.startswith('"') for one in lines),
        escaped='\\"' in text and '\\""' not in text,
    )


def _split(lines: Sequence[str], separator: str) -> list[list[str]]:
    if len(separator) > 1:
        return [line.split(separator) for line in lines]
    return list(csv.reader(lines, delimiter=separator)) or [[]]


def _agreement(rows: Sequence[Sequence[str]]) -> float:
    width = len(rows[0])
    return sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0.0
