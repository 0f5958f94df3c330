"""The page, served to this machine alone until there is a choice."""

import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from tasks.core.errors import ServiceError
from tasks.report.blind.ballot import HOSTS, Access, Ballot, StoreChoice
from tasks.report.blind.pair import Chosen, Draw, Pair


def ask(
    pair: Pair,
    draw: Draw,
    store: StoreChoice,
    announce: Callable[[str], None],
    *,
    minutes: float,
    port: int = 0,
) -> Chosen | None:
    """What the person chose, which `store` has stored by then; None if nobody did in time.

    Listens on 127.0.0.1 (port 0: a free one) and gives `announce` the address to open. Raises
    KeyboardInterrupt when interrupted before the choice, ServiceError where the port cannot be had,
    and what `store` raises.
    """
    with socket.socket() as listener:
        _listen(listener, port)
        access = Access(listener.getsockname()[1])
        ballot = Ballot(pair, draw, store, access)
        announce(access.address)
        try:
            _serve(ballot, listener, minutes)
        except KeyboardInterrupt:
            if ballot.chosen is None:
                raise
    if ballot.failure:
        raise ballot.failure
    return ballot.chosen


def _listen(listener: socket.socket, port: int) -> None:
    """From here on a browser waits for us, and is not turned away."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOSTS[0], port))
        listener.listen()
    except (OSError, OverflowError) as error:
        raise ServiceError(
            f"Port {port}: {error}.", "Give another --port, or 0 for any."
        ) from error


def _serve(ballot: Ballot, listener: socket.socket, minutes: float) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=ballot.routes),
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="error",
            access_log=False,  # it would hold the token
            server_header=False,
        )
    )

    def end() -> None:
        server.should_exit = True  # what is being answered is answered

    ballot.end = end
    clock = threading.Timer(60 * minutes, end)
    clock.daemon = True
    clock.start()
    try:
        server.run(sockets=[listener])
    finally:
        clock.cancel()
