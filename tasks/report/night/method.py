"""What a night did, in sentences, from the settings that it ran with."""

from collections.abc import Mapping
from typing import Any

from tasks.report.night.read import Night
from tasks.report.text import model_name, times

SIGNALS = {
    "estimate": "the base model's estimate",
    "similarity": "similarity",
    "popularity": "popularity",
    "date_affinity": "date affinity",
    "external_quality": "the catalogue's ratings",
    "external_votes": "the catalogue's votes",
}
TARGETS = {"rated": "what people come to rate", "liked": "what people rate well"}


def sentences(night: Night) -> list[str]:
    """How candidates are found, judged and ordered; less where an old row says less."""
    told, settings = night.run, night.settings
    said = [_proposes(told, settings), _judges(told, settings), _orders(told, settings)]
    if settings.get("diversity"):
        said.append("The head of each list is spread out over unlike items.")
    if settings.get("learn_new_items") and told["reranker"] == "learned":
        said.append("Items that nobody has rated compete for places too.")
    return [sentence for sentence in said if sentence]


def _proposes(told: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    name = model_name(told["model"])
    sources = {source: n for source, n in settings.get("sources", {}).items() if n}
    if len(sources) > 1:
        others = [f"{model_name(one)} {n}" for one, n in sources.items() if one != told["model"]]
        first = f"{name} {sources.get(told['model'], 0)}"
        found = f"Candidates per user come from {first}, {', '.join(others)}"
        return f"{found}; {name}'s order is the base list."
    number = f"{settings['search_count']} " if settings.get("search_count") else ""
    return f"{name} proposes {number}candidates per user; its order is the base list."


def _judges(told: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    if told["scorer"] == "embedded":
        return "Similarity is that of item texts to each user's profile, by a sentence embedder."
    asked = settings.get("llm_model") or "A language model"
    batch = ", in batches" if told["scorer"] == "llm-batch" else ""
    return f"{asked} says how well each candidate fits each user's profile{batch}."


def _orders(told: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    orders = {
        "learned": _learned(settings),
        "weighted": f"Lists are ordered by a weighted sum of {_weights(settings)}.",
        "rrf": f"Lists are ordered by places, joined, in the order of {_weights(settings)}.",
        "llm_only": "Lists are ordered by similarity alone.",
        "filter": "The base order stays, but for items of low similarity, which go to the end.",
        "none": "Nothing is re-ranked: the base lists are what is published.",
    }
    return orders.get(told["reranker"], f"Lists are ordered by {told['reranker']}.")


def _weights(settings: Mapping[str, Any]) -> str:
    weights = {name: w for name, w in settings.get("weights", {}).items() if w}
    said = [f"{SIGNALS.get(name, name)} x {weight:g}" for name, weight in weights.items()]
    return ", ".join(said) or "the signals"


def _learned(settings: Mapping[str, Any]) -> str:
    target = TARGETS.get(settings.get("learn_target", ""), "what people come to rate")
    how = "weights and boosted trees" if settings.get("learn_trees") else "weights"
    splits = settings.get("learn_splits")
    fitted = f", fitted on {times(splits, 'inner split')} of the ratings" if splits else ""
    without = settings.get("without") or []
    left_out = f" It does not see: {', '.join(without)}." if without else ""
    return f"A learned re-ranker ({how}{fitted}) orders them to find {target}.{left_out}"
