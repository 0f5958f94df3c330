"""A language model on this machine."""

from pathlib import Path

from cyclopts import App

from flows.cli.app import app

llm = App(name="llm", help=__doc__)
app.command(llm)


@llm.command
def serve(
    *,
    port: int = 8080,
    model_file: Path | None = None,
    context: int = 8192,
    threads: int | None = None,
) -> None:
    """Serve a small language model to this machine alone, until Ctrl-C.

    Needs `pip install palate[local-llm]`. The model that comes with it, SmolLM2-135M, shows that
    everything works; its judgement is worth nothing. Bring your own with --model-file.

    Parameters
    ----------
    port
        Where to listen on 127.0.0.1; 0 takes any free port and says which.
    model_file
        A GGUF file; the bundled model unless given.
    context
        Tokens of prompt and answer together, at most.
    threads
        Threads of llama.cpp: all cores unless given.

    """
    from tasks.llm.local_server import serve as run  # noqa: PLC0415

    run(port, model_file, context, threads)
