"""A batch's files: lines going in, lines coming out in any order, some of them broken."""

import json

import pytest

from tasks.llm import batch_files
from tasks.llm.batch_files import read_lines, split, write_line
from tasks.llm.requests import Usage
from tests.llm.engine_support import chat_request

REQUEST = chat_request()


def requests(count):
    return [REQUEST] * count


def body(request):
    return {"model": "m", "messages": [{"role": "user", "content": request.user}]}


def completion(said="{}", reason="stop", **message):
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m-1",
        "choices": [
            {
                "index": 0,
                "finish_reason": reason,
                "message": {"role": "assistant", "content": said} | message,
            }
        ],
        "usage": {
            "prompt_tokens": 700,
            "completion_tokens": 90,
            "total_tokens": 790,
            "prompt_tokens_details": {"cached_tokens": 600},
        },
    }


def line(custom_id, status=200, answer=None, **more):
    response = {"status_code": status, "request_id": "r", "body": answer or completion()}
    return json.dumps(
        {"id": "b", "custom_id": custom_id, "response": response, "error": None} | more
    )


def refused(status, code=None):
    return line("1", status, {"error": {"message": "m", "type": "t", "param": None, "code": code}})


def reply(text):
    (found,) = read_lines(text).values()
    return found


def test_a_line_holds_the_request_and_its_name():
    written = write_line("abc", body(REQUEST))
    assert written.endswith(b"\n")
    assert written.count(b"\n") == 1
    assert json.loads(written) == {
        "custom_id": "abc",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": body(REQUEST),
    }


def test_a_line_stays_one_line_whatever_its_text():
    hostile = {"content": "a\nb\r\u2028\u2029\x85\x0b\x0c\x00é🎬"}
    written = write_line("1", hostile)
    assert len(written.decode().splitlines()) == 1
    assert json.loads(written)["body"] == hostile


def test_few_requests_go_into_one_file():
    assert list(split(requests(3), body)) == [slice(0, 3)]
    assert list(split([], body)) == []


def test_a_file_holds_no_more_lines_than_allowed(monkeypatch):
    monkeypatch.setattr(batch_files, "MOST_LINES", 10)
    assert list(split(requests(25), body)) == [slice(0, 10), slice(10, 20), slice(20, 25)]
    assert list(split(requests(10), body)) == [slice(0, 10)]


def test_a_file_holds_no_more_bytes_than_allowed(monkeypatch):
    size = len(write_line("0" * 32, body(REQUEST)))
    monkeypatch.setattr(batch_files, "MOST_BYTES", 4 * size)
    parts = list(split(requests(11), body))
    assert parts == [slice(0, 4), slice(4, 8), slice(8, 11)]
    monkeypatch.setattr(batch_files, "MOST_BYTES", 4 * size - 1)
    assert next(split(requests(11), body)) == slice(0, 3)


def test_a_line_that_is_too_long_alone_is_a_file_alone(monkeypatch):
    monkeypatch.setattr(batch_files, "MOST_BYTES", 1)
    assert list(split(requests(3), body)) == [slice(0, 1), slice(1, 2), slice(2, 3)]


def test_the_limits_are_those_of_openai():
    assert batch_files.MOST_LINES <= 50_000
    assert batch_files.MOST_BYTES <= 200_000_000


def test_answers_in_any_order_are_found_by_their_names():
    said = [line(str(n), answer=completion(f"answer {n}")) for n in range(5)]
    found = read_lines("\n".join(reversed(said)) + "\n")
    assert {name: answer.text for name, answer in found.items()} == {
        str(n): f"answer {n}" for n in range(5)
    }


def test_an_answer_is_read_with_what_it_used():
    answer = reply(line("1", answer=completion("yes")))
    assert (answer.outcome, answer.text, answer.model) == ("answered", "yes", "m-1")
    assert answer.usage == Usage(prompt=700, cached=600, answer=90)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (completion("x", "length"), "length"),
        (completion("x", "content_filter"), "filtered"),
        (completion(None, "stop", refusal="I would rather not."), "refusal"),
        ({"choices": []}, "unanswered"),
        ({"object": "error"}, "unanswered"),
        ([1], "unanswered"),
        ("<html>", "unanswered"),
    ],
)
def test_an_answer_without_a_whole_text_has_an_outcome_and_no_text(answer, outcome):
    found = reply(line("1", answer=answer))
    assert (found.outcome, found.text) == (outcome, "")


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (400, "context_length_exceeded", "too_long"),
        (400, "content_filter", "filtered"),
        (400, "content_policy_violation", "filtered"),
        (400, "invalid_request_error", "gave_up"),
        (400, None, "gave_up"),
        (404, 404, "gave_up"),
        (422, None, "gave_up"),
        *((status, None, "unanswered") for status in (408, 409, 429, 500, 502, 503)),
        (429, "rate_limit_exceeded", "unanswered"),
    ],
)
def test_what_a_refused_line_means(status, code, outcome):
    assert reply(refused(status, code)).outcome == outcome


@pytest.mark.parametrize("code", ["batch_expired", "batch_cancelled"])
def test_a_line_that_never_ran_can_be_asked_again(code):
    said = {"custom_id": "1", "response": None, "error": {"code": code, "message": "m"}}
    found = reply(json.dumps(said))
    assert (found.outcome, found.finish_reason) == ("unanswered", code)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        '"x"',
        "{}",
        '{"response": {"status_code": 200}}',
        line("1")[:-30],
    ],
)
def test_a_line_that_makes_no_sense_is_left_out_and_the_others_are_read(broken):
    assert set(read_lines(f"{line('a')}\n{broken}\n{line('b')}")) == {"a", "b"}


@pytest.mark.parametrize(
    "strange",
    [
        '{"custom_id": "1", "response": "x"}',
        '{"custom_id": "1", "response": [1]}',
        '{"custom_id": "1", "error": "expired"}',
        line("1", 400, {"error": "bad request"}),
        line("1", 400, "bad request"),
        line("1", "400"),
        line("1", None),
    ],
)
def test_a_line_of_another_shape_does_not_keep_the_others_from_being_read(strange):
    found = read_lines(f"{line('a')}\n{strange}\n{line('b')}")
    assert {"a", "b"} <= set(found)
    assert found["a"].outcome == found["b"].outcome == "answered"


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85"])
def test_only_a_line_feed_ends_a_line(sign):
    """JSON may hold these as they are, and str.splitlines splits at them: a paid answer lost."""
    answer = completion(f"one{sign}two")
    said = json.dumps(json.loads(line("1", answer=answer)), ensure_ascii=False)
    assert read_lines(said)["1"].text == f"one{sign}two"


def test_windows_line_ends_are_read():
    assert set(read_lines(f"{line('a')}\r\n{line('b')}\r\n")) == {"a", "b"}
