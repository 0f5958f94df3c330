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

from tasks.core.progress import TEMPORARY_SERVER, Count, bar_on_screen

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
    """How much of some work is done, by tasks that ended and by what bars inside them count.

    `moved` is called with how much more is done, whenever it is.
    """

    whole: float
    ended: float = 0.0
    counted: float = 0.0
    moved: Count = lambda _more: None
    _lock: Lock = field(default_factory=Lock)

    def end(self, count: float) -> None:
        """So much has ended."""
        self._add(count, 0.0)

    def count(self, count: float) -> None:
        """So much is done of what has not ended."""
        self._add(0.0, count)

    @property
    def done(self) -> float:
        """From 0 to `whole`."""
        return min(max(self.ended, self.counted), self.whole)

    @property
    def percent(self) -> float:
        """From 0 to 100."""
        return round(100 * (self.done / self.whole if self.whole else 1.0), 1)

    def _add(self, ended: float, counted: float) -> None:
        with self._lock:
            before = self.done
            self.ended += ended
            self.counted += counted
            more = self.done - before
        if more:
            self.moved(more)


_fan_out: ContextVar[Share | None] = ContextVar("fan_out", default=None)


@contextmanager
def fan_out(what: str, tasks: int) -> Iterator[Count]:
    """One bar for tasks side by side, on the screen too; gives what counts those that ended."""
    with bar_on_screen(what, tasks) as advance, _bar(what, share := Share(tasks, moved=advance)):
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
        with _bar(what, share):
            yield share.end


@contextmanager
def _bar(what: str, share: Share) -> Iterator[None]:
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
        percent = share.percent
        artifact = cast("UUID", create_progress_artifact(percent, key, what))
        with get_client(sync_client=True) as client:
            over = False
            while not over:
                over = ended.wait(EVERY_SECONDS)
                percent = _update(client, artifact, share.percent, percent)
    except Exception:  # the work matters, its bar does not
        log.debug("No progress is shown.", exc_info=True)


def _update(client: SyncPrefectClient, artifact: UUID, percent: float, before: float) -> float:
    """The percent that the artifact shows now."""
    if percent != before:
        client.update_artifact(artifact, ArtifactUpdate(data=percent))
    return percent
