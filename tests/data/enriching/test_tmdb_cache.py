import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tasks.data.enriching.errors import TmdbCacheError
from tasks.data.enriching.records import Answer, ById, ByTitle, Movie
from tasks.data.enriching.tmdb_cache import LONGEST_KEPT, open_cache

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
HEAT = Answer(movies=(Movie(id=949, title="Heat", overview="Two men, “equals”."),), fetched_at=NOW)
NONE = Answer(movies=(), fetched_at=NOW)


def test_answers_come_back_as_they_were_kept_also_after_reopening(tmp_path):
    file = tmp_path / "deep" / "tmdb.sqlite"
    lookups = ById(tmdb_id=949), ByTitle(title="Heat & Dust", year=None)
    with open_cache(file) as cache:
        cache.keep(lookups[0], HEAT)
        cache.keep(lookups[1], NONE)
    with open_cache(file) as cache:
        assert cache.fresh([*lookups, ById(tmdb_id=1)], NOW) == {
            lookups[0]: HEAT,
            lookups[1]: NONE,
        }


def test_titles_and_years_are_not_mixed_up(tmp_path):
    with open_cache(tmp_path / "tmdb.sqlite") as cache:
        cache.keep(ByTitle(title="Heat", year=1995), HEAT)
        others = [
            ByTitle(title="Heat", year=1986),
            ByTitle(title="Heat", year=None),
            ByTitle(title="Heat&year=1995", year=None),
        ]
        assert cache.fresh(others, NOW) == {}


def test_what_is_older_than_the_terms_allow_counts_as_not_kept(tmp_path):
    assert timedelta(days=180) == LONGEST_KEPT
    with open_cache(tmp_path / "tmdb.sqlite") as cache:
        cache.keep(ById(tmdb_id=949), HEAT)
        almost = NOW + LONGEST_KEPT - timedelta(seconds=1)
        assert list(cache.fresh([ById(tmdb_id=949)], almost)) == [ById(tmdb_id=949)]
        assert cache.fresh([ById(tmdb_id=949)], NOW + LONGEST_KEPT) == {}


@pytest.mark.parametrize("damage", ["movies = 'x'", "movies = '[{}]'", "fetched_at = 'noon'"])
def test_a_damaged_answer_counts_as_not_kept(tmp_path, damage):
    file = tmp_path / "tmdb.sqlite"
    with open_cache(file) as cache:
        cache.keep(ById(tmdb_id=949), HEAT)
    with sqlite3.connect(file) as database:
        database.execute(f"UPDATE answers SET {damage}")
    database.close()
    with open_cache(file) as cache:
        assert cache.fresh([ById(tmdb_id=949)], NOW) == {}


def test_a_damaged_file_is_an_error_that_names_it(tmp_path):
    file = tmp_path / "tmdb.sqlite"
    file.write_bytes(b"this is not a database " * 100)
    with pytest.raises(TmdbCacheError, match=r"tmdb\.sqlite") as caught, open_cache(file):
        pass
    assert "delete it" in caught.value.fix
