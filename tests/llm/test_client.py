"""One send: what goes out, and what is made of whatever comes back, without a network."""

import asyncio
import json

import httpx2
import openai
import pytest

from tasks.core.secrets import Secrets
from tasks.llm.client import ChatClient
from tasks.llm.failures import Failure
from tasks.llm.requests import Reply, Usage
from tests.llm.engine_support import KEY, chat_request, options

REQUEST = chat_request(answer_tokens=52, pairs=1)
URL = "http://model.invalid/v1"


def completion(**changes):
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": "{}"},
    }
    usage = {
        "prompt_tokens": 30,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 16},
    }
    whole = {"id": "1", "object": "chat.completion", "model": "fake-1-2026", "usage": usage}
    return whole | {"choices": [choice | changes]}


def answering(*answers):
    """A client whose server gives these (status, body, headers), the last one for ever."""
    client = ChatClient(options(URL), Secrets.model_validate({"openai_api_key": KEY}))
    left, bodies = list(answers), []

    async def answer(request):
        bodies.append(json.loads(request.content))
        status, body, headers = left.pop(0) if len(left) > 1 else left[0]
        await asyncio.sleep(0.01)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx2.Response(
            status, content=content, headers={"content-type": "application/json"} | headers
        )

    transport = httpx2.AsyncClient(transport=httpx2.MockTransport(answer), verify=False)
    client.openai = openai.AsyncOpenAI(
        api_key=KEY, base_url=URL, max_retries=client.openai.max_retries, http_client=transport
    )
    return client, bodies


def send(client, times=1):
    """The outcomes of so many sends at once, as they are returned or raised."""

    async def all_of_them():
        sends = (client.send(REQUEST) for _ in range(times))
        return await asyncio.gather(*sends, return_exceptions=True)

    return asyncio.run(all_of_them())


def failure(status, body=b"", **headers):
    client, bodies = answering((status, body, {k.replace("_", "-"): v for k, v in headers.items()}))
    [failed] = send(client)
    assert isinstance(failed, Failure), failed
    assert len(bodies) == 1, "the openai package tried again by itself"
    return failed


def error(code=None, message="Something.", kind="invalid_request_error", param=None):
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def test_a_request_holds_what_makes_answers_repeatable_and_bounded() -> None:
    client, _ = answering((200, completion(), {}))
    assert client.body(REQUEST) == {
        "model": "fake-1",
        "messages": [
            {"role": "system", "content": "Judge."},
            {"role": "user", "content": "Heat"},
        ],
        "max_completion_tokens": 52,
        "temperature": 0.0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "score", "strict": True, "schema": {"type": "object"}},
        },
    }


def test_a_model_that_thinks_gets_room_for_it() -> None:
    secrets = Secrets.model_validate({"openai_api_key": KEY})
    client = ChatClient(options(URL, llm_extra_answer_tokens=1_000), secrets)
    assert client.body(REQUEST)["max_completion_tokens"] == 1_052


def test_a_whole_answer_becomes_a_reply_with_the_servers_own_counts() -> None:
    client, bodies = answering((200, completion(), {}))
    usage = Usage(prompt=30, cached=16, answer=5)
    assert send(client) == [Reply("answered", "{}", "stop", "fake-1-2026", usage)]
    assert bodies == [client.body(REQUEST)]


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"finish_reason": "length"}, "length"),
        ({"finish_reason": "content_filter"}, "filtered"),
        ({"message": {"role": "assistant", "content": "{}", "refusal": "No."}}, "refusal"),
    ],
)
def test_an_answer_that_is_none_gives_no_text_but_counts_its_tokens(changes, outcome) -> None:
    client, _ = answering((200, completion(**changes), {}))
    [reply] = send(client)
    assert (reply.outcome, reply.text, reply.usage.answer) == (outcome, "", 5)


