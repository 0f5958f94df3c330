"""What was asked and answered is on disk when the ledger says so, and stays as it is."""

import time
from collections.abc import Callable
from itertools import chain

import pytest

from tasks.core.errors import LedgerError
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.requests import Reply, Usage
from tests.llm.ledger.conftest import JUDGE, MODEL, REQUEST, Other, Place

pytestmark = pytest.mark.anyio
PERSON = "p" * 32
ANSWERED = Reply("answered", "{}", "stop", "fake-1-2026", Usage(900, 800, 40))


async def begun(ledger: Ledger) -> str:
    return await ledger.begin(REQUEST, MODEL)


async def scored(ledger: Ledger, **found: float) -> str:
    """A finished request whose answer held these scores."""
    made = await begun(ledger)
    answers = ledger.keep_scores(made, JUDGE, PERSON, found)
    await ledger.finish(made, ANSWERED, answers=answers)
    return made


async def test_a_request_is_committed_before_it_is_sent(ledger: Ledger, place: Place) -> None:
    before = time.time()
    made = await begun(ledger)
    columns = "id, owner, request_hash, kind, judge, pairs, attempts, perhaps_billed, outcome"
    [(*row, sent_at, finished_at)] = await place.seen(
        f"SELECT {columns}, sent_at, finished_at FROM requests"
    )
    digest = REQUEST.digest(MODEL)
    assert row == [made, ledger.owner, digest, "score", JUDGE, 2, 1, 0, None]
    assert before <= sent_at <= time.time() and finished_at is None


async def test_sends_are_counted_and_those_that_may_have_been_charged(
    ledger: Ledger, place: Place
) -> None:
    made, untouched = await begun(ledger), await begun(ledger)
    counts = f"SELECT attempts, perhaps_billed, outcome FROM requests WHERE id = '{made}'"
    await ledger.begin_again(made, perhaps_billed=True)
    assert await place.seen(counts) == [(2, 1, None)]
    await ledger.begin_again(made, perhaps_billed=False)
    assert await place.seen(counts) == [(3, 1, None)]
    await ledger.finish(made, Reply("gave_up"), perhaps_billed=True)
    assert await place.seen(counts) == [(3, 2, "gave_up")]
    assert await place.seen(counts.replace(made, untouched)) == [(1, 0, None)]


async def test_an_end_is_kept_with_everything_known_of_it(ledger: Ledger, place: Place) -> None:
    made, untouched = await begun(ledger), await begun(ledger)
    dear = 5_000_000_000_000  # more than 32 bits
    await ledger.finish(made, ANSWERED, cost=dear, latency=1.25)
    columns = "outcome, finish_reason, model_reported, tokens_in, tokens_cached, tokens_out"
    more = "cost_nano_dollars, latency_seconds, perhaps_billed"
    assert await place.seen(f"SELECT {columns}, {more} FROM requests WHERE id = '{made}'") == [
        ("answered", "stop", "fake-1-2026", 900, 800, 40, dear, 1.25, 0)
    ]
    assert (await place.outcomes())[untouched] is None


async def test_unknown_costs_and_endless_names_are_no_obstacle(
    ledger: Ledger, place: Place
) -> None:
    made = await begun(ledger)
    await ledger.finish(made, Reply("answered", "", "because " * 50, "model" * 100))
    columns = "cost_nano_dollars, latency_seconds, length(finish_reason), length(model_reported)"
    assert await place.seen(f"SELECT {columns} FROM requests") == [(None, None, 32, 200)]


