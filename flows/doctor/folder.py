"""The home folder: writable, with room, and nothing left behind in it."""

import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import Timeout
from rich.filesize import decimal

from flows.doctor.finding import Finding, fail, ok, warn
from tasks.core.files import replacing
from tasks.core.homes import url_of
from tasks.core.lock import HomeInUseError, alone
from tasks.core.storage import storage_of
from tasks.settings.run import Settings
from tasks.store.housekeeping.sweep import unfinished
from tasks.store.query import query
from tasks.store.warehouse import database_file, has_results, publishing_lock

TIGHT, ROOMY = 1 << 30, 5 << 30
"""Bytes free below which it fails, and below which it warns."""

SKEW = timedelta(minutes=2)


def check_writable(settings: Settings) -> list[Finding]:
    """A file can be written, forced to disk, renamed and removed."""
    home = settings.home
    if not home.is_dir():
        there = _nearest(home)
        if there.is_dir() and os.access(there, os.W_OK):
            return [ok("home", f"{home} will be made by the first night")]
        return [fail("home", f"{home} cannot be made", f"Check {there}, or give --home.")]
    started, probe = time.monotonic(), home / "doctor-probe"
    try:
        with replacing(probe) as private:
            private.write_bytes(b"palate")
        probe.unlink()
    except OSError as error:
        told = f"{home} cannot be written to ({error.strerror or error})"
        return [fail("home", told, "Check its permissions and its disk, or give --home.")]
    took = 1000 * (time.monotonic() - started)
    return [ok("home", f"{home} is writable and syncs to disk ({took:.0f} ms)")]


def check_shared(settings: Settings) -> list[Finding]:
    """What others share is there and can be listed."""
    url = url_of(settings.home)
    if url is None:
        return []
    started = time.monotonic()
    storage_of(settings.home).check()
    took = 1000 * (time.monotonic() - started)
    told = f"{url} answers ({took:.0f} ms); this machine's copies are in {settings.home}"
    return [ok("shared", told)]


def check_space(settings: Settings) -> list[Finding]:
    """Room for a night; publishing needs as much again as the results file takes."""
    file = database_file(settings.home)
    results = file.stat().st_size if file.is_file() else 0
    free = shutil.disk_usage(_nearest(settings.home)).free
    told = f"{decimal(free)} free, the results file takes {decimal(results)}"
    fix = "Make room: `palate gc` shows what no kept run needs."
    if free < TIGHT + results:
        return [fail("disk", told, fix)]
    return [warn("disk", told, fix) if free < ROOMY + results else ok("disk", told)]


def check_leftovers(settings: Settings) -> list[Finding]:
    """What killed commands left behind, and who is at work; locks go with who held them."""
    home = settings.home
    if not home.is_dir():
        return []
    left = unfinished(home, datetime.now(UTC) - timedelta(days=1))
    busy = [
        told
        for told, taken in (
            ("a command is at work", _in_use(home)),
            ("a run is publishing", _publishing(home)),
        )
        if taken
    ]
    found = [ok("locks", "; ".join(busy) or "nobody is at work in the home")]
    if left:
        told = f"{len(left):,} unfinished files of killed commands"
        found.append(warn("leftovers", told, "`palate gc --apply` removes them."))
    return found


def check_clock(settings: Settings) -> list[Finding]:
    """The clock is not behind the last run, nor apart from the disk's."""
    now = datetime.now(UTC)
    fix = "Set the clock (NTP): nights are told apart and ordered by it."
    if has_results(settings.home):
        last = query(settings.home, "SELECT max(finished_at_utc) AS at FROM runs")["at"].item()
        if last is not None and last.replace(tzinfo=UTC) > now + SKEW:
            return [fail("clock", f"it is {now:%Y-%m-%d %H:%M} UTC, but a run ended {last}", fix)]
    return [ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")]


def _in_use(home: Path) -> bool:
    try:
        with alone(home):
            return False
    except HomeInUseError:
        return True


def _publishing(home: Path) -> bool:
    lock = publishing_lock(home)
    if not Path(lock.lock_file).exists():
        return False
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True


def _nearest(path: Path) -> Path:
    """The folder, or the one nearest above it that is there."""
    absolute = path.resolve()
    return next(folder for folder in (absolute, *absolute.parents) if folder.exists())
