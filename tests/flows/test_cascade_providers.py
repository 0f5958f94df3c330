"""Whole nights against servers with each provider's ways, and against servers of no use."""

import json
import sys
from pathlib import Path

import pytest

from tasks.store.query import query
from tests.flows.test_cascade import HEAD, LEARNED, SAMPLED
from tests.night.notify.test_channels import READS
from tests.support.datasets import write_generic
from tests.support.fake_llm import faults
from tests.support.fake_llm.handle import FakeLLM, fake_llm
from tests.support.fake_llm.profiles import PROFILES
from tests.support.in_process import Terminal

USERS = 90
WITHOUT_PROBABILITIES = {"mistral", "groq", "gemini", "openrouter"}
"""Refused, or of tokens that are not the answer's."""
ALWAYS = {"gemini", "lm_studio"}
"""Providers that are tried with every test run; a night each takes seconds."""
FORM_LEARNED_BY = 4 * 4
"""Requests until the form is known: a few in flight at once are refused for each part of it."""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("people"), users=USERS, items=60, per_user=20)


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What does not depend on the server is made once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, with_server: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sentinel-5d1c")


def words(llm: FakeLLM, data: Path, model: str = "fake-1") -> list[object]:
    return [
        *("nightly", "--data", data, "--method", LEARNED, "--scorer", "llm", "--llm-always"),
        *("--llm-model", model, "--llm-base-url", llm.url, "--no-report"),
        *("--llm-head", HEAD, "--llm-items", HEAD // 2, "--llm-sample", SAMPLED),
    ]


@pytest.mark.parametrize(
    "profile",
    [pytest.param(p, marks=[] if p in ALWAYS else pytest.mark.slow) for p in sorted(PROFILES)],
)
def test_a_night_judges_every_pair_whoever_serves_the_model(
    profile: str, people: Path, shared_home: Path, tmp_path: Path, server: str
) -> None:
    terminal = Terminal(shared_home, server)
    with fake_llm(tmp_path / "llm", profile=profile, probabilities=True, models=[profile]) as llm:
        done = terminal.succeed(*words(llm, people, profile))
        sent = len(llm.calls())
    run = query(shared_home, "SELECT status, unscored, note FROM latest_run").row(0)
    assert run == ("complete", 0, None), done.stdout
    counts = (
        "SELECT count(*), count(similarity), count(DISTINCT similarity)"
        f" FROM ranked_items JOIN latest_run USING (run_id) WHERE rank <= {HEAD}"
    )
    pairs, judged, different = query(shared_home, counts).row(0)
    assert pairs == judged > USERS * 10 and different > 5
    foreseen = 2 * (2 * SAMPLED + USERS)
    assert foreseen * 0.9 <= sent <= foreseen + FORM_LEARNED_BY
    asked = query(
        shared_home, "SELECT DISTINCT kind FROM llm_requests JOIN latest_run USING (run_id)"
    )
    way = "score" if profile in WITHOUT_PROBABILITIES else "mark"
    assert way in asked["kind"].to_list(), asked["kind"].to_list()


@pytest.mark.parametrize(
    ("fault", "cause"),
    [(faults.status(400), "HTTP 400"), (faults.malformed(), "no valid answer")],
    ids=["400", "prose"],
)
def test_a_server_that_gives_nothing_of_use_ends_the_night_soon_and_says_why(
    people: Path, tmp_path: Path, terminal: Terminal, fault: faults.Fault, cause: str
) -> None:
    program = json.dumps([sys.executable, "-c", READS, str(tmp_path / "told")])
    with fake_llm(tmp_path / "llm") as llm:
        llm.script(fault)
        done = terminal.run(*words(llm, people), PALATE_NOTIFY_COMMAND=program)
        assert done.returncode == 1 and len(llm.calls()) <= 20
    (said,) = [line for line in done.stderr.splitlines() if "brought nothing" in line]
    assert cause in said
    body = json.loads((tmp_path / "told").read_text())
    assert body["status"] == "failed" and cause in body["reason"]
    assert not (terminal.home / "palate.duckdb").exists()
