"""Whose answers the ledger keeps apart: the names under which scores and texts stand in it."""

from tasks.llm.prompts import Kind, prompt
from tasks.llm_options import LlmOptions


def judge_name(kind: Kind, options: LlmOptions) -> str:
    """Whose answer it is: model, prompt version, decoding and, for scores, the parts shown."""
    parts = [options.llm_model or "", prompt(kind).version, "t0"]
    if kind == "score":
        parts.append("+".join(sorted(options.llm_show)) or "title")
    return " ".join(parts)
