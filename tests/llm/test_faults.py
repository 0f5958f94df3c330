"""Every way in which a server can fail, against a real one that does, through the whole engine."""

import asyncio
import json

import pytest

from tasks.core.errors import LlmDownError, LlmSetupError
from tasks.llm.asking import ask_scores
from tests.llm.engine_support import (
    FastClock,
    closed_port,
    far_away,
    films,
    outcomes,
    people,
    person,
    right,
    rows,
    run,
    score,
)
from tests.support.fake_clock import FakeClock
from tests.support.fake_llm import faults
from tests.support.fake_llm.answers import score_of

PEOPLE = people(3)
RIGHT = right(PEOPLE)
ATTEMPTS = 6


def failing(code):
    return lambda **scope: faults.status(code, **scope)


REFUSED = [faults.rate_limited, *(failing(code) for code in (408, 409, 500, 502, 503, 504, 529))]
NAMES = ["429", "408", "409", "500", "502", "503", "504", "529"]
PERHAPS_BILLED = [
    faults.reset,
    faults.close,
    faults.cut,
    faults.cut_json,
    faults.html,
    faults.empty_choices,
]
BROKEN = ["reset", "close", "cut", "cut_json", "html", "empty_choices"]


@pytest.mark.parametrize("fault", REFUSED + PERHAPS_BILLED, ids=NAMES + BROKEN)
def test_what_passes_costs_further_attempts_and_no_score(fake, tmp_path, fault) -> None:
    fake.script(fault(times=2))
    clock = FakeClock()
    done = score(tmp_path, fake.url, PEOPLE, clock=clock, llm_concurrency=1)
    assert done.scores == RIGHT and sum(done.settled) == 9
    assert len(fake.calls()) == done.totals.sends == 5
    assert outcomes(tmp_path) == ["answered"] * 3
    assert sorted(row["attempts"] for row in rows(tmp_path)) in ([1, 1, 3], [1, 2, 2])
    doubtful = 2 if fault in PERHAPS_BILLED else 0
    assert sum(row["perhaps_billed"] for row in rows(tmp_path)) == doubtful
    assert done.totals.perhaps_billed == doubtful
    assert clock.slept, "it tried again without any wait"


@pytest.mark.parametrize("fault", REFUSED + PERHAPS_BILLED, ids=NAMES + BROKEN)
def test_a_request_that_always_fails_is_given_up_and_no_other(fake, tmp_path, fault) -> None:
    fake.script(fault(contains="Film 0-"))
    done = score(tmp_path, fake.url, PEOPLE, clock=FakeClock())
    assert done.scores == [[None] * 3, *RIGHT[1:]]
    assert len(fake.calls()) == ATTEMPTS + 2 and sum(done.settled) == 9
    [given_up] = [row for row in rows(tmp_path) if row["outcome"] == "gave_up"]
    doubtful = ATTEMPTS if fault in PERHAPS_BILLED else 0
    assert (given_up["attempts"], given_up["perhaps_billed"]) == (ATTEMPTS, doubtful)
    assert done.totals.perhaps_billed == doubtful
    assert len(rows(tmp_path, "scores")) == 6
    fake.script()
    assert score(tmp_path, fake.url, PEOPLE).scores == RIGHT
    assert len(fake.calls()) == ATTEMPTS + 3, "more was asked for than what was missing"


@pytest.mark.parametrize("seconds", [2, 300])
def test_retry_after_holds_for_the_whole_job_to_the_second(fake, tmp_path, seconds) -> None:
    fake.script(faults.rate_limited(str(seconds), times=1))
    asked, clock = people(8), FakeClock(1_000.0)
    done = score(tmp_path, fake.url, asked, clock=clock, llm_concurrency=3)
    assert done.scores == right(asked)
    later = [at for at in done.sent_at if at > 1_000.0]
    assert len(done.sent_at) == len(fake.calls()) == 9 and len(later) >= 6
    assert later == pytest.approx([1_000.0 + seconds] * len(later))


def test_retry_after_beyond_patience_ends_the_asking_at_once(fake, tmp_path) -> None:
    fake.script(faults.rate_limited("300"))
    clock = FakeClock()
    done = score(tmp_path, fake.url, people(8), clock=clock, llm_concurrency=3, llm_patience=200)
    assert isinstance(done.error, LlmDownError) and "--llm-patience" in str(done.error)
    assert len(fake.calls()) <= 3 and done.seconds < 10
    assert set(outcomes(tmp_path)) == {"gave_up"}


