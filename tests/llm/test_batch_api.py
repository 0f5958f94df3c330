"""Asking in batches: every request answered once, whatever is lost, killed, late or refused."""

import asyncio
import random
import sqlite3
import ssl
import time
import urllib.request
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tasks.core.errors import LimitReachedError, LlmDownError, LlmSetupError, StoppedError
from tasks.llm import batch_files
from tasks.llm.asking import ask_scores, ask_texts
from tests.llm.batch_commands import PER_REQUEST, ask, engine_for, without_certificates
from tests.llm.batch_people import once, people, person, right
from tests.llm.batch_processes import STAGES, command, killed
from tests.llm.batch_seen import Watch, forget, in_flight, open_batches, rows
from tests.llm.batch_wire import (
    CONTENT,
    CREATE,
    LIST,
    RETRIEVE,
    UPLOAD,
    Trouble,
    Wire,
    doing,
    done_but_500,
    late,
    lost,
    page,
    refused,
    status,
)
from tests.support.fake_llm import faults
from tests.support.fake_llm.answers import score_of, text_of
from tests.support.fake_llm.handle import FakeLLM, fake_llm

ANN, BOB, CARL = everybody = people("Ann", "Bob", "Carl")
WANTED = "Film 03 for Ann."
ENDPOINTS = [UPLOAD, LIST, CREATE, RETRIEVE, CONTENT]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with fake_llm(tmp_path_factory.mktemp("fake")) as fake:
        yield fake


@pytest.fixture
def fake(running, monkeypatch: pytest.MonkeyPatch) -> FakeLLM:
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    monkeypatch.setattr(ssl, "create_default_context", without_certificates)
    running.script()
    forget(running)
    return running  # type: ignore[no-any-return]


@pytest.fixture
def seen(fake: FakeLLM) -> Watch:
    return Watch(fake)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def assert_all_is_settled(home: Path) -> None:
    assert (open_batches(home), in_flight(home)) == (0, 0)


def assert_nothing_is_left_to_ask(home: Path, fake: FakeLLM, asked=everybody) -> None:
    """The same command once more finds everything in the ledger."""
    seen, before = Watch(fake), rows(home, "SELECT * FROM requests ORDER BY id")
    assert ask(home, fake, asked).scores == right(asked)
    assert seen.operations() == []
    assert rows(home, "SELECT * FROM requests ORDER BY id") == before
    assert_all_is_settled(home)


# What a batch brings back


@pytest.mark.parametrize("seed", [1, 2])
def test_answers_in_any_order_reach_whom_they_are_about(home, fake, seen: Watch, seed: int) -> None:
    fake.script(faults.batch_reordered(seed))
    asked = [*everybody, Person_without_items, person("Dora", items=1)]
    assert ask(home, fake, asked).scores == right(asked)
    assert seen.asked() == once(asked)
    assert seen.operations() == ["upload", "list", "create", "retrieve", "retrieve", "content"]
    assert_nothing_is_left_to_ask(home, fake, asked)


Person_without_items = person("Nobody", items=0)


def test_the_same_person_twice_and_the_same_item_twice_are_asked_once(
    home, fake, seen: Watch
) -> None:
    doubled = type(ANN)(ANN.block, [*ANN.lines, ANN.lines[0]])
    assert ask(home, fake, [doubled]).scores == right([doubled])
    assert seen.asked() == once([ANN])


@pytest.mark.parametrize("share", [0.5, 0.0])
@pytest.mark.parametrize("fault", [faults.batch_partial, faults.batch_expired])
def test_what_a_batch_left_out_is_asked_again_and_nothing_else(
    home, fake, seen: Watch, fault: Any, share: float
) -> None:
    fake.script(fault(share, times=1))
    assert ask(home, fake, everybody).scores == right(everybody)
    first, second = seen.created()
    assert len(seen.lines_of(first)) == 6
    assert len(seen.lines_of(second)) == 6 - round(6 * share)
    assert seen.asked() == once(everybody)
    assert seen.asked_in(first) + seen.asked_in(second) == once(everybody)
    outcomes = rows(home, "SELECT outcome, count(*) FROM requests GROUP BY 1 ORDER BY 1")
    assert outcomes == [("answered", 6), ("unanswered", 6 - round(6 * share))]
    assert_nothing_is_left_to_ask(home, fake)


