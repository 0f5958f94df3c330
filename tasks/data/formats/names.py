"""What people call the columns that we read, and which of a table's columns is which of ours."""

import re
from collections.abc import Mapping, Sequence

from tasks.core.nearest import nearest
from tasks.core.vocabulary import (
    DESCRIPTION,
    GENRES,
    ITEM,
    QUALITY,
    RATING,
    TAG,
    TIMESTAMP,
    TITLE,
    TMDB_ID,
    USER,
    VOTES,
    YEAR,
)

COUNT = "count"
"""How often somebody met an item: in place of a rating."""

_USERS = (
    "user userid uid username reviewerid customerid customer visitorid memberid accountid personid"
    " authorid"
)
_ITEMS = (
    "item itemid iid movieid movie filmid bookid isbn productid parentasin asin sku businessid"
    " gameid appid artistid trackid songid animeid articleid newsid recipeid jokeid id"
)
_TIMES = (
    "timestamp time ts date datetime unixreviewtime unixtimestamp createdat ratedat reviewedat"
    " eventtime tstamp"
)

RATED: Mapping[str, tuple[str, ...]] = {
    USER: tuple(_USERS.split()),
    ITEM: tuple(_ITEMS.split()),
    RATING: ("rating", "ratings", "rate", "score", "stars", "overall", "bookrating", "ratingvalue"),
    TIMESTAMP: tuple(_TIMES.split()),
    COUNT: ("count", "plays", "playcount", "quantity", "listens", "listencount", "weight"),
}
"""Names of the columns of ratings, the likelier first, as `plain_name` gives them."""

DESCRIBED: Mapping[str, tuple[str, ...]] = {
    ITEM: RATED[ITEM],
    TITLE: ("title", "name", "booktitle", "movietitle", "itemname", "productname", "appname"),
    YEAR: ("year", "releaseyear", "yearofpublication", "publicationyear"),
    GENRES: ("genres", "genre", "categories", "category", "class"),
    DESCRIPTION: ("description", "desc", "overview", "plot", "synopsis", "summary"),
    QUALITY: ("quality", "imdbrating", "averagerating", "avgrating"),
    VOTES: ("votes", "imdbvotes", "ratingnumber"),
    TMDB_ID: ("tmdbid",),
}
"""The same of items."""

TAGGED: Mapping[str, tuple[str, ...]] = {
    USER: RATED[USER],
    ITEM: RATED[ITEM],
    TAG: ("tag", "tags", "label", "keyword"),
}
"""The same of tags."""

AVAILABLE_FROM, AVAILABLE_UNTIL = "available_from", "available_until"
AVAILABILITY: Mapping[str, tuple[str, ...]] = {
    AVAILABLE_FROM: ("availablefrom",),
    AVAILABLE_UNTIL: ("availableuntil",),
}
"""The same of the days on which items may be recommended."""

NAMED: Mapping[str, tuple[str, ...]] = {**RATED, **DESCRIBED, **TAGGED, **AVAILABILITY}
"""All columns for which one can say what they are called."""

SLIP = 0.8
"""How like one of our names a column's must be, to be one that was mistyped."""

_TYPE = re.compile(r":(token|float)(_seq)?$")


def plain_name(name: str) -> str:
    """A column's name to compare by: "User-ID" and "user_id:token" are "userid"."""
    return re.sub(r"[^a-z0-9]", "", _TYPE.sub("", name.strip().lower()))


def ours_of(name: str) -> bool:
    """Whether a name is one that columns of ratings or items have."""
    plain = plain_name(name)
    return any(plain in names for table in (RATED, DESCRIBED) for names in table.values())


def guessed(
    names: Sequence[str], wanted: Mapping[str, tuple[str, ...]], given: Mapping[str, str]
) -> dict[str, str]:
    """By the table's own name which of our columns it is; what is `given` (ours: theirs) first."""
    taken = {theirs: ours for ours, theirs in given.items() if theirs in names and ours in wanted}
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(plain_name(name), name)
    for ours, called in wanted.items():
        if ours in taken.values():
            continue
        exact = [ours] if ours in names else []
        likely = [*exact, *(plain[one] for one in called if one in plain)]
        free = next((name for name in likely if name not in taken), None)
        if free is not None:
            taken[free] = ours
    return taken


def near_miss(names: Sequence[str], column: str) -> str | None:
    """A name that is most likely one of this column's, mistyped."""
    plain = {plain_name(name): name for name in names if not ours_of(name)}
    for one in RATED[column][:2]:
        if near := nearest(one, plain, like=SLIP):
            return plain[near[0]]
    return None
