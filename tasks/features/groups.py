"""Which group each feature of a learned order is of."""

from tasks.core.vocabulary import SIMILARITY
from tasks.features import language
from tasks.features.registry import COLLABORATIVE, FEATURES
from tasks.features.table import LOG_RANK, RELATIVE

LANGUAGE = {"text", SIMILARITY}
"""The base model and the scorer's similarity that are out where language is left out."""


def group_of(feature: str) -> str:
    """The group by which `without` leaves it out; a base model's features are collaborative."""
    name = feature.removesuffix(RELATIVE).removesuffix(LOG_RANK)
    if name in FEATURES:
        return FEATURES[name].group
    return language.GROUP if name in LANGUAGE else COLLABORATIVE