def test_batches_that_always_expire_are_given_up_in_the_end(home, fake, seen: Watch) -> None:
    fake.script(faults.batch_expired(0))
    assert ask(home, fake, [ANN]).scores == [[None] * len(ANN.lines)]
    assert len(seen.created()) == 4
    assert_all_is_settled(home)
    fake.script()
    assert ask(home, fake, [ANN]).scores == right([ANN])


def test_a_failed_batch_says_why_and_the_next_command_tries_again(home, fake, seen: Watch) -> None:
    fake.script(faults.batch_failed(times=1))
    with pytest.raises(LlmSetupError, match="invalid_request") as caught:
        _ = ask(home, fake, everybody).scores
    assert seen.created()[0] in caught.value.what
    assert seen.asked() == {}
    assert_all_is_settled(home)
    assert ask(home, fake, everybody).scores == right(everybody)
    assert len(seen.created()) == 2
    assert seen.asked() == once(everybody)


def test_one_of_several_batches_fails_and_the_others_are_kept(
    home, fake, seen: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_files, "MOST_LINES", 2)
    fake.script(faults.batch_failed(times=1, contains="for Bob"))
    with pytest.raises(LlmSetupError, match="invalid_request"):
        _ = ask(home, fake, everybody).scores
    assert (len(seen.created()), open_batches(home)) == (3, 1)
    assert seen.asked() == once([ANN])
    assert ask(home, fake, everybody).scores == right(everybody)
    assert len(seen.created()) == 4
    assert seen.asked_in(seen.created()[-1]) == once([BOB])
    assert seen.asked() == once(everybody)
    assert_nothing_is_left_to_ask(home, fake)


def test_a_batch_cancelled_at_the_provider_is_read_and_the_rest_asked_again(
    home, fake, seen: Watch
) -> None:
    killed(home, fake, everybody, "polling")
    cancel = f"{fake.url}/batches/{seen.created()[0]}/cancel"
    urllib.request.urlopen(urllib.request.Request(cancel, method="POST")).close()
    assert ask(home, fake, everybody).scores == right(everybody)
    assert len(seen.created()) == 2
    assert seen.asked() == once(everybody)


@pytest.mark.parametrize(
    ("fault", "again"),
    [
        (faults.missing(2), 2),
        (faults.bad_score("7"), 1),
        (faults.length(), PER_REQUEST),
        (faults.refusal(), PER_REQUEST),
        (faults.wrong_check(), PER_REQUEST),
        (faults.empty_choices(), PER_REQUEST),
        (faults.hang(), PER_REQUEST),
        (faults.status(500), PER_REQUEST),
        (faults.rate_limited(), PER_REQUEST),
        (faults.context_too_long(), PER_REQUEST),
    ],
    ids=lambda value: value.kind if isinstance(value, faults.Fault) else "",
)
def test_a_bad_answer_in_a_batch_is_asked_again_for_what_it_lacks(
    home, fake, seen: Watch, fault: faults.Fault, again: int
) -> None:
    fake.script(faults.Fault(fault.kind, 1, WANTED, 0, fault.parameters))
    assert ask(home, fake, everybody).scores == right(everybody)
    first, second = seen.created()
    assert seen.asked_in(first) == once(everybody)
    repeated = seen.asked_in(second)
    assert repeated.total() == again
    assert {block for block, _ in repeated} == {ANN.block}
    assert repeated <= once([ANN])
    assert_all_is_settled(home)


def test_a_line_that_is_refused_for_good_has_no_score_and_the_others_do(
    home, fake, seen: Watch
) -> None:
    fake.script(faults.status(400, contains=WANTED))
    [scores, *others] = ask(home, fake, everybody).scores
    assert others == right([BOB, CARL])
    assert len(seen.created()) == 1 and seen.asked() == once(everybody)
    assert scores.count(None) == PER_REQUEST and scores[3] is None
    assert_all_is_settled(home)


