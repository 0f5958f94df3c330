"""Uploaded and produced files, on disk: their object as JSON, their content beside it."""

import re
import time
import uuid
from pathlib import Path

from tests.support.fake_llm.records import Object, load, save


class Files:
    """What /v1/files knows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def add(self, content: bytes, filename: str, purpose: str) -> Object:
        known = {
            "id": f"file-{uuid.uuid4().hex}",
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": filename,
            "purpose": purpose,
            "status": "processed",
        }
        self.path(known["id"]).write_bytes(content)
        save(self._folder / f"{known['id']}.json", known)
        return known

    def get(self, name: str) -> Object | None:
        return load(self._folder / f"{name}.json")

    def path(self, name: object) -> Path:
        """Where a file's content is."""
        return self._folder / f"{name}.content"


def form(body: bytes, content_type: str) -> dict[str, tuple[str, bytes]]:
    """The fields of a multipart form: name to file name and content."""
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    fields = {}
    for part in body.split(b"--" + boundary[1].encode()) if boundary else ():
        head, _, content = part.partition(b"\r\n\r\n")
        names = dict(re.findall(r'\b(name|filename)="([^"]*)"', head.decode(errors="replace")))
        if "name" in names:
            fields[names["name"]] = (names.get("filename", ""), content.removesuffix(b"\r\n"))
    return fields
