"""Finding movies: whom TMDB is asked for, what is taken, what goes to the judge."""

from datetime import UTC, datetime

import polars as pl

from tasks.data.enriching.movies import MOST_JUDGED, blocks_of, find_movies, judged, table_of
from tasks.data.enriching.records import Answer, Lookup, Movie, by_id, by_title
from tests.data.enriching.conftest import Asked, catalogue

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Knowing:
    """TMDB in a dictionary."""

    def __init__(self, *movies, searches=None):
        self.movies = {movie.id: movie for movie in movies}
        self.searches = searches or {}
        self.asked: list[Lookup] = []

    def answers(self, lookups):
        self.asked += lookups
        return {one: Answer(movies=tuple(self.find(one)), fetched_at=NOW) for one in lookups}

    def find(self, lookup):
        if not lookup.is_search:
            return [movie for movie in self.movies.values() if by_id(movie.id) == lookup]
        return self.searches.get((lookup.title, lookup.year), [])


def film(tmdb_id, title="Heat", released="1995-12-15", **more):
    return Movie(id=tmdb_id, title=title, original_title=title, release_date=released, **more)


def item(title="Heat", year=1995, tmdb_id=None):
    return catalogue({"item": 1, "title": title, "year": year, "tmdb_id": tmdb_id})


def taken(hits):
    return [(hit.movie.id, hit.repaired) for hit in hits]


def test_an_id_that_leads_to_the_movie_is_taken_without_a_search():
    tmdb = Knowing(film(949))
    sure, unsure = find_movies(item(tmdb_id=949), tmdb.answers)
    assert (taken(sure), unsure) == ([(949, False)], [])
    assert tmdb.asked == [by_id(949)]


def test_missing_unknown_and_misleading_ids_are_repaired_by_title_and_year():
    elsewhere = film(7, "Fawlty Towers", "1975-09-19")
    tmdb = Knowing(elsewhere, searches={("Heat", 1995): [film(949)]})
    for tmdb_id in (None, 8, 7):
        assert taken(find_movies(item(tmdb_id=tmdb_id), tmdb.answers)[0]) == [(949, True)]


def test_the_closest_of_several_sure_hits_is_taken():
    hits = [film(1, released="1996-01-01"), film(2, "Heats"), film(949)]
    tmdb = Knowing(searches={("Heat", 1995): hits})
    assert taken(find_movies(item(), tmdb.answers)[0]) == [(949, True)]


def test_a_sure_hit_leaves_nothing_to_judge():
    tmdb = Knowing(searches={("Heat", 1995): [film(2, "Heart"), film(949)]})
    sure, unsure = find_movies(item(), tmdb.answers)
    assert (taken(sure), unsure) == ([(949, True)], [])


def test_unsure_hits_go_to_the_judge_the_likeliest_first_and_not_too_many():
    likely = film(1, "Heats")
    hits = [*(film(n, "Great Heat") for n in range(2, 12)), likely, film(99, "Casablanca")]
    unsure = find_movies(item(), Knowing(searches={("Heat", 1995): hits}).answers)[1]
    assert len(unsure) == MOST_JUDGED
    assert unsure[0].movie == likely


def test_other_names_and_then_no_year_are_tried_until_something_fits():
    title = "Eye See You (D-Tox)"
    by_second_name = Knowing(searches={("D-Tox", 2002): [film(5, "D-Tox", "2002-01-04")]})
    assert taken(find_movies(item(title, 2002), by_second_name.answers)[0]) == [(5, True)]
    assert by_second_name.asked == [
        by_title("Eye See You", 2002),
        by_title("D-Tox", 2002),
    ]
    without_year = Knowing(searches={("Heat", None): [film(5, released="1999-01-01")]})
    sure, unsure = find_movies(item(), without_year.answers)
    assert (sure, taken(unsure)) == ([], [(5, True)])


def test_what_is_found_under_no_name_is_not_found():
    tmdb = Knowing(searches={("Heat", 1995): [film(99, "Casablanca")]})
    sure, unsure = find_movies(item(), tmdb.answers)
    assert (sure, unsure) == ([], [])
    assert tmdb.asked == [by_title("Heat", 1995), by_title("Heat", None)]


def test_an_item_without_a_year_is_searched_once():
    tmdb = Knowing()
    find_movies(item(year=None), tmdb.answers)
    assert tmdb.asked == [by_title("Heat", None)]


def test_the_judge_sees_item_and_hit_and_its_yes_is_taken():
    hits = [film(1, "Heats", overview="Two\nwords."), film(2, "Great Heat")]
    unsure = find_movies(item(), Knowing(searches={("Heat", 1995): hits}).answers)[1]
    judge = Asked(lambda block: "Yes " if "Great" in block else "no")
    assert taken(judged(unsure, judge)) == [(2, True)]
    assert judge.blocks[0] == (
        "Catalogue: Heat (1995)\nHit: Heats\nOriginal title: Heats\nReleased: 1995-12-15\n"
        "Overview: Two words."
    )


def test_no_answer_and_any_other_word_than_yes_are_a_no():
    unsure = find_movies(item(), Knowing(searches={("Heat", 1995): [film(1, "Heats")]}).answers)[1]
    for answer in (None, "no", "yes, but", ""):
        assert judged(unsure, Asked({block: answer for block in blocks_of(unsure)}.get)) == []


def test_of_two_hits_that_the_judge_takes_the_likelier_counts():
    hits = [film(2, "Great Heat"), film(1, "Heats")]
    unsure = find_movies(item(), Knowing(searches={("Heat", 1995): hits}).answers)[1]
    assert taken(judged(unsure, Asked(lambda _: "yes"))) == [(1, True)]


def test_a_hit_cannot_add_lines_to_its_block():
    [hit] = find_movies(
        item(), Knowing(searches={("Heat", 1995): [film(1, "Heat\nReleased: 1995", "")]}).answers
    )[1]
    [block] = blocks_of([hit])
    assert [line.split(":")[0] for line in block.splitlines()] == [
        "Catalogue",
        "Hit",
        "Original title",
        "Released",
        "Overview",
    ]


def test_no_hits_are_an_empty_table_with_its_types():
    table = table_of([], item())
    assert table.is_empty() and table.schema["item"] == pl.Int64
    assert blocks_of([]) == []