@pytest.mark.parametrize("allowed", [None, ["none", "some"]])
def test_texts_are_asked_for_in_batches_too(home, fake, seen: Watch, allowed) -> None:
    fake.script(
        faults.malformed(times=1, contains="about 2"),
        faults.status(500, times=1, contains="about 4"),
        faults.batch_partial(0.7, times=1),
    )
    blocks = [f"<favourites>\nabout {n}\n</favourites>" for n in (1, 2, 3, 2, 4)]

    async def said(engine_options: dict[str, Any]) -> tuple[list[str | None], int]:
        settled: list[int] = []
        async with engine_for(home, fake, **engine_options) as engine:
            texts = await ask_texts(engine, "profile", blocks, settled.append, allowed)
            return texts, sum(settled)

    texts, settled = asyncio.run(said({}))
    assert settled == 4
    answered = {c.user.split("\n")[1]: text_of(c.user) for c in seen.calls() if not c.fault}
    told = [answered[block.split("\n")[1]] for block in blocks]
    assert texts == (["none"] * 5 if allowed else told)
    asked = Counter(call.user.split("\n")[1] for call in seen.calls() if call.fault is None)
    assert asked == {f"about {n}": 1 for n in (1, 2, 3, 4)}
    before = seen.operations()
    assert asyncio.run(said({})) == (texts, 4)
    assert seen.operations() == before
    assert_all_is_settled(home)


# kill -9


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_commands_batch_is_taken_up_and_never_made_twice(
    home, fake, seen: Watch, stage: str
) -> None:
    killed(home, fake, everybody, stage)
    assert ask(home, fake, everybody).scores == right(everybody)
    assert len(seen.created()) == 1
    assert seen.asked() == once(everybody)
    assert seen.operations().count("upload") == (2 if stage == "uploaded, not noted" else 1)
    assert_nothing_is_left_to_ask(home, fake)


@pytest.mark.parametrize("stage", ["polling", "completed, not read"])
def test_a_killed_commands_batch_brings_what_it_has_and_the_rest_is_asked(
    home, fake, seen: Watch, stage: str
) -> None:
    fake.script(faults.batch_expired(0.5, times=1), faults.missing(times=1))
    killed(home, fake, everybody, stage)
    assert ask(home, fake, everybody).scores == right(everybody)
    first, second = seen.created()
    assert seen.asked_in(first).total() == 3 * PER_REQUEST
    missed = seen.asked_in(first) & seen.asked_in(second)
    assert missed.total() == 1
    assert seen.asked() == once(everybody) + missed


def test_only_who_was_not_in_a_killed_commands_batch_is_asked_about(
    home, fake, seen: Watch
) -> None:
    killed(home, fake, [ANN, BOB], "polling")
    assert ask(home, fake, everybody).scores == right(everybody)
    first, second = seen.created()
    assert (seen.asked_in(first), seen.asked_in(second)) == (once([ANN, BOB]), once([CARL]))


def test_answers_about_people_who_are_not_asked_for_any_more_are_kept_all_the_same(
    home, fake, seen: Watch
) -> None:
    killed(home, fake, [ANN, BOB], "created, not noted")
    assert ask(home, fake, [CARL]).scores == right([CARL])
    assert seen.asked() == once(everybody)
    assert_nothing_is_left_to_ask(home, fake)


def test_a_batch_that_failed_after_its_command_was_killed_is_reported_once(
    home, fake, seen: Watch
) -> None:
    fake.script(faults.batch_failed(times=1))
    killed(home, fake, everybody, "created and noted")
    with pytest.raises(LlmSetupError, match="invalid_request"):
        _ = ask(home, fake, everybody).scores
    assert ask(home, fake, everybody).scores == right(everybody)
    assert len(seen.created()) == 2
    assert_nothing_is_left_to_ask(home, fake)


def test_killed_twice_while_taking_up_a_batch(home, fake, seen: Watch) -> None:
    killed(home, fake, everybody, "uploaded and noted")
    killed(home, fake, everybody, "created, not noted")
    killed(home, fake, everybody, "half read")
    assert ask(home, fake, everybody).scores == right(everybody)
    assert len(seen.created()) == 1
    assert seen.asked() == once(everybody)
    assert_nothing_is_left_to_ask(home, fake)


def test_killed_between_the_files_of_one_round(home, fake, seen: Watch) -> None:
    killed(home, fake, everybody, "created and noted", most_lines=2)
    assert ask(home, fake, everybody).scores == right(everybody)
    first, second = seen.created()
    assert (seen.asked_in(first), seen.asked_in(second)) == (once([ANN]), once([BOB, CARL]))
    assert_nothing_is_left_to_ask(home, fake)