async def test_an_end_and_its_scores_are_kept_together_or_not_at_all(
    ledger: Ledger, place: Place
) -> None:
    made = await begun(ledger)
    good = ledger.keep_scores(made, JUDGE, PERSON, {"a": 0.5})
    bad = ledger.keep_scores(made, JUDGE, PERSON, {"b": None})  # type: ignore[dict-item]
    text = ledger.keep_texts(made, JUDGE, {"about": "a text"})
    with pytest.raises(LedgerError):
        await ledger.finish(made, ANSWERED, answers=[*good, *text, *bad])
    assert await place.outcomes() == {made: None}
    assert await place.seen("SELECT item FROM scores") == []
    assert await place.seen("SELECT about FROM texts") == []
    await ledger.finish(made, ANSWERED, answers=[*good, *text])
    assert await place.outcomes() == {made: "answered"}
    assert await place.seen("SELECT item, score, request_id FROM scores") == [("a", 0.5, made)]
    assert await place.seen("SELECT text FROM texts") == [("a text",)]


async def test_a_score_is_never_replaced(ledger: Ledger, place: Place) -> None:
    first = await scored(ledger, a=0.5)
    second = await scored(ledger, a=-1.0, b=0.1)
    rows = await place.seen("SELECT item, score, request_id FROM scores ORDER BY item")
    assert rows == [("a", 0.5, first), ("b", 0.1, second)]
    assert await place.outcomes() == {first: "answered", second: "answered"}


async def test_a_pair_that_comes_twice_in_a_commit_keeps_its_first_score(
    ledger: Ledger, place: Place
) -> None:
    made = await begun(ledger)
    twice = [ledger.keep_scores(made, JUDGE, PERSON, {"a": s, "b": 0.0}) for s in (0.5, -1.0)]
    texts = [ledger.keep_texts(made, JUDGE, {"about": text}) for text in ("first", "second")]
    await ledger.finish(made, ANSWERED, answers=[*chain.from_iterable(twice + texts)])
    rows = await place.seen("SELECT item, score FROM scores ORDER BY item")
    assert rows == [("a", 0.5), ("b", 0.0)]
    assert await place.seen("SELECT text FROM texts") == [("first",)]


async def test_an_answer_without_scores_is_kept_all_the_same(ledger: Ledger, place: Place) -> None:
    made = await scored(ledger)
    assert await place.outcomes() == {made: "answered"}


async def test_scores_are_found_of_one_judge_and_person_only(ledger: Ledger) -> None:
    made = await scored(ledger, a=0.5, b=-0.5)
    other_person = ledger.keep_scores(made, JUDGE, "q" * 32, {"a": 0.1, "c": 0.2})
    other_judge = ledger.keep_scores(made, "another", PERSON, {"a": 0.3, "d": 0.4})
    await ledger.finish(made, ANSWERED, answers=[*other_person, *other_judge])
    assert await ledger.scores_of(JUDGE, PERSON, "abcd") == {"a": 0.5, "b": -0.5}
    assert await ledger.scores_of("another", PERSON, "abcd") == {"a": 0.3, "d": 0.4}
    assert await ledger.scores_of(JUDGE, PERSON, []) == {}
    assert await ledger.scores_of(JUDGE, PERSON, ["a'; DROP TABLE scores; --", "ü"]) == {}


@pytest.mark.parametrize("count", [499, 500, 501, 1_203])
async def test_any_number_of_scores_is_found(ledger: Ledger, count: int) -> None:
    known = {f"{number:032d}": round(number / count, 6) for number in range(count)}
    await scored(ledger, **known)
    wanted = [item for number in range(count) for item in (f"{number:032d}", f"not {number}")]
    assert await ledger.scores_of(JUDGE, PERSON, iter(wanted)) == known


async def test_texts_are_found_and_never_replaced(ledger: Ledger) -> None:
    made = await begun(ledger)
    long = 'Likes "films noirs" — ¿und Umlaute? 映画 🎬 ' * 200
    said = {f"{number:032d}": f"{number} {long}" for number in range(510)}
    changes = [ledger.keep_texts(made, JUDGE, {about: text}) for about, text in said.items()]
    changes.append(ledger.keep_texts(made, "another", {"x": "theirs"}))
    await ledger.finish(made, ANSWERED, answers=list(chain.from_iterable(changes)))
    later = ledger.keep_texts(made, JUDGE, {min(said): "other"})
    await ledger.finish(made, ANSWERED, answers=later)
    assert await ledger.texts_about(JUDGE, [*said, "x"]) == said
    assert await ledger.texts_about("another", [*said, "x"]) == {"x": "theirs"}
    assert await ledger.texts_about(JUDGE, []) == {}