@pytest.mark.parametrize("url", [closed_port(), "http://nowhere.invalid/v1"], ids=["port", "DNS"])
def test_a_server_away_for_longer_than_patience_ends_the_asking(fake, tmp_path, url) -> None:
    clock, tried, again = FakeClock(), [], []

    async def ask_twice(engine, told):
        try:
            return await ask_scores(engine, people(8), told)
        finally:
            tried.append(engine.budget.totals.sends)
            for _ in range(2):
                with pytest.raises(LlmDownError) as caught:
                    await ask_scores(engine, PEOPLE, told)
                again.append(caught.value)
            tried.append(engine.budget.totals.sends)

    done = run(tmp_path, url, ask_twice, clock=clock, llm_patience=300)
    assert isinstance(done.error, LlmDownError) and again == [done.error] * 2
    assert 300 <= clock.now() - 1_000.0 < 340, "neither earlier nor much later than told"
    assert tried[0] == tried[1] < 40
    assert done.totals.perhaps_billed == 0 and done.totals.requests == 0
    assert set(outcomes(tmp_path)) == {"gave_up"}
    assert score(tmp_path, fake.url, PEOPLE).scores == RIGHT


def test_patience_is_for_silence_not_for_the_whole_job(fake, tmp_path) -> None:
    fake.script(*(faults.rate_limited("50", times=1, after=n) for n in range(0, 16, 2)))
    clock, asked = FakeClock(), people(8)
    done = score(tmp_path, fake.url, asked, clock=clock, llm_patience=60, llm_concurrency=1)
    assert done.scores == right(asked) and clock.now() > 1_200


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (faults.quota, "quota"),
        (faults.bad_key, "OPENAI_API_KEY"),
        (failing(403), "OPENAI_API_KEY"),
        (failing(402), "quota"),
        (faults.unknown_model, "--llm-model"),
    ],
    ids=["quota", "401", "403", "402", "model"],
)
def test_what_no_waiting_cures_stops_everything_at_once(fake, tmp_path, fault, word) -> None:
    asked = people(12)
    fake.script(fault(after=4))
    done = score(tmp_path, fake.url, asked, llm_concurrency=3)
    assert isinstance(done.error, LlmSetupError) and word in str(done.error)
    assert 5 <= len(fake.calls()) <= 4 + 3 and done.seconds < 10
    answered = outcomes(tmp_path).count("answered")
    assert answered == 4 and None not in outcomes(tmp_path)
    fake.script()
    before = len(fake.calls())
    assert score(tmp_path, fake.url, asked).scores == right(asked)
    assert len(fake.calls()) - before == 12 - answered


def test_a_model_that_the_server_does_not_have_is_a_matter_of_setup(fake, tmp_path) -> None:
    done = score(tmp_path, fake.url, PEOPLE, llm_model="fake-9", llm_concurrency=1)
    assert isinstance(done.error, LlmSetupError) and len(fake.calls()) == 1


def test_an_address_that_is_no_api_is_a_matter_of_setup(fake, tmp_path) -> None:
    done = score(tmp_path, fake.url.removesuffix("/v1"), PEOPLE, llm_concurrency=1)
    assert isinstance(done.error, LlmSetupError) and "--llm-base-url" in str(done.error)


def test_a_refused_key_stops_at_once_also_where_requests_are_rationed(fake, tmp_path) -> None:
    fake.script(faults.bad_key())
    done = score(tmp_path, fake.url, people(4), llm_requests_per_minute=20)
    assert isinstance(done.error, LlmSetupError) and len(fake.calls()) == 1
    assert done.seconds < 5, "three more waited for three seconds each, to be sent never"


def test_a_stop_does_not_wait_for_another_requests_retry_after(fake, tmp_path) -> None:
    fake.script(faults.quota(times=1), faults.rate_limited("8"))
    done = score(tmp_path, fake.url, PEOPLE)
    assert isinstance(done.error, LlmSetupError)
    assert done.seconds < 5