def test_killed_at_any_moment_no_pair_is_asked_twice(tmp_path: Path, fake, seen: Watch) -> None:
    chance, asked, kills, homes = random.Random(11), [], 0, 0
    deadline = time.monotonic() + 30
    while kills < 8:
        assert time.monotonic() < deadline
        homes += 1
        home, asking = tmp_path / f"home-{homes}", people(*(f"{n} of {homes}" for n in range(4)))
        asked += asking
        found = None
        while found is None:
            given = {"most_lines": 2, "llm_batch_poll": 0.03}
            with command(home, fake, asking, **given) as process:
                process.hears("begun")
                if kills < 8:
                    time.sleep(chance.uniform(0.02, 0.4))
                    process.kill()
                    kills += 1
                else:
                    found = process.result()
        assert found == right(asking)
        assert_all_is_settled(home)
    assert seen.asked() == once(asked)
    lines = [line["custom_id"] for batch in seen.created() for line in seen.lines_of(batch)]
    assert len(lines) == len(set(lines)) == 2 * len(asked)


# The network and the server


@pytest.mark.parametrize("how", [lost, done_but_500, late])
def test_a_batch_whose_creation_was_not_confirmed_is_found(
    home, fake, seen: Watch, how: Any
) -> None:
    assert ask(home, fake, everybody, Trouble(CREATE, how)).scores == right(everybody)
    assert len(seen.created()) == 1
    assert seen.asked() == once(everybody)


def test_it_is_found_among_more_than_a_page_of_other_batches(
    home, tmp_path: Path, seen: Watch
) -> None:
    with fake_llm(tmp_path / "fake") as fake:
        killed(home, fake, [ANN], "created, not noted")
        [record] = (fake.folder / "batches").glob("*.json")
        for n in range(1, 130):
            other = record.read_text().replace(record.stem, f"batch_{n}")
            other = other.replace('"order": 0', f'"order": {n}').replace('"palate"', '"x"')
            record.with_stem(f"batch_{n}").write_text(other)
        assert ask(home, fake, [ANN]).scores == right([ANN])
        assert [name for name, _ in fake.operations()].count("create") == 1
        assert [name for name, _ in fake.operations()].count("list") == 3


@pytest.mark.parametrize("where", ENDPOINTS)
def test_a_server_in_trouble_is_asked_again_later_and_later(
    home, fake, seen: Watch, where: str
) -> None:
    last = refused if where in {UPLOAD, CREATE} else lost
    wire = Wire([Trouble(where, act) for act in (status(429), status(500), status(503), last)])
    assert ask(home, fake, everybody, wire=wire).scores == right(everybody)
    assert len(seen.created()) == 1
    assert seen.asked() == once(everybody)
    assert seen.operations().count("upload") == 1
    times = wire.times_of(where)[:5]
    waits = [after - before for before, after in pairwise(times)]
    assert waits == pytest.approx([0.5, 1, 2, 4])
    assert_nothing_is_left_to_ask(home, fake)


def test_the_server_says_when_to_come_back(home, fake, seen: Watch) -> None:
    wire = Wire([Trouble(RETRIEVE, status(429, retry_after="77"))])
    assert ask(home, fake, everybody, wire=wire).scores == right(everybody)
    first, second, *_ = wire.times_of(RETRIEVE)
    assert second - first == pytest.approx(77)


@pytest.mark.parametrize("where", ENDPOINTS)
def test_a_server_that_stays_away_ends_the_command_and_the_next_takes_the_batch_up(
    home, fake, seen: Watch, where: str
) -> None:
    how = refused if where in {LIST, CONTENT} else status(503)
    wire = Wire([Trouble(where, how, times=None)])
    with pytest.raises(LlmDownError):
        _ = ask(home, fake, everybody, wire=wire, seconds=3, llm_patience=100.0).scores
    assert open_batches(home) == 1
    times = wire.times_of(where)
    assert 60 < times[-1] - times[0] < 140
    assert ask(home, fake, everybody).scores == right(everybody)
    assert len(seen.created()) == 1
    assert seen.asked() == once(everybody)


@pytest.mark.parametrize("where", [UPLOAD, CREATE, CONTENT])
def test_a_refused_key_ends_the_command_at_once_and_loses_nothing(
    home, fake, seen: Watch, where: str
) -> None:
    with pytest.raises(LlmSetupError, match="key"):
        _ = ask(home, fake, everybody, Trouble(where, status(401), times=None)).scores
    assert ask(home, fake, everybody).scores == right(everybody)
    assert len(seen.created()) == 1
    assert seen.asked() == once(everybody)


