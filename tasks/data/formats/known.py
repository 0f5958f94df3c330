"""The formats that data sets are published in. To add one, add it to FORMATS.

What is not among them is read all the same, where its columns have names that people use.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.core.vocabulary import GENRES, ITEM, RATING, TIMESTAMP, TITLE, USER, YEAR
from tasks.data.formats.held import Change
from tasks.data.formats.look import FIELD, Look
from tasks.data.formats.prepare import (
    Prepare,
    genres_of_flags,
    genres_with_bars,
    year_apart,
    years_not_zero,
)

MOVIES: Mapping[str, object] = {
    "noun": "movie",
    "noun_plural": "movies",
    "scale": (0.5, 5.0),
    "relevant_at": 4.0,
    "source": "GroupLens, MovieLens (https://grouplens.org/datasets/movielens/)",
    "terms": "research use with citation; no redistribution without permission",
}
WHOLE_MOVIES = {**MOVIES, "scale": (1.0, 5.0)}
BOOKS = {"noun": "book", "noun_plural": "books", "scale": (1.0, 10.0), "relevant_at": 8.0}
GAMES = {"noun": "game", "noun_plural": "games"}
PLACES = {"noun": "place", "noun_plural": "places", "scale": (1.0, 5.0), "relevant_at": 4.0}
FIVE_STARS = {"scale": (1.0, 5.0), "relevant_at": 4.0}


@dataclass(frozen=True)
class Format:
    """One kind of file: how it is told, and what is particular about reading it.

    `matches`: a regular expression for the names of the columns, joined by commas, or for the first
    line where there is no header. `columns`: the file's names or places (from 1) and ours, where
    they are not to be guessed. `info`: what is known of every such data set. `rewrite` changes the
    text, whole lines at a time, so that `separator` parts it. `prepare` makes our columns.
    `zeros_are_implicit`: a rating of 0 says that the item was met, and not how it was liked.
    """

    name: str
    matches: str
    columns: Mapping[str, str] = field(default_factory=dict)
    info: Mapping[str, object] = field(default_factory=dict)
    rewrite: Change | None = None
    separator: str | None = None
    prepare: Prepare | None = None
    zeros_are_implicit: bool = False
    escaped: bool = False

    def is_of(self, look: Look) -> bool:
        """Whether a file is one of this format."""
        return re.search(self.matches, look.signature) is not None


def _first_two_commas(text: str) -> str:
    """Titles that hold commas, unquoted, parted from what stands before."""
    return re.sub(r"(?m)^(\d+),([^,]*),", rf"\1{FIELD}\2{FIELD}", text)


FORMATS = (
    Format(
        "MovieLens 1M or 10M, ratings",
        r"^\d+::\d+::[\d.]+::\d+$",
        {"1": USER, "2": ITEM, "3": RATING, "4": TIMESTAMP},
        MOVIES,
    ),
    Format(
        "MovieLens 1M or 10M, movies",
        r"^\d+::.+::\D*$",
        {"1": ITEM, "2": TITLE, "3": GENRES},
        prepare=year_apart,
    ),
    Format(
        "MovieLens 100K, ratings",
        r"^\d+\t\d+\t[1-5]\t\d{9}$",
        {"1": USER, "2": ITEM, "3": RATING, "4": TIMESTAMP},
        WHOLE_MOVIES,
    ),
    Format(
        "MovieLens 100K, movies",
        r"^\d+\|[^|]*\|[^|]*\|[^|]*\|[^|]*(\|[01]){19}$",
        {"1": ITEM, "2": TITLE} | {str(place): f"flag {place}" for place in range(6, 25)},
        prepare=lambda rows: year_apart(genres_of_flags(rows)),
    ),
    Format("MovieLens CSV, ratings", r"^userId,movieId,rating", info=MOVIES),
    Format("MovieLens CSV, movies", r"^movieId,title,genres$", prepare=year_apart),
    Format(
        "Book-Crossing, ratings",
        r"^User-ID,ISBN,Book-Rating",
        info=BOOKS,
        zeros_are_implicit=True,
        escaped=True,
    ),
    Format("Book-Crossing, books", r"^ISBN,Book-Title,", prepare=years_not_zero, escaped=True),
    Format("Amazon reviews", r"^(?=.*\breviewerID\b)(?=.*\basin\b).*\boverall\b", info=FIVE_STARS),
    Format(
        "Amazon reviews (2023)",
        r"^(?=.*\brating\b)(?=.*\bparent_asin\b).*\buser_id\b",
        info=FIVE_STARS,
    ),
    Format(
        "Amazon products",
        r"^(?=.*\basin\b|.*\bparent_asin\b).*\b(title|main_category)\b",
        prepare=genres_with_bars,
    ),
    Format("Yelp reviews", r"^(?=.*\buser_id\b)(?=.*\bbusiness_id\b).*\bstars\b", info=PLACES),
    Format(
        "Yelp businesses",
        r"^business_id,name,",
        prepare=genres_with_bars,
    ),
    Format(
        "Steam reviews",
        r"^(?=.*\b(username|user_id)\b)(?=.*\bproduct_id\b).*\bhours\b",
        info=GAMES,
    ),
    Format("Steam games", r"^(?=.*\bapp_name\b|.*\btitle\b).*\bdevelopers?\b"),
    Format("RecBole", r"(^|,)\w+:(token|float)(_seq)?(,|$)", prepare=genres_with_bars),
    Format(
        "Netflix Prize, ratings by film",
        r"^\d+:$",
        {USER: USER, ITEM: ITEM, RATING: RATING, TIMESTAMP: TIMESTAMP},
        WHOLE_MOVIES,
    ),
    Format(
        "Netflix Prize, titles",
        r"^\d+,((18|19|20)\d\d|NULL),.*[A-Za-z]",
        {"1": ITEM, "2": YEAR, "3": TITLE},
        rewrite=_first_two_commas,
        separator=FIELD,
        prepare=years_not_zero,
    ),
    Format(
        "user, item, rating, time in this order",
        r"^[^,;\t|]+[,;\t|][^,;\t|]+[,;\t|]-?\d+(\.\d+)?([,;\t|]\d+)?$",
        {"1": USER, "2": ITEM, "3": RATING, "4": TIMESTAMP},
    ),
)
"""In the order in which they are asked."""


def format_of(look: Look) -> Format | None:
    """The first format that a file is of."""
    return next((one for one in FORMATS if look.kind != "nothing" and one.is_of(look)), None)
