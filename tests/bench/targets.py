"""What was promised, held against what was measured."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.bench.growth import exponents

FULL = "32000000"
EXPONENT = 1.1
JUDGED_FROM = "from_1000000"
CUBIC = {"ease"}
"""Fits that grow with something else than the ratings, which the page says."""


class Verdict(NamedTuple):
    """A target, the most that it allows, the measured figure (None: not yet), and their unit."""

    target: str
    limit: float
    measured: float | None
    unit: str

    @property
    def says(self) -> str:
        """Met, missed or not measured."""
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.limit else "**missed**"


def of_bench(bench: Mapping[str, Any]) -> list[Verdict]:
    """The targets of a whole evaluation."""
    return [
        Verdict("whole evaluation, warm", 30, bench["evaluation"]["warm"]["seconds"], "s"),
        Verdict("whole evaluation, cold", 90, bench["evaluation"]["cold"]["seconds"], "s"),
    ]


def of_scale(scale: Mapping[str, Any]) -> list[Verdict]:
    """The targets of the full size, and of growth."""
    full = scale["sizes"].get(FULL, {}).get("night", {})
    by_stage = {line["stage"]: line for line in full.get("by_stage", [])}

    def at(stage: str, figure: str) -> float | None:
        value: float | None = by_stage.get(stage, {}).get(figure)
        return value

    return [
        Verdict("ingest of 32 M ratings", 60, at("ingest", "seconds"), "s"),
        Verdict("ingest of 32 M ratings", 4, _gb(at("ingest", "peak_mb")), "GB"),
        Verdict("whole night, 32 M ratings", 3600, full.get("seconds"), "s"),
        Verdict("whole night, 32 M ratings", 12, _gb(full.get("peak_mb")), "GB"),
        Verdict("the night after, 1 % changed", 180, full.get("after", {}).get("seconds"), "s"),
        *(
            Verdict(f"growth of {line['stage']}", EXPONENT, line[JUDGED_FROM], "exponent")
            for line in exponents(nights(scale))
        ),
        *(
            Verdict(f"growth of {line['stage']} alone", EXPONENT, line[JUDGED_FROM], "exponent")
            for line in exponents(fits(scale))
            if line["stage"] not in CUBIC
        ),
    ]


def nights(scale: Mapping[str, Any]) -> dict[int, Sequence[Mapping[str, Any]]]:
    """By size, what the stages of its night took."""
    done = {int(size): found["night"] for size, found in scale["sizes"].items() if "night" in found}
    return {size: night["by_stage"] for size, night in done.items() if "by_stage" in night}


def fits(scale: Mapping[str, Any]) -> dict[int, list[Mapping[str, Any]]]:
    """By size, what the fits alone took that came to an end."""
    return {
        int(size): [fit for fit in found.get("fits", {}).values() if "seconds" in fit]
        for size, found in scale["sizes"].items()
    }


def _gb(mb: float | None) -> float | None:
    return None if mb is None else round(mb / 1024, 2)
