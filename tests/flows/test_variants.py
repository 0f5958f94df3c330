"""Nights that ask otherwise than by default: as much as was estimated, and nothing twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.estimate import estimate
from flows.nightly import nightly
from tasks.llm.open_sessions import asking
from tasks.llm.ways import PERSON
from tasks.store.query import query
from tests.support.datasets import write_generic
from tests.support.fake_llm.handle import FakeLLM, fake_llm
from tests.support.in_process import flows_in
from tests.support.options import plain_settings

USERS, CANDIDATES = 4, 21
VARIANTS: dict[str, dict[str, Any]] = {
    "tags": {"llm_ask": "numbers", "llm_show": ("year", "genres", "tags")},
    "favourites": {"profile_style": "favourites", "profile_writer": "composed"},
    "ratings": {"llm_ask": "ratings"},
}
ASKED = {
    "tags": {"profile": USERS, "score": 3 * USERS},
    "favourites": {"mark": 3 * USERS, "way": 1},
    "ratings": {"rate": 3 * USERS, "way": 1},
}

PLANNED = {"tags": [4, 12], "favourites": [12], "ratings": [12]}
"""Requests that write profiles, if any, and that score."""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    return write_generic(folder, users=USERS, items=45, per_user=20)


@pytest.fixture
def llm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLLM]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with fake_llm(tmp_path / "llm", probabilities=True) as server:
        yield server


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_night_asks_what_was_estimated_and_another_one_nothing(
    variant: str, llm: FakeLLM, people: Path, tmp_path: Path, server: str
) -> None:
    settings = plain_settings(
        data=str(people),
        home=tmp_path / "home",
        search_count=CANDIDATES,
        scorer="llm",
        llm_model="fake-1",
        llm_base_url=llm.url,
        llm_items=10,
        **VARIANTS[variant],
    )
    with flows_in(settings.home, server), asking():
        planned = estimate(settings)
        assert not llm.calls()
        nightly(settings)
    usage = query(settings.home, "SELECT kind, requests FROM llm_usage").rows()
    assert dict(usage) == ASKED[variant]
    assert len(llm.calls()) == sum(ASKED[variant].values())
    assert [line.requests for line in planned.lines] == PLANNED[variant]
    scored = query(settings.home, "SELECT unscored, candidates, status FROM latest_run").row(0)
    assert scored == (0, USERS * CANDIDATES, "complete")
    shown = " ".join(call.user for call in llm.calls())
    words = shown.replace(PERSON, "")
    assert ("In their words: " in words) == (variant == "tags")
    assert ("Rated highest: " in words) == (variant != "ratings")
    method = settings.method.model_copy(update={"reranker": "llm_only"})
    changed = settings.model_copy(update={"method": method})
    with flows_in(settings.home, server), asking():
        nightly(changed)
    assert len(llm.calls()) == sum(ASKED[variant].values())
