import numpy as np
import polars as pl
import pytest

from tasks.models import candidates
from tasks.models.baselines.ease import Ease
from tasks.models.baselines.popularity import Popularity
from tasks.models.baselines.svd import Svd
from tasks.models.candidates import best_of, tie_order, top_candidates
from tasks.models.product import ProductModel
from tests.models import SCALE, factors, fitted, ratings_of, synthetic, training

MODELS = pytest.mark.parametrize("model", ["svd", "svdpp"])
IDS = pytest.mark.parametrize("source", ["text", "whole numbers"])


def everybody(ratings):
    return ratings["user"].unique().sort()


def biased(item_bias, items, users=(1,), scale=(1.0, 5.0)):
    count, width = len(users), 2
    return Svd(
        users=np.array(users),
        items=np.array(items),
        mean=np.asarray(3.0),
        user_bias=np.zeros(count),
        item_bias=np.array(item_bias, dtype=float),
        user_factors=np.zeros((count, width)),
        item_factors=np.zeros((len(items), width)),
        scale=np.array(scale),
    )


def rated(*pairs):
    return pl.DataFrame(
        {"user": [u for u, _ in pairs], "item": [i for _, i in pairs], "rating": 3.0}
    )


def by_prediction(algorithm, ratings, user, count):
    mine = set(ratings.filter(user=user)["item"])
    unrated = [item for item in ratings["item"].unique() if item not in mine]
    unclipped = {item: algorithm.predict(user, item, clip=False).est for item in unrated}
    return sorted(unrated, key=lambda item: -unclipped[item])[:count]


@MODELS
@IDS
@pytest.mark.parametrize("count", [1, 10, 1000])
def test_lists_are_those_of_predicting_and_sorting_every_unrated_item(model, source, count):
    ratings = synthetic(source)
    found = top_candidates(factors(model, source), ratings, everybody(ratings), count, 0)
    lists = dict(found.group_by("user", maintain_order=True).agg("item").iter_rows())
    expected = {
        user: by_prediction(fitted(model, source), ratings, user, count)
        for user in everybody(ratings)
    }
    assert lists == expected


@MODELS
def test_lists_of_movielens_are_those_of_predicting_and_sorting(model):
    ratings = ratings_of("movielens")
    users = everybody(ratings).sample(4, seed=0)
    found = top_candidates(factors(model, "movielens"), ratings, users, 100, 0)
    for user in users:
        expected = by_prediction(fitted(model, "movielens"), ratings, user, 100)
        assert found.filter(user=user)["item"].to_list() == expected


@MODELS
@IDS
def test_nothing_that_the_user_rated_is_a_candidate(model, source):
    ratings = synthetic(source)
    found = top_candidates(factors(model, source), ratings, everybody(ratings), 1000, 0)
    assert found.join(ratings, on=["user", "item"], how="semi").is_empty()
    assert found.height == 60 * ratings["item"].n_unique() - ratings.height


def test_ranks_count_from_one_for_every_user():
    ratings = synthetic("text")
    found = top_candidates(factors("svd", "text"), ratings, everybody(ratings), 5, 0)
    ranks = found.group_by("user").agg("base_rank")["base_rank"].to_list()
    assert ranks == [[1, 2, 3, 4, 5]] * 60


def test_lists_follow_the_order_of_the_users_asked_for():
    ratings = synthetic("text")
    users = everybody(ratings).sample(7, seed=1, shuffle=True)
    found = top_candidates(factors("svd", "text"), ratings, users, 3, 0)
    assert found["user"].unique(maintain_order=True).to_list() == users.to_list()


def test_with_fewer_unrated_items_than_asked_for_all_are_given():
    model = biased([0.1, 0.3, 0.2], [10, 20, 30])
    found = top_candidates(model, rated((1, 20)), pl.Series("user", [1]), 100, 0)
    assert found["item"].to_list() == [30, 10]


def test_who_rated_everything_gets_no_candidates():
    model = biased([0.1, 0.2], ["a", "b"], users=["u", "v"])
    ratings = rated(("u", "a"), ("u", "b"), ("v", "a"))
    found = top_candidates(model, ratings, pl.Series("user", ["u", "v"]), 1, 0)
    assert found.select("user", "item").rows() == [("v", "b")]


def test_equal_estimates_are_ordered_by_the_number_of_ratings():
    model = biased([0.5, 0.0, 0.5, 0.5, 0.0], ["a", "b", "c", "d", "e"], users=["u"])
    others = [
        (user, item) for item, count in {"d": 3, "a": 2, "e": 1}.items() for user in range(count)
    ]
    ratings = rated(("u", "c"), *((f"v{user}", item) for user, item in others))
    for seed in range(5):
        found = top_candidates(model, ratings, pl.Series("user", ["u"]), 3, seed)
        assert found["item"].to_list() == ["d", "a", "e"]


