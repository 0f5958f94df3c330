from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.store.age import said_age
from tasks.store.warehouse import publish
from tests.sql.nights import a_night, lists_of
from tests.support.in_process import run_here

FIRST, SECOND = "20260101-030000-aaaaaa", "20260103-030000-bbbbbb"


def published(home: Path, run_id: str, hours: float, measured_in: str | None) -> None:
    started = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=hours)
    told = {"measured_in": measured_in}
    publish(home, a_night(run_id, started, 0.0, **told) | lists_of(run_id))


def test_an_answer_says_of_which_night_and_measurement_it_is(tmp_path: Path) -> None:
    published(tmp_path, FIRST, 72, FIRST)
    assert said_age(tmp_path) == f"Last night: {FIRST} of made-up, 3.0 days ago; measured then."
    published(tmp_path, SECOND, 3, FIRST)
    said = f"Last night: {SECOND} of made-up, 3.0 hours ago; measured in {FIRST}, 3.0 days ago."
    assert said_age(tmp_path) == said
    done = run_here("sql", "who_got_worse", "--home", tmp_path)
    assert " ".join(done.stderr.split()) == said
    assert not run_here("sql", "SELECT 1 AS one", "--home", tmp_path).stderr


def test_without_a_night_there_is_nothing_to_say(tmp_path: Path) -> None:
    publish(tmp_path, {})
    assert said_age(tmp_path) is None
