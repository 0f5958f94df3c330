"""Progress in Prefect's UI: one bar per fan-out or long count, while its flow runs.

Nothing here may slow or fail a run: a bar is made by a thread of its own, and only for work that
takes longer than a look at it is apart from the next.
"""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.context import FlowRunContext, TaskRunContext

from tasks.core.progress import TEMPORARY_SERVER, Count

EVERY_SECONDS = 2.0
LAST_SECONDS = 5.0
"""How long the end of some work waits for its bar to say so."""

log = logging.getLogger(__name__)


def is_seen() -> bool:
    """Whether artifacts made here, in a flow or task run, outlive the command."""
    runs = FlowRunContext.get() or TaskRunContext.get()
    return runs is not None and not os.environ.get(TEMPORARY_SERVER)


@dataclass
class Share:
    """How much of some work is done, as far as tasks that ended and bars inside them tell."""

    whole: float
    ended: float = 0.0
    counted: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def end(self, count: float) -> None:
        """So much has ended."""
        with self._lock:
            self.ended += count

    def count(self, count: float) -> None:
        """So much is told to be done of what has not ended."""
        with self._lock:
            self.counted += count

    @property
    def percent(self) -> float:
        """From 0 to 100."""
        done = max(self.ended, self.counted) / self.whole if self.whole else 1.0
        return round(100 * min(done, 1.0), 1)


_fan_out: ContextVar[Share | None] = ContextVar("fan_out", default=None)


@contextmanager
def fan_out(what: str, tasks: int) -> Iterator[Count]:
    """One bar for tasks side by side; gives what counts those that ended."""
    share = Share(tasks)
    with _shown(what, share):
        inside = _fan_out.set(share)
        try:
            yield share.end
        finally:
            _fan_out.reset(inside)


@contextmanager
def counted(what: str, total: int | None) -> Iterator[Count]:
    """One bar for what a flow or task counts; in a task of a fan-out it moves the fan-out's bar."""
    around = _fan_out.get()
    if not total:
        yield lambda _count: None
    elif around is not None:
        yield lambda count: around.count(count / total)
    else:
        share = Share(total)
        with _shown(what, share):
            yield share.end


@contextmanager
def _shown(what: str, share: Share) -> Iterator[None]:
    if not is_seen():
        yield
        return
    ended = Event()
    context = copy_context()  # says which run the bar belongs to
    reporter = Thread(target=context.run, args=(_report, what, share, ended), daemon=True)
    reporter.start()
    try:
        yield
    finally:
        ended.set()
        reporter.join(LAST_SECONDS)


def _report(what: str, share: Share, ended: Event) -> None:
    try:
        if ended.wait(EVERY_SECONDS):
            return
        key = f"palate-{re.sub('[^a-z0-9]+', '-', what.lower()).strip('-')}"
        said = share.percent
        made = cast("UUID", create_progress_artifact(said, key, what))
        with get_client(sync_client=True) as client:
            over = False
            while not over:
                over = ended.wait(EVERY_SECONDS)
                said = _update(client, made, share.percent, said)
    except Exception:  # the work matters, its bar does not
        log.debug("No progress is shown.", exc_info=True)


def _update(client: SyncPrefectClient, made: UUID, percent: float, said: float) -> float:
    if percent != said:
        client.update_artifact(made, ArtifactUpdate(data=percent))
    return percent
