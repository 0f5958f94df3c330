"""One client against a real process that misbehaves as scripted."""

import asyncio
import time

import pytest
from pydantic import SecretStr

from tasks.core.errors import ServiceError, SettingsError
from tasks.data.enriching.records import by_id, by_title
from tasks.data.enriching.tmdb import open_tmdb
from tests.data.enriching.conftest import QUICK
from tests.support.fake_tmdb import V3, V4, movie

HEAT = movie(949, "Heat")
PATH = "/3/movie/949"


def ask(fake, *lookups, key=V3, url=None, **pace):
    async def all_of_them():
        async with open_tmdb(
            fake.url if url is None else url, SecretStr(key), QUICK.model_copy(update=pace)
        ) as tmdb:
            return await asyncio.gather(*map(tmdb.ask, lookups))

    return asyncio.run(all_of_them())


def test_a_movie_is_found_by_its_id(start):
    [[heat]] = ask(start(HEAT), by_id(949))
    assert (heat.id, heat.title, heat.year) == (949, "Heat", 1995)
    assert (heat.overview, heat.vote_average, heat.vote_count) == (
        "What happens in Heat.",
        7.5,
        100,
    )


def test_movies_are_found_by_title_and_year(start):
    fake = start(HEAT, movie(2, "Heat", "1986-11-13"), movie(3, "Alien"))
    [dated, undated] = ask(fake, by_title("Heat", 1995), by_title("Heat", None))
    assert [one.id for one in dated] == [949]
    assert [one.id for one in undated] == [949, 2]


def test_what_tmdb_does_not_know_or_cannot_search_is_no_movie(start):
    fake = start(HEAT)
    assert ask(fake, by_id(7), by_title("???", 1995)) == [(), ()]


def test_fields_that_are_null_are_empty(start):
    bare = {name: None for name in HEAT} | {"id": 949}
    [[heat]] = ask(start(bare), by_id(949))
    assert (heat.title, heat.overview, heat.year, heat.vote_count) == ("", "", None, 0)


@pytest.mark.parametrize(("key", "by"), [(V3, "query"), (V4, "header"), (f" {V3}\n", "query")])
def test_a_key_goes_into_the_address_and_a_token_into_the_header(start, key, by):
    fake = start(HEAT)
    ask(fake, by_id(949), key=key)
    assert [request["by"] for request in fake.requests()] == [by]


@pytest.mark.parametrize("fault", ["500", "503", "429", "cut", "reset", "html"])
def test_what_may_pass_is_tried_again(start, fault):
    fake = start(HEAT, faults={PATH: [fault, fault]})
    assert len(ask(fake, by_id(949))[0]) == 1
    assert len(fake.requests()) == 3


@pytest.mark.parametrize(
    ("fault", "says"), [("500!", "status 500"), ("reset!", "Error"), ("html!", "not JSON")]
)
def test_attempts_are_bounded(start, fault, says):
    fake = start(HEAT, faults={PATH: [fault]})
    with pytest.raises(ServiceError, match="in 3 attempts") as caught:
        ask(fake, by_id(949))
    assert says in caught.value.what and "what was answered is kept" in caught.value.fix
    assert len(fake.requests()) == 3


def test_a_server_that_is_not_there_is_an_error():
    with pytest.raises(ServiceError, match="ConnectError"):
        ask(None, by_id(949), url="http://127.0.0.1:9")


@pytest.mark.parametrize("fault", ["hang!", "drip!"])
def test_an_answer_has_a_deadline_however_slowly_it_drips(start, fault):
    fake = start(HEAT, faults={PATH: [fault]})
    started = time.monotonic()
    with pytest.raises(ServiceError, match=r"no whole answer in 0\.4 s"):
        ask(fake, by_id(949), deadline=0.4, attempts=2)
    assert time.monotonic() - started < 2


def test_retry_after_is_honoured_and_holds_every_request(start):
    fake = start(*(movie(n, "Heat") for n in range(1, 9)), faults={"/3/movie/1": ["429:0.6"]})

    async def some_at_first_then_more():
        async with open_tmdb(fake.url, SecretStr(V3), QUICK) as tmdb:
            first = asyncio.create_task(tmdb.ask(by_id(1)))
            await asyncio.sleep(0.2)
            await asyncio.gather(first, *(tmdb.ask(by_id(n)) for n in range(2, 9)))

    asyncio.run(some_at_first_then_more())
    refused, *others = fake.requests()
    assert refused["path"] == "/3/movie/1"
    assert min(request["at"] for request in others) - refused["at"] >= 0.55


def test_too_long_a_wait_is_an_error_at_once(start):
    fake = start(HEAT, faults={PATH: ["429:3600!"]})
    with pytest.raises(ServiceError, match="3600 seconds"):
        ask(fake, by_id(949))
    assert len(fake.requests()) == 1


@pytest.mark.parametrize("key", ["wrong", "eyJ.wrong"])
def test_a_refused_key_is_an_error_at_once(start, key):
    fake = start(HEAT)
    with pytest.raises(ServiceError, match="401") as caught:
        ask(fake, by_id(949), key=key)
    assert "TMDB_API_KEY" in caught.value.fix
    assert len(fake.requests()) == 1


@pytest.mark.parametrize("fault", ["404", "301", "418"])
def test_a_server_that_is_not_tmdb_is_not_taken_for_one_without_the_movie(start, fault):
    fake = start(HEAT, faults={PATH: [fault]})
    with pytest.raises(ServiceError, match=f"status {fault} is not TMDB") as caught:
        ask(fake, by_id(949))
    assert "PALATE_TMDB_URL" in caught.value.fix


@pytest.mark.parametrize("url", ["themoviedb", "ftp://127.0.0.1", "", "http://"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(SettingsError, match="is no address"):
        ask(None, by_id(1), url=url)


@pytest.mark.parametrize("url", ["http://u:s3cret@127.0.0.1:9", "http://127.0.0.1?api_key=s3cret"])
def test_an_address_with_a_secret_is_refused_without_showing_it(url):
    with pytest.raises(SettingsError) as caught:
        ask(None, by_id(1), url=url)
    assert "s3cret" not in str(caught.value)


def test_requests_are_paced(start):
    fake = start(HEAT)
    ask(fake, *[by_id(949)] * 11, rate=20)
    times = sorted(request["at"] for request in fake.requests())
    assert times[-1] - times[0] >= 0.45
    assert times[4] - times[0] >= 0.15, "no burst at the start"
