"""Asking the fake server with the real client, as its own tests do."""

import asyncio
from typing import Any

import openai
from openai.types.chat import ChatCompletion

from tests.support.fake_llm.handle import FakeLLM

ITEMS = {"01": "Heat (1995)", "02": "Alien (1979)", "03": "Big (1988)"}
USER = '<items check="0.3">\n%s\n</items>'
SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}


def prompt(items: dict[str, str] = ITEMS) -> str:
    return USER % "\n".join(f'<item key="{key}">{text}</item>' for key, text in items.items())


def client(fake: FakeLLM, timeout: float = 10.0) -> openai.AsyncOpenAI:
    key = "sk-abcdefghijkxyz"
    return openai.AsyncOpenAI(base_url=fake.url, api_key=key, max_retries=0, timeout=timeout)


def ask(fake: FakeLLM, *users: str, timeout: float = 10.0, **more: Any) -> list[ChatCompletion]:
    """Ask at once, as many times as there are user messages."""

    async def one(known: openai.AsyncOpenAI, user: str) -> ChatCompletion:
        said: Any = [{"role": "system", "content": "Judge."}, {"role": "user", "content": user}]
        arguments = {"model": "fake-1", "messages": said, **more}
        answer: ChatCompletion = await known.chat.completions.create(**arguments)
        return answer

    async def all_of_them() -> list[ChatCompletion]:
        async with client(fake, timeout) as known:
            return await asyncio.gather(*(one(known, user) for user in users or (prompt(),)))

    return asyncio.run(all_of_them())
