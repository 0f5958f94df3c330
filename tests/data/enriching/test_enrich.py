"""The whole, against a real process that plays TMDB and functions that play the model."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.core.artifacts import read_table
from tasks.core.errors import LimitReachedError, ServiceError, SettingsError
from tasks.data.enriching import fill
from tasks.data.enriching.enrich import Counts, enrich
from tasks.data.stages import ingest
from tests.data.enriching.conftest import Asked, catalogue, client
from tests.support.fake_tmdb import movie

ITEMS = catalogue(
    {"item": 1, "title": "Heat", "year": 1995, "tmdb_id": 949},
    {"item": 2, "title": "Alien", "year": 1979, "tmdb_id": 5, "quality": 8.5, "votes": 900},
    {"item": 3, "title": "Up", "year": 2009, "description": "Balloons.", "tmdb_id": 14160},
    {"item": 4, "title": "Smoke", "year": 1995, "genres": "Comedy|Drama"},
    {"item": 5, "title": "Matrix, The", "year": 1999},
    {"item": 6, "title": "Fargo", "description": "Snow.", "quality": 8.1, "votes": 7},
)
MOVIES = [
    movie(949, "Heat"),
    movie(348, "Alien", "1979-05-25"),
    movie(14160, "Up", "2009-05-28"),
    movie(604, "The Matrix: Resurrected", "1999-03-31"),
]
WROTE = Asked(lambda block: f"About {block}.")
YES = Asked(lambda _: "yes")


def test_tmdb_comes_first_then_the_model_and_nothing_is_overwritten(start, home):
    judge = Asked(lambda block: "yes" if "Part" in block else "no")
    describe = Asked(lambda block: f"About {block}.")
    fake = start(*MOVIES, movie(603, "The Matrix: Part", "1999-03-31"))
    kept: list[pl.DataFrame] = []
    enriched = enrich(ITEMS, "movie", client(home, fake), judge, describe, keep=kept.append)
    assert len(judge.blocks) == 2 and all("Matrix, The (1999)" in b for b in judge.blocks)
    assert describe.blocks == ["Smoke (1995), Comedy, Drama"]
    texts = enriched.table.select("item", "description", "description_source", "votes", "tmdb_id")
    assert texts.rows() == [
        (1, "What happens in Heat.", "tmdb", 100, None),
        (2, "What happens in Alien.", "tmdb", None, 348),
        (3, None, None, 100, None),
        (4, "About Smoke (1995), Comedy, Drama.", "llm", None, None),
        (5, "What happens in The Matrix: Part.", "tmdb", 100, 603),
    ]
    assert enriched.counts == Counts(
        items=6,
        from_catalogue=2,
        from_tmdb=3,
        from_llm=1,
        missing=0,
        new=4,
        figures=3,
        repaired=2,
    )
    filled = fill.apply(ITEMS, enriched.table)
    assert filled["description"].null_count() == 0
    untouched = ITEMS.filter(ITEMS["item"] == 6)
    assert_frame_equal(filled.filter(filled["item"] == 6), untouched)
    assert filled.row(1, named=True)["quality"] == 8.5
    assert [table["description"].count() for table in kept] == [2, 3, 4]
    assert_frame_equal(kept[-1], enriched.table)


def test_a_second_run_asks_nothing_again(start, home):
    fake, describe = start(*MOVIES), Asked(lambda _: None)
    first = enrich(ITEMS, "movie", client(home, fake), YES, describe)
    before = len(fake.requests())
    second = enrich(ITEMS, "movie", client(home, fake), YES, describe, earlier=first.table)
    assert len(fake.requests()) == before
    assert_frame_equal(second.table, first.table)
    assert second.counts == first.counts.model_copy(update={"new": 0})
    assert (first.counts.missing, first.counts.new) == (1, 3)


def test_what_is_filled_is_not_even_looked_up(start, home):
    fake = start(*MOVIES)
    first = enrich(ITEMS, "movie", client(home, fake), YES, WROTE)
    describe = Asked(lambda _: pytest.fail("asked"))
    elsewhere = client(home / "fresh", fake)
    before = len(fake.requests())
    enrich(ITEMS, "movie", elsewhere, YES, describe, earlier=first.table)
    assert {path.split()[0] for path in fake.asked()[before:]} == {"/3/search/movie"}, "Smoke's"


def test_without_a_judge_unsure_counts_as_another_movie(start, home):
    enriched = enrich(ITEMS, "movie", client(home, start(*MOVIES)), None, None)
    assert 5 not in enriched.table["item"]
    assert (enriched.counts.missing, enriched.counts.from_llm) == (2, 0)


def test_without_tmdb_the_model_describes_everything_and_no_rating_is_asked_for():
    describe = Asked(lambda block: f"About {block}.")
    enriched = enrich(ITEMS, "movie", None, YES, describe)
    assert [block.split(" (")[0] for block in describe.blocks] == [
        "Heat",
        "Alien",
        "Smoke",
        "Matrix, The",
    ]
    assert (enriched.counts.from_llm, enriched.counts.figures) == (4, 0)


def test_a_book_is_not_looked_up_among_movies(start, home):
    fake, describe = start(*MOVIES), Asked(lambda _: "A book.")
    books = catalogue({"item": 1, "title": "Heat", "year": 1995})
    assert enrich(books, "book", client(home, fake), None, describe).counts.from_llm == 1
    assert fake.requests() == []
    linked = books.with_columns(tmdb_id=949)
    assert enrich(linked, "title", client(home, fake), None, None).counts.from_tmdb == 1


def test_with_nobody_to_ask_it_says_so_unless_nothing_is_missing(start, home):
    with pytest.raises(SettingsError, match="4 items lack a description") as caught:
        enrich(ITEMS, "movie", None, None, None)
    assert "TMDB_API_KEY" in caught.value.fix
    books = catalogue({"item": 1, "title": "Heat"})
    with pytest.raises(SettingsError):
        enrich(books, "book", client(home, start()), None, None)
    whole = ITEMS.filter(ITEMS["item"] == 6)
    assert enrich(whole, "movie", None, None, None).counts.from_catalogue == 1


def test_a_limit_caps_the_items_looked_up(start, home):
    fake, describe = start(*MOVIES), Asked(lambda _: "Text.")
    enriched = enrich(ITEMS, "movie", client(home, fake), YES, describe, limit=2)
    assert enriched.table["item"].to_list() == [1, 2]
    assert describe.blocks == []
    assert enrich(ITEMS, "movie", None, None, describe, limit=1).table["item"].to_list() == [1]


def test_an_error_of_the_model_leaves_what_tmdb_gave(start, home):
    def too_dear(_):
        raise LimitReachedError("--max-cost is reached.", "Raise it.")

    for asked in ({"judge": too_dear, "describe": None}, {"judge": None, "describe": too_dear}):
        kept: list[pl.DataFrame] = []
        with pytest.raises(LimitReachedError):
            enrich(
                ITEMS,
                "movie",
                client(home, start(*MOVIES)),
                **asked,  # type: ignore[arg-type]
                keep=kept.append,
            )
        assert kept[-1]["description"].count() == 2


def test_texts_older_than_the_terms_allow_are_asked_anew_or_given_up(start, home):
    fake = start(*MOVIES)
    then = datetime(2026, 1, 1, tzinfo=UTC)
    first = enrich(ITEMS, "movie", client(home, fake, clock=lambda: then), YES, WROTE)
    before = len(fake.requests())
    later = then + timedelta(days=181)
    now = client(home, fake, clock=lambda: later)
    again = enrich(ITEMS, "movie", now, YES, WROTE, earlier=first.table)
    assert len(fake.requests()) > before
    assert again.counts == first.counts.model_copy(update={"new": 0})
    assert again.table["fetched_at"].drop_nulls().unique().to_list() == [later]
    limited = enrich(ITEMS, "movie", now, YES, WROTE, limit=1, earlier=first.table)
    assert limited.table["fetched_at"].to_list() == [later, then, then, None, then]
    without = enrich(ITEMS, "movie", None, YES, WROTE, earlier=first.table)
    assert_frame_equal(without.table, first.table)


def test_when_tmdb_fails_the_earlier_table_stands(start, home):
    fake = start(*MOVIES, faults={"/3/movie/949": ["500", "500", "500"]})
    kept: list[pl.DataFrame] = []
    with pytest.raises(ServiceError):
        enrich(ITEMS, "movie", client(home, fake), YES, WROTE, keep=kept.append)
    assert kept == []


def test_a_catalogue_without_items_lacks_nothing(start, home):
    enriched = enrich(ITEMS.clear(), "movie", client(home, start()), YES, WROTE)
    assert (enriched.table.height, enriched.counts.items) == (0, 0)


def test_real_links_are_all_looked_up_once(start, home, shared):
    items = read_table(home, ingest(home, str(shared / "ml-latest-small")).items)
    bare = items.with_columns(description=None, quality=None, votes=None).cast(items.schema)
    fake = start(movie(862, "Toy Story", "1995-11-22"), movie(8844, "Jumanji", "1995-12-15"))
    enriched = enrich(bare, "movie", client(home, fake), None, None, limit=20)
    assert enriched.table.select("item", "tmdb_id").rows() == [(1, None), (2, None)]
    assert len([path for path in fake.asked() if path.startswith("/3/movie/")]) == 20
