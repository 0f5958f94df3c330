"""The published way of one evaluation, on some users: `python -m tests.bench.published DATA`.

Surprise's predict loop over every unrated item, then one request per (user, item) pair, one after
the other, to the fake server, which answers at once: no time of any model is in it.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from openai import OpenAI

from tasks.features.similarity.language import people_shown
from tasks.features.similarity.scorer import ScoringInputs
from tasks.llm.options import EngineOptions
from tasks.models.candidates import top_candidates
from tasks.texts.item_texts import item_texts
from tasks.texts.profiles.favourites import make_profiles
from tests.bench.given import COUNT, SEED, Given, read
from tests.bench.peers.surprise_loop import LOOPED_USERS, predict_loop
from tests.support.fake_llm.handle import fake_llm

SYSTEM = (
    "You judge how well one film fits a person's taste. Answer with one number from -1 (against"
    " the taste) over 0 (neutral, or not enough known) to 1 (a perfect match). As in 0.8, 0, -0.5."
)


def main() -> None:
    given = read(sys.argv[1])
    algorithm, some = given.algorithm, given.users.head(LOOPED_USERS)
    started = time.perf_counter()
    predict_loop(algorithm, given.train, some)
    loop = time.perf_counter() - started
    requests, asking = _ask_each(given)
    told = {
        "users": len(some),
        "of_users": len(given.users),
        "predict_loop_seconds": round(loop, 3),
        "requests": requests,
        "request_seconds": round(asking, 3),
        "ms_per_request": round(1000 * asking / requests, 3),
        "seconds_all_users": round((loop + asking) / len(some) * len(given.users), 1),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _ask_each(given: Given) -> tuple[int, float]:
    """How many requests, and their seconds; rendering the prompts is not counted."""
    prompts = _prompts(given)
    with TemporaryDirectory(prefix="palate-bench-") as folder, fake_llm(Path(folder)) as fake:
        client = OpenAI(base_url=fake.url, api_key="none", max_retries=0)
        started = time.perf_counter()
        for prompt in prompts:
            _ask(client, prompt)
        return len(prompts), time.perf_counter() - started


def _ask(client: OpenAI, prompt: str) -> Any:
    messages: Any = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
    return client.chat.completions.create(model="fake-1", messages=messages, temperature=0)


def _prompts(given: Given) -> list[str]:
    some = given.users.head(LOOPED_USERS)
    pairs = top_candidates(given.svd, given.train, some, COUNT, SEED)
    told = given.info.noun_plural, datetime.now(UTC).year
    profiles = make_profiles(some.to_frame(), given.train, given.items, None, *told)
    texts = item_texts(given.items, None, given.train)
    asked = ScoringInputs(pairs, profiles, texts, given.info.scale)
    shown = people_shown(asked, EngineOptions())
    return [
        f'{person.block}\n<item key="1">{line}</item>' for person in shown for line in person.lines
    ]


if __name__ == "__main__":
    main()
