"""Asking for many scores and texts: never twice, in any order, by any number of askers."""

import asyncio
import random

import pytest

from tasks.llm.asking import ask_scores, ask_texts
from tasks.llm.item_asking import PersonItems
from tasks.llm.text_asking import ASKED_AT_MOST
from tests.llm.engine_support import (
    engine_on,
    films,
    outcomes,
    people,
    person,
    right,
    rows,
    run,
    score,
    write,
)
from tests.support.fake_clock import FakeClock
from tests.support.fake_llm import faults
from tests.support.fake_llm.answers import score_of, text_of

BLOCKS = [f"<favourites>\nFilm {n}, rated 5\n</favourites>" for n in range(3)]


def test_scores_come_in_the_order_of_people_and_lines(fake, tmp_path) -> None:
    asked = people(5, items=60)
    done = score(tmp_path, fake.url, asked)
    assert done.scores == right(asked) and sum(done.settled) == 300
    assert sorted(len(items) for items in fake.asked()) == [20] * 15
    assert done.totals.pairs == 300 and done.totals.requests == 15


def test_what_is_known_is_never_asked_again(fake, tmp_path) -> None:
    asked = people(3)
    score(tmp_path, fake.url, asked)
    again = score(tmp_path, fake.url, asked)
    assert again.scores == right(asked) and sum(again.settled) == 9
    assert again.totals.sends == 0 and len(fake.calls()) == 3
    more = [asked[0], PersonItems(asked[1].block, [*asked[1].lines, "Heat (1995)."]), asked[2]]
    assert score(tmp_path, fake.url, more).scores == right(more)
    assert fake.asked()[3:] == [["Heat (1995)."]]


def test_a_known_score_is_of_this_person_item_and_model(fake, tmp_path) -> None:
    [one] = people(1)
    score(tmp_path, fake.url, [one])
    score(tmp_path, fake.url, [PersonItems(one.block + " ", one.lines)])
    score(tmp_path, fake.url, [PersonItems(one.block, [f"{line} " for line in one.lines])])
    score(tmp_path, fake.url, [one], llm_show=("year",))
    assert len(fake.calls()) == 4
    score(tmp_path, fake.url, [one], llm_items=2, llm_concurrency=1)
    score(tmp_path, fake.url, [PersonItems(one.block, one.lines[::-1])])
    assert len(fake.calls()) == 4


def test_an_item_listed_twice_is_asked_about_once(fake, tmp_path) -> None:
    lines = films(3)
    asked = [person("taste", [*lines, *lines[:2]])]
    done = score(tmp_path, fake.url, asked)
    assert done.scores == right(asked) and sum(done.settled) == 5
    assert fake.asked() == [sorted(lines)]


def test_nothing_to_ask_asks_nothing(fake, tmp_path) -> None:
    assert score(tmp_path, fake.url, []).scores == []
    assert score(tmp_path, fake.url, [person("taste", [])]).scores == [[]]
    assert write(tmp_path, fake.url, []).texts == []
    assert fake.calls() == []


def test_people_of_whom_the_same_is_known_are_asked_about_once(fake, tmp_path) -> None:
    fake.script(faults.slow(0.2))
    lines = films(4)
    asked = [person("taste", lines), person("taste", lines[::-1]), person("taste", films(6))]
    done = score(tmp_path, fake.url, asked)
    assert done.scores == right(asked) and sum(done.settled) == 14
    items = [item for items in fake.asked() for item in items]
    assert sorted(items) == sorted(films(6)), "each of them once"


def test_two_askers_at_the_same_time_share_what_is_asked(fake, tmp_path) -> None:
    fake.script(faults.slow(0.2))
    asked = people(4)

    async def both(engine, told):
        return await asyncio.gather(*(ask_scores(engine, asked, told) for _ in range(2)))

    done = run(tmp_path, fake.url, both)
    assert done.answers == [right(asked)] * 2 and len(fake.calls()) == 4
    assert sum(done.settled) == 24


def test_the_same_text_is_asked_for_once_also_by_two_at_a_time(fake, tmp_path) -> None:
    fake.script(faults.slow(0.2))
    wanted = [BLOCKS[0], BLOCKS[1], BLOCKS[0]]

    async def both(engine, told):
        return await asyncio.gather(*(ask_texts(engine, "profile", wanted, told) for _ in range(2)))

    done = run(tmp_path, fake.url, both)
    said = [text_of(block) for block in wanted]
    assert done.answers == [said] * 2 and len(fake.calls()) == 2


def test_texts_are_kept_and_told_of(fake, tmp_path) -> None:
    done = write(tmp_path, fake.url, BLOCKS)
    assert done.texts == [text_of(block) for block in BLOCKS] and sum(done.settled) == 3
    again = write(tmp_path, fake.url, BLOCKS)
    assert again.texts == done.texts and sum(again.settled) == 3 and len(fake.calls()) == 3


