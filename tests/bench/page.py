"""BENCHMARKS.md, deployments/SCALING.md and the plots, from the JSON files alone.

`python -m tests.bench.page` writes them anew.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.bench import charts, scaling, targets
from tests.bench.growth import exponents
from tests.bench.kept import (
    BENCH_FILE,
    PAGE,
    PLAN,
    SCALE_FILE,
    SEQUENCE_FILE,
    kept,
    write_text,
)
from tests.bench.stages import SINGULAR
from tests.bench.watched import ROOT

TEMPLATE, PLAN_TEMPLATE = "benchmarks.md.j2", "scaling.md.j2"
PAPER_SECONDS = 19_820
"""The published run of the same evaluation, on a laptop's RTX 4090 (docs: "whole P2 run")."""


def write(root: Path = ROOT) -> None:
    """Write the pages, and the plot of each JSON file that is there."""
    bench, scale = kept(root / BENCH_FILE), kept(root / SCALE_FILE)
    if bench:
        write_text(root / BENCH_FILE.with_suffix(".svg"), charts.bench(bench))
    if targets.nights(scale or {"sizes": {}}):
        write_text(root / SCALE_FILE.with_suffix(".svg"), charts.scale(targets.nights(scale)))
    for name, text in pages(bench, scale, kept(root / SEQUENCE_FILE)).items():
        write_text(root / name, text)


def pages(
    bench: Mapping[str, Any], scale: Mapping[str, Any], sequence: Mapping[str, Any]
) -> dict[Path, str]:
    """The text of each page, by its name relative to the root."""
    return {PAGE: rendered(bench, scale, sequence), PLAN: planned(bench, scale)}


def rendered(
    bench: Mapping[str, Any], scale: Mapping[str, Any], sequence: Mapping[str, Any]
) -> str:
    """The Markdown; a file that is not there yet is said to be missing."""
    template = _environment().get_template(TEMPLATE)
    return template.render(
        bench=bench,
        scale=scale,
        sequence=sequence.get("windows", {}),
        together=sequence.get("together", {}),
        ratio=_ratio(bench) if bench else None,
        paper_seconds=PAPER_SECONDS,
        bench_targets=targets.of_bench(bench) if bench else [],
        scale_targets=targets.of_scale(scale) if scale else [],
        changed=scaling.CHANGED,
        growth=exponents(targets.nights(scale)) if scale else [],
        fit_growth=exponents(targets.fits(scale)) if scale else [],
    )


def planned(bench: Mapping[str, Any], scale: Mapping[str, Any]) -> str:
    """The Markdown of the plan for more users."""
    embedded = [line["us_per_unit"] for line in (bench or {}).get("alone", [])[:1]]
    template = _environment().get_template(PLAN_TEMPLATE)
    return template.render(
        told=scaling.foretold(scale, bench) if scale else None,
        embed_us=embedded[0] if embedded else None,
        changed=scaling.CHANGED,
        head=scaling.HEAD,
        models=scaling.MODELS,
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "tests" / "bench"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"figure": figure, "machine": _machine, "unit": SINGULAR.__getitem__}
    environment.filters |= {"day": _day, "share": _share}
    return environment


def headline(bench: Mapping[str, Any]) -> str:
    """The one ratio that `make bench` prints."""
    return f"the published way takes {_ratio(bench):,.0f} times as long as a warm evaluation"


def figure(value: float | None, digits: int = 3) -> str:
    """A number with so many digits that say something; a dash where there is none."""
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{float(f'{value:.{digits}g}'):,}".removesuffix(".0")


def _ratio(bench: Mapping[str, Any]) -> float:
    theirs: float = bench["published"]["seconds_all_users"]
    return theirs / float(bench["evaluation"]["warm"]["seconds"])


def _share(value: float) -> str:
    return f"{value:.4f}".removeprefix("0")


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def _machine(facts: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return (
        f"{facts['cores']} cores of {facts['cpu']}, {facts['memory_gb']:g} GB of memory, "
        f"{facts['system']}; {versions}"
    )


if __name__ == "__main__":
    write()
