"""Which nights belong together: those whose lists are made in the same way from like data."""

import hashlib
from collections.abc import Mapping, Sequence

from pydantic_core import to_json

from tasks.core.optional import version_of
from tasks.core.vocabulary import DatasetInfo
from tasks.llm.options import VARIANTS
from tasks.settings.settings import Settings


def method_of(settings: Settings, info: DatasetInfo, logic: Mapping[str, Sequence[str]]) -> str:
    """A hash of everything but the data that decides a list; `logic`: the stages' versions.

    The data set counts by its name and scale, typed tastes by what they say: files move, and grow.
    """
    asked = {name: getattr(settings.llm, name) for name in (*VARIANTS, "llm_model")}
    chosen = settings.method, asked, settings.top, settings.seed, settings.limit_users
    trees = version_of("lightgbm") if settings.method.learn_trees else None
    data = info.name, info.scale, info.relevant_at
    return hashlib.sha256(to_json([chosen, data, sorted(logic.items()), trees])).hexdigest()[:16]
