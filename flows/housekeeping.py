"""Removing what a home no longer needs."""

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

from tasks.core.errors import StoreError
from tasks.core.homes import url_of
from tasks.core.lock import alone
from tasks.core.vocabulary import Record
from tasks.store.housekeeping.kept import Keep, Kept, kept_of
from tasks.store.housekeeping.sweep import Leftover, leftovers, remove


class Cleaned(Record):
    """What is kept, and what can go or is gone. `mirrors`: what the home is a mirror of, if any."""

    kept: Kept
    gone: list[Leftover]
    mirrors: str | None = None


def clean(home: Path, keep: Keep, now: datetime, *, apply: bool) -> Cleaned:
    """Find what can go and, with `apply`, remove it while nobody works in the home.

    Raises StoreError where there is no such home, HomeInUseError where a command is at work.
    """
    if not home.is_dir():
        raise StoreError(f"{home}: there is no such folder.", "Give --home.")
    with alone(home) if apply else nullcontext():
        kept = kept_of(home, keep, now)
        gone = leftovers(home, kept)
        if apply:
            remove(gone)
    return Cleaned(kept=kept, gone=gone, mirrors=url_of(home))
