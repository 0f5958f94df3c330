"""Every evaluation protocol by its name."""

import polars as pl

from tasks.core.errors import TooLittleDataError
from tasks.core.vocabulary import ProtocolName
from tasks.evaluation.splits.cold_item import cold_item
from tasks.evaluation.splits.cold_user import cold_user
from tasks.evaluation.splits.item_split import item_split
from tasks.evaluation.splits.loo import loo
from tasks.evaluation.splits.parts import Parts, in_order
from tasks.evaluation.splits.temporal import temporal
from tasks.evaluation.splits.user_split import user_split


def split(ratings: pl.DataFrame, protocol: ProtocolName, seed: int, keep: int) -> Parts:
    """The two sides of `ratings` (user, item, rating, timestamp; in any order) under `protocol`.

    The seed decides every random choice; "temporal" has none. `keep` counts in "cold-user" alone.
    Raises TooLittleDataError where nobody can be tested, else what the protocol itself raises.
    """
    made = _split(in_order(ratings), protocol, seed, keep)
    if made.train.is_empty() or made.users.is_empty():
        counts = ", ".join(f"{words}: {count}" for words, count in made.skipped.items())
        raise TooLittleDataError(
            f"The protocol '{protocol}' finds nobody to test in {ratings.height} ratings"
            + (f" ({counts})." if counts else "."),
            "Check that the ratings file is whole, or choose another protocol.",
        )
    return made


def _split(ratings: pl.DataFrame, protocol: ProtocolName, seed: int, keep: int) -> Parts:
    match protocol:
        case "loo":
            return loo(ratings, seed)
        case "split":
            return item_split(ratings, seed)
        case "user-split":
            return user_split(ratings, seed)
        case "temporal":
            return temporal(ratings)
        case "cold-user":
            return cold_user(ratings, seed, keep)
        case "cold-item":
            return cold_item(ratings, seed)
