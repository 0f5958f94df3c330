"""The fake LLM server runs batches as OpenAI does: in any order, partly, late or not at all."""

import json
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types import Batch

from tests.support.fake_llm import faults
from tests.support.fake_llm.answers import score_of
from tests.support.fake_llm.batch_input import MOST_BYTES, MOST_LINES, problems
from tests.support.fake_llm.handle import FakeLLM, fake_llm

ENDPOINT: Any = "/v1/chat/completions"
NAMES = [f"r{n}" for n in range(10)]


def line(name: str, user: str | None = None, **more: Any) -> dict[str, Any]:
    said = user or f'<items check="0.3"><item key="1">{name}</item></items>'
    body = {"model": "fake-1", "messages": [{"role": "user", "content": said}]}
    return {"custom_id": name, "method": "POST", "url": ENDPOINT, "body": body} | more


def submit(api: openai.OpenAI, lines: list[dict[str, Any]], **metadata: str) -> Batch:
    content = "".join(json.dumps(each) + "\n" for each in lines).encode()
    file = api.files.create(file=("in.jsonl", content), purpose="batch")
    assert (file.bytes, api.files.retrieve(file.id).filename) == (len(content), "in.jsonl")
    assert api.files.content(file.id).content == content
    return api.batches.create(
        input_file_id=file.id, endpoint=ENDPOINT, completion_window="24h", metadata=metadata
    )


def finish(api: openai.OpenAI, batch: Batch) -> Batch:
    while batch.status in ("validating", "in_progress", "cancelling"):
        batch = api.batches.retrieve(batch.id)
    return batch


def results(api: openai.OpenAI, file: str | None) -> list[dict[str, Any]]:
    if file is None:
        return []
    return [json.loads(each) for each in api.files.content(file).text.splitlines()]


def ids(lines: list[dict[str, Any]]) -> list[str]:
    return [each["custom_id"] for each in lines]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    # The rate is for direct requests only: batches have limits of their own.
    with fake_llm(tmp_path_factory.mktemp("fake"), rate=1) as fake:
        yield fake


@pytest.fixture
def fake(running):
    running.script()
    return running


@pytest.fixture
def api(fake):
    with openai.OpenAI(base_url=fake.url, api_key="k", max_retries=0, timeout=20) as known:
        yield known


def test_a_batch_goes_through_its_states_and_survives_the_server(
    fake: FakeLLM, api: openai.OpenAI
) -> None:
    batch = submit(api, [line(name) for name in NAMES], night="7")
    assert (batch.status, batch.metadata) == ("validating", {"night": "7"})
    assert api.batches.retrieve(batch.id).status == "in_progress"
    fake.kill()
    fake.start()
    batch = api.batches.retrieve(batch.id)
    assert batch.status == "completed" and batch.error_file_id is None
    assert batch.request_counts and batch.request_counts.completed == len(NAMES)
    output = results(api, batch.output_file_id)
    assert ids(output) != NAMES and sorted(ids(output)) == NAMES
    for each in output:
        assert each["error"] is None and each["response"]["status_code"] == 200
        said = each["response"]["body"]["choices"][0]["message"]["content"]
        assert json.loads(said) == {"check": 0.3, "1": score_of(each["custom_id"])}
    calls = [call for call in fake.calls() if call.batch == batch.id]
    assert len(calls) == len(NAMES) and all(call.answered for call in calls)
    assert fake.batches()[-1]["status"] == "completed"
    done = [op for op, touched in fake.operations() if batch.id in touched]
    assert done == ["create", "retrieve", "retrieve"]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (faults.batch_partial(0.6), "completed", "server_error"),
        (faults.batch_expired(0.6), "expired", "batch_expired"),
    ],
)
def test_some_requests_stay_unanswered(api, fake: FakeLLM, fault, status, code) -> None:
    fake.script(fault)
    batch = finish(api, submit(api, [line(name) for name in NAMES]))
    assert batch.status == status
    output, errors = (results(api, name) for name in (batch.output_file_id, batch.error_file_id))
    assert (len(output), len(errors)) == (6, 4)
    assert sorted(ids(output) + ids(errors)) == NAMES
    assert {each["error"]["code"] for each in errors} == {code}
    assert {each["response"] for each in errors} == {None}


