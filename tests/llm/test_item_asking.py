"""Asking for one person's scores, with models that answer well, badly, or for somebody else."""

import json
import random
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.llm.item_asking import ASKED_AT_MOST, EXTRA_AT_MOST, ItemsAsking, PersonItems
from tasks.llm.questions import SCORE, STEPS
from tasks.llm.requests import ChatRequest, Outcome, Reply
from tests.support.fake_llm.tokens import Tokens

PERSON = "<person>\nIn their words: I like slow films.\n</person>"
WRONG = ["length", "refusal", "filtered", "too_long"]


@dataclass(frozen=True)
class Ask:
    """A request, and the places of the items that its keys stand for."""

    request: ChatRequest
    members: dict[str, int]

    @property
    def check(self) -> float:
        return float(self.request.context["check"])

    @property
    def attempt(self) -> int:
        return self.request.attempt


class ScoreJob:
    """Asking for one person's scores; items are known by their places."""

    def __init__(self, person, items, per_request):
        asked = PersonItems(person, items)
        self.items = items
        self.asking = ItemsAsking(SCORE, "judge", asked, lambda: per_request, lambda _: None)
        self._places = {item: place for place, item in enumerate(self.asking._items)}

    def pending(self):
        return [
            Ask(r, {key: self._places[item] for key, item in r.context["items"].items()})
            for r in self.asking.pending()
        ]

    def take(self, ask, reply):
        fresh = self.asking.take(ask.request, reply)
        return {self._places[item]: score for item, score in fresh.items()}

    @property
    def found(self):
        scores = enumerate(self.asking.answers())
        return {place: score for place, score in scores if score is not None}

    @property
    def left(self):
        return {self._places[item] for item in self.asking.left}

    @property
    def suspected(self):
        return {self._places[item] for item in self.asking.suspected}


def lines(count):
    return [f"Film {number} ({1900 + number})." for number in range(count)]


def truth(line):
    """What a model thinks of an item: depends on the item alone."""
    return random.Random(line).choice(STEPS)


def shown(ask):
    """The items of a request by key, as the model reads them."""
    return dict(re.findall(r'<item key="(\d\d)">(.*?)</item>', ask.request.user))


def right(ask):
    """Every key with what the model thinks of the item that it reads there."""
    return {"check": ask.check} | {key: truth(line) for key, line in shown(ask).items()}


def answered(said):
    return Reply("answered", json.dumps(said))


def healthy(ask):
    return answered(right(ask))


def play(job, model):
    """Ask until nothing is left to ask; gives the requests of every round."""
    rounds = []
    while asks := job.pending():
        rounds.append(asks)
        assert len(rounds) <= ASKED_AT_MOST * EXTRA_AT_MOST
        for ask in asks:
            job.take(ask, model(ask))
    return rounds


def check_ended(job):
    """Every item is either scored or given up."""
    assert not job.found.keys() & job.left
    assert job.found.keys() | job.left == set(range(len(job.items)))


@pytest.mark.parametrize(
    ("count", "per_request"), [(0, 25), (1, 25), (25, 25), (26, 25), (100, 25), (101, 25), (7, 1)]
)
def test_every_item_is_asked_for_once_in_groups_of_nearly_equal_size(count, per_request):
    asks = ScoreJob(PERSON, lines(count), per_request).pending()
    assert len(asks) == -(-count // per_request)
    assert sorted(m for ask in asks for m in ask.members.values()) == list(range(count))
    sizes = [len(ask.members) for ask in asks] or [0]
    assert max(sizes) - min(sizes) <= 1
    assert [ask.request.pairs for ask in asks] == ([] if not count else sizes)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 210), st.integers(1, 99))