def test_ties_that_are_left_are_drawn_by_the_seed_and_alike_for_everybody():
    items = list(range(1, 301))
    model = biased([item % 3 for item in items], items, users=[1, 2])
    ratings, users = rated((1, 2), (2, 2)), pl.Series("user", [1, 2])
    lists = [
        top_candidates(model, ratings, users, 250, seed).partition_by("user") for seed in (0, 0, 1)
    ]
    drawn = [[one["item"].to_list() for one in both] for both in lists]
    assert drawn[0] == drawn[1] and drawn[0] != drawn[2]
    assert drawn[0][0] == drawn[0][1]
    assert [item % 3 for item in drawn[0][0]] == [2] * 99 + [1] * 100 + [0] * 51
    first = np.array(drawn[0][0][:99])
    assert abs(np.corrcoef(first, np.arange(99))[0, 1]) < 0.3


def test_only_the_items_asked_for_are_candidates():
    model = biased([0.1, 0.3, 0.2, 0.4], [10, 20, 30, 40])
    only = pl.Series("item", [40, 10, 20, 99])
    found = top_candidates(model, rated((1, 20)), pl.Series("user", [1]), 9, 0, only=only)
    assert found["item"].to_list() == [40, 10]


def test_somebody_whom_ease_does_not_know_gets_the_most_popular_items():
    ratings = synthetic("text")
    found = top_candidates(
        Ease.fit(training(ratings, regularization=50.0)),
        ratings,
        pl.Series("user", ["somebody new"]),
        10,
        0,
    )
    counts = ratings["item"].value_counts()
    mine = found.join(counts, on="item", maintain_order="left")["count"].to_list()
    assert mine == counts["count"].sort(descending=True).head(10).to_list()


def test_estimates_off_the_scale_are_clipped_but_still_order_the_list():
    model = biased([4.0, 9.0, -7.0, -9.0, 0.0], [1, 2, 3, 4, 5])
    found = top_candidates(model, rated((1, 5)), pl.Series("user", [1]), 4, 0)
    assert found["item"].to_list() == [2, 1, 3, 4]
    assert found["estimate"].to_list() == [5.0, 5.0, 1.0, 1.0]


@MODELS
@IDS
def test_a_user_unknown_to_the_model_gets_mean_plus_item_bias(model, source):
    reduced, ratings = factors(model, source), synthetic(source)
    known = ratings["user"][0]
    unknown = "somebody new" if source == "text" else 10**9
    found = top_candidates(reduced, ratings, pl.Series("user", [known, unknown]), 1000, 0)
    mine = found.filter(user=unknown).sort("item")
    expected = np.clip(reduced.mean + reduced.item_bias, *SCALE)
    assert mine["item"].to_list() == reduced.items.tolist()
    np.testing.assert_allclose(mine["estimate"].to_list(), expected, rtol=0, atol=1e-12)


@IDS
def test_users_without_any_rating_get_candidates(source):
    unknown = pl.Series("user", ["somebody new" if source == "text" else 10**9])
    found = top_candidates(factors("svd", source), synthetic(source), unknown, 5, 0)
    assert found.height == 5


@IDS
def test_nobody_asked_for_gives_an_empty_table(source):
    nobody = synthetic(source)["user"].clear()
    found = top_candidates(factors("svd", source), synthetic(source), nobody, 5, 0)
    assert found.is_empty()
    assert found.columns == ["user", "item", "estimate", "base_rank"]


def test_a_rated_item_that_the_model_does_not_know_is_no_trouble():
    model = biased([0.1, 0.2], [10, 30])
    found = top_candidates(model, rated((1, 20), (1, 40), (1, 10)), pl.Series("user", [1]), 9, 0)
    assert found["item"].to_list() == [30]


@pytest.mark.parametrize("cells", [1, 200, 81 * 7])
def test_the_size_of_a_block_changes_nothing(monkeypatch, cells):
    ratings = synthetic("text")
    whole = top_candidates(factors("svd", "text"), ratings, everybody(ratings), 10, 0)
    monkeypatch.setattr(candidates, "BLOCK_CELLS", cells)
    advanced: list[int] = []
    parts = top_candidates(
        factors("svd", "text"), ratings, everybody(ratings), 10, 0, advance=advanced.append
    )
    assert parts.drop("estimate").equals(whole.drop("estimate"))
    np.testing.assert_allclose(parts["estimate"], whole["estimate"], rtol=0, atol=1e-12)
    assert sum(advanced) == 60 and len(advanced) > 1


