"""Which nights belong together: those whose lists are made in the same way from like data."""

import hashlib
from collections.abc import Mapping, Sequence

from pydantic_core import to_json

from tasks.core.vocabulary import DatasetInfo
from tasks.llm.options import VARIANTS, LlmOptions
from tasks.models.options import version_of
from tasks.settings.night import NightOptions
from tasks.settings.run import Settings

HOW = frozenset(
    {
        *("data", "home", "config", "profiles", "chunk_users", "measure_users", "runner"),
        *NightOptions.model_fields,
        *(set(LlmOptions.model_fields) - {*VARIANTS, "llm_model"}),
    }
)
"""Settings that say where, how fast and how often. Any other may change a list. The data set counts
by its name and scale, typed tastes by what they say: files move, and grow."""


def method_of(settings: Settings, info: DatasetInfo, logic: Mapping[str, Sequence[str]]) -> str:
    """A hash of everything but the data that decides a list; `logic`: the stages' versions."""
    said = settings.model_dump(exclude=set(HOW))
    trees = version_of("lightgbm") if settings.learn_trees else None
    data = info.name, info.scale, info.relevant_at
    return hashlib.sha256(to_json([said, data, sorted(logic.items()), trees])).hexdigest()[:16]
