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

    `reason`: what a high value says of an item, as part of a sentence to the user.
    """

    function: Function
    group: str
    relative: bool
    reason: str


FEATURES: dict[str, Feature] = {}


def feature(
    name: str, group: str, *, relative: bool = False, reason: str = ""
) -> Callable[[Function], Function]:
    """A decorator that enters a function (facts, pairs) -> (P,) under `name`; NaN is unknown."""

    def enter(function: Function) -> Function:
        FEATURES[name] = Feature(function, group, relative, reason)
        return function

    return enter
