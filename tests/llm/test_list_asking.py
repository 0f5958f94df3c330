"""Windows from the bottom of a list to its top: what travels, what is refused, where it ends."""

import json
import random
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.llm.answers import read_order
from tasks.llm.item_asking import ALONE_AT_MOST, ASKED_AT_MOST, EXTRA_AT_MOST, PersonItems
from tasks.llm.list_asking import ListAsking
from tasks.llm.questions import LIST
from tasks.llm.requests import Outcome, Reply
from tests.support.fake_llm.tokens import Tokens

PERSON = "<person>\nIn their words: I like slow films.\n</person>"
OUTCOMES = ["length", "refusal", "filtered", "too_long", "gave_up"]


class ListJob:
    """Putting one person's items in order, a request at a time."""

    def __init__(self, person, items, window, stride):
        asked = PersonItems(person, items)
        self.asking = ListAsking("judge", asked, window, stride, lambda _count: None)

    def ask(self):
        return self.asking.pending()[0]

    def asks(self):
        return self.asking.pending()

    def question(self):
        """What the ledger knows the window at hand by; None when all are done."""
        requests = self.asking.pending()
        return requests[0].context["about"] if requests else None

    def take(self, ask, reply):
        return self.asking.take(ask, reply).get(ask.context["about"])

    def __getattr__(self, name):
        return getattr(self.asking, name)


def films(count):
    return [f"Film {number:03d}." for number in range(count)]


def answered(ask, order):
    return Reply("answered", json.dumps({"check": ask.context["check"], "order": order}))


def said(ask, order):
    return answered(ask, list(order))


def shown(ask):
    lines = [line for line in ask.user.splitlines() if line.startswith("<item ")]
    return [line.partition(">")[2].removesuffix("</item>") for line in lines]


def by(value):
    """A model that orders by this value of an item's line, highest first."""

    def model(ask):
        pairs = zip(ask.context["keys"], shown(ask), strict=True)
        return said(ask, [key for key, _ in sorted(pairs, key=lambda pair: -value(pair[1]))])

    return model


def number(line):
    return int(line[5:8])


def play(job, model):
    asks = []
    while job.question() is not None:
        asks.append(job.ask())
        job.take(asks[-1], model(asks[-1]))
    return asks


@pytest.mark.parametrize(
    ("count", "window", "stride", "windows"),
    [
        (100, 20, 10, 9),
        (20, 20, 10, 1),
        (21, 20, 10, 2),
        (2, 20, 10, 1),
        (30, 10, 10, 3),
        (31, 10, 10, 4),
        (1, 20, 10, 0),
        (0, 20, 10, 0),
    ],
)
def test_windows_go_from_the_bottom_to_the_top_and_no_further(count, window, stride, windows):
    job = ListJob(PERSON, films(count), window, stride)
    asks = play(job, by(lambda line: -number(line)))
    assert len(asks) == windows
    if asks:
        assert shown(asks[0]) == films(count)[max(count - window, 0) :]
        assert shown(asks[-1])[0] == films(count)[0]
    assert job.settled == count


def test_what_fits_best_travels_from_the_bottom_to_the_top():
    job = ListJob(PERSON, films(100), 20, 10)
    play(job, by(number))
    assert [number(films(100)[n]) for n in job.order[:10]] == list(range(99, 89, -1))
    assert sorted(job.order) == list(range(100))


def test_a_window_holds_what_the_one_below_sent_up():
    job = ListJob(PERSON, films(30), 20, 10)
    first, second = play(job, by(number))
    assert shown(first) == films(30)[10:]
    assert shown(second) == films(30)[:10] + films(30)[:19:-1]


def test_an_agreeing_model_leaves_the_base_order_and_similarity_is_linear_in_place():
    job = ListJob(PERSON, films(5), 3, 2)
    play(job, by(lambda line: -number(line)))
    assert job.similarities() == [1.0, 0.5, 0.0, -0.5, -1.0]


def test_an_only_item_is_neither_good_nor_bad_and_asks_nothing():
    job = ListJob(PERSON, films(1), 20, 10)
    assert job.question() is None
    assert job.similarities() == [0.0]
    assert ListJob(PERSON, [], 20, 10).similarities() == []


@pytest.mark.parametrize(
    "wrong",
    [
        ["01", "02"],
        ["01", "02", "02"],
        ["01", "02", "03", "03"],
        ["01", "02", "04"],
        ["1", "2", "3"],
        ["01", "02", 3],
        [["01", "02", "03"]],
        "01 02 03",
        {"01": 1, "02": 2, "03": 3},
        None,
        [],
    ],
)
def test_what_is_no_permutation_is_asked_again_and_then_the_window_stays(wrong):
    job = ListJob(PERSON, films(3), 20, 10)
    reply = {"order": wrong}
    asks = play(
        job, lambda ask: Reply("answered", json.dumps(reply | {"check": ask.context["check"]}))
    )
    assert len(asks) == ASKED_AT_MOST
    assert len({ask.user for ask in asks}) == ASKED_AT_MOST, "no question is asked twice"
    assert (job.order, job.left, job.suspected) == ([0, 1, 2], 1, 0)
    assert job.similarities() == [None, None, None]


