"""The method of a night for which no other is asked: the one that measured best."""

import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tasks.core.progress import say
from tasks.ranking.learn_options import LearnOptions
from tasks.settings.run import Settings

FILES = (
    Path(__file__).parents[1] / "deployments" / "best.toml",
    Path(__file__).parent / "best.toml",
)
"""Where it lies in a checkout, and where the wheel puts it."""

METHOD = frozenset(
    {
        *("model", "model_options", "tune", "search_count", "sources", "tuning", "depth"),
        *("scorer", "profile_style", "llm_model", "llm_ask"),
        *("reranker", "weights", "min_similarity"),
        *LearnOptions.model_fields,
    }
)
"""Settings that choose a method: with any of them given, the others keep their own defaults."""


def with_best(settings: Settings) -> Settings:
    """The settings with the best method, or as they are where they choose one themselves."""
    only_to_explain = {"llm_model"} if settings.explain else set()
    if settings.model_fields_set & METHOD - only_to_explain:
        return settings
    given = settings.model_dump(include=set(settings.model_fields_set))
    return Settings(**best_method() | given)


def best_method() -> dict[str, Any]:
    """The settings in best.toml; without trees, and saying so, where lightgbm is not installed."""
    file = next(file for file in FILES if file.is_file())
    method = tomllib.loads(file.read_text(encoding="utf-8"))
    if method.get("learn_trees") and find_spec("lightgbm") is None:
        say("  without trees: the package lightgbm is not installed (pip install palate\\[trees])")
        method["learn_trees"] = False
    return method
