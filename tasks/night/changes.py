"""About whom something changed since the night before."""

from typing import NamedTuple

import polars as pl

from tasks.core.vocabulary import ITEM, USER

ROWS, HASH = "rows", "hash"
REASON = "reason"
REASONS = (
    *("new user", "ratings arrived", "ratings corrected", "ratings withdrawn"),
    *("typed taste changed", "an item's text changed", "a rule changed"),
)
"""In the order in which they count: a user has one."""


class LeftOut(NamedTuple):
    """What the rules leave out: pairs (user, item), and items for everybody."""

    pairs: pl.DataFrame
    items: pl.DataFrame


class KnownTables(NamedTuple):
    """What is known on a night: users to serve, train ratings, item texts, typed tastes, rules."""

    users: pl.DataFrame
    ratings: pl.LazyFrame
    texts: pl.DataFrame
    typed: pl.DataFrame | None
    rules: LeftOut | None = None


def comparable(now: KnownTables, before: KnownTables) -> bool:
    """Whether ids are of the same kind on both nights: "17" and 17 name different people."""
    kinds = [
        (*(night.ratings.collect_schema()[name] for name in (USER, ITEM)), night.texts.schema[ITEM])
        for night in (now, before)
    ]
    return kinds[0] == kinds[1]


def changed_users(now: KnownTables, before: KnownTables, lists: pl.LazyFrame) -> pl.DataFrame:
    """User, reason: users of tonight whose list must be made anew, sorted by user.

    `lists` (user, item): all candidates of the night before. An item's text reaches those who
    rated it, through their profiles, and those who have it as a candidate; an item that is left out
    from now on reaches the latter. One that is allowed again reaches nobody by itself. Raises
    nothing for ids of another kind: ask `comparable` first.
    """
    pair = [USER, ITEM]
    mine, theirs = rows_of_changed_users(now.ratings, before.ratings)
    arrived = mine.join(theirs, on=pair, how="anti")
    withdrawn = theirs.join(mine, on=pair, how="anti")
    other = _differing(mine, theirs).join(arrived, on=pair, how="anti")
    read = pl.concat([_differing(now.texts, before.texts), _gone(now.texts, before.texts)])
    reached = [_users_with(read, rows) for rows in (lists, now.ratings)]
    found = (
        now.users.join(before.users, on=USER, how="anti"),
        *(arrived, other, withdrawn),
        _retyped(now, before),
        pl.concat(reached),
        _ruled(now, before, lists),
    )
    reasons = [
        rows.select(USER).unique().with_columns(pl.lit(place, pl.Int8).alias("place"))
        for place, rows in enumerate(found)
    ]
    first = pl.concat(reasons).group_by(USER).agg(pl.col("place").min())
    named = pl.col("place").replace_strict(
        list(range(len(REASONS))), list(REASONS), return_dtype=pl.String
    )
    mine = first.join(now.users, on=USER, how="semi")
    return mine.select(USER, named.alias(REASON)).sort(USER)


def _differing(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Rows of tonight that did not stand there in this form."""
    return now.join(before, on=before.columns, how="anti", nulls_equal=True)


def _users_with(items: pl.DataFrame, rows: pl.LazyFrame) -> pl.DataFrame:
    theirs = rows.join(items.select(ITEM).lazy(), on=ITEM, how="semi")
    return theirs.select(USER).unique().collect(engine="streaming")


def _gone(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    return before.join(now, on=ITEM, how="anti")


def _retyped(now: KnownTables, before: KnownTables) -> pl.DataFrame:
    """Users with a typed taste on one night alone, or with another, or another weight of it."""
    nights = (now, before)
    said = [night.users.clear() if night.typed is None else night.typed for night in nights]
    if said[0].columns != said[1].columns:
        return pl.concat([table.select(USER) for table in said])
    return pl.concat(
        [
            a.join(b, on=a.columns, how="anti", nulls_equal=True).select(USER)
            for a, b in (said, said[::-1])
        ]
    )


def _ruled(now: KnownTables, before: KnownTables, lists: pl.LazyFrame) -> pl.DataFrame:
    """Users with other pairs, or with a candidate that is left out from now on."""
    users, items = now.users.select(USER).clear(), now.texts.select(ITEM).clear()
    none = LeftOut(users.join(items, how="cross"), items)
    tonight, earlier = now.rules or none, before.rules or none
    pairs = [
        a.pairs.join(b.pairs, on=[USER, ITEM], how="anti").select(USER)
        for a, b in ((tonight, earlier), (earlier, tonight))
    ]
    newly = tonight.items.join(earlier.items, on=ITEM, how="anti")
    return pl.concat([*pairs, _users_with(newly, lists)])


def rows_of_changed_users(
    now: pl.LazyFrame, before: pl.LazyFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tonight's and the earlier rows of the users whose rows are not the same, in any order.

    In memory that grows with the users alone.
    Both tables have the same columns and no row twice. Users are told apart by how many rows they
    have and by the exclusive or of these rows' 64-bit hashes.
    """
    tonight, earlier = _counted(now), _counted(before)
    on = [USER, ROWS, HASH]
    differing = [tonight.join(earlier, on=on, how="anti"), earlier.join(tonight, on=on, how="anti")]
    users = pl.concat(differing).select(USER).unique().lazy()
    rows = (night.join(users, on=USER, how="semi") for night in (now, before))
    mine, theirs = (some.collect(engine="streaming") for some in rows)
    return mine, theirs


def _counted(rows: pl.LazyFrame) -> pl.DataFrame:
    names = sorted(rows.collect_schema().names())
    hashed = rows.select(USER, pl.struct(names).hash(seed=0).alias(HASH))
    counted = hashed.group_by(USER).agg(pl.len().alias(ROWS), pl.col(HASH).bitwise_xor())
    return counted.collect(engine="streaming")
