"""The page over real HTTP: who gets in, what is recorded, and when it ends."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks.core.errors import ServiceError, StoreError
from tasks.report.blind.pair import Chosen, draw
from tasks.report.blind.server import ask
from tests.report.blind.samples import a_pair
from tests.report.blind.visitor import Question, Visitor, asked


@pytest.fixture(scope="module")
def looking() -> Iterator[tuple[Question, Visitor]]:
    """Somebody looks at the lists, while others are turned away."""
    with asked() as (question, visitor):
        visitor.enter()
        yield question, visitor
        assert question.kept == []


@pytest.fixture
def question(looking: tuple[Question, Visitor]) -> Question:
    return looking[0]


@pytest.fixture
def visitor(looking: tuple[Question, Visitor]) -> Visitor:
    return looking[1]


def test_the_first_to_bring_the_token_chooses_once_and_then_it_ends():
    question = Question()
    visitor = Visitor(question.address)
    started = visitor.send("GET", visitor.start)
    assert (started.status, started.headers["location"]) == (303, "/")
    assert "HttpOnly" in started.headers["set-cookie"]
    assert "SameSite=strict" in started.headers["set-cookie"]
    assert "Which list do you prefer?" in visitor.send("GET", "/").text
    thanks = visitor.choose("B")
    expected = question.draw.list_at("B")
    assert thanks.status == 200 and "You chose list B" in thanks.text
    assert question.end() == expected and question.kept == [expected]


def test_the_token_works_once(question: Question):
    stranger = Visitor(question.address)
    assert stranger.send("GET", stranger.start).status == 403
    assert stranger.cookie is None
    assert stranger.send("GET", "/").status == 403


def test_whoever_is_in_may_open_the_address_again(visitor: Visitor):
    assert visitor.send("GET", visitor.start).status == 303


@pytest.mark.parametrize("token", ["x", "%C3%A9%ED%A0%80", "x" * 5_000])
def test_a_wrong_token_does_not_let_in_nor_use_up_the_right_one(token: str):
    with asked() as (_, visitor):
        assert visitor.send("GET", f"/start/{token}").status == 403
        assert visitor.send("HEAD", visitor.start).status == 405
        assert visitor.send("GET", visitor.start).status == 303


def test_a_wrong_cookie_is_no_cookie(question: Question, visitor: Visitor):
    stranger = Visitor(question.address)
    assert visitor.cookie is not None
    stranger.cookie = visitor.cookie[:-1] + "\u00e9"
    assert stranger.send("GET", "/").status == 403
    assert stranger.choose("A").status == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]:80"])
def test_a_foreign_host_is_turned_away(visitor: Visitor, host: str):
    origin = f"http://{host}"
    assert visitor.send("GET", "/", Host=host).status == 403
    assert visitor.choose("A", Host=host, Origin=origin).status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://{}", ""])
def test_a_form_of_another_site_is_turned_away(visitor: Visitor, origin: str):
    assert visitor.choose("A", Origin=origin.format(visitor.host)).status == 403


def test_a_form_without_an_origin_is_turned_away(visitor: Visitor):
    assert visitor.send("POST", "/", "choice=A").status == 403


@pytest.mark.parametrize(
    "answer", ["C", "reranked", "A&choice=B", "", "A&x=" + 10_000 * "x", "%00", "a"]
)
def test_what_is_no_answer_is_refused(visitor: Visitor, answer: str):
    assert visitor.choose(answer).status == 400


def test_nobody_chooses_before_they_have_seen_the_lists():
    with asked() as (question, visitor):
        visitor.send("GET", visitor.start)
        assert visitor.choose("A").status == 303
        assert question.kept == []


def test_every_answer_forbids_scripts_frames_and_foreign_resources(visitor: Visitor):
    stranger = Visitor(f"http://{visitor.host}/start/x")
    for answer in (visitor.send("GET", "/"), visitor.send("GET", visitor.start), stranger.enter()):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy and "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_only_this_machine_is_listened_to(visitor: Visitor):
    assert visitor.host.startswith("127.0.0.1:")


def test_a_port_that_cannot_be_had_is_said(visitor: Visitor):
    taken = int(visitor.host.partition(":")[2])
    for port in (taken, 70_000):
        with pytest.raises(ServiceError, match=f"Port {port}: "):
            ask(a_pair(), draw(0), lambda chosen, seconds: None, print, minutes=0.001, port=port)


def test_two_submissions_at_once_are_one_choice():
    release, kept = threading.Event(), []

    def slowly(chosen: Chosen, seconds: float) -> None:
        release.wait(10)
        kept.append(chosen)

    question = Question(keep=slowly)
    visitor = Visitor(question.address)
    visitor.enter()
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(visitor.choose, letter) for letter in "AB"]
        reload = pool.submit(visitor.send, "GET", "/")
        time.sleep(0.2)
        release.set()
    pages = [future.result() for future in both]
    assert len(kept) == 1 and question.end() == kept[0]
    assert [page.status for page in pages] == [200, 200]
    letter = "A" if kept[0] == question.draw.list_at("A") else "B"
    sentence = f"You chose list {letter}"
    assert all(sentence in page.text for page in pages)
    assert reload.result().status == 200


def test_a_choice_that_cannot_be_stored_is_told_to_both():
    def fail(chosen: Chosen, seconds: float) -> None:
        raise StoreError("The disk is full.", "Make room.")

    question = Question(keep=fail)
    visitor = Visitor(question.address)
    visitor.enter()
    assert visitor.choose("A").status == 500
    assert isinstance(question.end(), StoreError)


def test_who_does_not_choose_in_time_has_chosen_nothing():
    question = Question(seconds=0.1)
    assert question.end() is None and question.kept == []
