"""Whose answers the ledger keeps apart: the names under which scores and texts stand in it."""

from tasks.core.vocabulary import ProfileStyle
from tasks.llm.options import AskName, LlmOptions, ShownPart
from tasks.llm.prompts import Kind, prompt

ASKED: dict[AskName, Kind] = {"scores": "score", "aspects": "aspects", "list": "list"}
WRITTEN: dict[ProfileStyle, Kind] = {
    "sentence": "profile",
    "structured": "structured",
    "contrastive": "contrastive",
}


def judge_name(kind: Kind, options: LlmOptions) -> str:
    """Whose answer it is: model, prompt version, decoding and, of items, the parts shown."""
    parts = [options.llm_model or "", prompt(kind).version, "t0"]
    if kind in ASKED.values() or kind == "explain":
        shown = explained_parts(options) if kind == "explain" else options.llm_show
        parts.append("+".join(sorted(shown)) or "title")
    return " ".join(parts)


def explained_parts(options: LlmOptions) -> tuple[ShownPart, ...]:
    """What is shown of an item whose place is to be explained; how popular it is stands in words.

    Estimates change at every refit, and every sentence would with them.
    """
    return tuple(part for part in options.llm_show if part not in {"popularity", "estimate"})


def score_kind(options: LlmOptions) -> Kind:
    """The kind of request that judges items."""
    return ASKED[options.llm_ask]


def profile_kind(options: LlmOptions) -> Kind:
    """The kind of request that writes a taste."""
    return WRITTEN[options.profile_style]


def language_version(options: LlmOptions) -> str:
    """Names who judges items, and how: changes whenever the same question gets another score."""
    version = judge_name(score_kind(options), options)
    windows = f" {options.llm_window}/{options.llm_stride}"
    return version + windows if options.llm_ask == "list" else version
