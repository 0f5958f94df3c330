"""How a stage's time grows: the exponent of a power law through measured sizes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

LARGEST = 10_000_000
"""Ratings of the largest size that a fit may see: beyond lies what it foretells."""
FROM_SIZES = (100_000, 1_000_000)
"""Fits begin at each: a second of start-up weighs much at the first, little at the other."""


def exponent(units: Sequence[float], seconds: Sequence[float]) -> float | None:
    """The b of seconds = a units ^ b, by least squares of the logarithms; None below two points."""
    if len(set(units)) < 2 or min(seconds) <= 0:
        return None
    slope, _ = np.polyfit(np.log(units), np.log(seconds), 1)
    return round(float(slope), 3)


def exponents(sizes: Mapping[int, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Per stage its unit, and its exponent from each of FROM_SIZES up to LARGEST ratings.

    `sizes` holds, by the number of ratings, lines of `told_by_stage`, or of fits told alike.
    """
    found: dict[tuple[str, str], dict[int, tuple[float, float]]] = {}
    for ratings, lines in sizes.items():
        for line in lines:
            if "unit" in line and ratings <= LARGEST:
                points = found.setdefault((line["stage"], line["unit"]), {})
                points[ratings] = (line["units"], line["seconds"])
    return [
        {
            "stage": stage,
            "unit": unit,
            **{f"from_{least}": _from(points, least) for least in FROM_SIZES},
        }
        for (stage, unit), points in found.items()
    ]


def _from(points: Mapping[int, tuple[float, float]], least: int) -> float | None:
    used = [point for ratings, point in sorted(points.items()) if ratings >= least]
    units, seconds = zip(*used, strict=True) if used else ((), ())
    return exponent(units, seconds)
