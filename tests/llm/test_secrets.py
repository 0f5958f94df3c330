"""The key is read from the environment and shows up nowhere: logs, errors, ledger, files."""

import asyncio
import logging
import pickle
import traceback

import polars as pl
import pytest

from tasks.core.artifacts import write_table
from tasks.core.errors import LlmDownError, LlmSetupError, PalateError
from tasks.core.secrets import Secrets
from tasks.llm.asking import ask_scores
from tasks.llm.open_sessions import close_sessions
from tasks.llm.session import Session, session_for
from tests.llm.engine_support import (
    Watched,
    closed_port,
    engine_on,
    options,
    people,
    right,
    score,
    write,
)
from tests.support.fake_clock import FakeClock
from tests.support.fake_llm import faults
from tests.support.fake_llm.handle import fake_llm

SENTINEL = "sk-sentinel-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
LOGGERS = ["", "openai", "httpx", "httpx2", "httpcore", "httpcore2", "sqlalchemy", "asyncio"]
LOGGERS += ["sqlalchemy.engine", "sqlalchemy.pool", "aiosqlite"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with fake_llm(tmp_path_factory.mktemp("fake")) as running:
        yield running


@pytest.fixture
def fake(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", SENTINEL)
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    yield Watched(server)
    close_sessions()


@pytest.fixture
def log(tmp_path):
    """A file to which everything is logged, as loud as it can be."""
    file = tmp_path / "everything.log"
    handler, root = logging.FileHandler(file), logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield file
    root.removeHandler(handler)
    handler.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def shown(error: BaseException) -> str:
    """Everything that a crash report could print of an error, its causes included."""
    whole = "".join(traceback.format_exception(error, chain=True))
    seen: BaseException | None = error
    while seen is not None:
        whole += f"{seen} {seen!r} {seen.args!r} {vars(seen)!r}"
        seen = seen.__cause__ or seen.__context__
    return whole


FAULTS = {
    "none": [],
    "401": [faults.bad_key()],
    "401 with the whole key": [faults.status(401, f"Incorrect API key: {SENTINEL}.")],
    "400 with the whole key": [faults.status(400, f"Incorrect API key: {SENTINEL}.")],
    "500 with the whole key": [faults.status(500, f"Bearer {SENTINEL}")],
    "broken": [faults.reset(times=1), faults.cut(times=1), faults.html(times=1)],
    "hang": [faults.hang()],
}


@pytest.mark.parametrize("script", FAULTS.values(), ids=FAULTS)
def test_the_key_is_sent_and_shows_up_nowhere_else(fake, log, tmp_path, script) -> None:
    fake.script(*script)
    home, asked, told = tmp_path / "home", people(2), ""
    more = {"llm_attempts": 2, "llm_deadline": 1.0}
    done = score(home, fake.url, asked, key=SENTINEL, clock=FakeClock(), **more)
    if done.error is not None:
        told += shown(done.error) + repr(pickle.loads(pickle.dumps(done.error)))
    scores = pl.DataFrame({"score": [s for one in done.answers or [[None]] for s in one]})
    write_table(home, "scores", scores)
    assert {call.authorization for call in fake.calls()} == {f"Bearer {SENTINEL}"}
    logged = log.read_text()
    assert all(f"{name}" in logged for name in ("HTTP Request", "INSERT INTO requests"))
    assert SENTINEL not in logged + told
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) >= 3 and not any(SENTINEL.encode() in path.read_bytes() for path in files)


def test_the_key_of_a_whole_session_shows_up_nowhere(fake, log, tmp_path) -> None:
    home, asked = tmp_path / "home", people(2)
    session = session_for(home, options(fake.url))
    assert session.run(lambda engine: ask_scores(engine, asked, lambda _: None)) == right(asked)
    engine = session.engine
    known = [Secrets(), engine.options, engine, engine.client, engine.ledger, vars(session)]
    known += [vars(engine), vars(engine.client), vars(engine.ledger), session.summary()]
    close_sessions()
    assert fake.calls()[0].authorization == f"Bearer {SENTINEL}"
    assert SENTINEL not in repr(known) + log.read_text()
    assert SENTINEL not in options(fake.url).model_dump_json()


def test_a_key_cannot_be_a_setting() -> None:
    for url in (
        f"http://{SENTINEL}@host/v1",
        f"http://u:{SENTINEL}@host",
        f"http://h?k={SENTINEL}",
    ):
        with pytest.raises(ValueError, match="OPENAI_API_KEY"):
            options(url)
    with pytest.raises(ValueError, match="Extra inputs"):
        options("http://host/v1", openai_api_key="x")


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_key_with_a_line_end_works_or_is_said_to_be_wrong(fake, log, tmp_path, end) -> None:
    """As `export OPENAI_API_KEY="$(<file)"` does not make it, but a container's secrets do."""
    done = score(tmp_path, fake.url, people(1), key=SENTINEL + end, clock=FakeClock())
    assert SENTINEL not in log.read_text()
    assert done.error is None or isinstance(done.error, LlmSetupError), done.error
    if done.error is None:
        assert done.scores == right(people(1))


def test_a_server_that_is_away_says_nothing_of_the_key(log, tmp_path) -> None:
    asked = {"key": SENTINEL, "clock": FakeClock(), "llm_patience": 20}
    done = score(tmp_path, closed_port(), people(2), **asked)
    assert isinstance(done.error, LlmDownError)
    assert SENTINEL not in shown(done.error) + log.read_text()


def test_without_a_key_a_local_server_is_asked_all_the_same(fake, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert score(tmp_path, fake.url, people(1), key=None).scores == right(people(1))
    assert fake.calls()[0].authorization == "Bearer none"


def test_a_statement_that_fails_shows_no_values(fake, log, tmp_path) -> None:
    async def break_it() -> PalateError:
        async with engine_on(tmp_path, fake.url) as engine:
            async with engine.ledger.database._open_engine().begin() as connection:
                await connection.exec_driver_sql("DROP TABLE scores")
            with pytest.raises(PalateError) as caught:
                await ask_scores(engine, people(1), lambda _: None)
            return caught.value

    error = asyncio.run(break_it())
    assert "no such table: scores" in str(error)
    assert "hidden due to hide_parameters" in log.read_text()
    assert "Film 0-" not in shown(error) and "parameters: [" not in shown(error)


def test_an_answer_that_repeats_the_key_is_the_models_own_text(fake, tmp_path) -> None:
    """The model never sees the key: it is in no prompt."""
    score(tmp_path, fake.url, people(2), key=SENTINEL)
    write(tmp_path, fake.url, ["<favourites>\n</favourites>"], key=SENTINEL)
    assert len(fake.calls()) == 3
    assert all(SENTINEL not in repr(call.body) for call in fake.calls())
    assert SENTINEL not in repr(Session)