@pytest.mark.parametrize("fault", [faults.hang, faults.drip], ids=["hang", "drip"])
def test_the_deadline_is_for_the_whole_answer(fake, tmp_path, fault) -> None:
    fake.script(fault(contains="Film 0-"))
    asked = {"clock": FakeClock(), "llm_deadline": 1.0, "llm_attempts": 2}
    done = score(tmp_path, fake.url, PEOPLE, **asked)
    assert done.scores == [[None] * 3, *RIGHT[1:]]
    assert 1.8 <= done.seconds < 8 and len(fake.calls()) == 4
    [late] = [row for row in rows(tmp_path) if row["outcome"] == "gave_up"]
    assert (late["attempts"], late["perhaps_billed"]) == (2, 2)
    assert done.totals.perhaps_billed == 2
    answered = sum(c.prompt_tokens + c.completion_tokens for c in fake.calls() if c.answered)
    assert done.totals.prompt + done.totals.answer > answered + 2 * 300, "the worst case counts"


def test_an_answer_that_came_late_once_is_asked_for_again(fake, tmp_path) -> None:
    fake.script(faults.hang(times=1))
    done = score(tmp_path, fake.url, PEOPLE, clock=FakeClock(), llm_deadline=1.0)
    assert done.scores == RIGHT and len(fake.calls()) == 4
    late = [row for row in rows(tmp_path) if row["perhaps_billed"]]
    assert [(row["attempts"], row["outcome"]) for row in late] == [(2, "answered")]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.length, "length"),
        (faults.refusal, "refusal"),
        (faults.content_filter, "filtered"),
        (lambda **scope: faults.status(400, code_name="content_filter", **scope), "filtered"),
        (lambda **scope: faults.status(413, **scope), "too_long"),
        (lambda **scope: faults.status(400, **scope), "gave_up"),
    ],
    ids=["length", "refusal", "content_filter", "content_filter as 400", "413", "400"],
)
def test_an_answer_without_scores_has_an_outcome_of_its_own(fake, tmp_path, fault, outcome) -> None:
    lines = films(4)
    asked = [person("taste", lines), *PEOPLE]
    fake.script(fault(contains=lines[2]))
    done = score(tmp_path, fake.url, asked)
    mine = [None if line == lines[2] else score_of(line) for line in lines]
    if outcome == "gave_up":  # nothing says that an item is to blame
        mine = [None] * 4
    assert done.scores == [mine, *RIGHT] and sum(done.settled) == 13
    assert set(outcomes(tmp_path)) == {"answered", outcome}
    blamed = {row["id"] for row in rows(tmp_path) if row["outcome"] == outcome}
    assert not blamed & {row["request_id"] for row in rows(tmp_path, "scores")}
    assert len(fake.calls()) <= 3 + 8


def bad(value):
    return lambda **scope: faults.bad_score(value, **scope)


@pytest.mark.parametrize(
    ("fault", "asked_again"),
    [
        (faults.malformed, 4),
        (faults.wrong_keys, 4),
        (lambda **scope: faults.missing(2, **scope), 2),
        (faults.doubled, 1),
        (bad('"0.8/1"'), 1),
        (bad("7"), 1),
        (bad("-1.01"), 1),
        (bad("NaN"), 1),
        (bad("Infinity"), 1),
        (bad("null"), 1),
        (bad("true"), 1),
        (bad("{}"), 1),
    ],
    ids=[
        "malformed",
        "wrong",
        "missing",
        "doubled",
        "0.8/1",
        "7",
        "-1.01",
        "NaN",
        "Infinity",
        "null",
        "true",
        "object",
    ],
)
def test_only_what_is_not_valid_is_asked_for_again(fake, tmp_path, fault, asked_again) -> None:
    lines = films(4)
    fake.script(fault(times=1))
    done = score(tmp_path, fake.url, [person("taste", lines)])
    assert done.scores == [[score_of(line) for line in lines]]
    first, second = fake.asked()
    assert first == sorted(lines) and len(second) == asked_again and set(second) <= set(first)
    assert outcomes(tmp_path) == ["answered"] * 2 and sum(done.settled) == 4

    fake.script(fault())
    asked = films(4, "Other")
    done = score(tmp_path, fake.url, [person("taste", asked)])
    [scores] = done.scores
    later = fake.asked()[2:]
    assert scores.count(None) == len(later[-1]) and len(later) == 4, "four times, then neutral"
    known = [(s, score_of(line)) for s, line in zip(scores, asked, strict=True) if s is not None]
    assert all(found == expected for found, expected in known)
    assert sum(done.settled) == 4


