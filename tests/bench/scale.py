"""Whole nights, and fits alone, at growing sizes: `make bench-scale`.

Environment: SIZES (ratings, spaces between), FRESH=1 (measure again what is there), BENCH_DIR
(where data and homes lie: some 4 GB at 32 M). What is done is in results/scale.json at once.
"""

import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from tests.bench import page
from tests.bench.alone import measured_alone
from tests.bench.generated import rated_again, write_generated
from tests.bench.growth import LARGEST
from tests.bench.kept import SCALE_FILE, keep, kept
from tests.bench.machine import machine
from tests.bench.runs import run_palate
from tests.bench.scaling import CHANGED
from tests.bench.stages import told_by_stage, units_of
from tests.bench.watched import ROOT, CommandFailedError, stopping_by_signal
from tests.bench.world import Shape

SIZES = (100_000, 1_000_000, 10_000_000, 32_000_000)
PAPER = ("--method", "paper", "--model", "als", "--profile-style", "favourites")
"""The paper's way, by a base model that fits so many ratings.

Without the style each person's own text is embedded, which takes longer than all else together.
"""
NIGHTS = {"night": (), "paper": PAPER}
"""By what its figures are kept as, how a night is asked for: the default method, and the other."""
SERVED = "tonight"

FITS = {"svd": LARGEST, "svdpp-fast": LARGEST, "ease": SIZES[-1]}
"""Models fitted alone, and up to how many ratings; ease itself says where it ends."""

SEED = 0
FOLDER = Path(".palate", "bench")


def main(root: Path = ROOT) -> None:
    """Measure what is missing; figures and pages are written below `root`."""
    sizes = [int(float(size)) for size in os.environ.get("SIZES", "").split()] or list(SIZES)
    folder = Path(os.environ.get("BENCH_DIR") or FOLDER).resolve()
    known = kept(root / SCALE_FILE) or {"sizes": {}}
    if os.environ.get("FRESH") == "1":
        known["sizes"] = {k: v for k, v in known["sizes"].items() if int(k) not in sizes}
    with stopping_by_signal():
        for size in sorted(sizes):
            _measure(known, size, folder, root)
    page.write(root)


def _measure(known: dict[str, Any], size: int, folder: Path, root: Path) -> None:
    """Add what is missing of one size; each figure is kept as soon as it is there."""
    found = known["sizes"].setdefault(str(size), {})
    wanted = [name for name, most in FITS.items() if size <= most]
    left = [name for name in wanted if _missing(found.get("fits", {}).get(name))]
    nights = {name: given for name, given in NIGHTS.items() if _missing(found.get(name))}
    if not left and not nights:
        say(f"{size:,} ratings: already in {SCALE_FILE.name} (FRESH=1 measures again)")
        return
    found["machine"] = machine()
    data = _data(size, folder, found)
    for name, given in nights.items():
        say(f"{size:,} ratings: a whole night {' '.join(given)}")
        found[name] = _night(data, folder / f"home-{size}", found["shape"], given)
        _keep(known, found, root)
    for name in left:
        say(f"{size:,} ratings: {name} alone")
        fits = found.setdefault("fits", {})
        fits[name] = measured_alone(name, data, folder / f"{name}-{size}.log")
        _keep(known, found, root)


def _missing(part: dict[str, Any] | None) -> bool:
    return part is None or "failed" in part


def _data(size: int, folder: Path, found: dict[str, Any]) -> Path:
    data = folder / f"made-{size}-seed-{SEED}"
    if not (data / "dataset.toml").is_file():  # written last: the folder is whole
        say(f"{size:,} ratings: making them up")
        started = time.perf_counter()
        write_generated(data, size, SEED)
        found["generate_seconds"] = round(time.perf_counter() - started, 2)
    shape = Shape.of(size)
    rated = pl.scan_parquet(data / "ratings.parquet").select(pl.col("item").n_unique()).collect()
    found["shape"] = {
        **vars(shape),
        "rated_items": rated.item(),
        "file_mb": round((data / "ratings.parquet").stat().st_size / 2**20, 1),
    }
    return data


def _night(data: Path, home: Path, shape: dict[str, Any], given: tuple[str, ...]) -> dict[str, Any]:
    """A night in a fresh home and the one after it; `failed` says why there are no figures.

    The home is removed again.
    """
    shutil.rmtree(home, ignore_errors=True)
    try:
        run = run_palate(home, "nightly", "--data", data, *given)
        after = _night_after(data, home, given)
    except CommandFailedError as error:
        return {"failed": str(error)}
    finally:
        shutil.rmtree(home, ignore_errors=True)
    units = units_of(run, shape["ratings"], shape["users"], shape["rated_items"], SERVED)
    told = {"by_stage": told_by_stage(run, units, SERVED), "arguments": list(given)}
    return run | told | {"after": after}


def _night_after(data: Path, home: Path, given: tuple[str, ...]) -> dict[str, Any]:
    """Seconds and memory of the next night, before which a share of the users rated."""
    with rated_again(data, CHANGED, SEED):
        run = run_palate(home, "nightly", "--data", data, *given)
    return {name: run[name] for name in ("seconds", "peak_mb", "disk_mb", "stages")}


def _keep(known: dict[str, Any], found: dict[str, Any], root: Path) -> None:
    found["measured_at_utc"] = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    known["sizes"] = dict(sorted(known["sizes"].items(), key=lambda entry: int(entry[0])))
    keep(root / SCALE_FILE, known)
    page.write(root)


def say(line: str) -> None:
    """Progress, on standard error."""
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {line}\n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        say("stopped: what was finished is kept, the same command carries on")
        sys.exit(130)