def test_any_number_of_items_fits_into_as_few_requests_as_can_be(count, per_request):
    asks = ScoreJob(PERSON, lines(count), per_request).pending()
    assert len(asks) == -(-count // per_request)
    assert Counter(m for ask in asks for m in ask.members.values()) == Counter(range(count))
    assert all(len(ask.members) <= per_request for ask in asks)


def test_a_request_shows_the_person_the_check_and_each_item_under_its_own_key():
    items = lines(60)
    for ask in ScoreJob(PERSON, items, 25).pending():
        assert ask.request.user.startswith(
            f'{PERSON}\n<items check="{ask.check}">\n<item key="01">'
        )
        assert shown(ask) == {key: items[member] for key, member in ask.members.items()}
        assert list(ask.members) == [f"{n:02d}" for n in range(1, len(ask.members) + 1)]
        assert ask.request.system == SCORE.instructions
        assert ask.check not in STEPS and 0.1 < abs(ask.check) < 1.0


def test_nothing_is_handed_out_twice():
    job = ScoreJob(PERSON, lines(3), 25)
    assert len(job.pending()) == 1
    assert job.pending() == []


def test_the_same_job_asks_the_same():
    first, second = (ScoreJob(PERSON, lines(60), 25) for _ in range(2))
    assert play(first, healthy) == play(second, healthy)
    assert first.found == second.found


def test_the_order_in_which_items_come_changes_no_request():
    items = lines(60)
    other = random.Random(5).sample(items, len(items))
    said = [
        [ask.request.user for ask in ScoreJob(PERSON, given, 25).pending()]
        for given in (items, other)
    ]
    assert said[0] == said[1]


def test_items_are_shuffled_and_for_every_person_differently():
    places = []
    for person in (PERSON, "<person>\n</person>"):
        (ask,) = ScoreJob(person, lines(25), 25).pending()
        places.append(list(ask.members.values()))
    assert places[0] != places[1]
    for order in places:
        assert order != sorted(order)
        steps = sum(1 for a, b in pairwise(order) if b == a + 1)
        assert steps <= 6


def test_no_item_is_always_in_the_first_places():
    total: Counter[int] = Counter()
    for number in range(200):
        (ask,) = ScoreJob(f"<person>{number}</person>", lines(10), 25).pending()
        total[ask.members["01"]] += 1
    assert set(total) == set(range(10))
    assert max(total.values()) < 45  # 20 expected


def test_every_score_reaches_the_item_that_was_shown_under_its_key():
    items = lines(60)
    job = ScoreJob(PERSON, items, 25)
    assert len(play(job, healthy)) == 1
    assert job.found == {place: truth(line) for place, line in enumerate(items)}
    check_ended(job)


def test_answers_in_any_order_give_the_same_scores():
    def backwards(ask):
        return answered(dict(reversed(right(ask).items())))

    def mixed(ask):
        said = list(right(ask).items())
        random.Random(1).shuffle(said)
        return answered(dict(said))

    items, found = lines(60), []
    for model in (healthy, backwards, mixed):
        job = ScoreJob(PERSON, items, 25)
        play(job, model)
        found.append(job.found)
    assert found[0] == found[1] == found[2]
    assert found[0] == {place: truth(line) for place, line in enumerate(items)}


def test_the_order_in_which_replies_arrive_does_not_matter():
    items = lines(60)
    job = ScoreJob(PERSON, items, 25)
    for ask in reversed(job.pending()):
        job.take(ask, healthy(ask))
    assert job.found == {place: truth(line) for place, line in enumerate(items)}


def test_only_what_is_missing_is_asked_again():
    asked = []

    def forgetful(ask):
        asked.append(ask)
        said = right(ask)
        if len(asked) == 1:
            del said["03"]
            said |= {"05": 1.01, "07": "half", "99": 0.1}
        return answered(said)

    items = lines(25)
    job = ScoreJob(PERSON, items, 25)
    assert [len(asks) for asks in play(job, forgetful)] == [1, 1]
    first, second = asked
    again = {first.members[key] for key in ("03", "05", "07")}
    assert set(second.members.values()) == again
    assert set(shown(second).values()) == {items[member] for member in again}
    assert list(second.members) == ["01", "02", "03"]
    assert job.found == {place: truth(line) for place, line in enumerate(items)}
    check_ended(job)


def test_a_score_is_kept_when_a_later_answer_is_bad():
    job = ScoreJob(PERSON, lines(2), 25)
    (ask,) = job.pending()
    first = ask.members["01"]
    assert job.take(ask, answered({"check": ask.check, "01": 0.7})) == {first: 0.7}
    play(job, lambda _ask: Reply("refusal"))
    assert job.found == {first: 0.7}
    check_ended(job)


def test_an_item_without_a_valid_score_is_asked_for_so_often_and_no_more():
    job = ScoreJob(PERSON, lines(1), 25)
    rounds = play(job, lambda ask: answered({"check": ask.check}))
    assert len(rounds) == ASKED_AT_MOST
    assert job.left == {0}
    assert job.found == {}
    assert job.suspected == set()


def test_the_last_attempt_still_counts():
    times = []

    def late(ask):
        times.append(ask)
        return healthy(ask) if len(times) == ASKED_AT_MOST else answered({"check": ask.check})

    job = ScoreJob(PERSON, lines(3), 25)
    play(job, late)
    assert len(job.found) == 3


@pytest.mark.parametrize("count", [1, 2, 3, 25])
def test_a_repeated_question_differs_from_all_before(count):
    repeated = 0
    for person in range(40):
        job = ScoreJob(f"<person>{person}</person>", lines(count), 25)
        rounds = play(job, lambda ask: answered({"check": ask.check}))
        said = [ask.request.user for asks in rounds for ask in asks]
        repeated += len(said) - len(set(said))
    assert repeated == 0


def test_an_unanswered_request_is_asked_again_whole():
    job = ScoreJob(PERSON, lines(30), 25)
    rounds = play(job, lambda a: Reply("unanswered") if a.attempt == 1 else healthy(a))
    assert [len(asks) for asks in rounds] == [2, 2]
    assert len(job.found) == 30


def test_a_request_that_was_given_up_is_not_asked_again():
    job = ScoreJob(PERSON, lines(50), 25)
    first, second = job.pending()
    assert job.take(first, Reply("gave_up")) == {}
    job.take(second, healthy(second))
    assert job.pending() == []
    assert job.left == set(first.members.values())
    check_ended(job)


@pytest.mark.parametrize("outcome", WRONG)
def test_text_beside_another_outcome_than_answered_is_not_read(outcome):
    job = ScoreJob(PERSON, lines(1), 25)
    (ask,) = job.pending()
    assert job.take(ask, Reply(outcome, healthy(ask).text)) == {}
    play(job, lambda again: Reply(outcome, healthy(again).text))
    assert job.found == {}
    check_ended(job)


@pytest.mark.parametrize("outcome", WRONG)
@pytest.mark.parametrize("poison", range(25))
def test_one_poisonous_item_takes_no_other_item_with_it(outcome, poison):
    items = lines(25)
    job = ScoreJob(PERSON, items, 25)
    rounds = play(job, lambda a: Reply(outcome) if poison in a.members.values() else healthy(a))
    assert job.left == {poison}
    assert len(job.found) == 24
    assert sum(len(asks) for asks in rounds) <= 1 + EXTRA_AT_MOST
    assert job.suspected == set()


def fooled(poisons):
    """A model that an item can make say something else than it was told to."""

    def model(ask):
        if poisons & set(ask.members.values()):
            other = next(step for step in STEPS if step != ask.check)
            return answered(dict.fromkeys(ask.members, 1.0) | {"check": other})
        return healthy(ask)

    return model


@pytest.mark.parametrize("poison", range(25))
def test_no_score_of_an_answer_with_another_check_is_kept_and_its_cause_is_found(poison):
    items = lines(25)
    job = ScoreJob(PERSON, items, 25)
    play(job, fooled({poison}))
    assert job.suspected == job.left == {poison}
    assert job.found == {n: truth(line) for n, line in enumerate(items) if n != poison}


def test_of_a_hundred_items_one_poisonous_one_costs_only_its_own_score():
    job = ScoreJob(PERSON, lines(100), 25)
    play(job, fooled({42}))
    assert len(job.found) == 99
    assert job.suspected == {42}


def test_two_poisonous_items_of_a_hundred_leave_nine_in_ten_scored():
    worst = 100
    for seed in range(60):
        poisons = set(random.Random(seed).sample(range(100), 2))
        job = ScoreJob(PERSON, lines(100), 25)
        play(job, fooled(poisons))
        assert not poisons & job.found.keys()
        assert all(
            job.found[n] == truth(line) for n, line in enumerate(lines(100)) if n in job.found
        )
        worst = min(worst, len(job.found))
        check_ended(job)
    assert worst >= 88


def test_items_that_are_too_long_for_the_model_take_no_others_with_them():
    """A refusal for length costs nothing, so that splitting is not bounded by money."""
    poisons = set(range(0, 100, 10))
    job = ScoreJob(PERSON, lines(100), 25)
    play(job, lambda a: Reply("too_long") if poisons & set(a.members.values()) else healthy(a))
    assert job.left == poisons
    assert len(job.found) == 90
    check_ended(job)


def test_the_person_and_instructions_are_a_common_prefix_of_all_requests_of_a_person():
    def bad(ask):
        return Reply("refusal") if ask.attempt == 1 and len(ask.members) > 5 else healthy(ask)

    asks = [ask for asks in play(ScoreJob(PERSON, lines(60), 25), bad) for ask in asks]
    assert len(asks) > 3
    assert len({ask.request.system for ask in asks}) == 1
    assert all(ask.request.user.startswith(PERSON + "\n<items check=") for ask in asks)


def test_requests_of_one_size_have_one_schema():
    asks = ScoreJob(PERSON, lines(50), 25).pending()
    other = ScoreJob("<person>\n</person>", lines(25), 25).pending()
    said = {json.dumps(ask.request.schema) for ask in [*asks, *other]}
    assert len(said) == 1


def test_the_schema_wants_the_check_first_and_every_key_and_only_steps():
    schema = SCORE.schema(["01", "02"])
    assert list(schema["properties"]) == schema["required"] == ["check", "01", "02"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["score"]["enum"] == [n / 10 for n in range(-10, 11)]


def test_an_answer_of_full_length_fits_into_the_tokens_it_may_have():
    tokens = Tokens()
    for count in (1, 25, 99):
        (ask,) = ScoreJob(PERSON, lines(count), 99).pending()
        widest = dict.fromkeys(["check", *ask.members], -0.9)
        for text in (json.dumps(widest, indent=2), f"```json\n{json.dumps(widest)}\n```"):
            assert tokens.count(text) <= ask.request.answer_tokens


def hostile(seed):
    """A model that does anything; the same for the same seed."""
    chance = random.Random(seed)
    kinds = ["good", "part", "none", "fooled", "prose", *WRONG, "unanswered", "gave_up", "lost"]
    weights = [chance.random() for _ in kinds]

    def model(ask):
        kind = chance.choices(kinds, weights)[0]
        said = right(ask)
        if kind == "part":
            said = {key: value for key, value in said.items() if chance.random() < 0.7}
        elif kind == "none":
            said = {"check": ask.check}
        elif kind == "fooled":
            said["check"] = -said["check"] or 1.0
        elif kind == "prose":
            return Reply("answered", "I would rather not.")
        elif kind != "good":
            return Reply(cast(Outcome, kind), json.dumps(said))
        return answered(said)

    return model


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 130), st.integers(1, 99), st.integers(0, 2**32))
def test_whatever_a_model_answers_asking_ends_within_its_bounds(count, per_request, seed):
    items = lines(count)
    job = ScoreJob(PERSON, items, per_request)
    model, order = hostile(seed), random.Random(seed)
    waiting, sent, free = job.pending(), 0, 0
    first = len(waiting)
    while waiting:
        ask = waiting.pop(order.randrange(len(waiting)))
        sent += 1
        before = dict(job.found)
        reply = model(ask)
        free += {"too_long": 2, "unanswered": len(ask.members)}.get(reply.outcome, 0)
        fresh = job.take(ask, reply)
        assert not before.keys() & fresh.keys()
        assert job.found == before | fresh
        waiting += job.pending()
        assert sent <= first + EXTRA_AT_MOST + free
        assert 1 <= ask.attempt <= ASKED_AT_MOST
    assert job.pending() == []
    check_ended(job)
    assert all(job.found[n] == truth(items[n]) for n in job.found)
    assert job.suspected <= job.left


def test_items_with_the_same_line_are_both_scored():
    job = ScoreJob(PERSON, ["Heat (1995)."] * 3, 25)
    play(job, healthy)
    assert job.found == dict.fromkeys(range(3), truth("Heat (1995)."))