def test_an_item_is_unscored_only_if_no_window_with_an_order_held_it():
    job = ListJob(PERSON, films(30), 20, 10)
    better = by(number)
    play(job, lambda ask: better(ask) if films(30)[0] in shown(ask) else Reply("gave_up"))
    known = job.similarities()
    assert [n for n, similarity in enumerate(known) if similarity is None] == list(range(20, 30))
    assert job.left == 1


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_answer_that_was_cut_or_refused_never_orders_anything(outcome):
    job = ListJob(PERSON, films(3), 20, 10)
    asks = play(job, lambda ask: Reply(outcome, said(ask, ["03", "02", "01"]).text))
    assert len(asks) == (1 if outcome in ("too_long", "gave_up") else ALONE_AT_MOST)
    assert (job.order, job.left) == ([0, 1, 2], 1)


def test_another_check_is_asked_again_and_counted_as_suspected():
    job = ListJob(PERSON, films(3), 20, 10)
    fooled = json.dumps({"check": 1.0, "order": ["03", "02", "01"]})
    assert len(play(job, lambda _ask: Reply("answered", fooled))) == ASKED_AT_MOST
    assert (job.order, job.left, job.suspected) == ([0, 1, 2], 1, 1)


def test_a_second_try_that_is_valid_counts():
    job = ListJob(PERSON, films(3), 20, 10)
    orders = iter([["01"], ["03", "01", "02"]])
    play(job, lambda ask: said(ask, next(orders)))
    assert (job.order, job.left) == ([2, 0, 1], 0)


def test_a_known_order_is_applied_as_its_answer_was():
    one, two = (ListJob(PERSON, films(30), 20, 10) for _ in range(2))
    while one.question() is not None:
        assert one.question() == two.question()
        ask = one.ask()
        kept = one.take(ask, by(number)(ask))
        assert kept is not None
        two.apply(kept)
    assert one.order == two.order and one.similarities() == two.similarities()


def test_the_question_changes_with_person_items_and_their_order():
    questions = {
        ListJob(person, items, window, 2).question()
        for person, items, window in [
            (PERSON, films(5), 3),
            (PERSON, films(5), 4),
            (PERSON + " ", films(5), 3),
            (PERSON, films(5)[::-1], 3),
            (PERSON, [line + " " for line in films(5)], 3),
        ]
    }
    assert len(questions) == 5


@settings(deadline=None, max_examples=100)
@given(
    st.integers(0, 60), st.integers(2, 25), st.floats(0.05, 1), st.integers(0, 2**32), st.booleans()
)
def test_whatever_a_model_answers_asking_ends_and_nothing_is_lost(count, window, share, seed, good):
    chance = random.Random(seed)
    stride = max(1, round(share * window))
    job = ListJob(PERSON, films(count), window, stride)

    def model(ask):
        kind = chance.choice(["good", "short", "prose", "check", *OUTCOMES])
        order = chance.sample(ask.context["keys"], len(ask.context["keys"]))
        if good or kind == "good":
            return said(ask, order)
        if kind == "short":
            return said(ask, order[:-1])
        if kind == "check":
            return Reply("answered", json.dumps({"check": 0.5, "order": order}))
        return Reply("answered", "No.") if kind == "prose" else Reply(cast(Outcome, kind))

    first = len(job.asks())
    assert len(play(job, model)) <= first + EXTRA_AT_MOST
    assert sorted(job.order) == list(range(count))
    known = [value for value in job.similarities() if value is not None]
    assert all(-1.0 <= value <= 1.0 for value in known) and len(set(known)) == len(known)
    assert not good or (len(known), job.left) == (count, 0)


def test_an_answer_of_full_length_fits_into_the_tokens_it_may_have():
    for count in (2, 20, 99):
        ask = ListJob(PERSON, films(count), count, 1).ask()
        text = json.dumps(
            {"check": ask.context["check"], "order": list(ask.context["keys"])}, indent=2
        )
        assert Tokens().count(text) <= ask.answer_tokens
        keys, _ = read_order(text, ask.context["keys"], ask.context["check"])
        assert keys == tuple(ask.context["keys"])


def test_the_schema_wants_as_many_keys_as_there_are_and_only_these():
    schema = LIST.schema(["01", "02"])
    order = schema["properties"]["order"]
    assert (order["minItems"], order["maxItems"], order["items"]["enum"]) == (2, 2, ["01", "02"])
    assert schema["required"] == list(schema["properties"]) == ["check", "order"]
