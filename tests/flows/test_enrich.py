"""The flow with a fake TMDB and a function for a language model.

Where keys are looked for in all that is said and kept, it has a process of its own.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from flows.enrich import enrich
from tasks.data.enriching import ATTRIBUTION
from tasks.data.enriching.fill import enrichment_of
from tasks.settings.settings import Settings
from tests.support.command import environment
from tests.support.datasets import write_movielens
from tests.support.fake_llm import faults
from tests.support.fake_llm.handle import fake_llm
from tests.support.fake_tmdb import V3, FakeTmdb, fake_tmdb, movie
from tests.support.in_process import Terminal, flows_in

ROOT = Path(__file__).parents[2]
HELD = "sk-held-by-what-asks"

RUN = f"""
import logging, sys
from pathlib import Path
from flows.service.server import prefect_for

class Ask:
    key = "{HELD}"
    def __init__(self):
        self.held = self.key
    def __call__(self, kind, blocks):
        return ["yes" if kind == "judge" else f"About {{block}}." for block in blocks]

home, data, url = Path(sys.argv[1]), *sys.argv[2:4]
logging.basicConfig(level=logging.DEBUG)
with prefect_for(home) as wait:
    wait()
    from flows.enrich import enrich
    from tasks.settings.settings import Settings
    settings = Settings(data=data, home=home)
    result = enrich(settings, url, Ask())
print(result.model_dump_json())
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_movielens(tmp_path / "films")


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeTmdb]:
    movies = [movie(949, "Heat"), movie(603, "The Matrix", "1999-03-31")]
    with fake_tmdb(tmp_path / "tmdb", movies) as running:
        yield running


def run(home: Path, data: Path, fake: FakeTmdb) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, str(home), str(data), fake.url],
        cwd=ROOT,
        env=environment(TMDB_API_KEY=V3, PREFECT_LOGGING_LEVEL="DEBUG"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def result_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_a_catalogue_is_filled_once_and_no_key_is_written_down(
    tmp_path: Path, data: Path, fake: FakeTmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)  # its own server keeps all in the home
    home = tmp_path / "home"
    done = run(home, data, fake)
    result = result_of(done)
    counts = result["counts"]
    assert (counts["from_tmdb"], counts["from_llm"], counts["missing"]) == (2, 1, 0)
    assert (counts["repaired"], counts["new"], result["dataset"]) == (1, 3, "films")
    assert result["attribution"] == ATTRIBUTION
    enrichment = enrichment_of(home, "films")
    assert enrichment is not None and enrichment.rows == 3

    asked = len(fake.requests())
    again = run(home, data, fake)
    assert result_of(again)["counts"] == counts | {"new": 0}
    assert len(fake.requests()) == asked
    assert enrichment_of(home, "films") == enrichment

    written = [done.stdout, done.stderr, again.stdout, again.stderr]
    files = [file for file in home.rglob("*") if file.is_file()]
    assert any(b"enrich" in file.read_bytes() for file in files if ".db" in file.name)
    for secret in (V3, HELD):
        assert not [text for text in written if secret in text]
        assert not [file for file in files if secret.encode() in file.read_bytes()]


def test_without_a_key_only_the_model_is_asked(
    tmp_path: Path, data: Path, fake: FakeTmdb, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "")
    home = tmp_path / "home"
    with flows_in(home, server):
        result = enrich(Settings(data=str(data), home=home), fake.url, _about, 2)
    assert (result.counts.from_llm, result.counts.missing) == (2, 1)
    assert result.attribution is None
    assert fake.requests() == []


def _about(kind: str, blocks: Sequence[str]) -> list[str | None]:
    return ["yes" if kind == "judge" else f"About {block}." for block in blocks]


def test_with_nobody_to_ask_it_fails_and_says_what_to_set(
    data: Path, fake: FakeTmdb, terminal: Terminal
) -> None:
    variables = {"TMDB_API_KEY": "", "PALATE_TMDB_URL": fake.url}
    done = terminal.run("enrich", "--data", data, **variables)
    assert done.returncode != 0
    assert "there is nobody to ask" in done.stderr and "TMDB_API_KEY" in done.stderr


def test_descriptions_that_lack_are_counted_by_cause_and_end_with_an_error(
    tmp_path: Path, data: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", HELD)
    with fake_llm(tmp_path / "llm") as llm:
        words = ["enrich", "--data", data, "--llm-model", "fake-1", "--llm-base-url", llm.url]
        llm.script(faults.status(400, contains="Smoke"))
        done = terminal.run(*words, TMDB_API_KEY="")
        assert done.returncode == 1 and "still missing" in done.stdout
        said = "1 of 3 questions (33%) have no answer of fake-1: HTTP 400 (1 requests)."
        assert said in done.stderr and "the same command asks for the rest" in done.stderr
        kept = enrichment_of(terminal.home, "films")
        assert kept is not None and kept.rows == 2, "what came is kept"

        terminal.succeed(*words, "--llm-unscored-limit", 1, TMDB_API_KEY="")
        llm.script()
        asked = len(llm.calls())
        terminal.succeed(*words, TMDB_API_KEY="")
        assert len(llm.calls()) == asked + 1
