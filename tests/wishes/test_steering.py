import math

import numpy as np
import pytest

from tasks.wishes.steering import (
    FEWEST_PEOPLE,
    UNLEARNED,
    TasteWeights,
    learned_weights,
    steered,
)

SCORES = np.array([4.0, 3.0, 2.0, 1.0])
WORDS = np.array([0.0, 10.0, 20.0, 70.0])


def order(made):
    return np.argsort(-made, kind="stable").tolist()


def test_with_weight_0_words_have_no_say_even_where_they_rule_out():
    assert order(steered(SCORES, np.array([-np.inf, 1.0, 9.0, 5.0]), 0.0)) == [0, 1, 2, 3]


def test_with_weight_1_words_alone_say():
    assert order(steered(SCORES, WORDS, 1.0)) == [3, 2, 1, 0]


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.9])
def test_between_both_have_their_share_as_deviations_from_the_mean(weight):
    scores, words = ((v - v.mean()) / v.std() for v in (SCORES, WORDS))
    expected = [(1 - weight) * s + weight * w for s, w in zip(scores, words, strict=True)]
    np.testing.assert_allclose(steered(SCORES, WORDS, weight), expected)


@pytest.mark.parametrize("factor", [0.001, 1000.0])
def test_the_scale_of_scores_changes_nothing(factor):
    made = steered(SCORES * factor + 7, WORDS, 0.4)
    np.testing.assert_allclose(made, steered(SCORES, WORDS, 0.4))


@pytest.mark.parametrize("weight", [0.05, 0.5, 1.0])
def test_what_is_ruled_out_comes_last_and_is_finite(weight):
    made = steered(SCORES, np.array([-np.inf, 1.0, -np.inf, 5.0]), weight)
    assert set(order(made)[:2]) == {1, 3}
    assert order(made)[2:] == [0, 2]
    assert np.isfinite(made).all()


def test_where_all_is_ruled_out_the_order_stays():
    assert order(steered(SCORES, np.full(4, -np.inf), 0.7)) == [0, 1, 2, 3]


def test_words_count_among_those_they_allow():
    """An item ruled out moves no other one's deviation."""
    made = steered(np.array([1.0, 1.0, 1.0]), np.array([0.0, 2.0, -np.inf]), 1.0)
    np.testing.assert_allclose(made[:2], [-1.0, 1.0])


def test_nothing_to_order_is_nothing():
    assert steered(np.empty(0), np.empty(0), 0.5).tolist() == []


LEARNED = TasteWeights(ratings=(0, 3, 30), weights=(0.9, 0.5, 0.1), people=(50, 40, 30))


@pytest.mark.parametrize(("ratings", "weight"), [(0, 0.9), (3, 0.5), (30, 0.1), (5000, 0.1)])
def test_the_weight_is_the_learned_one_and_stays_beyond_the_last(ratings, weight):
    assert LEARNED.of(ratings) == pytest.approx(weight)


def test_before_the_first_the_weight_is_the_first():
    assert TasteWeights(ratings=(3, 30), weights=(0.5, 0.1), people=(40, 30)).of(0) == 0.5


def test_between_two_the_weight_goes_with_the_logarithm():
    share = (math.log(11) - math.log(4)) / (math.log(31) - math.log(4))
    assert LEARNED.of(10) == pytest.approx(0.5 + share * (0.1 - 0.5))
    assert LEARNED.of(1) == pytest.approx(0.9 - 0.4 * math.log(2) / math.log(4))


def test_where_nothing_is_learned_the_weight_is_the_usual_one():
    assert TasteWeights().of(12) == UNLEARNED


def somebody(seed, *, by_scores=0.0, by_words=0.0):
    """Scores, words' scores and hits of 40 candidates; hits go by a share of each."""
    random = np.random.default_rng(seed)
    scores, words = random.normal(size=(2, 40))
    hits = np.zeros(40, bool)
    hits[np.argsort(-(by_scores * scores + by_words * words))[:4]] = True
    return scores, words, hits


def people(count=FEWEST_PEOPLE, **share):
    return [somebody(seed, **share) for seed in range(count)]


@pytest.mark.parametrize(
    ("share", "weight"),
    [
        ({"by_scores": 1.0}, 0.0),
        ({"by_words": 1.0}, 1.0),
        ({"by_scores": 0.5, "by_words": 0.5}, 0.5),
        ({"by_scores": 0.25, "by_words": 0.75}, 0.75),
    ],
)
def test_the_weight_that_ranks_hits_best_is_learned(share, weight):
    learned = learned_weights([(3, people(60, **share))])
    assert learned.weights[0] == pytest.approx(weight, abs=0.1)


def test_of_weights_as_good_the_smallest_is_learned():
    nobody_cares = [(np.zeros(5), np.zeros(5), np.arange(5) == 2)] * FEWEST_PEOPLE
    assert learned_weights([(0, nobody_cares)]).weights == (0.0,)


def test_each_number_of_ratings_has_its_own_weight():
    learned = learned_weights([(0, people(by_words=1.0)), (30, people(25, by_scores=1.0))])
    assert (learned.ratings, learned.people) == ((0, 30), (20, 25))
    assert learned.weights[0] > 0.8 > 0.2 > learned.weights[1]


def test_too_few_people_teach_nothing():
    few = people(FEWEST_PEOPLE - 1, by_words=1.0)
    assert learned_weights([(0, few)]) == TasteWeights()
    assert learned_weights([]) == TasteWeights()
    learned = learned_weights([(0, few), (3, people(by_words=1.0))])
    assert (learned.ratings, learned.people) == ((3,), (20,))
