"""Shipped questions on real nights: what nights write is what questions read."""

import shutil
from pathlib import Path

import pytest

from tasks.night import stages
from tasks.night.guard import Verdict
from tasks.night.measured import SEGMENT
from tasks.store.query import find_statement, query
from tasks.store.warehouse import database_file
from tests.sql.recomputed import QUESTIONS, agrees, tables_of
from tests.support.command import PLAIN
from tests.support.in_process import Terminal

GONE = ("--scorer", "llm", "--llm-model", "gone", "--llm-base-url", "http://127.0.0.1:9/v1")
WORSE = Verdict(
    segment=SEGMENT,
    users=30,
    ratings=0,
    metric="NDCG",
    k=10,
    base=0.2,
    reranked=0.1,
    difference=-0.1,
    low=-0.2,
    high=-0.05,
    verdict="worse",
)


@pytest.fixture(scope="module")
def nights(made_up: Path, tmp_path_factory: pytest.TempPathFactory, server: str) -> dict[str, Path]:
    """One history, and of the end of each kind of night in it a copy of the results."""
    terminal, copies = Terminal(tmp_path_factory.mktemp("home"), server), {}

    def end(kind: str, *options: object, **environment: str) -> None:
        words = ("nightly", "--data", made_up, *PLAIN, "--no-report", *options)
        terminal.succeed(*words, **environment)
        copies[kind] = tmp_path_factory.mktemp(kind)
        shutil.copy(database_file(terminal.home), copies[kind])
        asked = "SELECT status, coalesce(model_from <> run_id, false) FROM latest_run"
        status = "complete" if kind in {"first", "kept"} else kind
        assert query(terminal.home, asked).row(0) == (status, kind == "kept")

    end("first")
    end("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "measured_verdicts", lambda *_: [WORSE])
        end("guarded", "--top", 5, "--guard-users", 10)
    end("degraded", *GONE, "--llm-patience", 1, OPENAI_API_KEY="sk-a-key-for-tests-only")
    return copies


@pytest.mark.parametrize("kind", ["first", "kept", "guarded", "degraded"])
def test_every_question_answers_what_the_tables_of_a_real_night_say(
    nights: dict[str, Path], kind: str
) -> None:
    tables = tables_of(nights[kind])
    answers = {name: query(nights[kind], find_statement(name)).rows() for name in QUESTIONS}
    wrong = [name for name in QUESTIONS if not agrees(answers[name], QUESTIONS[name](tables))]
    assert wrong == []
    assert answers["most_recommended"] and answers["last_nights"] and answers["stage_times"]
    assert bool(answers["who_got_worse"]) == (kind != "degraded")