@pytest.mark.parametrize(
    ("where", "code"),
    [(UPLOAD, 413), (UPLOAD, 405), (CREATE, 400), (LIST, 405), (RETRIEVE, 400), (CONTENT, 400)],
)
def test_a_request_that_is_refused_for_good_ends_the_command(
    home, fake, where: str, code: int
) -> None:
    """A server that knows no batches, a bill that is not paid, a file that is too large."""
    with pytest.raises(LlmSetupError):
        _ = ask(home, fake, [ANN], Trouble(where, status(code), times=None), seconds=1).scores


@pytest.mark.parametrize("where", ENDPOINTS)
def test_a_web_page_instead_of_an_answer_is_no_answer(home, fake, seen: Watch, where: str) -> None:
    """A proxy or a hotel's network says 200 to everything until somebody has signed in."""
    done = ask(home, fake, everybody, Trouble(where, page, times=2))
    assert done.scores == right(everybody)
    assert len(seen.created()) == 1
    assert seen.asked() == once(everybody)


@pytest.mark.parametrize("where", [RETRIEVE, CONTENT])
def test_the_server_dies_and_comes_back(home, tmp_path: Path, where: str) -> None:
    with fake_llm(tmp_path / "fake") as fake:
        troubles = [
            Trouble(where, doing(fake.kill)),
            Trouble(where, doing(fake.start), after=2),
        ]
        wire = Wire(troubles)
        assert ask(home, fake, everybody, wire=wire).scores == right(everybody)
        assert [name for name, _ in fake.operations()].count("create") == 1
        assert Watch.asked(Watch(fake), fake.calls()) == once(everybody)
        assert len(wire.times_of(where)) >= 4
        assert_nothing_is_left_to_ask(home, fake)


# Limits, costs, stopping


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    file = tmp_path / "prices.toml"
    file.write_text(
        'batch_discount = 0.5\n[models."fake-1"]\ninput = 2.0\ncached = 1.0\noutput = 8.0\n'
    )
    return file


def test_a_batch_is_cut_to_the_requests_that_may_be_sent(home, fake, seen: Watch) -> None:
    with pytest.raises(LimitReachedError, match="max-requests"):
        _ = ask(home, fake, everybody, max_requests=3).scores
    [first] = seen.created()
    assert len(seen.lines_of(first)) == 3
    assert_all_is_settled(home)
    assert len(rows(home, "SELECT * FROM scores")) == 3 * PER_REQUEST
    assert ask(home, fake, everybody, max_requests=3).scores == right(everybody)
    assert len(seen.created()) == 2
    assert seen.asked() == once(everybody)


def test_nothing_may_be_sent(home, fake, seen: Watch) -> None:
    with pytest.raises(LimitReachedError):
        _ = ask(home, fake, everybody, max_requests=0).scores
    assert seen.operations() == []
    assert open_batches(home) == 0


def test_what_is_asked_again_counts_too(home, fake, seen: Watch) -> None:
    fake.script(faults.missing(times=2))
    with pytest.raises(LimitReachedError):
        _ = ask(home, fake, everybody, max_requests=7).scores
    first, second = seen.created()
    assert (len(seen.lines_of(first)), len(seen.lines_of(second))) == (6, 1)
    assert len(rows(home, "SELECT * FROM scores")) == 6 * PER_REQUEST - 1


def test_an_earlier_commands_batch_is_read_whatever_the_limit(home, fake, seen: Watch) -> None:
    killed(home, fake, everybody, "polling")
    assert ask(home, fake, everybody, max_requests=0).scores == right(everybody)