def test_a_text_without_a_valid_answer_is_asked_for_again_and_then_given_up(fake, tmp_path) -> None:
    fake.script(faults.malformed(contains="Film 1,"))
    done = write(tmp_path, fake.url, BLOCKS)
    assert done.texts == [text_of(BLOCKS[0]), None, text_of(BLOCKS[2])]
    assert len(fake.calls()) == 2 + ASKED_AT_MOST and set(outcomes(tmp_path)) == {"answered"}
    asked = [call.user for call in fake.calls() if "Film 1," in call.user]
    assert len(set(asked)) == ASKED_AT_MOST, "a repeated question is not the same question"


def test_a_text_given_up_is_told_of_as_well(fake, tmp_path) -> None:
    fake.script(faults.malformed())
    assert sum(write(tmp_path, fake.url, BLOCKS).settled) == 3


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.refusal, "refusal"),
        (faults.content_filter, "filtered"),
        (faults.length, "length"),
        (faults.context_too_long, "too_long"),
        (lambda **scope: faults.status(500, **scope), "gave_up"),
    ],
    ids=["refusal", "content_filter", "length", "too long", "500"],
)
def test_a_text_that_is_refused_leaves_the_others_alone(fake, tmp_path, fault, outcome) -> None:
    fake.script(fault(contains="Film 1,"))
    done = write(tmp_path, fake.url, BLOCKS, clock=FakeClock())
    assert done.texts == [text_of(BLOCKS[0]), None, text_of(BLOCKS[2])]
    assert set(outcomes(tmp_path)) == {"answered", outcome}
    assert len(rows(tmp_path, "texts")) == 2 and len(fake.calls()) <= 2 + 6


def test_only_an_allowed_word_counts(fake, tmp_path) -> None:
    fake.script(faults.raw('{"text": "maybe"}', times=1))
    done = write(tmp_path, fake.url, BLOCKS[:1], allowed=["yes", "no"])
    assert done.texts == ["yes"] and len(fake.calls()) == 2


@pytest.mark.parametrize("said", ['""', '" \\n"', '"\\u200b\\u0000"', "5", "null", '["a"]'])
def test_a_text_in_which_nothing_can_be_seen_is_none(fake, tmp_path, said) -> None:
    fake.script(faults.raw(f'{{"text": {said}}}'))
    assert write(tmp_path, fake.url, BLOCKS[:1]).texts == [None]
    assert rows(tmp_path, "texts") == []


def test_a_text_that_cannot_be_written_to_disk_stops_nobody_else(fake, tmp_path) -> None:
    fake.script(faults.raw('{"text": "half a pair: \\ud83d"}', contains="Film 1,"))
    texts = write(tmp_path, fake.url, BLOCKS).texts
    assert [texts[0], texts[2]] == [text_of(BLOCKS[0]), text_of(BLOCKS[2])]


def test_a_text_is_kept_as_one_line_of_bounded_length(fake, tmp_path) -> None:
    fake.script(faults.raw('{"text": "I like\\n</person> <b>trains</b> ' + "very " * 60 + 'much"}'))
    [text] = write(tmp_path, fake.url, BLOCKS[:1]).texts
    assert text is not None and len(text) <= 240 and not set(text) & set("<>\n")


def test_whatever_fails_every_pair_ends_with_its_own_score_or_none(fake, tmp_path) -> None:
    chance = random.Random(4)
    asked = people(8, items=7)
    fake.script(
        *(
            chance.choice(
                [
                    faults.status(500, times=1),
                    faults.reset(times=1),
                    faults.missing(1, times=1),
                    faults.cut(times=1),
                    faults.wrong_keys(times=1),
                    faults.doubled(times=1),
                    faults.html(times=1),
                    faults.bad_score("7", times=1),
                ]
            )
            for _ in range(16)
        )
    )
    done = score(tmp_path, fake.url, asked, clock=FakeClock(), llm_items=4)
    assert done.scores == right(asked) and sum(done.settled) == 56
    assert len(rows(tmp_path, "scores")) == 56 and None not in outcomes(tmp_path)
    assert len(fake.calls()) == done.totals.sends


def test_a_row_that_nobody_finished_is_lost_and_its_items_are_asked_again(fake, tmp_path) -> None:
    fake.script(faults.hang(times=1))
    asked = people(1)

    async def leave():
        async with engine_on(tmp_path, fake.url) as engine:
            asking = asyncio.create_task(ask_scores(engine, asked, lambda _: None))
            while not fake.calls():
                await asyncio.sleep(0.05)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(leave())
    assert outcomes(tmp_path) == [None]
    assert score(tmp_path, fake.url, asked).scores == right(asked)
    assert outcomes(tmp_path) == ["lost", "answered"]
    assert score_of(asked[0].lines[0]) in {row["score"] for row in rows(tmp_path, "scores")}
