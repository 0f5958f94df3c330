import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.core.errors import ServiceError, StoreError
from tasks.data.enriching.cached import LONGEST_KEPT, open_cache
from tasks.data.enriching.records import (
    Answer,
    Lookup,
    Movie,
    by_id,
    by_title,
)
from tests.data.enriching.conftest import QUICK, client
from tests.support.fake_tmdb import V3, V4, movie

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
HEAT = Answer(movies=(Movie(id=949, title="Heat", overview="Two men, “equals”."),), fetched_at=NOW)
NONE = Answer(movies=(), fetched_at=NOW)

FILM = movie(949, "Heat")

MANY = [movie(n, f"Film {n}") for n in range(1, 41)]

ALL = [by_id(one["id"]) for one in MANY]

RUN = """
import sys
from pathlib import Path
from pydantic import SecretStr
from tasks.data.enriching.cached import CachedTmdb
from tasks.data.enriching.records import by_id
from tasks.data.enriching.tmdb import TmdbPace
pace = TmdbPace(rate=1000, concurrency=2)
tmdb = CachedTmdb(Path(sys.argv[1]), sys.argv[2], SecretStr(sys.argv[3]), pace)
tmdb.answers([by_id(n) for n in range(1, 41)])
"""


def test_answers_come_back_as_they_were_kept_also_after_reopening(tmp_path):
    file = tmp_path / "deep" / "tmdb.sqlite"
    lookups = by_id(949), by_title("Heat & Dust", None)
    with open_cache(file) as cache:
        cache.keep(lookups[0], HEAT)
        cache.keep(lookups[1], NONE)
    with open_cache(file) as cache:
        assert cache.fresh([*lookups, by_id(1)], NOW) == {
            lookups[0]: HEAT,
            lookups[1]: NONE,
        }


def test_titles_and_years_are_not_mixed_up(tmp_path):
    with open_cache(tmp_path / "tmdb.sqlite") as cache:
        cache.keep(by_title("Heat", 1995), HEAT)
        others = [
            by_title("Heat", 1986),
            by_title("Heat", None),
            by_title("Heat&year=1995", None),
        ]
        assert cache.fresh(others, NOW) == {}


def test_what_is_older_than_the_terms_allow_counts_as_not_kept(tmp_path):
    assert timedelta(days=180) == LONGEST_KEPT
    with open_cache(tmp_path / "tmdb.sqlite") as cache:
        cache.keep(by_id(949), HEAT)
        almost = NOW + LONGEST_KEPT - timedelta(seconds=1)
        assert list(cache.fresh([by_id(949)], almost)) == [by_id(949)]
        assert cache.fresh([by_id(949)], NOW + LONGEST_KEPT) == {}


@pytest.mark.parametrize("damage", ["movies = 'x'", "movies = '[{}]'", "fetched_at = 'noon'"])
def test_a_damaged_answer_counts_as_not_kept(tmp_path, damage):
    file = tmp_path / "tmdb.sqlite"
    with open_cache(file) as cache:
        cache.keep(by_id(949), HEAT)
    with sqlite3.connect(file) as database:
        database.execute(f"UPDATE answers SET {damage}")
    database.close()
    with open_cache(file) as cache:
        assert cache.fresh([by_id(949)], NOW) == {}


def test_a_damaged_file_is_an_error_that_names_it(tmp_path):
    file = tmp_path / "tmdb.sqlite"
    file.write_bytes(b"this is not a database " * 100)
    with pytest.raises(StoreError, match=r"tmdb\.sqlite") as caught, open_cache(file):
        pass
    assert "delete it" in caught.value.fix


def test_nothing_is_asked_twice_not_even_for_what_does_not_exist(start, home):
    fake = start(FILM)
    wanted: list[Lookup] = [by_id(949), by_id(7), by_title("Heat", 1995)]
    first = client(home, fake).answers([*wanted, *wanted])
    assert {len(answer.movies) for answer in first.values()} == {0, 1}
    assert client(home, fake).answers(wanted) == first
    assert sorted(fake.asked()) == ["/3/movie/7", "/3/movie/949", "/3/search/movie Heat 1995"]


