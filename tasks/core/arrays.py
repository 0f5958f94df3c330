"""Rows that belong together stand in runs: numbers within them."""

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


def within(lengths: Places) -> Places:
    """0, 1, 2, ... anew for each of the runs with these lengths."""
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    places: Places = np.arange(len(starts)) - starts
    return places
