"""Every command that README and docs show is typed here, or NOT_RUN says why it is not."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from tasks.store.query import query
from tests.night.notify.conftest import Receiver, receiver
from tests.report.blind.visitor import Visitor
from tests.support.datasets import write_generic
from tests.support.fake_llm.handle import fake_llm
from tests.support.in_process import Done, Terminal, flows_in, run_here
from tests.test_docs_commands import MARKDOWN, PAGES, commands

__all__ = ["receiver"]

ROOT = Path(__file__).parents[2]
DAY = 86_400
NAMED = ("Toy Story", "Heat", "Fargo", "Alien", "Smoke", "Far Country, The", "Searchers, The")
YEARS = (1995, 1995, 1996, 1979, 1995, 1954, 1956)

ELSEWHERE = "with what it needs it runs in {}"
NAMES = "names the command, which wants more words"
NOT_RUN = {
    "make run": "`palate nightly`, after an installation",
    "make test": "runs this",
    "make bench": "takes minutes; tests/bench tests what it measures with",
    "make bench-scale": "takes hours; tests/bench/test_scale.py runs its parts",
    "make bench-sequence": "takes half an hour and needs torch; tests/bench/test_sequence.py",
    "make bench-sequence DATA=boardgames DAYS=30 STARTS=1601503200": "the same",
    "make check": "looks at the code, not at what it does",
    "make crash": "takes minutes; tests/crash is what it runs",
    "make demo-llm": "takes minutes and an extra; tests/llm/test_local_server.py asks that model",
    "make down": "the same as `palate down`",
    "make evidence": "takes hours; it is `palate experiment`, grid by grid",
    "make lock": "resolves against an index",
    "make up": "the same as `palate up`",
    "palate compare": NAMES,
    "palate estimate": NAMES,
    "palate judgements deployments/judgements/ml-100k.toml": "needs others' recorded answers;"
    " tests/evaluation/judgements",
    "palate export": NAMES,
    "palate recommend": NAMES,
    "palate sql": NAMES,
    "palate up": "stays; " + ELSEWHERE.format("tests/flows/service"),
    "palate llm serve": "stays; " + ELSEWHERE.format("tests/llm/test_local_server.py"),
    "palate llm serve --model-file qwen2.5-coder-1.5b-instruct-q4_k_m.gguf --threads 1": (
        "stays, and wants a file of a gigabyte"
    ),
    "palate nightly --runner dask://10.0.0.5:8786": "needs a cluster; tests/flows/dask has one",
    "palate nightly --home s3://bucket/prefix": "needs a bucket; tests/flows/test_shared.py",
    'palate sql "SELECT run_id, status FROM runs" --home s3://bucket/prefix': "the same",
    "palate export 'postgresql://me:$DB_PASSWORD@host/shop#mart.recommendations'": (
        "needs a database; " + ELSEWHERE.format("tests/store/export")
    ),
    "palate export 'redis://:$REDIS_PASSWORD@host:6379/0' --hours 48": (
        "needs a server; " + ELSEWHERE.format("tests/store/export")
    ),
    "palate evaluate --data ml-latest-small --protocol split --seeds 1 --reranker none"
    " --model spark-als": "needs Java; tests/models/test_spark_als.py",
    "palate evaluate --protocol horizon --seeds 1 --data boardgames --as-of 1604095200 --horizon 30"
    ' --method "" --model ease --reranker none --search-count 100'
    " --model-options.ease-liked-only ...": "breaks off: the pages' text says how it goes on",
    "prefect deployment run 'nightly/nightly' --watch": "needs `palate up`; tests/flows/service",
    "prefect deployment run 'experiment/experiment'"
    " --param grid=deployments/experiments/first.toml": "the same",
    "pip install duckdb-cli": "another program",
    "pip install 'palate[s3]'": "installs from an index: tests/test_packaging.py does",
    "duckdb -readonly .palate/palate.duckdb < sql/questions/most_recommended.sql": (
        "another program; its questions run in tests/sql"
    ),
    "duckdb -readonly .palate/palate.duckdb"
    " \"COPY (FROM exposure) TO 'exposure.parquet'\"": "the same",
    "export OPENAI_API_KEY=...": "sets the environment",
    "export PALATE_NOTIFY_URL=https://hooks.slack.com/services/...": "the same",
    "export AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...": "the same",
}
"""Documented commands that no test types as they stand, and why."""

SLOW = (
    *("palate evaluate", "palate experiment", "palate replay", "palate results"),
    *("palate nightly --runner dask", "palate nightly --scorer", "palate nightly --explain"),
)
"""How those begin that take longer than the others together, or need one that does."""

FIRST = "palate nightly"
"""What all others look back on."""

STANDS_FOR = {"DIR": "movielens", "FILE": "wishes.json", "...": "gpt-4.1-mini"}
AFTER = {"palate results": "palate experiment deployments/experiments/first.toml"}
"""What is there to be shown first."""

MORE = {"palate compare": ["--open"]}
"""Words that are typed besides, so that somebody who is no person can answer."""


def inline(page: Path) -> Iterator[list[str]]:
    """Commands within the text, with what they are given."""
    for token in MARKDOWN.parse(page.read_text(encoding="utf-8")):
        for child in token.children or []:
            if child.type == "code_inline" and re.match(r"(palate|make) \S", child.content):
                yield shlex.split(child.content)


def documented() -> list[list[str]]:
    """The words of each command, each once, in the order of the pages."""
    found = [words for page in PAGES for words in (*commands(page), *inline(page))]
    once = {shlex.join(words): words for words in found}
    return [*once.values()]


LEFT_OUT = {shlex.join(shlex.split(one)) for one in NOT_RUN}
TYPED = [words for words in documented() if shlex.join(words) not in LEFT_OUT]


def is_slow(words: list[str]) -> bool:
    return " ".join(words).startswith(SLOW) and "--help" not in words


QUICK = [words for words in TYPED if not is_slow(words)]


@dataclass(frozen=True)
class Guide:
    """A folder in which the commands are typed, as somebody would who reads the pages."""

    terminal: Terminal
    environment: dict[str, str]

    def type(self, words: list[str]) -> Done:
        command = " ".join(words)
        more = next((more for name, more in MORE.items() if command.startswith(name)), [])
        given = [self._run_id() if w == "RUN_ID" else STANDS_FOR.get(w, w) for w in words[1:]]
        with flows_in(self.terminal.home, self.terminal.server):
            return run_here(*given, *more, **self.environment)

    def _run_id(self) -> str:
        return str(query(self.terminal.home, "SELECT run_id FROM latest_run").item())


def write_films(folder: Path, start: int, days: int) -> Path:
    """45 people, 80 films with the titles of the pages among them, ratings over some days."""
    write_generic(folder, users=45, items=80, per_user=20)
    items = pl.read_parquet(folder / "items.parquet")
    kept = items["title"].to_list()[len(NAMED) :], items["year"].to_list()[len(YEARS) :]
    titles, years = [*NAMED, *kept[0]], [*YEARS, *kept[1]]
    columns = [pl.Series("title", titles), pl.Series("year", years, items.schema["year"])]
    items.with_columns(columns).write_parquet(folder / "items.parquet")
    ratings = pl.read_parquet(folder / "ratings.parquet")
    spread = pl.int_range(pl.len()) * (days * DAY) // pl.len()
    shuffled = ratings.sample(fraction=1, shuffle=True, seed=3)
    dated = shuffled.with_columns((start + spread).alias("timestamp"))
    dated.write_parquet(folder / "ratings.parquet")
    (folder / "dataset.toml").write_text('noun = "movie"\nnoun_plural = "movies"\n')
    return folder


@pytest.fixture
def guide(
    tmp_path: Path, server: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Guide]:
    sets = tmp_path / "sets"
    for name, start in (
        *(("movielens", 1_000_000_000), ("ml-latest-small", 1_000_000_000)),
        *(("boardgames", 1_601_503_200 - 300 * DAY), ("movietweetings", 1_378_677_505 - 100 * DAY)),
    ):
        write_films(sets / name, start, 500)
    (tmp_path / "movielens").symlink_to(sets / "movielens")
    (tmp_path / "deployments").symlink_to(ROOT / "deployments")
    (tmp_path / "my_question.sql").write_text("SELECT count(*) FROM runs")
    tastes = [{"taste": f"like {name}", "items": [n]} for n, name in enumerate(NAMED, start=1)]
    (tmp_path / "wishes.json").write_text(json.dumps(tastes))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", choose)
    with fake_llm(tmp_path / "llm", models=("gpt-4.1-mini",)) as llm:
        environment = {
            "PALATE_HOME": str(tmp_path / "home"),
            "PALATE_DATA_DIR": str(sets),
            "PALATE_NOTIFY_URL": receiver.url,
            "PALATE_LLM_BASE_URL": llm.url,
            "OPENAI_API_KEY": "sk-for-tests",
            "PREFECT_API_URL": server,
        }
        yield Guide(Terminal(tmp_path / "home", server), environment)


def choose(address: str) -> None:
    """What a person does whom `palate compare` asks."""
    visitor = Visitor(address)
    visitor.enter()
    visitor.choose("A")


def test_no_reason_is_given_for_a_command_that_is_not_documented() -> None:
    assert not LEFT_OUT - {shlex.join(words) for words in documented()}


def test_every_quick_command_does_what_it_is_shown_for(guide: Guide) -> None:
    assert guide.type(FIRST.split()).returncode == 0
    failed = {}
    for words in QUICK:
        done = guide.type(words)
        if done.returncode:
            failed[shlex.join(words)] = done.stdout[-500:] + done.stderr[-500:]
    assert not failed


@pytest.mark.slow
@pytest.mark.parametrize("words", [one for one in TYPED if is_slow(one)], ids=" ".join)
def test_every_other_command_does_too(guide: Guide, words: list[str]) -> None:
    for before in (FIRST, *filter(None, [AFTER.get(" ".join(words))])):
        assert guide.type(before.split()).returncode == 0
    done = guide.type(words)
    assert not done.returncode, done.stdout + done.stderr
