from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.core.errors import SettingsError
from tasks.models import registry, stored
from tasks.models.base import Model, Training
from tasks.models.baselines import ease_weights
from tasks.models.baselines.ease import Ease
from tasks.models.factors import FactorModel
from tasks.models.interactions import interactions_of
from tasks.models.options import ModelOptions

SCALE = (1.0, 5.0)
OPTIONS = ModelOptions(als_factors=8, als_iterations=30, ease_regularization=20.0)
RANDOM = np.random.default_rng(3)


def ratings_of(users: int, items: int) -> pl.DataFrame:
    rows = [
        (user, int(item), float(1 + (user + item) % 5), None)
        for user in range(users)
        for item in np.sort(RANDOM.choice(items, 12, replace=False))
    ]
    return pl.DataFrame(rows, schema=["user", "item", "rating", "timestamp"], orient="row")


WIDE, TALL = ratings_of(25, 40), ratings_of(60, 30)


def fitted(name: str, ratings: pl.DataFrame) -> Model:
    return registry.fit(name, Training(ratings, SCALE, 0, OPTIONS.of(name)))


def folded(model: Model, ratings: pl.DataFrame, users: list[int]) -> Model:
    theirs = ratings.filter(pl.col("user").is_in(users))
    return model.fold_in(theirs, pl.Series("user", users))


def unrated(estimates: np.ndarray, ratings: pl.DataFrame, user: int, model: Model) -> np.ndarray:
    seen = ratings.filter(user=user)["item"].to_numpy()
    return estimates[~np.isin(model.items, seen)]


@pytest.mark.parametrize("name", ["ease", "sharp-ease", "knn", "popularity"])
@pytest.mark.parametrize("ratings", [WIDE, TALL], ids=["by users", "by items"])
def test_somebody_who_did_not_change_is_estimated_as_before(
    name: str, ratings: pl.DataFrame
) -> None:
    model = fitted(name, ratings)
    again = folded(model, ratings, [17, 4])
    for user in (4, 17):
        one, other = (m.estimates(np.array([user]))[0] for m in (model, again))
        assert unrated(other, ratings, user, model) == pytest.approx(
            unrated(one, ratings, user, model), rel=1e-4, abs=1e-5
        )


def test_als_gives_an_unchanged_user_nearly_the_vector_that_it_converged_to() -> None:
    pytest.importorskip("implicit")
    model = fitted("als", TALL)
    again = folded(model, TALL, [5])
    one, other = (m.estimates(np.array([5]))[0] for m in (model, again))
    assert np.corrcoef(one, other)[0, 1] > 0.999
    assert np.abs(one - other).max() < 0.05


@pytest.mark.parametrize("name", ["svd", "svdpp"])
def test_descent_tells_apart_what_a_user_likes_as_the_whole_fit_does(name: str) -> None:
    model = fitted(name, TALL)
    high = TALL.with_columns(rating=pl.when(pl.col("user") == 5).then(5.0).otherwise("rating"))
    usual, generous = (folded(model, ratings, [5]) for ratings in (TALL, high))
    person = np.array([5])
    gap = generous.estimates(person) - usual.estimates(person)
    assert gap.mean() > 0.1, "who rates higher is expected to rate higher"
    whole = model.estimates(person)
    assert np.abs(usual.estimates(person) - whole).mean() < 0.35


def test_descent_is_that_of_surprise_on_one_user_after_the_other() -> None:
    shorter = pl.concat([TALL.filter(user=5).head(4), TALL.filter(pl.col("user") > 5)])
    model = fitted("svd", shorter)
    assert isinstance(model, FactorModel)
    for user in (5, 9):
        bias, vector = 0.0, np.zeros(model.item_factors.shape[1])
        theirs = shorter.filter(user=user).sort("item").select("item", "rating").rows()
        for _ in range(20):
            for item, rating in theirs:
                at = int(np.searchsorted(model.items, item))
                facing = model.item_factors[at]
                guess = model.mean + bias + model.item_bias[at] + vector @ facing
                bias += 0.005 * (rating - guess - 0.02 * bias)
                vector = vector + 0.005 * ((rating - guess) * facing - 0.02 * vector)
        again = folded(model, shorter, [5, 9])
        assert isinstance(again, FactorModel)
        place = (5, 9).index(user)
        assert again.user_bias[place] == pytest.approx(bias)
        assert again.user_factors[place] == pytest.approx(vector)


@pytest.mark.parametrize("name", ["ease", "knn", "svd"])
def test_a_new_person_is_estimated_from_what_they_rated(name: str) -> None:
    model = fitted(name, WIDE)
    twin = WIDE.filter(user=7).with_columns(user=pl.lit(999, pl.Int64))
    again = folded(model, pl.concat([WIDE, twin]), [7, 999])
    mine, theirs = again.estimates(np.array([7, 999]))
    assert theirs == pytest.approx(mine, abs=1e-5)
    assert np.abs(again.estimates(np.array([999]))).max() > 0


def test_ease_with_a_person_folded_in_is_ease_with_their_row(tmp_path: Path) -> None:
    users, items, rated = interactions_of(WIDE)
    options, shrink = OPTIONS.of("ease"), 20.0
    _, weights = ease_weights.by_items(rated, shrink)
    left, right = ease_weights.by_users(rated, shrink)
    model = Ease(users=users, items=items, left=left, right=right, options=options)
    row = pl.DataFrame({"user": 999, "item": [1, 5, 9], "rating": 4.0})
    again = folded(model, row, [999])
    mine = np.isin(model.items, [1, 5, 9]).astype(float)
    expected = (mine @ weights)[mine == 0]
    assert again.estimates(np.array([999]))[0][mine == 0] == pytest.approx(expected, abs=1e-4)


def test_items_that_the_model_does_not_know_are_passed_over() -> None:
    model = fitted("svd", WIDE)
    strange = WIDE.filter(user=5).head(1).with_columns(item=pl.lit(7777, pl.Int64))
    more = pl.concat([WIDE, strange])
    one, two = (folded(model, r, [5]) for r in (WIDE, more))
    assert np.array_equal(one.estimates(np.array([5])), two.estimates(np.array([5])))


def test_a_model_that_cannot_fold_in_says_so() -> None:
    model = fitted("svd", WIDE)
    with pytest.raises(SettingsError, match=r"svd cannot fold changed users in.*--refit 1"):
        Model.fold_in(model, WIDE, pl.Series([1]))


@pytest.mark.parametrize("name", ["ease", "knn", "svd", "popularity"])
def test_only_the_users_own_part_is_written_and_the_whole_is_read(
    name: str, tmp_path: Path
) -> None:
    model = fitted(name, WIDE)
    kept = stored.save(tmp_path, model)
    again = folded(model, WIDE, [3, 8])
    written = stored.save_users(tmp_path, again, kept)
    read = stored.load(tmp_path, written)
    assert _sizes(again) == _sizes(read)
    people = np.array([3, 8])
    assert np.array_equal(read.estimates(people), again.estimates(people))
    assert (
        written.rows == 2 and written.at(tmp_path).stat().st_size < kept.at(tmp_path).stat().st_size
    )


def _sizes(model: Model) -> Mapping[str, tuple[int, ...]]:
    return {name: array.shape for name, array in model.arrays().items()}