def test_what_has_become_too_old_is_asked_again(start, home):
    fake = start(FILM)
    then = datetime(2026, 1, 1, tzinfo=UTC)
    for days in (0, 179, 180):
        now = then + timedelta(days=days)
        client(home, fake, clock=lambda now=now: now).answers([by_id(949)])
        assert len(fake.requests()) == (2 if days == 180 else 1)


def test_no_more_requests_than_allowed_are_in_flight(start, home):
    fake = start(*MANY, delay=0.05)
    client(home, fake, pace=QUICK.model_copy(update={"concurrency": 3})).answers(ALL)
    assert max(request["open"] for request in fake.requests()) == 3


def test_an_error_keeps_what_was_answered_and_is_raised_as_it_is(start, home):
    fake = start(*MANY, faults={"/3/movie/30": ["500", "500", "500"]})
    with pytest.raises(ServiceError, match="/3/movie/30"):
        client(home, fake).answers(ALL)
    before = len(fake.requests())
    assert len(client(home, fake).answers(ALL)) == 40
    again = fake.asked()[before:]
    assert "/3/movie/30" in again and len(again) <= 40 - 29 + QUICK.concurrency


def test_a_refused_key_stops_everything(start, home):
    fake = start(*MANY, delay=0.02)
    with pytest.raises(ServiceError):
        client(home, fake, key="wrong").answers(ALL)
    assert len(fake.requests()) <= QUICK.concurrency


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_whatever_ends_a_run_the_next_asks_only_what_is_missing(start, home, how):
    fake = start(*MANY, delay=0.05)
    command = [sys.executable, "-c", RUN, str(home), fake.url, V3]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE
    ) as process:
        _until(lambda: len(fake.requests()) >= 12)
        process.send_signal(how)
        process.wait(timeout=10)
    asked = len(fake.requests())
    assert asked < 40
    assert len(client(home, fake).answers(ALL)) == 40
    assert 40 <= len(fake.requests()) <= 40 + 2, "at most the two in flight are asked again"
    assert len(set(fake.asked())) == 40


@pytest.mark.parametrize("key", [V3, V4])
def test_the_key_is_in_no_log_error_or_file(start, home, key, caplog, monkeypatch):
    faults = {"/3/movie/1": ["500", "cut"], "/3/movie/2": ["reset!"]}
    fake = start(*MANY, faults=faults)
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HTTPX_LOG_LEVEL", "trace")
    tmdb = client(home, fake, key=key)
    tmdb.answers([*ALL[2:], by_title("Film", 1995), ALL[0]])
    with pytest.raises(ServiceError) as caught:
        tmdb.answers([ALL[1]])
    refused = client(home, fake, key=f"{key}-refused")
    with pytest.raises(ServiceError) as unauthorised:
        refused.answers([by_id(99)])
    printed = [
        caplog.text,
        repr(vars(tmdb)),
        *(_everything(error.value) for error in (caught, unauthorised)),
    ]
    assert "/3/movie/1" in caplog.text and "httpcore2" in caplog.text
    files = [file.read_bytes() for file in home.rglob("*") if file.is_file()]
    assert files
    assert not [text for text in printed if key in text]
    assert not [raw for raw in files if key.encode() in raw]


def _everything(error: BaseException) -> str:
    """An error as any handler could print it, with all that it drags along."""
    texts = [*traceback.format_exception(error), repr(error), repr(vars(error))]
    behind = [e for e in (error.__cause__, error.__context__) if e is not None]
    request = [str(getattr(getattr(e, "_request", None), "url", "")) for e in behind]
    return "\n".join([*texts, *request, *map(_everything, behind)])


def _until(true) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_environment_is_as_the_test_needs_it():
    assert not os.environ.get("HTTP_PROXY") or "127.0.0.1" in os.environ.get("NO_PROXY", "")
