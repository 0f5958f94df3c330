import math
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.evaluation.beyond import ALL_LISTS, PER_LIST
from tests.evaluation.catalogues import catalogue_from

NOTHING = float("nan")


def table(genres):
    """An items table with ids 1, 2, ..., in no particular order."""
    ids = range(1, len(genres) + 1)
    frame = pl.DataFrame({"item": ids, "genres": genres}, schema_overrides={"genres": pl.String})
    return frame.sample(fraction=1.0, shuffle=True, seed=0)


def ratings(counts, users):
    """Item i + 1 is rated by the first counts[i] users; everybody rates the item 1000 as well."""
    pairs = [(user, item) for item, n in enumerate(counts, start=1) for user in range(n)]
    pairs += [(user, 1000) for user in range(users)]
    return pl.DataFrame(pairs, schema=["user", "item"], orient="row")


def catalogue(counts=(), genres=(), users=8):
    counts = list(counts) or [0] * len(genres)
    return catalogue_from(table(list(genres) or [None] * len(counts)), ratings(counts, users))


def measured(name, lists, known):
    depth = max(len(line) for line in lists)
    items = np.array([[item - 1 for item in line] + [-1] * (depth - len(line)) for line in lists])
    return PER_LIST[name](items, known).tolist()


def over_all(name, lists, size):
    depth = max(len(line) for line in lists)
    items = np.array([[item - 1 for item in line] + [-1] * (depth - len(line)) for line in lists])
    return ALL_LISTS[name](items, catalogue([0] * size))


def approx(values):
    return pytest.approx(values, nan_ok=True)


def test_the_catalogue_holds_every_item_once_in_order_with_its_train_ratings():
    known = catalogue([3, 0, 5], users=7)
    assert known.items.to_list() == [1, 2, 3]
    assert known.counts.tolist() == [3, 0, 5]
    assert known.train_users == 7


def test_novelty_is_the_mean_surprise_in_bits():
    found = measured("novelty", [[1, 2], [3], []], catalogue([8, 4, 1]))
    assert found == approx([(0 + 1) / 2, 3.0, NOTHING])


def test_an_item_without_a_train_rating_is_as_novel_as_one_with_a_single_rating():
    assert measured("novelty", [[1], [2]], catalogue([0, 1])) == approx([3.0, 3.0])


def test_popularity_share_is_that_of_the_most_rated_tenth_of_the_train_items():
    counts = [1, 7, 1, 1, 1, 1, 1, 1, 1, 1, 6, *[0] * 14]  # 11 of 25 are rated: the tenth is 2
    found = measured("popularity share", [[2, 11], [2, 1, 3, 4], [1, 20], []], catalogue(counts))
    assert found == approx([1.0, 0.25, 0.0, NOTHING])


def test_of_equally_rated_items_the_lower_id_is_popular():
    lists = [[item] for item in range(1, 61)]
    found = measured("popularity share", lists, catalogue([1] * 30 + [4] * 30))
    assert found == [0.0] * 30 + [1.0] * 6 + [0.0] * 24


def test_diversity_by_hand():
    known = catalogue(genres=["A|B", "B|C", "A|B", "D"])
    found = measured("diversity", [[1, 2], [1, 3], [1, 4], [1, 2, 4], [1], []], known)
    thirds = [1 - 1 / 3, 0.0, 1.0, (2 / 3 + 1 + 1) / 3, NOTHING, NOTHING]
    assert found == approx(thirds)


def test_only_pairs_with_known_genres_count_in_diversity():
    known = catalogue(genres=["A", None, "B", None, ""])
    assert measured("diversity", [[1, 2, 3], [1, 2], [2, 4]], known) == approx(
        [1, NOTHING, NOTHING]
    )
    assert measured("diversity", [[1, 5]], known) == approx([NOTHING])


def test_a_catalogue_may_have_any_number_of_genres():
    genres = [f"G{n}|G{n + 1}" for n in range(130)]
    lists = [[n, n + 1] for n in range(1, 130)] + [[1, 70], [1, 130]]
    found = measured("diversity", lists, catalogue(genres=genres))
    assert found == approx([1 - 1 / 3] * 129 + [1, 1])


def test_without_genres_there_is_no_diversity():
    assert measured("diversity", [[1, 2]], catalogue(genres=[None, None])) == approx([NOTHING])


def looped_diversity(lists, genres):
    values = []
    for line in lists:
        sets = [set(genres[item - 1].split("|")) for item in line if genres[item - 1]]
        apart = [1 - len(a & b) / len(a | b) for a, b in combinations(sets, 2)]
        values.append(sum(apart) / len(apart) if apart else NOTHING)
    return values


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from([3, 64, 65, 200]))
def test_lists_agree_with_loops(seed, kinds):
    random = np.random.default_rng(seed)
    names = [[f"G{n}" for n in random.choice(kinds, random.integers(0, 4))] for _ in range(25)]
    genres = ["|".join(some) or None for some in names]
    counts = random.integers(0, 9, 25).tolist()
    known = catalogue(counts, genres)
    lists = [(random.permutation(25)[: random.integers(0, 8)] + 1).tolist() for _ in range(9)]
    lists.append(list(range(1, 9)))
    surprise = [-math.log2(max(count, 1) / 8) for count in counts]
    means = [sum(surprise[i - 1] for i in line) / len(line) if line else NOTHING for line in lists]
    assert measured("novelty", lists, known) == approx(means)
    assert measured("diversity", lists, known) == approx(looped_diversity(lists, genres))


def test_coverage_is_the_share_of_the_catalogue_that_anybody_is_shown():
    assert over_all("coverage", [[1, 2], [2], []], 8) == 2 / 8


@pytest.mark.parametrize(
    ("lists", "size", "expected"),
    [
        ([[1], [2], [3], [4]], 4, 0.0),
        ([[2], [2], [2]], 4, 1.0),
        ([[1, 2]], 4, 2 / 3),
        ([[1], []], 1, NOTHING),
        ([[], [1][:0], [2]], 2, 1.0),
    ],
)
def test_gini_is_0_where_all_are_listed_alike_and_1_where_one_is(lists, size, expected):
    assert over_all("Gini", lists, size) == approx(expected)


def test_gini_is_not_defined_where_nothing_is_listed():
    assert math.isnan(ALL_LISTS["Gini"](np.full((3, 2), -1), catalogue([1, 1])))
    assert ALL_LISTS["coverage"](np.full((3, 2), -1), catalogue([1, 1])) == 0


def looped_gini(times):
    """Mean absolute difference of all pairs over twice the mean, stretched to reach 1."""
    n = len(times)
    differences = sum(abs(a - b) for a in times for b in times) / (n * n)
    return differences / (2 * sum(times) / n) * n / (n - 1)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(1, 12), unique=True), min_size=1, max_size=12))
def test_gini_and_coverage_agree_with_loops(lists):
    lists = [*lists, [5]]
    times = [sum(item in line for line in lists) for item in range(1, 13)]
    assert over_all("Gini", lists, 12) == pytest.approx(looped_gini(times))
    assert over_all("coverage", lists, 12) == sum(count > 0 for count in times) / 12


def test_every_metric_here_has_its_test():
    assert set(PER_LIST) == {"novelty", "popularity share", "diversity"}
    assert set(ALL_LISTS) == {"coverage", "Gini"}
