"""What each failure of a send means; nothing of what the server said is repeated."""

import json

import httpx2
import openai
import pytest

from tasks.core.errors import LlmSetupError
from tasks.llm.failures import classify
from tasks.llm.waiting import LONGEST_WAIT, seconds_to_wait

REQUEST = httpx2.Request("POST", "http://127.0.0.1:9/v1/chat/completions")
SECRET = "sk-secret-key and Heat (1995)"
CLIENT = openai.AsyncOpenAI(api_key="k", base_url="http://127.0.0.1:9/v1")


def refused(status, code=None, kind=None, headers=None, body=None, param=None):
    """The exception that the openai package makes of an answer with this status."""
    error = {"message": SECRET, "type": kind, "param": param, "code": code}
    content = json.dumps({"error": error}) if body is None else body
    response = httpx2.Response(status, text=content, headers=headers or {}, request=REQUEST)
    return CLIENT._make_status_error_from_response(response)


def unreachable(cause):
    error = openai.APIConnectionError(message=SECRET, request=REQUEST)
    error.__cause__ = cause
    return error


def timed_out(cause):
    error = openai.APITimeoutError(REQUEST)
    error.__cause__ = cause
    return error


def told(error):
    failure = classify(error)
    return failure.remedy, failure.crowded, failure.away, failure.perhaps_billed


NOT_BILLED = {
    "the key": ("stop", False, False, False),
    "busy": ("again", True, True, False),
    "broken": ("again", True, False, False),
    "smaller": ("smaller", False, False, False),
    "plain": ("plain", False, False, False),
    "give up": ("give_up", False, False, False),
}


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (refused(401, "invalid_api_key"), "the key"),
        (refused(403), "the key"),
        (refused(402), "the key"),
        (refused(429, "insufficient_quota"), "the key"),
        (refused(429, None, "insufficient_quota"), "the key"),
        (refused(404, "model_not_found"), "the key"),
        (refused(400, "model_not_found"), "the key"),
        (refused(404), "the key"),
        (refused(404, body="<html>404 Not Found</html>"), "the key"),
        (refused(404, 404, "not_found_error"), "the key"),  # as llama.cpp says it
        (refused(404, 404, "NotFoundError"), "the key"),  # as vLLM says it
        (refused(429, "rate_limit_exceeded"), "busy"),
        (refused(502, body="<html>Bad Gateway</html>"), "busy"),
        (refused(503, 503, "unavailable_error"), "busy"),
        (refused(504), "busy"),
        (refused(529, "overloaded_error"), "busy"),
        (refused(408), "broken"),
        (refused(409), "broken"),
        (refused(500), "broken"),
        (refused(500, body=""), "broken"),
        (refused(400, "context_length_exceeded"), "smaller"),
        (refused(400, 400, "exceed_context_size_error"), "smaller"),  # as llama.cpp says it
        (refused(413), "smaller"),
        (refused(400, "unsupported_value", body='{"error": "response_format"}'), "plain"),
        (refused(400, body='{"error": {"message": "grammar: failed to parse"}}'), "plain"),
        (refused(422, body='{"detail": [{"loc": ["json_schema"]}]}'), "plain"),
        (refused(400, "content_filter"), "give up"),
        (refused(400, "content_policy_violation"), "give up"),
        (refused(400), "give up"),
        (refused(400, "invalid_request_error"), "give up"),
        (refused(422), "give up"),
        (refused(418), "give up"),
        (refused(400, body="[]"), "give up"),
        (refused(400, body='{"error": "bad"}'), "give up"),
        (refused(400, body='{"error": {"code": ["x"], "type": 7}}'), "give up"),
        (refused(400, body="\ufffd"), "give up"),
    ],
)
def test_what_a_status_means(error, remedy):
    assert told(error) == NOT_BILLED[remedy]