ODD = {
    "nothing": b"",
    "no object": b"[]",
    "null": b"null",
    "no JSON": b"\xff\xfe{",
    "no choices": {"choices": None},
    "an error with status 200": error("overloaded"),
    "a choice that is null": {"choices": [None]},
    "choices that are text": {"choices": "ab"},
    "a choice without a message": {"choices": [{}]},
    "a message that is null": completion(message=None),
    "a message that is text": completion(message="hi"),
    "content that is a number": completion(message={"content": 5}),
    "content in parts": completion(message={"content": [{"type": "text", "text": "{}"}]}),
    "usage that is text": completion() | {"usage": "none"},
    "token counts that are text": completion() | {"usage": {"prompt_tokens": "12"}},
    "details that are a number": completion()
    | {"usage": {"prompt_tokens": 1, "prompt_tokens_details": 5}},
    "a list without end": b"[" * 200_000,
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_a_body_that_is_no_completion_is_a_failure_or_a_plain_reply_and_no_crash(body) -> None:
    client, _ = answering((200, body, {}))
    [result] = send(client)
    if isinstance(result, Reply):
        counts = (result.usage.prompt, result.usage.cached, result.usage.answer)
        assert isinstance(result.text, str) and all(type(count) is int for count in counts)
    else:
        assert isinstance(result, Failure), repr(result)
        assert (result.remedy, result.perhaps_billed) == ("again", True)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_tried_again_and_slows_the_job_down(status) -> None:
    failed = failure(status, error())
    assert (failed.remedy, failed.crowded, failed.perhaps_billed) == ("again", True, False)
    assert failed.away is (status in {429, 502, 503, 504, 529})


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("2", 2.0),
        ("0.5", 0.5),
        ("0", None),
        ("-1", None),
        ("nan", None),
        ("soon", None),
        ("1e9", 86_400.0),
        ("inf", 86_400.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_never_believed_beyond_a_day(said, seconds) -> None:
    assert failure(429, error(), retry_after=said).retry_after == seconds


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, error("invalid_api_key")),
        (401, b"<html>"),
        (403, error()),
        (402, error()),
        (429, error("insufficient_quota")),
        (429, error(kind="insufficient_quota")),
        (404, error("model_not_found")),
        (400, error("model_not_found")),
        (404, b"<html>"),
        # As vLLM says it, and llama.cpp of an address: the code is the status.
        (404, {"object": "error", "message": "The model `x` does not exist.", "code": 404}),
        (404, error(404, "File Not Found", "not_found_error")),
    ],
)
def test_what_no_waiting_cures_stops_everything(status, body) -> None:
    failed = failure(status, body)
    assert failed.remedy == "stop" and failed.error is not None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error("context_length_exceeded")),
        (400, error(400, kind="exceed_context_size_error")),  # llama.cpp
        (413, b""),
        # vLLM, which gives no code of its own.
        (
            400,
            {
                "object": "error",
                "message": "This model's maximum context length is 2048 tokens. However, you"
                " requested 2300 tokens in the messages. Please reduce the length.",
                "type": "BadRequestError",
                "param": None,
                "code": 400,
            },
        ),
    ],
    ids=["OpenAI", "llama.cpp", "413", "vLLM"],
)
def test_a_prompt_that_is_too_long_asks_for_smaller_ones(status, body) -> None:
    assert failure(status, body).remedy == "smaller"


def test_any_other_refusal_is_of_this_request_alone() -> None:
    for status, body in [(400, error()), (400, b"[]"), (422, {"error": "x"}), (418, b"")]:
        failed = failure(status, body)
        assert (failed.remedy, failed.crowded, failed.error) == ("give_up", False, None)
    assert failure(400, error("content_policy_violation")).why == "filtered"


FALLBACKS = {
    "schema": (error(message="'response_format' is not supported."), "response_format"),
    "temperature": (error("unsupported_value", param="temperature"), "temperature"),
    "token limit": (error(param="max_completion_tokens"), "max_completion_tokens"),
}


@pytest.mark.parametrize(("refusal", "name"), FALLBACKS.values(), ids=FALLBACKS)
def test_what_a_server_refuses_is_left_out_from_then_on(refusal, name) -> None:
    client, bodies = answering((400, refusal, {}), (200, completion(), {}))
    [failed] = send(client)
    assert failed.remedy == "plain" and name in bodies[0]
    assert [reply.outcome for reply in send(client)] == ["answered"]
    assert bodies[1].get(name) in (None, {"type": "json_object"})
    assert bodies[1].get("max_completion_tokens", bodies[1].get("max_tokens")) == 52


@pytest.mark.parametrize(("refusal", "name"), FALLBACKS.values(), ids=FALLBACKS)
def test_requests_that_are_refused_together_all_may_be_sent_again(refusal, name) -> None:
    client, bodies = answering((400, refusal, {}))
    failed = send(client, times=4)
    assert [name in body for body in bodies] == [True] * 4
    assert [each.remedy for each in failed] == ["plain"] * 4


@pytest.mark.parametrize(("refusal", "name"), FALLBACKS.values(), ids=FALLBACKS)
def test_a_server_that_refuses_what_is_no_longer_there_is_given_up(refusal, name) -> None:
    client, _ = answering((400, refusal, {}))
    plainer = 2 if name == "response_format" else 1
    remedies = [send(client)[0].remedy for _ in range(plainer + 1)]
    assert remedies == ["plain"] * plainer + ["give_up"]


def test_a_proxy_in_the_environment_never_catches_this_machine(monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    for host in ("127.0.0.1", "localhost", "[::1]"):
        known = options(f"http://{host}:8080/v1")
        client = ChatClient(known, Secrets.model_validate({"openai_api_key": "k"}))
        assert not client.openai._client._mounts, host


def test_a_failure_never_repeats_what_the_server_said() -> None:
    said = f"Incorrect API key provided: {KEY}. The prompt was: Heat."
    for status in (400, 401, 403, 404, 413, 429, 500):
        failed = failure(status, error(message=said))
        told = f"{failed!r} {failed} {failed.error!r}"
        assert KEY not in told and "Heat" not in told
