"""Short questions to the model, each block delimited: what stages other than scoring ask."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tasks.core.progress import bar
from tasks.llm.options import EngineOptions
from tasks.llm.prompts import Kind
from tasks.llm.rendering import clean
from tasks.llm.session import session_for

Ask = Callable[[Kind, Sequence[str]], list[str | None]]

TAGS: dict[Kind, str] = {"judge": "pair", "describe": "item", "choose": "question"}
VERDICTS = ("yes", "no")
NONE = "none"
LONGEST_LINE = 400


def asker(home: Path, options: EngineOptions) -> Ask | None:
    """A function that asks the configured model; None where none is configured."""
    if not options.llm_model:
        return None

    from tasks.llm.asking import ask_texts  # noqa: PLC0415 - loads openai and SQLAlchemy

    def ask(kind: Kind, blocks: Sequence[str]) -> list[str | None]:
        session = session_for(home, options)
        allowed = VERDICTS if kind == "judge" else None
        shown = [delimited(kind, block) for block in blocks]
        with bar(f"asking {options.llm_model}: {kind}", total=len(set(shown))) as advance:
            told = session.telling(advance)
            return session.run(lambda engine: ask_texts(engine, kind, shown, told, allowed))

    return ask


def chooser(home: Path, options: EngineOptions) -> Callable[[str, Sequence[str]], int | None]:
    """A function that says which of several labels a typed title means; None for none of them."""

    def choose(typed: str, labels: Sequence[str]) -> int | None:
        if not options.llm_model:
            return None
        from tasks.llm.asking import ask_texts  # noqa: PLC0415 - loads openai and SQLAlchemy

        keys = [f"{number:02d}" for number in range(1, len(labels) + 1)]
        lines = [f"{key} = {label}" for key, label in zip(keys, labels, strict=True)]
        block = delimited("choose", "\n".join([f"typed: {typed}", *lines]))
        session = session_for(home, options)
        allowed = [*keys, NONE]
        said = session.run(
            lambda engine: ask_texts(engine, "choose", [block], lambda _n: None, allowed)
        )[0]
        return keys.index(said) if said in keys else None

    return choose


def delimited(kind: Kind, block: str) -> str:
    """Untrusted lines inside the tag that the kind's instructions name."""
    lines = [clean(line, LONGEST_LINE) for line in block.splitlines()]
    return "\n".join([f"<{TAGS[kind]}>", *lines, f"</{TAGS[kind]}>"])
