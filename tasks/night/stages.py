"""What happens between two nights, as tasks."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table, scan_table, sink_table, write_table
from tasks.core.chunks import theirs
from tasks.core.stage import stage
from tasks.core.vocabulary import (
    BASE_RANK,
    ITEM,
    LISTED_IN,
    RANK,
    RERANKED_RANK,
    USER,
    Artifact,
    Record,
    Rules,
)
from tasks.night.changes import (
    REASON,
    KnownTables,
    LeftOut,
    changed_users,
    comparable,
    rows_of_changed_users,
)
from tasks.night.guard import COUNT, Verdict, guard_note, guarded_users, judge, verdicts
from tasks.night.measured import measured_verdicts
from tasks.night.state import Known
from tasks.settings.night import NightOptions


class Changed(Record):
    """Users whose lists must be made anew, and for how many there is which reason first.

    `gone`: users of the night before who are not served any more. None of the users: everybody,
    since ids are of another kind.
    """

    users: Artifact | None
    reasons: dict[str, int]
    gone: int


@stage("find changes", "1", role="figures")
def changes_stage(home: Path, now: Known, before: Known, lists: Artifact) -> Changed:
    """About whom something changed since the night that made `lists`."""
    tonight, earlier = _read(home, now), _read(home, before)
    if not comparable(tonight, earlier):
        return Changed(users=None, reasons={}, gone=0)
    found = changed_users(tonight, earlier, scan_table(home, lists))
    counted = dict(found.group_by(REASON).len().sort(REASON).iter_rows())
    gone = earlier.users.join(tonight.users, on=USER, how="anti").height
    return Changed(users=write_table(home, "users", found.select(USER)), reasons=counted, gone=gone)


@stage("merge lists", "1", role="figures")
def merge_lists_stage(
    home: Path, new: Artifact | None, kept: Artifact, changed: Artifact | None, users: Artifact
) -> Artifact:
    """The kept lists of those of tonight's `users` who have not changed, and the new ones.

    Both tables are sorted by user.
    """
    served, earlier = read_table(home, users), scan_table(home, kept)
    stay = served.join(read_table(home, changed), on=USER, how="anti") if changed else served
    lists = earlier.join(stay.lazy(), on=USER, how="semi", maintain_order="left")
    if new:
        made = scan_table(home, new).select(earlier.collect_schema().names())
        lists = lists.merge_sorted(made, USER)
    return sink_table(home, "ranked", lists)


@stage("note who is listed", "1", role="figures")
def listed_stage(
    home: Path, run_id: str, users: Artifact, new: Artifact | None, kept: Artifact | None
) -> Artifact:
    """User, and the run that made the list: this one for the users in `new`."""
    served = read_table(home, users)
    fresh = read_table(home, new) if new else served.clear()
    noted = fresh.select(USER, pl.lit(run_id, pl.String).alias(LISTED_IN))
    if kept:
        stay = read_table(home, kept).join(served, on=USER, how="semi")
        noted = pl.concat([noted, stay.join(fresh, on=USER, how="anti")])
    return write_table(home, "listed", noted.sort(USER))


@stage("choose places", "1", role="figures")
def places_stage(
    home: Path, ranked: Artifact, listed: Artifact, guarded: Artifact | None, top: int
) -> Artifact:
    """What is in a list of `top`, by the base model or re-ranked, with the places to publish.

    These are the re-ranker's, which stay beside them, but for `guarded` users the base model's.
    """
    best = pl.min_horizontal(RANK, BASE_RANK) <= top
    shown = scan_table(home, ranked).filter(best).collect(engine="streaming")
    told = shown.rename({RANK: RERANKED_RANK})
    known = told.join(read_table(home, listed), on=USER, how="left", maintain_order="left")
    base = read_table(home, guarded)[USER] if guarded else pl.Series(USER, [], told[USER].dtype)
    theirs = pl.col(USER).is_in(base.implode())
    place = pl.when(theirs).then(BASE_RANK).otherwise(RERANKED_RANK)
    return write_table(home, "places", known.with_columns(place.alias(RANK)))


@stage("judge earlier lists", "1", "numpy", "polars", role="figures")
def judge_stage(
    home: Path, lists: Artifact, before: Known, ratings: Artifact, top: int, relevant_at: float
) -> Artifact:
    """How lists made from what was known `before` did on the ratings that arrived since."""
    now, then = rows_of_changed_users(
        scan_table(home, ratings), scan_table(home, before.dataset.ratings)
    )
    arrived = now.join(then, on=[USER, ITEM], how="anti")
    items = read_table(home, before.texts)[ITEM]
    listed = theirs(home, lists, arrived[USER].unique().sort())
    return write_table(home, "judged", judge(listed, arrived, items, top, relevant_at))


class Judgement(Record):
    """What the guard says, and the users for whom base lists are to be published.

    `nights`: what later nights judge again with. `note`: why base lists are published, if so.
    `remark`: what a reader must know of lists that were not guarded.
    """

    verdicts: list[Verdict]
    guarded: Artifact
    nights: list[Artifact]
    note: str | None
    remark: str | None = None


@stage("judge nights together", "2", "numpy", "polars", role="figures")
def guard_stage(
    home: Path,
    nights: list[Artifact],
    ratings: Artifact,
    users: Artifact,
    top: int,
    limits: NightOptions,
    seed: int,
) -> Judgement:
    """A verdict on everybody and on each segment, from what `judge_stage` gave of each night."""
    counted = scan_table(home, ratings).group_by(USER).len(COUNT).collect(engine="streaming")
    history = read_table(home, users).join(counted, on=USER, how="left").fill_null(0).sort(USER)
    found = verdicts([read_table(home, night) for night in nights], history, top, limits, seed)
    guarded = guarded_users(found, history, limits)
    acts = limits.guard and not guarded.is_empty()
    return Judgement(
        verdicts=found,
        guarded=write_table(home, "users", guarded.to_frame()),
        nights=nights,
        note=guard_note(found, len(guarded)) if acts else None,
    )


@stage("judge the measurement", "1", "numpy", "polars", role="figures")
def measured_stage(
    home: Path, compared: Artifact, metrics: Artifact, top: int, metric: str, limits: NightOptions
) -> list[Verdict]:
    """What re-ranked against base lists says on held-out ratings; the first verdict decides."""
    rows, means = read_table(home, compared), read_table(home, metrics)
    return measured_verdicts(rows, means, top, metric, limits)


def _read(home: Path, known: Known) -> KnownTables:
    return KnownTables(
        users=read_table(home, known.users),
        ratings=scan_table(home, known.dataset.ratings),
        texts=read_table(home, known.texts),
        typed=read_table(home, known.typed) if known.typed else None,
        rules=_left_out(home, known.rules) if known.rules else None,
    )


def _left_out(home: Path, rules: Rules) -> LeftOut:
    return LeftOut(read_table(home, rules.pairs), read_table(home, rules.items))
