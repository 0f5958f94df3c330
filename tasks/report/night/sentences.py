"""A night in sentences: what it did, whether it went as it should, and what to do if not."""

from collections.abc import Mapping
from typing import Any

from tasks.report.night.figures import learned_on_windows
from tasks.report.night.read import NightRows
from tasks.report.text import model_name, times

SIGNALS = {
    "estimate": "the base model's estimate",
    "similarity": "similarity",
    "popularity": "popularity",
    "date_affinity": "date affinity",
    "external_quality": "the catalogue's ratings",
    "external_votes": "the catalogue's votes",
}
REMARK = (
    "Nothing is broken; see the figures below, and compare methods (palate evaluate) if it lasts."
)
TARGETS = {"rated": "what people come to rate", "liked": "what people rate well"}


def sentences(night: NightRows) -> list[str]:
    """How candidates are found, judged and ordered; less where an old row says less."""
    run, settings = night.run, night.settings
    if learned_on_windows(night.figures) and settings.get("sources"):
        without = settings.get("forward_without", ())
        kept = {name: n for name, n in settings["sources"].items() if name not in without}
        settings = {
            **settings,
            "sources": {**kept, **settings.get("forward_sources", {})},
            "learned_on": times(settings.get("learn_windows", 0), "newest window") + " of time",
        }
    texts = [_proposes(run, settings), _judges(run, settings), _orders(run, settings)]
    if settings.get("diversity"):
        texts.append("The first places of each list are spread over unlike items.")
    if settings.get("learn_new_items") and run["reranker"] == "learned":
        texts.append("Items that nobody has rated compete for places too.")
    return [text for text in texts if text]


def _proposes(run: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    name = model_name(run["model"])
    sources = {source: n for source, n in settings.get("sources", {}).items() if n}
    if len(sources) > 1:
        others = [f"{model_name(one)} {n}" for one, n in sources.items() if one != run["model"]]
        first = f"{name} {sources.get(run['model'], 0)}"
        return (
            f"Candidates per user come from {first}, {', '.join(others)};"
            f" {name}'s order is the base list."
        )
    number = f"{settings['search_count']} " if settings.get("search_count") else ""
    return f"{name} proposes {number}candidates per user; its order is the base list."


def _judges(run: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """How similarity is judged; "" where a learned order reads none."""
    if run["scorer"] == "embedded":
        if run["reranker"] == "learned" and not settings.get("learn_scores", True):
            return ""
        return "Similarity is that of item texts to each user's profile, by a sentence embedder."
    model = settings.get("llm_model") or "A language model"
    batch = ", in batches" if run["scorer"] == "llm-batch" else ""
    if run["reranker"] == "learned":
        if "language" in settings.get("without", ()):
            return ""
        head = settings.get("llm_head")
        first = f"the first {head} items" if head else "candidates"
        return f"{model} judges {first} of a list{batch}, where that has shown to help."
    return f"{model} says how well each candidate fits each user's profile{batch}."


def _orders(run: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    orders = {
        "learned": _learned(settings),
        "weighted": f"Lists are ordered by a weighted sum of {_weights(settings)}.",
        "rrf": f"Lists are ordered by reciprocal rank fusion of {_weights(settings)}.",
        "llm_only": "Lists are ordered by similarity alone.",
        "filter": "The base order stays, except that items of low similarity go to the end.",
        "none": "Nothing is re-ranked: the base lists are published.",
    }
    return orders.get(run["reranker"], f"Lists are ordered by {run['reranker']}.")


def _weights(settings: Mapping[str, Any]) -> str:
    weights = {name: w for name, w in settings.get("weights", {}).items() if w}
    terms = [f"{SIGNALS.get(name, name)} x {weight:g}" for name, weight in weights.items()]
    return ", ".join(terms) or "the signals"


def _learned(settings: Mapping[str, Any]) -> str:
    target = TARGETS.get(settings.get("learn_target", ""), "what people come to rate")
    how = "weights and boosted trees" if settings.get("learn_trees") else "weights"
    splits = settings.get("learn_splits")
    on = settings.get("learned_on") or (splits and f"{times(splits, 'inner split')} of the ratings")
    fitted = f", fitted on {on}" if on else ""
    without = settings.get("without") or []
    left_out = f" It does not read: {', '.join(without)}." if without else ""
    return f"A learned re-ranker ({how}{fitted}) orders them to find {target}.{left_out}"


def banner(night: NightRows) -> dict[str, str] | None:
    """The warning at the top of the page: `tone` (bad or warn), title, why, fix.

    None of a night that is complete and has nothing to remark.
    """
    status, note = night.run["status"], night.run["note"]
    if status == "complete":
        return _banner("warn", "Complete, with a remark", note, REMARK) if note else None
    if status == "degraded":
        return _banner(
            "bad",
            "Degraded: the language model did less than was asked",
            note or "The language model did not answer.",
            "If it did not answer, check its server, key and budget, then run the same command"
            " again: its answers are kept, and finished stages are not done again.",
        )
    if status == "guarded":
        return _banner(
            "warn",
            "Guarded: some users got base lists",
            note or "Re-ranked lists did worse than base lists on the ratings that arrived since.",
            "See the guard's figures below. It ends by itself once re-ranked lists no longer do"
            " worse; if it lasts, compare methods (palate evaluate) and choose another.",
        )
    return _banner("warn", f"Status: {status}", note or "No reason was recorded.", "See the log.")


def _banner(tone: str, title: str, why: str, fix: str) -> dict[str, str]:
    return {"tone": tone, "title": title, "why": why, "fix": fix}


def not_measured(night: NightRows) -> str | None:
    """Why a night has no figures; None where it has some."""
    if night.figures:
        return None
    if night.run["status"] == "degraded" and night.run["leaves_nothing"]:
        return "A degraded night is not measured: its lists are the base lists."
    if night.run["scorer"] != "embedded" and night.settings.get("measure_users") is None:
        return (
            "Hidden ratings would cost as many requests again. --measure-users N measures N users."
        )
    if night.settings.get("measure_users") == 0:
        return "measure_users is 0, so nobody's hidden rating was looked for."
    return "Nothing was measured: the language model may have stopped answering meanwhile."
