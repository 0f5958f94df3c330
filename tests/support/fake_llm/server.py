"""The server's process: `python -m tests.support.fake_llm.server --port P --folder DIR`."""

import argparse
import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from tests.support.fake_llm.batches import Batches
from tests.support.fake_llm.bucket import Bucket
from tests.support.fake_llm.chat import Chat
from tests.support.fake_llm.files import Files
from tests.support.fake_llm.journal import Journal
from tests.support.fake_llm.profiles import PROFILES
from tests.support.fake_llm.routes import Routes
from tests.support.fake_llm.script import Script
from tests.support.fake_llm.taste import Taste
from tests.support.fake_llm.tokens import Tokens
from tests.support.fake_llm.wire import Connection

_WATCH_SECONDS = 0.2
_BACKLOG = 1024


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--model", action="append")
    parser.add_argument("--batch-polls", type=int, default=2)
    parser.add_argument("--profile", choices=sorted(PROFILES))
    parser.add_argument("--taste", type=Path)
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--probabilities", action="store_true")
    asyncio.run(_serve(parser.parse_args(arguments), os.getppid()))


async def _serve(options: argparse.Namespace, parent: int) -> None:
    folder: Path = options.folder
    chat = Chat(
        models=options.model or ["fake-1"],
        latency=options.latency,
        bucket=Bucket(options.rate) if options.rate else None,
        script=Script(),
        journal=Journal(folder),
        tokens=Tokens(),  # takes a moment, so before the port opens: no request waits for it
        probabilities=options.probabilities,
        profile=options.profile,
        taste=Taste(options.taste, options.noise) if options.taste else None,
    )
    files = Files(folder / "files")
    routes = Routes(chat, files, Batches(folder / "batches", files, chat, options.batch_polls))

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(reader, writer).serve(routes.respond)

    server = await asyncio.start_server(
        connected, "127.0.0.1", options.port, reuse_address=True, backlog=_BACKLOG
    )
    _announce(folder / "port", server.sockets[0].getsockname()[1])
    while os.getppid() == parent:
        await asyncio.sleep(_WATCH_SECONDS)
    os._exit(0)  # whoever started us is gone


def _announce(path: Path, port: int) -> None:
    new = path.with_suffix(".new")
    new.write_text(str(port))
    new.replace(path)


if __name__ == "__main__":
    main()
