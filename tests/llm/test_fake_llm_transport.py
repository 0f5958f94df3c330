"""The fake LLM server breaks connections, limits clients, and dies and comes back."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import openai
import pytest

from tests.support.fake_llm import faults
from tests.support.fake_llm.answers import score_of
from tests.support.fake_llm.asking import ask, prompt
from tests.support.fake_llm.handle import FakeLLM, fake_llm


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with fake_llm(tmp_path_factory.mktemp("fake")) as fake:
        yield fake


@pytest.fixture
def fake(running):
    running.script()
    return running


@pytest.mark.parametrize("fault", [faults.hang(), faults.slow(5), faults.drip(5)])
def test_late_answers_run_into_the_clients_timeout(fake: FakeLLM, fault) -> None:
    fake.script(fault)
    with pytest.raises(openai.APITimeoutError):
        ask(fake, timeout=0.4)
    assert (fake.calls()[-1].fault, fake.calls()[-1].answered) == (fault.kind, False)


@pytest.mark.parametrize("fault", [faults.reset(), faults.close(), faults.cut()])
def test_broken_connections(fake: FakeLLM, fault) -> None:
    fake.script(fault)
    with pytest.raises(openai.APIConnectionError):
        ask(fake)
    assert (fake.calls()[-1].fault, fake.calls()[-1].answered) == (fault.kind, False)


def test_the_bytes_of_broken_connections(fake: FakeLLM) -> None:
    body = json.dumps({"model": "fake-1", "messages": [{"role": "user", "content": "hi"}]}).encode()

    async def exchange() -> list[bytes]:
        port = int(fake.url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
        writer.write(f"{head}connection: close\r\n\r\n".encode() + body)
        pieces = []
        while piece := await reader.read(1 << 16):
            pieces.append(piece)
        writer.close()
        return pieces

    broken = (faults.reset(times=1), faults.close(times=1), faults.cut(times=1))
    fake.script(*broken, faults.drip(0.001))
    with pytest.raises(ConnectionResetError):
        asyncio.run(exchange())
    assert asyncio.run(exchange()) == []
    head, _, cut = b"".join(asyncio.run(exchange())).partition(b"\r\n\r\n")
    announced = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    assert 0 < len(cut) == announced // 2
    dripped = asyncio.run(exchange())
    assert len(dripped) > 20 and json.loads(b"".join(dripped).partition(b"\r\n\r\n")[2])
    assert fake.calls()[-1].answered and fake.calls()[-1].authorization is None


def test_a_client_that_left_gets_no_answer(fake: FakeLLM) -> None:
    fake.script(faults.slow(0.5))
    with pytest.raises(openai.APITimeoutError):
        ask(fake, timeout=0.2)
    time.sleep(0.5)
    assert not fake.calls()[-1].answered


def test_a_slow_answer_is_right(fake: FakeLLM) -> None:
    fake.script(faults.slow(0.2))
    begun = time.monotonic()
    assert ask(fake)[0].choices[0].finish_reason == "stop"
    assert time.monotonic() - begun > 0.2


def test_hundreds_of_connections_at_once(fake: FakeLLM) -> None:
    before = len(fake.calls())
    fake.script(faults.slow(0.3))
    answers = ask(fake, *(prompt({"1": str(n)}) for n in range(300)))
    assert all(f'"1": {score_of(str(n))}' in str(a) for n, a in enumerate(answers))
    calls = fake.calls()[before:]
    assert len(calls) == 300 and all(call.answered for call in calls)
    assert max(call.at for call in calls) - min(call.at for call in calls) < 2


def test_a_client_that_is_too_fast_is_told_when_to_come_back(tmp_path) -> None:
    with fake_llm(tmp_path, rate=2) as fake:
        ask(fake, "1", "2")
        with pytest.raises(openai.RateLimitError) as caught:
            ask(fake, *"3456789")
        assert caught.value.code == "rate_limit_exceeded"
        assert caught.value.response.headers["retry-after"] == "1"
        assert "rate" in {call.fault for call in fake.calls()}
        time.sleep(0.6)
        ask(fake, "again")


def test_a_killed_server_comes_back_on_its_port_with_its_log(tmp_path) -> None:
    with fake_llm(tmp_path) as fake:
        ask(fake, "first")
        fake.script(faults.hang())
        with pytest.raises(openai.APITimeoutError):
            ask(fake, "second", timeout=0.4)
        address = fake.url
        fake.kill()
        with pytest.raises(openai.APIConnectionError):
            ask(fake)
        with (tmp_path / "requests.jsonl").open("a") as log:
            log.write('{"type": "rec')  # killed while writing
        assert [call.answered for call in fake.calls()] == [True, False]
        fake.start()
        ask(fake, "third")
        assert fake.url == address
        assert [(c.n, c.user, c.answered) for c in fake.calls()] == [
            (1, "first", True),
            (2, "second", False),
            (3, "third", True),
        ]


ROOT = Path(__file__).parents[2]
HOLDER = """
import os, sys, time
from pathlib import Path
from tests.support.fake_llm.handle import fake_llm
with fake_llm(Path(sys.argv[1])) as fake:
    print(fake._process.pid, flush=True)
    time.sleep(600)
"""


def test_a_killed_test_leaves_no_server_behind(tmp_path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    server = int(holder.stdout.readline())
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    deadline = time.monotonic() + 10
    while _lives(server):
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{process}/stat") as stat:  # noqa: PTH123 - a zombie is gone as well
        return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