def test_the_order_of_the_ratings_changes_nothing():
    ratings = synthetic("text")
    mixed = ratings.sample(fraction=1.0, shuffle=True, seed=5)
    found = top_candidates(factors("svd", "text"), mixed, everybody(ratings), 10, 0)
    expected = top_candidates(factors("svd", "text"), ratings, everybody(ratings), 10, 0)
    assert found.equals(expected)


class Scores(ProductModel):
    """Scores that are given."""

    @classmethod
    def fit(cls, training):
        raise NotImplementedError


class NearScores(Scores):
    """The same, found by figures that are nearly these."""

    search_is_exact = False


def scored(kind, values):
    values = np.array(values, dtype=np.float32)
    people, items = np.arange(len(values)), np.arange(values.shape[1])
    return kind(users=people, items=items, left=np.eye(len(values), dtype=np.float32), right=values)


@pytest.mark.parametrize("kind", [Scores, NearScores])
def test_the_highest_are_found_with_ties_by_place_and_without_minus_infinity(kind):
    model = scored(kind, [[1, 3, 0, 3, 2, 3], [2, 2, 2, 2, 2, 2], [0, 0, 0, 0, 0, 7]])
    searched = model.search(model.users)
    searched[0, 2] = searched[2, :5] = -np.inf
    for count in range(1, 9):
        lengths, chosen, values = best_of(
            model, model.users, searched, count, np.array([0, 2, 5, 1, 4, 3])
        )
        parts = np.split(chosen, np.cumsum(lengths)[:-1])
        wanted = [5, 1, 3, 4, 0], [0, 2, 5, 1, 4, 3], [5]
        assert [part.tolist() for part in parts] == [one[:count] for one in wanted]
        assert values.dtype == np.float64
        assert values.tolist() == [
            *[3.0, 3.0, 3.0, 2.0, 1.0][:count], *[2.0] * min(count, 6), 7.0
        ]  # fmt: skip


@pytest.mark.parametrize("kind", [Scores, NearScores])
@pytest.mark.parametrize(
    "count, items", [(1, 60), (7, 60), (40, 60), (100, 60), (1, 1031), (7, 1031), (100, 9001)]
)
def test_the_best_of_many_ties_are_those_of_sorting_each_row(kind, count, items):
    random = np.random.default_rng(count)
    model = scored(kind, random.integers(0, 4 + items // 4, (30, items)))
    searched = model.search(model.users)
    searched[random.random(searched.shape) < 0.3] = -np.inf
    ties = random.permutation(items)
    place = np.argsort(ties)
    lengths, chosen, values = best_of(model, model.users, searched, count, ties)
    expected = [
        [i for _, _, i in sorted((-row[i], place[i], i) for i in np.flatnonzero(row > -np.inf))]
        for row in searched
    ]
    expected = [one[:count] for one in expected]
    assert lengths.tolist() == [len(one) for one in expected]
    assert chosen.tolist() == [item for one in expected for item in one]
    assert values.tolist() == searched[np.repeat(np.arange(30), lengths), chosen].tolist()


def test_items_tie_in_the_order_of_how_often_they_were_rated_then_as_drawn():
    model = scored(Scores, np.zeros((1, 50)))
    counts = pl.DataFrame({"item": [7, 3, 99], "count": [2, 5, 8]})
    orders = [tie_order(model, counts, seed).tolist() for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0][:2] == orders[2][:2] == [3, 7]
    assert sorted(orders[0]) == list(range(50))


@IDS
@pytest.mark.parametrize("count", [1, 7, 1000])
@pytest.mark.parametrize("cells", [50, 10**6])
def test_one_order_for_everybody_gives_the_lists_of_everybodys_own(
    source, count, cells, monkeypatch
):
    monkeypatch.setattr(candidates, "BLOCK_CELLS", cells)
    ratings = synthetic(source)
    popular = Popularity.fit(training(ratings))
    only = ratings["item"].unique().sort().gather_every(2)
    for some in (None, only):
        told = [popular, ratings, everybody(ratings), count, 3]
        shared = top_candidates(*told, only=some)
        monkeypatch.setattr(Popularity, "same_for_everybody", False)
        own = top_candidates(*told, only=some)
        monkeypatch.undo()
        monkeypatch.setattr(candidates, "BLOCK_CELLS", cells)
        assert shared.height and shared.equals(own)
