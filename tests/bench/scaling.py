"""What far more users would cost, foretold from what was measured: deployments/SCALING.md."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from tasks.llm.budget import read_prices
from tasks.llm.requests import Usage
from tests.bench.growth import exponents
from tests.bench.stages import CELLS, MEASURING, PAIRS, RATINGS, TEXTS, USERS
from tests.bench.targets import nights

SIZES = (1_000_000, 100_000_000, 1_000_000_000)
"""Users."""
HEAD = 30
"""Of each list, what a language model judges."""
NIGHT_HOURS = 8.0
CHANGED = 0.01
"""Users with something new since the night before, as a share."""
MODELS = ("gpt-5-nano", "gpt-4.1-mini", "gpt-5-mini")
FACTORS, FLOAT_BYTES = 64, 4
ITEMS_GROW = 0.381
"""Items grow with ratings to this power: from MovieLens' 9,742 at 0.1 M to 87,585 at 32 M."""


class Told(NamedTuple):
    """One size: hours of this machine by stage, and how many of it a night takes."""

    users: int
    ratings: int
    items: int
    hours: dict[str, float]
    hours_changed: float
    machines: int
    machines_changed: int
    factors_gb: float
    ratings_gb: float
    measuring_gb: float
    results_gb: float
    requests: int
    dollars: dict[str, float]


def foretold(scale: Mapping[str, Any], bench: Mapping[str, Any]) -> dict[str, Any] | None:
    """The figures of the page; None before a night of 10 M ratings or more was measured."""
    known = nights(scale)
    if not known or max(known) < 10_000_000:
        return None
    largest = scale["sizes"][str(max(known))]
    grows = {line["stage"]: _exponent(line) for line in exponents(known)}
    rates = [
        (line["stage"], line["unit"], line["us_per_unit"], line["units"], grows[line["stage"]])
        for line in known[max(known)]
        if "unit" in line and line["stage"] in grows
    ]
    return {
        "largest": max(known),
        "rates": rates,
        "pairs_per_user": _pairs_per_user(rates, largest["shape"]["users"]),
        "sizes": [_size(users, largest, rates, bench) for users in SIZES],
        "asking": bench.get("asking"),
    }


def _exponent(line: Mapping[str, Any]) -> float:
    """As measured from 1 M ratings on, but never below 1: what falls per unit falls no further."""
    return max(1.0, line["from_1000000"] or 1.0)


def _size(
    users: int,
    largest: Mapping[str, Any],
    rates: list[tuple[str, str, float, int, float]],
    bench: Mapping[str, Any],
) -> Told:
    shape, night = largest["shape"], largest["night"]
    ratings = round(users * shape["ratings"] / shape["users"])
    items = round(shape["items"] * (ratings / shape["ratings"]) ** ITEMS_GROW)
    pairs = _pairs_per_user(rates, shape["users"])
    counts = {
        RATINGS: ratings,
        CELLS: users * items,
        PAIRS: round(users * pairs),
        USERS: users,
        TEXTS: items,
    }
    hours = {
        stage: us * counts[unit] * (counts[unit] / units) ** (grows - 1) / 3.6e9
        for stage, unit, us, units, grows in rates
    }
    shared = {"ingest", "fit", "embed"}
    changed = sum(h if stage in shared else CHANGED * h for stage, h in hours.items())
    peaks = {line["stage"]: line["peak_mb"] or 0.0 for line in night["by_stage"]}
    requests = bench["asking"]["told_the_limit"] if bench else None
    return Told(
        users=users,
        ratings=ratings,
        items=items,
        hours=hours,
        hours_changed=changed,
        machines=math.ceil(sum(hours.values()) / NIGHT_HOURS),
        machines_changed=math.ceil(changed / NIGHT_HOURS),
        factors_gb=(users + items) * FACTORS * FLOAT_BYTES / 2**30,
        ratings_gb=ratings * peaks["fit"] / shape["ratings"] / 1024,
        measuring_gb=ratings * peaks.get(MEASURING, 0.0) / shape["ratings"] / 1024,
        results_gb=users * night["disk_mb"] / shape["users"] / 1024,
        requests=math.ceil(users * HEAD * requests["requests_per_pair"]) if requests else 0,
        dollars=_dollars(users * HEAD, requests) if requests else {},
    )


def _pairs_per_user(rates: list[tuple[str, str, float, int, float]], users: int) -> float:
    return max((units for _, unit, _, units, _ in rates if unit == PAIRS), default=0) / users


def _dollars(pairs: int, asked: Mapping[str, float]) -> dict[str, float]:
    """By model, at the list prices that ship, without a batch's discount."""
    prices = read_prices(None)
    prompt = pairs * asked["prompt_tokens_per_pair"]
    usage = Usage(
        prompt=round(prompt),
        cached=round(prompt * asked.get("cached_share_of_prompt", 0.0)),
        answer=round(pairs * asked.get("answer_tokens_per_pair", 0.0)),
    )
    return {model: _whole(prices.models[model].nano_dollars(usage)) for model in MODELS}


def _whole(nano: int) -> float:
    return float(Decimal(nano) / 1_000_000_000)
