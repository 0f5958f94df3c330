"""Finding each item's movie: by its id, else by title and year, else by the judge's word."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from tasks.core.text import plain
from tasks.core.vocabulary import ITEM, TITLE, TMDB_ID, YEAR, Id
from tasks.data.enriching.fill import FETCHED_AT
from tasks.data.enriching.matching import closeness, is_outdated, is_same, titles_in
from tasks.data.enriching.records import Answer, Lookup, Movie, by_id, by_title

AskModel = Callable[[Sequence[str]], list[str | None]]
"""Blocks of text in, one answer each out; None where there is none."""

AskTmdb = Callable[[Sequence[Lookup]], dict[Lookup, Answer]]
"""Lookups in, TMDB's answers out, as `CachedTmdb.answers` gives them."""

MOST_JUDGED = 5
"""Hits per item that the judge sees, the likeliest first."""


@dataclass(frozen=True)
class Wanted:
    """An item whose movie is looked for; `tmdb_id` is the catalogue's."""

    item: Id
    title: str
    year: int | None
    tmdb_id: int | None


@dataclass(frozen=True)
class Hit:
    """A movie that is an item's, or may be; `repaired` when the catalogue's id is another."""

    wanted: Wanted
    movie: Movie
    fetched_at: datetime
    repaired: bool


def find_movies(items: pl.DataFrame, ask: AskTmdb) -> tuple[list[Hit], list[Hit]]:
    """The items' movies: by id where it leads to the movie meant, else by title and year.

    Those that are sure, and those that only a judge can tell.
    """
    wanted = [Wanted(*row) for row in items.select(ITEM, TITLE, YEAR, TMDB_ID).rows()]
    identified = _by_id(wanted, ask)
    done = {hit.wanted for hit in identified}
    sure, unsure = _by_title([one for one in wanted if one not in done], ask)
    return identified + sure, unsure


def judged(unsure: Sequence[Hit], judge: AskModel) -> list[Hit]:
    """The hits that the judge says are the movie meant: of an item's several, the likeliest."""
    verdicts = judge(blocks_of(unsure))
    taken: dict[Wanted, Hit] = {}
    for hit, verdict in zip(unsure, verdicts, strict=True):
        if verdict is not None and verdict.strip().lower() == "yes":
            taken.setdefault(hit.wanted, hit)
    return list(taken.values())


def blocks_of(hits: Sequence[Hit]) -> list[str]:
    """A text per pair of item and hit, for the judge; every part of it on a line of its own."""
    parts = {
        "Catalogue": [_label(hit.wanted.title, hit.wanted.year) for hit in hits],
        "Hit": [hit.movie.title for hit in hits],
        "Original title": [hit.movie.original_title for hit in hits],
        "Released": [hit.movie.release_date for hit in hits],
        "Overview": [hit.movie.overview for hit in hits],
    }
    lines = (pl.format(f"{name}: {{}}", plain(pl.col(name))) for name in parts)
    table = pl.DataFrame(parts, schema=dict.fromkeys(parts, pl.String()))
    return table.select(pl.concat_str(*lines, separator="\n")).to_series().to_list()


def table_of(hits: Iterable[Hit], items: pl.DataFrame) -> pl.DataFrame:
    """Hits as `fill.from_movies` takes them."""
    schema = {
        ITEM: items.schema[ITEM],
        "overview": pl.String(),
        "vote_average": pl.Float64(),
        "vote_count": pl.Int64(),
        TMDB_ID: pl.Int64(),
        FETCHED_AT: pl.Datetime("us", "UTC"),
    }
    rows = [
        (
            *(hit.wanted.item, hit.movie.overview, hit.movie.vote_average, hit.movie.vote_count),
            *(hit.movie.id if hit.repaired else None, hit.fetched_at),
        )
        for hit in hits
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _by_id(wanted: Sequence[Wanted], ask: AskTmdb) -> list[Hit]:
    lookups = {one: by_id(one.tmdb_id) for one in wanted if one.tmdb_id is not None}
    answers = ask(list(lookups.values()))
    hits = []
    for one, lookup in lookups.items():
        for movie in answers[lookup].movies:
            if not is_outdated(one.title, one.year, movie):
                hits.append(Hit(one, movie, answers[lookup].fetched_at, repaired=False))
    return hits


def _by_title(wanted: Sequence[Wanted], ask: AskTmdb) -> tuple[list[Hit], list[Hit]]:
    """Search under each of an item's names in turn, until one brings a movie that may be it."""
    searches = {one: _searches(one) for one in wanted}
    all_sure: list[Hit] = []
    all_unsure: list[Hit] = []
    for turn in range(max(map(len, searches.values()), default=0)):
        lookups = {one: names[turn] for one, names in searches.items() if turn < len(names)}
        answers = ask(list(lookups.values()))
        for one, lookup in lookups.items():
            answer = answers[lookup]
            hits = [Hit(one, movie, answer.fetched_at, repaired=True) for movie in answer.movies]
            sure, unsure = _sorted_out(one, hits)
            all_sure.extend(sure)
            all_unsure.extend(unsure)
            if sure or unsure:
                del searches[one]
    return all_sure, all_unsure


def _searches(wanted: Wanted) -> list[Lookup]:
    """Under every name with the year, and under the first without: years differ by country."""
    names = titles_in(wanted.title)
    dated = [by_title(name, wanted.year) for name in names]
    return list(dict.fromkeys([*dated, by_title(names[0], None)]))


def _sorted_out(wanted: Wanted, hits: Sequence[Hit]) -> tuple[list[Hit], list[Hit]]:
    """The one hit that is sure; without one, those that a judge should see, the likeliest first."""
    hits = sorted(hits, key=lambda hit: closeness(wanted.title, wanted.year, hit.movie))
    verdicts = [(hit, is_same(wanted.title, wanted.year, hit.movie)) for hit in hits]
    sure = [hit for hit, same in verdicts if same]
    if sure:
        return sure[:1], []
    return [], [hit for hit, same in verdicts if same is None][:MOST_JUDGED]


def _label(title: str, year: int | None) -> str:
    return f"{title} ({year})" if year else title
