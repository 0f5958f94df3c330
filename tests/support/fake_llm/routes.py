"""Which request goes where."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.fake_llm.batches import ENDPOINT, Batches
from tests.support.fake_llm.chat import Chat
from tests.support.fake_llm.files import Files, form
from tests.support.fake_llm.records import Object
from tests.support.fake_llm.replies import Reply, error, json_reply
from tests.support.fake_llm.wire import Request

_PAGE = 20


@dataclass(frozen=True)
class Routes:
    """The API's surface."""

    chat: Chat
    files: Files
    batches: Batches

    async def respond(self, request: Request) -> Reply:
        url = urlsplit(request.target)
        path = url.path.strip("/").split("/")
        match request.method, *path:
            case "POST", "v1", "chat", "completions":
                return self._complete(request)
            case _, "v1", "files", *rest:
                return self._of_files(request, rest)
            case _, "v1", "batches", *rest:
                return await self._of_batches(request, rest, parse_qs(url.query))
            case "GET", "v1", "models":
                return _listed([_model(name) for name in self.chat.models])
            case "POST", "_script":
                self.chat.script.replace(json.loads(request.body))
                return json_reply({})
            case "GET", "_state":
                return json_reply(self._state())
        return _unknown(request)

    def _of_files(self, request: Request, rest: list[str]) -> Reply:
        match request.method, *rest:
            case ["POST"]:
                return self._upload(request)
            case "GET", name:
                return _found(self._operated("file", self.files.get(name)), name)
            case "GET", name, "content":
                return self._content(name)
        return _unknown(request)

    async def _of_batches(
        self, request: Request, rest: list[str], query: Mapping[str, list[str]]
    ) -> Reply:
        match request.method, *rest:
            case ["POST"]:
                return self._create(json.loads(request.body))
            case ["GET"]:
                return self._list(query)
            case "GET", name:
                return _found(self._operated("retrieve", await self.batches.retrieve(name)), name)
            case "POST", name, "cancel":
                return await self._cancel(name)
        return _unknown(request)

    def _complete(self, request: Request) -> Reply:
        try:
            body = json.loads(request.body)
        except ValueError:
            return error(400, "We could not parse the JSON body of your request.")
        if not isinstance(body, dict) or not body.get("messages") or body.get("stream"):
            return error(400, "This server wants messages, and does not stream.")
        return self.chat.reply(body, request.headers.get("authorization"))

    def _upload(self, request: Request) -> Reply:
        fields = form(request.body, request.headers.get("content-type", ""))
        if "file" not in fields or "purpose" not in fields:
            return error(400, "This server wants file and purpose in a multipart form.")
        filename, content = fields["file"]
        known = self.files.add(content, filename, fields["purpose"][1].decode())
        return _found(self._operated("upload", known), filename)

    def _content(self, name: str) -> Reply:
        if self._operated("content", self.files.get(name)) is None:
            return _found(None, name)
        return Reply(200, self.files.path(name).read_bytes(), "application/octet-stream")

    def _create(self, wanted: Object) -> Reply:
        name = str(wanted.get("input_file_id"))
        if self.files.get(name) is None:
            return _found(None, name)
        if wanted.get("endpoint") != ENDPOINT or wanted.get("completion_window") != "24h":
            return error(400, f"This server wants endpoint {ENDPOINT} and window 24h.")
        return _found(self._operated("create", self.batches.create(wanted)), name)

    def _list(self, query: Mapping[str, list[str]]) -> Reply:
        batches = self.batches.newest_first()
        names = [batch["id"] for batch in batches]
        after = query.get("after", [""])[0]
        start = names.index(after) + 1 if after in names else 0
        stop = start + int(query.get("limit", [str(_PAGE)])[0])
        self.chat.journal.operate("list", *names[start:stop])
        return _listed(batches[start:stop], more=stop < len(batches))

    async def _cancel(self, name: str) -> Reply:
        batch = self._operated("cancel", await self.batches.cancel(name))
        if batch and batch["status"] not in ("cancelling", "cancelled"):
            return error(409, f"Cannot cancel a batch with status '{batch['status']}'.")
        return _found(batch, name)

    def _operated(self, op: str, known: Object | None) -> Object | None:
        """Log what was done to a file or a batch."""
        self.chat.journal.operate(op, *([known["id"]] if known else []))
        return known

    def _state(self) -> dict[str, Any]:
        return {"script": self.chat.script.state(), "received": self.chat.journal.received}


def _unknown(request: Request) -> Reply:
    return error(404, f"Unknown request URL: {request.method} {request.target}.")


def _found(known: Object | None, name: str) -> Reply:
    if known is None:
        return error(404, f"No such object: {name}.")
    return json_reply(known)


def _listed(known: list[Object], more: bool = False) -> Reply:
    ends = {"first_id": known[0]["id"], "last_id": known[-1]["id"]} if known else {}
    return json_reply({"object": "list", "data": known, "has_more": more, **ends})


def _model(name: str) -> Object:
    return {"id": name, "object": "model", "created": 0, "owned_by": "tests"}
