"""A night's own part of a run's record."""

from collections.abc import Mapping

from tasks.cascade.tonight import Judging
from tasks.core.vocabulary import Record
from tasks.night.guard import Verdict
from tasks.night.state import NightState

UNCHANGED = "nothing about them changed"
NOT_SERVED = "no longer among the users"


class Change(Record):
    """For how many users lists are new, kept or gone, and why."""

    lists: str
    reason: str
    users: int


class Night(Record):
    """How a night came about: see `runs`, `changes` and `guard` in sql/meanings.toml.

    `degraded` and `guarded` say why base lists were published, `unexplained` why sentences lack,
    `remark` what to know of lists that did worse when measured, `plain` why another method served
    than the best, `short` how many lists the rules left short. `judging`: what a language model was
    asked about heads of lists, where one judges them.
    """

    method: str
    degraded: str | None
    guarded: str | None
    unexplained: str | None
    remark: str | None = None
    plain: str | None = None
    short: str | None = None
    changes: list[Change]
    verdicts: list[Verdict]
    state: NightState
    judging: Judging | None = None

    @property
    def status(self) -> str:
        """What the record says."""
        if self.degraded or self.unexplained or self.unjudged:
            return "degraded"
        return "guarded" if self.guarded else "complete"

    @property
    def note(self) -> str | None:
        """Why it is not complete, or what it lacks."""
        lists = self.degraded, self.guarded, self.remark, self.unjudged
        parts = (*lists, self.unexplained, self.plain, self.short)
        return " ".join(filter(None, parts)) or None

    @property
    def unjudged(self) -> str | None:
        """Why a language model that was to judge lists judged none, if nothing could be measured.

        The next night builds on it all the same: asked again, it could say no more.
        """
        return self.judging.unmeasured if self.judging else None

    @property
    def leaves(self) -> NightState | None:
        """What the next night builds on: not on lists that the model was down for."""
        return None if self.degraded else self.state


def changes_of(reasons: Mapping[str, int], users: int, gone: int) -> list[Change]:
    """Rows for the users who are served and those who are not any more."""
    kept = users - sum(reasons.values())
    rows = [Change(lists="new", reason=why, users=count) for why, count in reasons.items()]
    rows += [Change(lists="kept", reason=UNCHANGED, users=kept)] if kept else []
    return rows + ([Change(lists="gone", reason=NOT_SERVED, users=gone)] if gone else [])