def test_an_item_that_nobody_asked_about_is_ignored(fake, tmp_path) -> None:
    fake.script(faults.invented())
    assert score(tmp_path, fake.url, PEOPLE).scores == RIGHT
    assert len(fake.calls()) == 3 and len(rows(tmp_path, "scores")) == 9


def test_an_answer_without_its_check_number_counts_for_nothing(fake, tmp_path) -> None:
    fake.script(faults.raw(json.dumps({f"{n:02d}": 0.5 for n in range(1, 4)})))
    done = score(tmp_path, fake.url, PEOPLE[:1])
    assert done.scores == [[None] * 3] and len(fake.calls()) == 4


def test_a_killed_server_that_comes_back_scores_everything_and_nothing_twice(
    fake, tmp_path
) -> None:
    asked = people(12)
    fake.script(faults.slow(0.15))
    known: list[set[str]] = []

    async def kill_and_start(_engine) -> None:
        while len(rows(tmp_path, "scores")) < 15:
            await asyncio.sleep(0.02)
        await asyncio.to_thread(fake.server.kill)
        known.append({row["request_id"] for row in rows(tmp_path, "scores")})
        await asyncio.sleep(0.1)
        await asyncio.to_thread(fake.server.start)

    more = {"clock": FastClock(10), "during": kill_and_start, "llm_concurrency": 4}
    done = score(tmp_path, fake.url, asked, **more)
    assert done.scores == right(asked)
    assert 5 <= len(known[0]) < 12
    acknowledged = [row for row in rows(tmp_path) if row["id"] in known[0]]
    assert {row["attempts"] for row in acknowledged} == {1}
    assert 12 <= len(fake.calls()) <= 12 + 4, "more was repeated than what was in flight"
    assert len(rows(tmp_path, "scores")) == 36
    kept = {row["person"] for row in rows(tmp_path, "scores") if row["request_id"] in known[0]}
    repeated = len(fake.calls()) - len({call.user for call in fake.calls()})
    assert repeated <= 4 and len(kept) == len(known[0])


def test_without_schemas_it_asks_in_plain_text_at_once_and_stays_with_that(fake, tmp_path) -> None:
    fake.script(faults.refuse_schema())
    asked, clock = people(6), FakeClock()
    done = score(tmp_path, fake.url, asked, clock=clock, llm_concurrency=1)
    assert done.scores == right(asked) and clock.slept == []
    forms = [call.body["response_format"]["type"] for call in fake.calls()]
    assert forms == ["json_schema"] + ["json_object"] * 6
    assert outcomes(tmp_path) == ["answered"] * 6


def test_requests_refused_together_for_their_schema_all_fall_back(fake, tmp_path) -> None:
    fake.script(faults.refuse_schema())
    asked = people(6)

    async def ask(engine, told):
        far_away(engine, 0.2)
        return await ask_scores(engine, asked, told)

    done = run(tmp_path, fake.url, ask)
    assert sum("response_format" in call.body for call in fake.calls()) > 1, "not at once"
    assert done.scores == right(asked)


def test_fenced_answers_are_read(fake, tmp_path) -> None:
    fake.script(faults.refuse_schema(), faults.fenced())
    assert score(tmp_path, fake.url, PEOPLE, llm_concurrency=1).scores == RIGHT
    assert "fenced" in {call.fault for call in fake.calls()}


def test_a_prompt_that_is_too_long_is_asked_in_smaller_ones(fake, tmp_path) -> None:
    fake.script(faults.context_too_long(contains='key="05"'))  # more than four items
    lines = films(8)
    done = score(tmp_path, fake.url, [person("taste", lines)])
    assert done.scores == [[score_of(line) for line in lines]]
    assert [len(items) for items in fake.asked()] == [8, 4, 4]
    assert outcomes(tmp_path) == ["too_long", "answered", "answered"]


def test_an_item_that_alone_is_too_long_stays_without_a_score(fake, tmp_path) -> None:
    lines = films(8)
    fake.script(faults.context_too_long(contains=lines[3]))
    [scores] = score(tmp_path, fake.url, [person("taste", lines)]).scores
    assert scores == [None if line == lines[3] else score_of(line) for line in lines]
    assert len(fake.calls()) == 1 + 3 * 2
