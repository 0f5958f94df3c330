"""The parts of an item's score in words: what a model is shown instead of figures.

Words, because they stay the same from night to night while figures move a little, so that nothing
is asked twice; and because a model would quote the figures.
"""

from collections.abc import Sequence

import polars as pl

from tasks.core.vocabulary import DATE_AFFINITY, POPULARITY, SIMILARITY

Steps = Sequence[tuple[float, str]]
"""From which value on which words hold, highest first; the last hold for all below."""

LOWEST = float("-inf")
IN_WORDS: dict[str, Steps] = {
    SIMILARITY: (
        (0.6, "close to their taste"),
        (0.3, "fits their taste"),
        (0.0, "not far from their taste"),
        (LOWEST, "unlike their taste"),
    ),
    POPULARITY: (
        (0.85, "among the best known"),
        (0.6, "known to many"),
        (0.3, "known to some"),
        (1e-9, "known to few"),
        (LOWEST, "rated by nobody yet"),
    ),
    DATE_AFFINITY: (
        (0.7, "from years that they rate most"),
        (0.3, "from years that they also rate"),
        (LOWEST, "from years that they seldom rate"),
    ),
}


def because() -> pl.Expr:
    """What put an item into a list, as "fits their taste, known to few"; without unknown parts."""
    parts = [_in_words(name, steps) for name, steps in IN_WORDS.items()]
    return pl.concat_str(parts, separator=", ", ignore_nulls=True)


def _in_words(name: str, steps: Steps) -> pl.Expr:
    value = pl.col(name)
    words = pl.lit(None, pl.String)
    for least, step in reversed(steps):
        words = pl.when(value >= least).then(pl.lit(step)).otherwise(words)
    return pl.when(value.is_nan()).then(None).otherwise(words)
