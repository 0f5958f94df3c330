"""Every question that ships, held against a plain recomputation on every kind of night."""

import pytest

import sql
from tasks.store.query import find_statement, query
from tests.sql.kinds import KINDS, publish_kind
from tests.sql.recomputed import QUESTIONS, agrees, tables_of

NOTHING_TO_SAY = {
    *(("first", name) for name in ("changed_lists", "slower_stages")),
    *(("degraded", name) for name in ("who_got_worse", "without_list")),
    *(("degraded", name) for name in ("biggest_lifts", "pushed_and_buried")),
    ("guarded", "biggest_lifts"),
}
"""Where an empty answer is the right one."""


@pytest.fixture(scope="module", params=KINDS)
def history(request, tmp_path_factory):
    """The kind of its last night, the home, and all that its tables hold."""
    home = tmp_path_factory.mktemp(request.param)
    publish_kind(home, request.param)
    return request.param, home, tables_of(home)


def test_every_question_has_a_recomputation():
    assert sorted(QUESTIONS) == sql.questions()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_is_what_the_tables_say(history, question):
    kind, home, tables = history
    answer = query(home, find_statement(question)).rows()
    expected = QUESTIONS[question](tables)
    assert agrees(answer, expected), (answer, expected)
    assert bool(answer) != ((kind, question) in NOTHING_TO_SAY)
