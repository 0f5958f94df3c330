"""Lists through a whole engine and ledger: nothing asked twice, nothing mixed up."""

import asyncio

import pytest

from tasks.llm import questions
from tasks.llm.estimate import plan_scores
from tasks.llm.item_asking import PersonItems
from tests.llm.engine_support import (
    engine_on,
    films,
    most_at_once,
    outcomes,
    people,
    person,
    rows,
    score,
)
from tests.support.fake_clock import FakeClock
from tests.support.fake_llm import faults
from tests.support.fake_llm.answers import score_of

LIST = {"llm_ask": "list", "llm_window": 6, "llm_stride": 3}
WINDOWS = 4  # of 15 items


def plan(home, url, asked, **more):
    async def planned():
        async with engine_on(home, url, **more) as engine:
            return await plan_scores(engine, asked)

    return asyncio.run(planned())


def test_every_person_has_all_places_and_what_the_model_likes_best_is_first(fake, tmp_path):
    asked = people(4, items=15)
    done = score(tmp_path, fake.url, asked, **LIST)
    places = [round(1 - 2 * n / 14, 6) for n in range(15)]
    for one, given in zip(asked, done.scores, strict=True):
        assert sorted((round(value or 0, 6) for value in given), reverse=True) == places
        best = max(one.lines, key=score_of)
        assert given[list(one.lines).index(best)] == 1.0
    assert len(fake.calls()) == 4 * WINDOWS and sum(done.settled) == 60


def test_windows_of_a_person_wait_for_each_other_and_people_do_not(fake, tmp_path):
    fake.script(faults.slow(0.1))
    score(tmp_path, fake.url, people(3, items=15), **LIST)
    blocks = {call.user.split("<items")[0] for call in fake.calls()}
    for block in blocks:
        assert most_at_once([call for call in fake.calls() if call.user.startswith(block)]) == 1
    assert most_at_once(fake.calls()) == 3


def test_a_list_that_is_known_is_never_asked_again(fake, tmp_path):
    asked = people(3, items=15)
    first = score(tmp_path, fake.url, asked, **LIST)
    again = score(tmp_path, fake.url, asked, **LIST)
    assert again.scores == first.scores and again.totals.sends == 0
    assert sum(again.settled) == 45


def test_another_question_hits_no_old_answer(fake, tmp_path):
    [one] = asked = people(1, items=15)
    kept = 0
    for other, given in [
        (asked, LIST),
        (asked, LIST | {"llm_window": 5}),
        (asked, LIST | {"llm_show": ("year",)}),
        ([PersonItems(one.block.replace("taste", "taste for"), one.lines)], LIST),
        ([PersonItems(one.block, one.lines[::-1])], LIST),
    ]:
        kept += score(tmp_path, fake.url, other, **given).totals.sends
        assert kept == len(rows(tmp_path, "texts"))
    assert kept == 4 * WINDOWS + 5
    assert score(tmp_path, fake.url, asked, **LIST).totals.sends == 0


def test_another_wording_hits_no_old_answer(fake, tmp_path, monkeypatch):
    asked = people(1, items=15)
    score(tmp_path, fake.url, asked, **LIST)
    other = questions.LIST.instructions + "\nBe brief."
    monkeypatch.setattr(questions, "instructions", lambda _prompt: other)
    assert score(tmp_path, fake.url, asked, **LIST).totals.sends == WINDOWS


def test_a_changed_bottom_is_asked_about_only_as_far_up_as_it_matters(fake, tmp_path):
    lines = sorted(films(15), key=lambda line: -score_of(line))
    score(tmp_path, fake.url, [person("taste", lines)], **LIST)
    worse = min((f"Other {n}." for n in range(40)), key=score_of)
    changed = [person("taste", [*lines[:-1], worse])]
    assert score(tmp_path, fake.url, changed, **LIST).totals.sends == 1


def test_a_list_cut_short_carries_on_where_it_stopped(fake, tmp_path):
    asked = people(2, items=15)
    stopped = score(tmp_path, fake.url, asked, max_requests=5, llm_concurrency=1, **LIST)
    assert stopped.error is not None and len(fake.calls()) == 5
    whole = score(tmp_path, fake.url, asked, **LIST)
    assert len(fake.calls()) == 2 * WINDOWS
    assert whole.scores == score(tmp_path / "other", fake.url, asked, **LIST).scores


def test_people_of_whom_the_same_is_known_share_the_answers(fake, tmp_path):
    one = person("taste", films(15))
    done = score(tmp_path, fake.url, [one, one], **LIST)
    assert done.scores[0] == done.scores[1] and len(fake.calls()) == WINDOWS


@pytest.mark.parametrize(
    "fault",
    [faults.malformed, faults.missing, faults.refusal],
    ids=["prose", "no order", "refusal"],
)
def test_a_window_without_an_order_leaves_its_items_unscored_and_is_asked_again_later(
    fake, tmp_path, fault
):
    asked = [person("taste 1", films(5, "A")), person("taste 2", films(5, "B"))]
    fake.script(fault(contains="taste 1"))
    done = score(tmp_path, fake.url, asked, **LIST)
    assert done.scores[0] == [None] * 5 and None not in done.scores[1]
    assert sum(done.settled) == 10 and len(rows(tmp_path, "texts")) == 1
    fake.script()
    assert None not in score(tmp_path, fake.url, asked, **LIST).scores[0]


def test_a_server_that_stumbles_loses_nothing(fake, tmp_path):
    asked = people(3, items=15)
    fake.script(*(kind(times=1, after=n) for n, kind in enumerate([faults.reset, faults.cut] * 3)))
    done = score(tmp_path, fake.url, asked, clock=FakeClock(), **LIST)
    assert done.scores == score(tmp_path / "other", fake.url, asked, **LIST).scores
    assert outcomes(tmp_path) == ["answered"] * 3 * WINDOWS


def test_what_is_planned_for_lists_is_what_is_sent(fake, tmp_path):
    asked = [*people(3, items=15), *people(1, items=15), person("alone", films(1))]
    made = plan(tmp_path, fake.url, asked, **LIST)
    assert (made.requests, made.pairs, made.known) == (3 * WINDOWS, 3 * WINDOWS * 6, 1)
    assert len(fake.calls()) == 0
    score(tmp_path, fake.url, asked, **LIST)
    assert len(fake.calls()) == made.requests
    done = plan(tmp_path, fake.url, asked, **LIST)
    assert (done.requests, done.pairs, done.known, done.usage.prompt) == (0, 0, 46, 0)