def test_costs_are_counted_with_the_discount(home, fake, seen: Watch, prices: Path) -> None:
    done = ask(home, fake, everybody, llm_prices=prices)
    assert done.scores == right(everybody)
    cost = sum(
        (c.prompt_tokens - c.cached_tokens) * 2000 + c.cached_tokens * 1000 + 8000 * n
        for c in seen.calls()
        for n in [c.completion_tokens]
    )
    assert done.totals.nano_dollars == cost // 2
    assert rows(home, "SELECT sum(cost_nano_dollars) FROM requests") == [(cost // 2,)]
    assert (done.totals.requests, done.totals.pairs) == (6, 24)
    assert done.totals.answer == sum(c.completion_tokens for c in seen.calls())


def test_costs_of_a_batch_that_is_taken_up_are_counted_too(
    home, fake, seen: Watch, prices: Path
) -> None:
    killed(home, fake, everybody, "polling", llm_prices=prices)
    done = ask(home, fake, everybody, llm_prices=prices)
    whole = rows(home, "SELECT sum(cost_nano_dollars), count(*) FROM requests")
    assert whole == [(done.totals.nano_dollars, 6)] and done.totals.nano_dollars > 0


@pytest.mark.parametrize(("share", "lines"), [("0.55", 6), ("0.45", 5)])
def test_the_cost_limit_knows_the_discount(
    home, fake, seen: Watch, prices: Path, share: str, lines: int
) -> None:
    _ = ask(home / "without", fake, everybody).scores
    live = sum(most_of(line["body"]) for line in seen.lines_of(seen.created()[0]))
    limit = Decimal(share) * live / 1_000_000_000
    done = ask(home / "with", fake, everybody, llm_prices=prices, max_cost=limit)
    assert len(seen.lines_of(seen.created()[1])) == lines
    assert isinstance(done.error, LimitReachedError) == (lines < 6)
    assert done.totals.pairs == lines * PER_REQUEST


def most_of(body: dict[str, Any]) -> int:
    """What a request can cost at most, at the full price, in billionths of a dollar."""
    prompt = sum(len(message["content"]) for message in body["messages"]) / 3.5
    return int(prompt * 2000 + body["max_completion_tokens"] * 8000)


def test_no_file_holds_more_lines_than_it_may(
    home, fake, seen: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_files, "MOST_LINES", 4)
    assert ask(home, fake, everybody).scores == right(everybody)
    assert [len(seen.lines_of(batch)) for batch in seen.created()] == [4, 2]
    assert seen.asked() == once(everybody)
    assert_nothing_is_left_to_ask(home, fake)


def test_no_file_is_larger_than_it_may(
    home, fake, seen: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_files, "MOST_BYTES", 9_000)
    assert ask(home, fake, everybody).scores == right(everybody)
    sizes = [len(seen.file_of(batch)) for batch in seen.created()]
    lines = [len(seen.lines_of(batch)) for batch in seen.created()]
    assert max(sizes) <= 9_000 and len(sizes) > 1 and sum(lines) == 6
    assert all(size + sizes[0] / lines[0] > 8_500 for size in sizes[:-1])
    assert seen.asked() == once(everybody)


@pytest.mark.parametrize("where", [UPLOAD, LIST, CREATE, RETRIEVE])
def test_a_command_that_is_stopped_leaves_its_batch_to_the_next(
    home, fake, seen: Watch, where: str
) -> None:
    async def stopped() -> None:
        wire = Wire()
        async with engine_for(home, fake, wire=wire) as engine:
            wire.troubles = [Trouble(where, doing(engine.stop))]
            await ask_scores(engine, everybody, lambda _: None)

    with pytest.raises(StoppedError):
        asyncio.run(stopped())
    assert len(seen.created()) == (where in {CREATE, RETRIEVE})
    assert ask(home, fake, everybody).scores == right(everybody)
    assert len(seen.created()) == 1
    assert seen.asked() == once(everybody)
    assert_nothing_is_left_to_ask(home, fake)


def test_ctrl_c_while_polling(home, fake, seen: Watch) -> None:
    given = {"pauses": "created and noted", "llm_batch_poll": 60.0}
    with command(home, fake, everybody, **given) as process:
        process.hears("begun")
        process.hears("paused")
        process.go_on()
        process.interrupt()
        assert process.result(seconds=5) == "interrupted"
    assert ask(home, fake, everybody).scores == right(everybody)
    assert len(seen.created()) == 1
    assert seen.asked() == once(everybody)


# Several commands


def test_two_commands_at_once_about_the_same_people(home, fake, seen: Watch) -> None:
    with command(home, fake, everybody) as one, command(home, fake, everybody[::-1]) as other:
        one.hears("begun")
        other.hears("begun")
        assert one.result() == right(everybody)
        assert other.result() == right(everybody[::-1])
    assert len(seen.created()) == 1
    assert seen.asked() == once(everybody)


def test_two_commands_at_once_about_some_of_the_same_people(home, fake, seen: Watch) -> None:
    with command(home, fake, [ANN, BOB]) as one, command(home, fake, [CARL, BOB]) as other:
        one.hears("begun")
        other.hears("begun")
        assert one.result() == right([ANN, BOB])
        assert other.result() == right([CARL, BOB])
    assert len(seen.created()) == 2
    assert seen.asked() == once(everybody)
    assert_nothing_is_left_to_ask(home, fake)


@pytest.mark.parametrize("stage", ["begun, not uploaded", "uploaded and noted", "polling"])
def test_the_batch_of_a_living_command_is_left_alone(home, fake, seen: Watch, stage: str) -> None:
    with command(home, fake, [ANN], pauses=stage) as living:
        living.hears("begun")
        living.hears("paused")
        [(batch, owner)] = rows(home, "SELECT id, owner FROM batches")
        before = seen.created()
        assert ask(home, fake, [BOB]).scores == right([BOB])
        whose = f"SELECT owner, finished_at FROM batches WHERE id = '{batch}'"
        assert rows(home, whose) == [(owner, None)]
        assert len(seen.created()) == len(before) + 1
        living.go_on()
        assert living.result() == right([ANN])
    assert len(seen.created()) == 2
    assert seen.asked() == once([ANN, BOB])


def test_who_waits_for_a_living_command_can_be_stopped(home, fake, seen: Watch) -> None:
    """Its batch may take a day."""

    async def stopped() -> None:
        async with engine_for(home, fake) as engine:
            asyncio.get_running_loop().call_later(0.3, engine.stop)
            async with asyncio.timeout(3):
                await ask_scores(engine, [ANN], lambda _: None)

    with command(home, fake, [ANN], pauses="polling") as living:
        living.hears("begun")
        living.hears("paused")
        with pytest.raises(StoppedError):
            asyncio.run(stopped())


def test_people_in_a_batch_that_another_command_has_taken_up_are_not_asked_about_again(
    home, fake, seen: Watch
) -> None:
    killed(home, fake, [ANN, BOB], "created and noted")

    async def again() -> list[list[float | None]]:
        async with engine_for(home, fake) as engine:
            asyncio.get_running_loop().call_later(1.0, taking_up.go_on)
            return await ask_scores(engine, [ANN, BOB], lambda _: None)

    with command(home, fake, [CARL], pauses="polling") as taking_up:
        taking_up.hears("begun")
        taking_up.hears("paused")  # at Ann's and Bob's batch
        assert asyncio.run(again()) == right([ANN, BOB])
        taking_up.go_on()
        assert taking_up.result() == right([CARL])
    assert seen.asked() == once(everybody)
    assert len(seen.created()) == 2


def test_a_batch_is_taken_up_by_one_of_two_commands(home, fake, seen: Watch) -> None:
    killed(home, fake, [ANN], "uploaded and noted")
    with command(home, fake, [BOB], pauses="owner is gone") as one:
        one.hears("begun")
        one.hears("paused")
        with command(home, fake, [CARL], pauses="not found") as other:
            other.hears("begun")
            other.pauses_within(2.0)
            one.go_on()
            time.sleep(0.3)
            other.go_on()
            assert other.result() == right([CARL])
        assert one.result() == right([BOB])
    assert seen.asked() == once(everybody)
    assert len(seen.created()) == 3


def test_a_batch_that_another_command_is_just_looking_at_is_not_made_again(
    home, fake, seen: Watch
) -> None:
    killed(home, fake, [ANN], "polling")
    with command(home, fake, [BOB], pauses="owner is gone") as other:
        other.hears("begun")
        other.hears("paused")  # it holds the claim of the batch's owner
        with command(home, fake, [ANN]) as one:
            one.hears("begun")
            time.sleep(1.0)
            assert len(seen.created()) == 1
            other.go_on()
            assert other.result() == right([BOB])
            assert one.result() == right([ANN])
    assert seen.asked() == once([ANN, BOB])
    assert len(seen.created()) == 2


def test_a_ledger_from_which_rows_are_read_is_a_real_one(home, fake) -> None:
    """The helpers above would not notice a ledger that is somewhere else."""
    _ = ask(home, fake, [ANN]).scores
    [(score,)] = rows(home, "SELECT count(*) FROM scores")
    assert score == len(ANN.lines)
    with pytest.raises(sqlite3.OperationalError):
        rows(home.parent, "SELECT * FROM scores")
    assert score_of(ANN.lines[0]) == right([ANN])[0][0]
