"""What analysts ask every morning: each question's answer, and that none fails on any file."""

from datetime import timedelta

import duckdb
import polars as pl
import pytest

import sql
from tasks.core.errors import StoreError
from tasks.store.query import find_statement, query
from tasks.store.warehouse import database_file, publish
from tests.sql.nights import FIRST, SECOND, START, a_night, lists_of, publish_nights
from tests.store.rows import a_run
from tests.store.test_warehouse import OLDER, write_old

OLD_RUN = """(
    'run-1', 'nightly', now(), now(), 1, 'made-up', 'svd', 'embedded', 'weighted',
    10, 5, 2, 1, 1, 2, 0, '{}', '{}'
)"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("nights")
    publish_nights(home)
    return home


def ask(home, question, *columns):
    rows = query(home, find_statement(question))
    return rows.select(columns).rows() if columns else rows


def nothing(home):
    publish(home, {})


def first_publication(home):
    publish(home, a_run("run-1"))


def evaluation_only(home):
    rows = a_run("run-1")["runs"].with_columns(flow=pl.lit("evaluate"))
    publish(home, {"runs": rows})


def older_file(home):
    with duckdb.connect(database_file(home)) as database:
        database.execute(OLDER)
        database.execute(f"INSERT INTO runs VALUES {OLD_RUN}")
    publish(home, a_run("run-2"))


def old_file_as_it_was(home):
    write_old(home, "run-1")


def old_file_with_a_new_run(home):
    write_old(home, "run-1")
    publish(home, a_run("run-2"))


LATER = ("reliability", "replayed_nights", "wishes", "judgements", "who_is_judged")
"""Questions about tables that an older file lacks."""


@pytest.mark.parametrize(
    "made",
    [
        *(nothing, first_publication, evaluation_only),
        *(older_file, old_file_as_it_was, old_file_with_a_new_run),
    ],
)
def test_every_question_answers_on_a_file_that_holds_little(tmp_path, made):
    made(tmp_path)
    for question in sql.questions():
        if made is old_file_as_it_was and question in LATER:
            with pytest.raises(StoreError, match="does not exist") as error:
                ask(tmp_path, question)
            assert "gets new ones when the next run is published" in error.value.fix
            continue
        assert isinstance(ask(tmp_path, question), pl.DataFrame), question


def test_every_question_says_in_a_line_what_it_asks():
    for question in sql.questions():
        said = sql.asks(question)
        assert said[0].isupper() and said[-1] in ".?" and 30 < len(said) < 98, question


def test_who_got_worse_against_base_and_against_the_time_before(home):
    shown = "user", "base", "reranked", "before", "against_base", "against_before"
    assert ask(home, "who_got_worse", *shown) == [
        ("1", 0.5, 0.25, 0.5, -0.25, -0.25),
        ("2", 0.5, 0.75, 1.0, 0.25, -0.25),
    ]


def test_what_is_pushed_and_what_is_buried_whatever_the_guard_published(home):
    shown = "title", "base_lists", "reranked_lists", "published_lists", "gained"
    assert ask(home, "pushed_and_buried", *shown) == [("Twenty", 0, 2, 0, 2), ("Ten", 2, 0, 2, -2)]
    assert ask(home, "most_recommended", "title", "lists", "base_lists") == [("Ten", 2, 2)]


def test_who_has_no_list_had_one_before_or_was_measured(home):
    assert ask(home, "without_list").rows() == [("3", True, None), ("9", False, SECOND)]


def test_kept_lists_are_as_old_as_the_night_that_made_them(home):
    shown = "listed_in", "users", "list_days", "model_from", "model_days"
    assert ask(home, "stale_lists", *shown) == [
        (FIRST, 1, 1.0, FIRST, 1.0),
        (SECOND, 1, 0.0, FIRST, 1.0),
    ]


def test_what_changed_stands_beside_the_night_before(home):
    assert ask(home, "what_changed").rows() == [
        ("new", "new ratings", 1, None),
        ("kept", "nothing changed", 1, None),
    ]


def test_changed_lists_counts_what_is_new_since_the_night_before(home):
    assert ask(home, "changed_lists").rows() == [("1", 1, 1), ("2", 1, 1)]


def test_the_guards_worst_verdict_comes_first(home):
    shown = "segment", "verdict", "difference"
    assert ask(home, "guard_verdicts", *shown) == [
        ("50 to 200", "worse", -0.2),
        ("everybody", "not worse", -0.3),
    ]


def test_last_nights_say_when_how_long_and_for_whom(home):
    shown = "run_id", "status", "hours_since", "seconds", "times_usual", "without_list"
    assert ask(home, "last_nights", *shown) == [
        (SECOND, "guarded", pytest.approx(24, abs=0.05), 120.0, None, 1),
        (FIRST, "complete", None, 60.0, None, 1),
    ]
    assert min(ask(home, "last_nights")["hours_ago"]) > 1_000


def test_a_stage_that_took_longer_than_usual_is_named_and_a_cached_one_never(home):
    shown = "stage", "seconds", "usual", "slower_by", "times_usual", "nights"
    assert ask(home, "slower_stages", *shown) == [("train", 60.0, 30.0, 30.0, 2.0, 1)]


def test_costs_are_per_run_kind_person_and_listed_item(home):
    shown = "run_id", "kind", "dollars", "dollars_per_user", "dollars_per_item", "not_priced"
    assert ask(home, "cost_by_run", *shown) == [
        (SECOND, "profile", 1.0, 0.5, 0.5, 0),
        (SECOND, "score", 2.0, 1.0, 1.0, 1),
    ]


def test_costs_of_a_month_are_in_total_and_by_kind(home):
    assert ask(home, "cost_by_month", "month", "kind", "requests", "dollars", "not_priced") == [
        ("2026-01", "in total", 2, 1.0, 1),
        ("2026-01", "profile", 1, 1.0, 0),
        ("2026-01", "score", 1, None, 1),
        ("2025-12", "in total", 1, 2.0, 0),
        ("2025-12", "score", 1, 2.0, 0),
    ]


def test_nights_that_fit_and_nights_that_keep_are_held_against_their_like(tmp_path):
    seconds = [100.0, 10.0, 200.0, 20.0]
    for place, took in enumerate(seconds):
        run_id, kept = f"2026010{place + 1}-030000-aaaaaa", place % 2
        fitted_in = f"2026010{place}-030000-aaaaaa" if kept else None
        started = START + timedelta(days=place)
        night = a_night(run_id, started, took, model_from=fitted_in or run_id)
        publish(tmp_path, night | lists_of(run_id))
    shown = "fitted", "seconds", "usual_seconds", "times_usual"
    assert ask(tmp_path, "last_nights", *shown) == [
        (False, 20.0, 10.0, 2.0),
        (True, 200.0, 100.0, 2.0),
        (False, 10.0, None, None),
        (True, 100.0, None, None),
    ]


def test_the_newest_lists_of_each_data_set_are_the_latest_recommendations(tmp_path):
    for place, dataset in enumerate(("films", "books", "books")):
        run_id = f"2026010{place + 1}-030000-aaaaaa"
        night = a_night(run_id, START + timedelta(days=place), 60.0, dataset=dataset)
        publish(tmp_path, night | lists_of(run_id))
    asked = "SELECT DISTINCT dataset, run_id FROM latest_recommendations ORDER BY ALL"
    assert query(tmp_path, asked).rows() == [
        ("books", "20260103-030000-aaaaaa"),
        ("films", "20260101-030000-aaaaaa"),
    ]
    assert ask(tmp_path, "biggest_lifts").height == 3, "of the last night alone"
    assert ask(tmp_path, "changed_lists").rows() == [(user, 1, 0) for user in "123"]
