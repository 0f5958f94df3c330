import math
import warnings
from unittest.mock import patch

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from tasks.evaluation.accuracy import ACCURACY

DEPTH = 20
KS = (1, 5, 10, 20)
BY_RANX = {
    "HR": "hit_rate",
    "ARHR": "mrr",
    "NDCG": "ndcg",
    "MAP/n": "map",
    "Precision": "precision",
    "Recall": "recall",
}
"""ranx divides average precision by the number of relevant items, whatever K: our "MAP/n"."""


def random_lists(seed, users=40):
    """Per user the relevance of each place of a list of 0 to DEPTH items, and of what is missed."""
    random = np.random.default_rng(seed)
    listed = [random.random(random.integers(0, DEPTH + 1)) < random.random() for _ in range(users)]
    missed = [int(random.integers(0, 30)) + (not any(line)) for line in listed]
    return listed, missed


def dense(listed, missed):
    hits = np.zeros((len(listed), DEPTH), dtype=bool)
    for row, line in enumerate(listed):
        hits[row, : len(line)] = line
    return hits, hits.sum(axis=1) + missed


def measured(name, listed, missed, k):
    hits, relevant = dense(listed, missed)
    return ACCURACY[name](hits[:, :k], relevant)


def by_ranx(names, listed, missed):
    """Values of the same lists by ranx; it wants a list of everybody, an empty one holds a dud."""
    wanted, given_lists = {}, {}
    for row, (line, others) in enumerate(zip(listed, missed, strict=True)):
        user = f"user {row:03}"
        places = [f"item {place}" for place in np.flatnonzero(line)]
        wanted[user] = dict.fromkeys(places + [f"missed {n}" for n in range(others)], 1)
        given_lists[user] = {f"item {place}": 1 / (place + 1) for place in range(len(line))}
        given_lists[user] = given_lists[user] or {"dud": 1.0}
    # compiling it takes half a minute, running it as it stands a second
    with warnings.catch_warnings(), patch.object(numba.config, "DISABLE_JIT", True):
        warnings.simplefilter("ignore")
        from ranx import Qrels, Run, evaluate  # noqa: PLC0415 - is compiled while it loads

        return evaluate(Qrels(wanted), Run(given_lists), names, return_mean=False)


@pytest.mark.parametrize("seed", range(3))
def test_metrics_agree_with_ranx(seed):
    listed, missed = random_lists(seed)
    theirs = by_ranx([f"{name}@{k}" for name in BY_RANX.values() for k in KS], listed, missed)
    for ours, name in BY_RANX.items():
        for k in KS:
            values = measured(ours, listed, missed, k)
            assert values == pytest.approx(theirs[f"{name}@{k}"]), f"{ours}@{k}"


@pytest.mark.parametrize("k", KS)
def test_ndcg_agrees_with_scikit_learn(k):
    random = np.random.default_rng(k)
    relevances = random.random((30, 40)) < 0.2
    relevances[:, 39] = True
    scores = np.tile(-np.arange(40), (30, 1))
    ours = ACCURACY["NDCG"](relevances[:, :k], relevances.sum(axis=1))
    assert ours.mean() == pytest.approx(ndcg_score(relevances, scores, k=k))


def average_precision(line, relevant, k):
    """The mean, over the places that a best list of K fills, of the precision at each hit."""
    precisions = [sum(line[: place + 1]) / (place + 1) for place in range(len(line)) if line[place]]
    return sum(precisions) / min(relevant, k)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(KS))
def test_map_agrees_with_a_loop(seed, k):
    listed, missed = random_lists(seed, users=8)
    relevant = [sum(line) + others for line, others in zip(listed, missed, strict=True)]
    expected = [average_precision(line[:k], n, k) for line, n in zip(listed, relevant, strict=True)]
    assert measured("MAP", listed, missed, k) == pytest.approx(expected)


def test_metrics_by_hand():
    hits, relevant = np.array([[False, True, False, True], [False] * 4]), np.array([8, 2])
    discounted = 1 / math.log2(3) + 1 / math.log2(5)
    expected = {
        "HR": 1,
        "ARHR": 1 / 2,
        "NDCG": discounted / sum(1 / math.log2(place + 1) for place in (1, 2, 3, 4)),
        "MAP": (1 / 2 + 2 / 4) / 4,
        "MAP/n": (1 / 2 + 2 / 4) / 8,
        "Precision": 2 / 4,
        "Recall": 2 / 8,
    }
    assert set(expected) == set(ACCURACY)
    for name, value in expected.items():
        assert ACCURACY[name](hits, relevant) == pytest.approx([value, 0]), name


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(KS))
def test_every_metric_lies_between_0_and_1(seed, k):
    listed, missed = random_lists(seed, users=8)
    for name in ACCURACY:
        values = measured(name, listed, missed, k)
        assert (values >= 0).all(), name
        assert (values <= 1 + 1e-12).all(), name


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(0, DEPTH - 2))
def test_moving_a_relevant_item_up_never_lowers_a_metric(seed, place):
    hits = np.random.default_rng(seed).random((5, DEPTH)) < 0.3
    hits[:, place], hits[:, place + 1] = False, True
    better = hits.copy()
    better[:, [place, place + 1]] = hits[:, [place + 1, place]]
    for name, metric in ACCURACY.items():
        relevant = hits.sum(axis=1)
        gain = metric(better[:, :10], relevant) - metric(hits[:, :10], relevant)
        assert (gain >= -1e-12).all(), name


@pytest.mark.parametrize("held_out", [3, 40])
def test_the_best_possible_list_has_the_highest_value(held_out):
    hits = np.zeros((1, 10), dtype=bool)
    hits[:, : min(held_out, 10)] = True
    relevant = np.array([held_out])
    for name in ("HR", "ARHR", "NDCG", "MAP"):
        assert ACCURACY[name](hits, relevant) == pytest.approx([1]), name
    assert ACCURACY["MAP/n"](hits, relevant) == pytest.approx([min(held_out, 10) / held_out])
    assert ACCURACY["Precision"](hits, relevant) == pytest.approx([min(held_out, 10) / 10])
    assert ACCURACY["Recall"](hits, relevant) == pytest.approx([min(held_out, 10) / held_out])
