"""Names near to one that nobody knows, for messages about a slip of the pen."""

from collections.abc import Iterable
from difflib import get_close_matches

LIKE = 0.6
"""How alike two names must be, from 0 to 1: the ratio of `difflib.SequenceMatcher`."""


def nearest(name: str, known: Iterable[str], most: int = 1, like: float = LIKE) -> list[str]:
    """Up to `most` of the known names, the nearest first; upper and lower case are one."""
    folded: dict[str, str] = {}
    for one in sorted(known):
        folded.setdefault(one.casefold(), one)
    return [folded[one] for one in get_close_matches(name.casefold(), folded, most, like)]