def test_nothing_is_answered_in_time(api, fake: FakeLLM) -> None:
    fake.script(faults.batch_expired(0, times=1))
    batch = finish(api, submit(api, [line("a")]))
    assert batch.output_file_id is None and ids(results(api, batch.error_file_id)) == ["a"]
    assert finish(api, submit(api, [line("a")])).status == "completed"


def test_the_order_can_be_varied(api, fake: FakeLLM) -> None:
    fake.script(faults.batch_reordered(1, times=1))
    orders = []
    for _ in range(3):
        batch = finish(api, submit(api, [line(name) for name in NAMES]))
        orders.append(ids(results(api, batch.output_file_id)))
    assert orders[0] != orders[1] == orders[2]
    assert NAMES not in orders


def test_chat_faults_strike_single_lines(api, fake: FakeLLM) -> None:
    fake.script(
        faults.length(contains=">r1<"),
        faults.status(400, contains=">r2<"),
        faults.hang(contains=">r3<"),
        faults.cut_json(contains=">r4<"),
    )
    batch = finish(api, submit(api, [line(name) for name in NAMES]))
    output = {each["custom_id"]: each for each in results(api, batch.output_file_id)}
    errors = {each["custom_id"]: each for each in results(api, batch.error_file_id)}
    cut = output["r1"]["response"]["body"]["choices"][0]
    assert cut["finish_reason"] == "length"
    assert errors["r2"]["response"]["status_code"] == 400
    assert errors["r2"]["response"]["body"]["error"]["message"]
    assert errors["r3"]["error"]["code"] == errors["r4"]["error"]["code"] == "server_error"
    assert len(output) == 7 and len(errors) == 3


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([line("a"), line("a")], "duplicate_custom_id"),
        ([line("a", url="/v1/embeddings")], "invalid_url"),
        ([line("a"), line("b", body={"model": "b", "messages": ["x"]})], "mismatched_model"),
        ([], "empty_file"),
        ([{}] * (MOST_LINES + 1), "too_many_tasks"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_input_that_openai_refuses_fails_the_batch(api, lines, code) -> None:
    batch = finish(api, submit(api, lines))
    assert batch.status == "failed" and batch.output_file_id is None
    assert batch.errors and batch.errors.data
    assert batch.errors.data[0].code == code


def test_input_that_is_too_large_or_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("{")
    assert problems(path, ENDPOINT)[0]["code"] == "invalid_json_line"
    with path.open("wb") as sparse:
        sparse.truncate(MOST_BYTES + 1)
    assert problems(path, ENDPOINT)[0]["code"] == "file_too_large"


def test_half_a_surrogate_pair_is_answered(api) -> None:
    batch = finish(api, submit(api, [line("a", "half a pair: \ud83d")]))
    assert ids(results(api, batch.output_file_id)) == ["a"]


def test_a_batch_can_be_made_to_fail(api, fake: FakeLLM) -> None:
    fake.script(faults.batch_failed(times=1, contains="r3"))
    assert finish(api, submit(api, [line("a")])).status == "completed"
    assert finish(api, submit(api, [line("r3")])).status == "failed"
    assert finish(api, submit(api, [line("r3")])).status == "completed"


def test_a_batch_can_be_cancelled_until_it_has_ended(api) -> None:
    batch = submit(api, [line("a")])
    assert api.batches.cancel(batch.id).status == "cancelling"
    assert finish(api, api.batches.retrieve(batch.id)).status == "cancelled"
    ended = finish(api, submit(api, [line("a")]))
    with pytest.raises(openai.ConflictError):
        api.batches.cancel(ended.id)


def test_batches_are_listed_newest_first_in_pages(api) -> None:
    made = [submit(api, [line("a")]).id for _ in range(3)]
    page = api.batches.list(limit=2)
    assert [batch.id for batch in page.data] == made[:0:-1] and page.has_more
    assert api.batches.list(limit=1, after=made[1]).data[0].id == made[0]
    assert len([*api.batches.list(limit=2)]) >= 3


def test_unknown_objects_are_not_found(api) -> None:
    for call in (api.files.retrieve, api.files.content, api.batches.retrieve, api.batches.cancel):
        with pytest.raises(openai.NotFoundError):
            call("file-0")
    with pytest.raises(openai.NotFoundError):
        api.batches.create(
            input_file_id="file-0", endpoint=ENDPOINT, completion_window="24h", metadata={}
        )