async def test_what_ended_since_a_moment_is_listed_oldest_first(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [await begun(ledger) for _ in range(4)]
    for moment, which in [(100.0, made[2]), (300.0, made[0]), (200.0, made[1])]:
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda moment=moment: moment)
            await ledger.finish(which, ANSWERED, cost=7)
    rows = await ledger.finished_since(200.0)
    assert [row["id"] for row in rows] == [made[1], made[0]]
    assert (rows[0]["outcome"], rows[0]["tokens_cached"], rows[0]["judge"]) == (
        "answered",
        800,
        JUDGE,
    )
    assert [row["cost_nano_dollars"] for row in await ledger.finished_since(0.0)] == [7, 7, 7]
    assert await ledger.finished_since(300.1) == []


async def test_it_opens_again_with_what_was_kept(place: Place) -> None:
    async with place.opened() as ledger:
        await scored(ledger, a=0.5)
    async with place.opened() as again:
        assert again.owner != ledger.owner
        assert await again.scores_of(JUDGE, PERSON, ["a"]) == {"a": 0.5}


async def test_requests_of_a_killed_engine_are_lost_and_in_doubt(
    place: Place, another: Callable[[], Other]
) -> None:
    other = another()
    await other.open(place)
    sent, in_batch = await other.ask("begin"), await other.ask("begin_in_a_batch")
    assert await place.outcomes() == {sent: None, in_batch: None}
    other.kill()
    assert await place.outcomes() == {sent: None, in_batch: None}
    before = time.time()
    async with place.opened() as ledger:
        assert await place.outcomes() == {sent: "lost", in_batch: None}
        assert [row["id"] for row in await ledger.finished_since(before)] == [sent]
        assert await ledger.in_doubt() == 1


async def test_requests_that_a_closed_ledger_left_are_lost(place: Place) -> None:
    async with place.opened() as ledger:
        left = await begun(ledger)
    async with place.opened():
        assert await place.outcomes() == {left: "lost"}


async def test_requests_of_a_living_engine_are_not_lost(
    place: Place, another: Callable[[], Other]
) -> None:
    living, dying = another(), another()
    await living.open(place)
    await dying.open(place)
    sent, lost = await living.ask("begin"), await dying.ask("begin")
    dying.kill()
    for _ in range(2):  # looking whether somebody lives must not look like dying
        async with place.opened() as ledger:
            assert await place.outcomes() == {sent: None, lost: "lost"}
            assert await ledger.in_doubt() == 1
    later = await living.ask("begin")
    assert (await place.outcomes())[later] is None


async def test_a_second_ledger_in_the_same_process_takes_nothing_for_lost(
    ledger: Ledger, place: Place
) -> None:
    sent = await begun(ledger)
    async with place.opened():
        assert await place.outcomes() == {sent: None}
    async with place.opened():
        assert await place.outcomes() == {sent: None}


async def test_requests_stay_alive_when_a_second_ledger_of_their_process_closes(
    ledger: Ledger, place: Place, another: Callable[[], Other]
) -> None:
    other = another()
    sent = await begun(ledger)
    async with place.opened():
        pass
    await other.open(place)
    assert await place.outcomes() == {sent: None}


async def test_doubt_counts_lost_requests_and_sends_without_an_answer(ledger: Ledger) -> None:
    assert await ledger.in_doubt() == 0
    answered, failed = await begun(ledger), await begun(ledger)
    await ledger.begin_again(answered, perhaps_billed=True)
    await ledger.begin_again(answered, perhaps_billed=True)
    await ledger.finish(answered, ANSWERED)
    await ledger.finish(failed, Reply("gave_up"), perhaps_billed=True)
    assert await ledger.in_doubt() == 3
    await ledger.finish(await begun(ledger), Reply("lost"))
    assert await ledger.in_doubt() == 4
