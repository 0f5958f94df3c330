"""A night's lists as data inside its page: compact, and unable to end the element it stands in."""

import json
from collections.abc import Mapping

import polars as pl
from markupsafe import Markup

from tasks.core.vocabulary import (
    BASE_RANK,
    DATE_AFFINITY,
    ESTIMATE,
    GENRES,
    ITEM,
    POPULARITY,
    RANK,
    RATING,
    REASONS,
    RERANKED_RANK,
    SCORE,
    SIMILARITY,
    TASTE_WEIGHT,
    TITLE,
    USER,
    WHY,
    YEAR,
)
from tasks.report.night.read import NightRows, Row

SIGNALS = {
    ESTIMATE: ("estimate", "the base model's own figure"),
    SIMILARITY: ("similarity", "how well the item's text fits the user's profile, from -1 to 1"),
    POPULARITY: ("popularity", "the log of how often it was rated, from 0 to 1"),
    DATE_AFFINITY: ("dates", "how well its year fits the user's years, from 0 to 1"),
    SCORE: ("score", "what the list is ordered by"),
}
"""What each is called in the page, and what it means. One that no item has is not shown."""

FIGURES, PLACES = 3, 2
"""Of a signal without a scale, and places of one with: more cannot be seen, and fill the page."""

NUMBER, REASON = "number", "reason"
LISTED = (NUMBER, BASE_RANK, RANK, RERANKED_RANK, "before", REASON)
EXAMPLES = (NUMBER, BASE_RANK, RANK, "held_out", REASON)


def lists_as_json(night: NightRows) -> Markup:
    """Items and reasons once, then each user's rows by their numbers; `night.js` reads it."""
    both = (night.lists, night.examples)
    items = _items(night)
    reasons = pl.concat([rows.select(REASONS) for rows in both]).drop_nulls()
    reasons = reasons.unique(maintain_order=True).with_row_index(REASON)
    listed, examples = (_numbered(rows, items, reasons) for rows in both)
    return in_script(
        {
            "top": night.run["top"],
            "again": night.before is not None,
            "implicit": night.run["implicit"],
            "items": items.select(TITLE, YEAR, GENRES).rows(),
            "reasons": reasons[REASONS].to_list(),
            "signals": [name for name, _ in signals_of(night)],
            "users": _users(listed, _existing(night), _favourites(night, items), _tastes(night)),
            "examples": _examples(examples),
        }
    )


def signals_of(night: NightRows) -> list[tuple[str, str]]:
    """Name and meaning of the signals that some listed item has."""
    return [SIGNALS[name] for name in _existing(night)]


def in_script(data: object) -> Markup:
    """JSON that stays data inside <script>: no character of it means anything to HTML."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - escaped just now


def _items(night: NightRows) -> pl.DataFrame:
    """Every item that is named, with its number; genres are not known of examples alone."""
    examples = night.examples.with_columns(pl.lit(None, pl.String).alias(GENRES))
    tables = (night.lists, night.favourites, examples)
    named = pl.concat([rows.select(ITEM, TITLE, YEAR, GENRES) for rows in tables])
    return named.unique(ITEM, keep="first", maintain_order=True).with_row_index(NUMBER)


def _favourites(night: NightRows, items: pl.DataFrame) -> dict[str, list[tuple[int, float]]]:
    """Per user the items rated highest, by their numbers, and the ratings."""
    numbered = night.favourites.join(
        items.select(ITEM, NUMBER), on=ITEM, how="left", maintain_order="left"
    )
    return {
        str(user): rows.select(NUMBER, RATING).rows()
        for (user,), rows in numbered.group_by(USER, maintain_order=True)
    }


def _tastes(night: NightRows) -> dict[str, tuple[str, float | None]]:
    """Per user what was typed, and how much it was to weigh."""
    rows = night.tastes.select(USER, "taste", TASTE_WEIGHT).iter_rows()
    return {user: (taste, weight) for user, taste, weight in rows}


def _users(
    listed: pl.DataFrame,
    signals: list[str],
    favourites: Mapping[str, list[tuple[int, float]]],
    tastes: Mapping[str, tuple[str, float | None]],
) -> list[Row]:
    """Per user: the id, the rows, who made the list if an earlier run did, and sentences why.

    With the favourites and what was typed of those of whom any is known.
    """
    users: list[Row] = []
    for (user,), rows in listed.group_by(USER, maintain_order=True):
        whys = {str(number): why for number, why in rows.select(NUMBER, WHY).rows() if why}
        earlier = rows["listed_in"][0]
        more = {"why": whys, "from": earlier}
        more |= {"liked": favourites.get(str(user)), "taste": tastes.get(str(user))}
        given = {name: value for name, value in more.items() if value}
        users.append({"id": user, "rows": rows.select(*LISTED, *signals).rows()} | given)
    return users


def _existing(night: NightRows) -> list[str]:
    return [name for name in SIGNALS if night.lists[name].count()]


def _examples(examples: pl.DataFrame) -> list[Row]:
    return [
        {"id": user, "gain": rows["gain"][0], "rows": rows.select(EXAMPLES).rows()}
        for (user,), rows in examples.group_by(USER, maintain_order=True)
    ]


def _numbered(rows: pl.DataFrame, items: pl.DataFrame, reasons: pl.DataFrame) -> pl.DataFrame:
    """With the number of each row's item and reasons; signals rounded, what is no number null."""
    with_items = rows.join(items.select(ITEM, NUMBER), on=ITEM, how="left", maintain_order="left")
    numbered = with_items.join(reasons, on=REASONS, how="left", maintain_order="left")
    signals = [pl.col(name).cast(pl.Float64) for name in SIGNALS if name in rows.columns]
    finite = numbered.with_columns(pl.when(one.is_finite()).then(one) for one in signals)
    return finite.with_columns(
        pl.col(name).round_sig_figs(FIGURES)
        if name in (ESTIMATE, SCORE)
        else pl.col(name).round(PLACES)
        for name in SIGNALS
        if name in rows.columns
    )