def said(message, **more):
    return json.dumps({"error": {"message": message} | more})


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (refused(400, body=said("API key not valid. Please pass a valid API key.")), "stop"),
        (refused(400, body=said("Model Not Exist")), "stop"),
        (refused(400, body=said("foo/bar is not a valid model ID")), "stop"),
        (refused(400, body='{"message": "Invalid model: x", "type": "invalid_model"}'), "stop"),
        (refused(402, body=said("Insufficient Balance")), "stop"),
        (refused(400, body=said("Your credit balance is too low")), "stop"),
        (refused(403, body=said("Key is disabled")), "stop"),
        (refused(403, body=said("The input was flagged by moderation")), "give_up"),
        (refused(400, body=said("Content Exists Risk")), "give_up"),
        (refused(400, body=said("the content management policy was triggered")), "give_up"),
        (refused(400, body=said("Failed to generate JSON", code="json_validate_failed")), "again"),
        (refused(500, body=said("the prompt exceeds the context window")), "smaller"),
        (refused(400, body=said("Unrecognized argument: max_completion_tokens")), "plain"),
        (refused(422, body='{"detail": [{"loc": ["body", "temperature"]}]}'), "plain"),
        (refused(400, body='[{"error": {"message": "Unknown name at response_schema"}}]'), "plain"),
        (refused(500, body='{"error": "json_schema: cannot compile grammar"}'), "plain"),
        (refused(400, body="System role not supported"), "plain"),
        (refused(404, body=said("No endpoints can handle response_format")), "plain"),
        (refused(404, body=said("No endpoints for this data policy")), "stop"),
    ],
)
def test_what_is_said_decides_whatever_its_shape_and_status(error, remedy):
    assert classify(error).remedy == remedy


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "Fri, 15 Jan 2027 08:01:00 GMT"}, 60.0),
        ({"retry-after": "Fri, 15 Jan 2020 08:01:00 GMT"}, None),
        ({"x-ratelimit-reset-requests": "1m30.5s"}, 90.5),
        ({"x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "6m0s"}, 0.12),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-reset-tokens": "30s",
                "x-ratelimit-remaining-tokens": "0",
            },
            30.0,
        ),
        ({"x-ratelimit-reset": str(int((NOW + 20) * 1000))}, 20.0),
        ({"x-ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_from_whatever_header_says_it(headers, seconds):
    assert seconds_to_wait(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.5s"}
EXHAUSTED = {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"links": []}, RETRY_INFO]}


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        ({"error": EXHAUSTED}, {}, 36.5),
        ([{"error": EXHAUSTED}], {}, 36.5),
        ([{"error": EXHAUSTED}], {"retry-after": "2"}, 2.0),
        ([{"error": {"details": [RETRY_INFO, {"retryDelay": "1m"}]}}], {}, 60.0),
        ([{"error": {"details": [{"retryDelay": "90h"}]}}], {}, LONGEST_WAIT),
        ([{"error": {"details": [{"retryDelay": "soon"}, {"retryDelay": 7}]}}], {}, None),
        ("retryDelay 36s", {}, None),
    ],
)
def test_how_long_to_wait_is_read_from_the_body_where_no_header_says_it(body, headers, seconds):
    failure = classify(refused(429, headers=headers, body=json.dumps(body)))
    assert failure.remedy == "again" and failure.retry_after == seconds


def test_a_filtered_prompt_is_called_so():
    assert classify(refused(400, "content_filter")).why == "filtered"
    assert classify(refused(400)).why != "filtered"


LOST = httpx2.ReadError("x")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (unreachable(httpx2.ConnectError("x")), ("again", True, True, False)),
        (unreachable(httpx2.RemoteProtocolError("x")), ("again", True, True, True)),
        (unreachable(LOST), ("again", True, True, True)),
        (unreachable(None), ("again", True, True, True)),
        (timed_out(httpx2.ReadTimeout("x")), ("again", True, False, True)),
        (TimeoutError(), ("again", True, False, True)),
        (json.JSONDecodeError("x", "x", 0), ("again", False, False, True)),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "x"), ("again", False, False, True)),
        (
            openai.APIResponseValidationError(httpx2.Response(200, request=REQUEST), None),
            ("again", False, False, True),
        ),
        (openai.OpenAIError("x"), ("again", False, False, True)),
    ],
)
def test_what_an_answer_that_never_came_whole_means(error, expected):
    assert told(error) == expected


@pytest.mark.parametrize("cause", [httpx2.ConnectTimeout("x"), httpx2.PoolTimeout("x")])
def test_what_was_never_sent_is_not_billed(cause):
    """openai makes APITimeoutError of these too."""
    assert told(timed_out(cause)) == ("again", True, True, False)


def test_another_error_is_not_the_servers():
    with pytest.raises(KeyError):
        classify(KeyError("x"))


@pytest.mark.parametrize(
    "status", [400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 429, 500, 503]
)
@pytest.mark.parametrize("code", [None, "model_not_found", "insufficient_quota", SECRET])
def test_what_the_server_said_is_never_repeated(status, code):
    failure = classify(refused(status, code, SECRET))
    assert "secret" not in f"{failure} {failure!r} {failure.why} {failure.error}"
    schema = refused(400, body=json.dumps({"error": {"message": f"response_format {SECRET}"}}))
    for error in (schema, unreachable(LOST), timed_out(LOST), ValueError(SECRET)):
        assert "secret" not in f"{classify(error)} {classify(error)!r}"


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (refused(401), "OPENAI_API_KEY"),
        (refused(402), "credit"),
        (refused(404), "--llm-base-url"),
        (refused(400, "model_not_found"), "--llm-model"),
    ],
)
def test_what_stops_everything_comes_with_advice(error, advice):
    stopped = classify(error).error
    assert isinstance(stopped, LlmSetupError)
    assert advice in stopped.fix
    assert "kept" in stopped.fix


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", None),
        ("1", 1.0),
        ("1.5", 1.5),
        (" 20 ", 20.0),
        ("1e9", LONGEST_WAIT),
        ("inf", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        ("-1", None),
        ("-inf", None),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("20 s", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_how_long_the_server_asks_to_wait(header, seconds):
    for status in (429, 503):
        assert classify(refused(status, headers={"Retry-After": header})).retry_after == seconds


def test_without_a_header_no_wait_is_asked_for():
    assert classify(refused(429)).retry_after is None
    assert classify(unreachable(LOST)).retry_after is None
