"""A night's lists as data inside its page: compact, and unable to end the element it stands in."""

import json

import polars as pl
from markupsafe import Markup

from tasks.core.vocabulary import (
    BASE_RANK,
    DATE_AFFINITY,
    ESTIMATE,
    ITEM,
    POPULARITY,
    RANK,
    SCORE,
    SIMILARITY,
    TITLE,
    USER,
    YEAR,
)
from tasks.report.night.read import Night, Row

SIGNALS = (ESTIMATE, SIMILARITY, POPULARITY, DATE_AFFINITY, SCORE)
FIGURES, PLACES = 3, 2
"""Of a signal without a scale, and places of one with: more cannot be seen, and fill the page."""

LISTED = ("number", BASE_RANK, RANK, "reranked_rank", "before", *SIGNALS)
TELLING = ("number", BASE_RANK, RANK, "held_out", *SIGNALS)


def lists_as_json(night: Night) -> Markup:
    """Items once, then each user's rows by number of item; see `night.js` for who reads it."""
    items = pl.concat(
        [night.lists.select(ITEM, TITLE, YEAR), night.telling.select(ITEM, TITLE, YEAR)]
    )
    items = items.unique(ITEM, keep="first", maintain_order=True).with_row_index("number")
    return in_script(
        {
            "top": night.run["top"],
            "again": night.before is not None,
            "items": items.select(TITLE, YEAR).rows(),
            "users": _users(night.lists, items),
            "telling": _telling(night.telling, items),
        }
    )


def in_script(data: object) -> Markup:
    """JSON that stays data inside <script>: no character of it means anything to HTML."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - escaped just now


def _users(lists: pl.DataFrame, items: pl.DataFrame) -> list[Row]:
    """Per user: the id, the rows, who made the list if an earlier run did, and sentences why."""
    known = _numbered(lists, items)
    made: list[Row] = []
    for (user,), rows in known.group_by(USER, maintain_order=True):
        whys = {str(n): why for n, why in rows.select("number", "why").rows() if why}
        earlier = rows["listed_in"][0]
        more: Row = ({"why": whys} if whys else {}) | ({"from": earlier} if earlier else {})
        made.append({"id": user, "rows": rows.select(LISTED).rows()} | more)
    return made


def _telling(telling: pl.DataFrame, items: pl.DataFrame) -> list[Row]:
    known = _numbered(telling, items)
    return [
        {"id": user, "gain": rows["gain"][0], "rows": rows.select(TELLING).rows()}
        for (user,), rows in known.group_by(USER, maintain_order=True)
    ]


def _numbered(rows: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The rows with each item's number, and signals rounded; what is no number is null."""
    free = pl.col(ESTIMATE, SCORE).cast(pl.Float64).round_sig_figs(FIGURES)
    scaled = pl.col(SIMILARITY, POPULARITY, DATE_AFFINITY).cast(pl.Float64).round(PLACES)
    numbered = items.select(ITEM, "number")
    return rows.join(numbered, on=ITEM, how="left", maintain_order="left").with_columns(
        pl.when(signal.is_finite()).then(signal) for signal in (free, scaled)
    )
