"""A file as it lies there, or one of an archive: what it holds, unpacked and as UTF-8."""

import ast
import codecs
import gzip
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from tasks.core.errors import BadDataError

MAGIC = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd"}
HEAD_BYTES = 1 << 16
CHUNK_BYTES = 1 << 20
MOST_CHECKED = 64 << 20
"""Bytes of a text that are looked at to tell its encoding."""

BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException)

UTF_8, LATIN_1 = "UTF-8", "latin-1"
MARKS = ((codecs.BOM_UTF8, UTF_8), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))

Change = Callable[[str], str]


@dataclass(frozen=True)
class Held:
    """A file, or the member of a zip archive.

    `origin`: what messages name in its place, where a query gave it.
    """

    file: Path
    member: str = ""
    origin: Path | None = None

    @property
    def shown(self) -> Path:
        """How messages name it."""
        return self.origin or (self.file / self.member if self.member else self.file)

    @property
    def name(self) -> str:
        """Its own name, without folders."""
        return self.shown.name

    @property
    def compression(self) -> str:
        """How it is packed: "gzip", "zip", "zstd", or "" for not at all."""
        if self.member:
            return "zip"
        with self.file.open("rb") as file:
            start = file.read(4)
        return next((name for magic, name in MAGIC.items() if start.startswith(magic)), "")

    def open(self) -> BinaryIO:
        """Its bytes, unpacked."""
        if self.member:
            return cast(BinaryIO, zipfile.ZipFile(self.file).open(self.member))
        match self.compression:
            case "gzip":
                return cast(BinaryIO, gzip.open(self.file, "rb"))
            case "zstd":
                return cast(BinaryIO, pa.input_stream(str(self.file), compression="zstd"))
        return self.file.open("rb")

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, some at a time; BadDataError where it cannot be unpacked."""
        try:
            with self.open() as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    yield chunk
        except BROKEN as error:
            problem = f"the {self.compression or 'file'} cannot be read to its end"
            raise BadDataError(
                self.shown, f"{problem} ({str(error) or type(error).__name__})", "Copy it again."
            ) from error

    def head(self) -> bytes:
        """The first bytes, unpacked."""
        return next(self.chunks(), b"")[:HEAD_BYTES]

    def encoding(self) -> str:
        """UTF-8, UTF-16 where it says so at its start, or latin-1 where it can be nothing else.

        Text with bytes that are no UTF-8 after others that could be nothing else is broken UTF-8.
        """
        decoder, size = codecs.getincrementaldecoder("utf-8")(), 0
        is_ascii = True
        for chunk in self.chunks():
            if not size:
                for mark, name in MARKS:
                    if chunk.startswith(mark):
                        return name
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                before = chunk[: error.start]
                return LATIN_1 if is_ascii and before.isascii() else UTF_8
            is_ascii, size = is_ascii and text.isascii(), size + len(chunk)
            if size > MOST_CHECKED:
                break
        return UTF_8

    def write_plain(self, target: Path, encoding: str, changes: tuple[Change, ...] = ()) -> int:
        """Append its text as UTF-8, unpacked, its whole lines changed; gives their number."""
        lines = 0
        with target.open("ab") as plain:
            for text in self._whole_lines(encoding):
                for change in changes:
                    text = change(text)  # noqa: PLW2901
                plain.write(text.encode())
                lines += text.count("\n")
        return lines

    def _whole_lines(self, encoding: str) -> Iterator[str]:
        known = "utf-8-sig" if encoding == UTF_8 else encoding
        decoder, rest = codecs.getincrementaldecoder(known)(), ""
        try:
            for chunk in self.chunks():
                text = rest + decoder.decode(chunk)
                end = text.rfind("\n") + 1
                yield text[:end]
                rest = text[end:]
            rest += decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            fix = "Save it as UTF-8 (for example: iconv -f latin1 -t utf-8)."
            raise BadDataError(
                self.shown, f"this is not {encoding} ({error.reason})", fix
            ) from error
        if rest:
            yield rest if rest.endswith("\n") else rest + "\n"


def without_backslashes(text: str) -> str:
    r"""Quotes that are escaped as \" written as CSV has it, twice."""
    return re.sub(r'\\([\\"])', lambda found: '""' if found[1] == '"' else "\\", text)


def json_of_literals(text: str) -> str:
    """Lines that are written as Python writes a dict, {u'id': 1}, as JSON."""
    return "".join(_as_json(line) for line in text.splitlines(keepends=True))


def _as_json(line: str) -> str:
    try:
        return json.dumps(ast.literal_eval(line.strip())) + "\n"
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return line
