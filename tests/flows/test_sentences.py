"""Sentences about published items: asked once, joined at publication, never in a night's way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.candidates import propose
from flows.ranking import base_lists
from flows.sentences import Sentences, write_sentences
from tasks.core.artifacts import read_table
from tasks.core.errors import StoppedError
from tasks.llm.open_sessions import close_sessions
from tasks.llm.session import session_for
from tasks.store.query import query
from tests.flows.small import options, pipeline_of, world
from tests.support.command import PLAIN
from tests.support.datasets import write_generic
from tests.support.direct import Direct
from tests.support.fake_llm import faults
from tests.support.fake_llm.handle import FakeLLM, fake_llm
from tests.support.in_process import Terminal
from tests.support.options import plain_settings

USERS, TOP = 6, 4
NEEDS = (USERS * TOP, USERS * TOP)


@pytest.fixture(scope="module")
def server_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeLLM]:
    with fake_llm(tmp_path_factory.mktemp("llm")) as server:
        yield server


@pytest.fixture
def llm(server_of_tests: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLLM]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-tests")
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    server_of_tests.script()
    yield server_of_tests
    close_sessions()


def test_every_published_item_has_a_sentence_that_is_asked_for_once(
    llm: FakeLLM, tmp_path: Path, terminal: Terminal
) -> None:
    home, data = terminal.home, write_generic(tmp_path / "people", users=USERS)
    words = ["--data", data, "--top", TOP, *PLAIN, "--search-count", 20]
    words += ["--explain", "--llm-model", "fake-1", "--llm-base-url", llm.url]
    before = len(llm.calls())

    plan = terminal.succeed("estimate", *words).stdout
    assert f"explain │ {USERS:8} │ {USERS * TOP:5}" in plan and "score │" not in plan
    assert len(llm.calls()) == before
    first = terminal.succeed("nightly", *words, "--measure-users", 0)
    assert len(llm.calls()) == before + USERS, "one request a person for all their items"
    counts = "SELECT count(*), count(why) FROM latest_recommendations"
    assert query(home, counts).row(0) == NEEDS
    assert query(home, f"SELECT count(why) FROM ranked_items WHERE rank > {TOP}").item() == 0
    assert "You like deterministic sentences" in first.stdout and "┃ why" in first.stdout
    assert f"Asked fake-1: {USERS} requests" in first.stdout
    usage = query(home, "SELECT kind, requests, pairs FROM llm_usage").rows()
    assert usage == [("explain", USERS, USERS * TOP)]

    for file in (home / "results").glob("say-why*"):
        file.unlink()
    terminal.succeed("nightly", *words, "--measure-users", 0)
    assert len(llm.calls()) == before + USERS and query(home, counts).row(0) == NEEDS

    rates = [word for n in (1, 2, 3) for word in ("--rate", f"#{n}=5")]
    one = terminal.succeed("recommend", *words, *rates)
    assert one.stdout.count("You like deterministic sentences") == TOP
    assert len(llm.calls()) == before + USERS + 1

    words.remove("--explain")
    terminal.succeed("nightly", *words, "--measure-users", 0)
    assert query(home, counts).row(0) == (USERS * TOP, 0), "no sentence unless it is wanted"
    assert len(llm.calls()) == before + USERS + 1


class Lists:
    """Lists to write sentences about, without Prefect; a new `asked` is a new command."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.world = world(home / "data", options(home))
        pipeline = pipeline_of(self.world, options(home), Direct(home))
        self.lists = base_lists(pipeline, propose(pipeline))
        self.users = read_table(home, self.lists)["user"].n_unique()

    def asked(self, llm: FakeLLM, **given: Any) -> Sentences:
        model = {"llm_model": "fake-1", "llm_base_url": llm.url}
        settings = options(self.home, **{**model, "chunk_users": 4, **given})
        try:
            pipeline = pipeline_of(self.world, settings, Direct(self.home))
            return write_sentences(pipeline, self.lists)
        finally:
            close_sessions()

    def said(self, sentences: Sentences) -> int:
        """People with a sentence."""
        assert sentences.whys is not None
        return read_table(self.home, sentences.whys)["user"].n_unique()


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    return Lists(tmp_path / "home")


def test_whatever_stops_the_asking_what_is_known_is_given_and_the_next_time_goes_on(
    llm: FakeLLM, lists: Lists
) -> None:
    before = len(llm.calls())
    limited = lists.asked(llm, max_requests=3, llm_concurrency=1)
    assert lists.said(limited) == 3 and limited.asked
    assert limited.note and "Not every item has a sentence" in limited.note
    assert "--max-requests" in limited.note and len(llm.calls()) == before + 3

    llm.script(faults.bad_key())
    refused = lists.asked(llm)
    assert lists.said(refused) == 3 and "refuses the key" in (refused.note or "")
    llm.stop()
    away = lists.asked(llm, llm_patience=0.1)
    assert lists.said(away) == 3 and "has not answered" in (away.note or "")

    llm.start()
    before = len(llm.calls())
    whole = lists.asked(llm)
    assert lists.said(whole) == lists.users and whole.note is None
    assert len(llm.calls()) == before + lists.users - 3


def test_a_ledger_that_cannot_be_opened_costs_the_sentences_and_no_more(
    llm: FakeLLM, lists: Lists
) -> None:
    (lists.home / "ledger.sqlite").mkdir(parents=True)
    sentences = lists.asked(llm)
    assert sentences.whys is None and not sentences.asked
    assert sentences.note and "Not every item has a sentence" in sentences.note


def test_ctrl_c_is_no_note(llm: FakeLLM, lists: Lists) -> None:
    settings = options(lists.home, llm_model="fake-1", llm_base_url=llm.url)
    session_for(lists.home, settings.engine).engine.stop()
    with pytest.raises(StoppedError):
        write_sentences(pipeline_of(lists.world, settings, Direct(lists.home)), lists.lists)


def test_nobody_writes_sentences_without_a_model() -> None:
    with pytest.raises(ValueError, match="llm_model does not say which"):
        plain_settings(explain=True)
