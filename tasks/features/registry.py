"""Features by name and group."""

from collections.abc import Callable
from dataclasses import dataclass

from tasks.core.arrays import Floats
from tasks.features.facts import Facts, Pairs

COLLABORATIVE = "collaborative"
"""The group of what others' ratings say; base models' scores belong to it, too."""

TIME = "time"
"""The group of what is known as of the newest rating: read where a time after that is foreseen."""

SIGNALS = "signals"
"""The group of the few columns that the rules of `weighted`, `rrf` and others read."""

RATED_ELSEWHERE = "rated well elsewhere"
"""A reason that several features give."""

Function = Callable[[Facts, Pairs], Floats]


@dataclass(frozen=True)
class Feature:
    """One number per pair; `relative`: it counts against the user's other candidates, too.

    `reason`: what a high value says of an item, as part of a sentence to the user. `of_ratings`: it
    means something only where people said how much they liked what they met.
    """

    function: Function
    group: str
    relative: bool
    reason: str
    of_ratings: bool = False


FEATURES: dict[str, Feature] = {}


def feature(
    name: str, group: str, *, relative: bool = False, reason: str = "", of_ratings: bool = False
) -> Callable[[Function], Function]:
    """A decorator that enters a function (facts, pairs) -> (P,) under `name`; NaN is unknown."""

    def enter(function: Function) -> Function:
        FEATURES[name] = Feature(function, group, relative, reason, of_ratings)
        return function

    return enter
