import numpy as np
import polars as pl
import pytest

from tasks.core.artifacts import write_table
from tasks.core.errors import SettingsError
from tasks.models import stages as task
from tasks.models import stored
from tasks.models.base import Texts
from tasks.models.baselines.text import TextModel
from tasks.models.candidates import pair_estimates, top_candidates
from tasks.models.stages import text_model_stage
from tests.models import training

SCHEMA = {"user": pl.Int64, "item": pl.Int64, "rating": pl.Float64}
ITEMS = list(range(10, 130, 10))
UNRATED = 120
"""The last item; the last user, 7, rated nothing either."""


def random_ratings(seed):
    rng = np.random.default_rng(seed)
    rows = [
        (user, int(item), rng.integers(1, 11) / 2)
        for user in range(1, 7)
        for item in rng.choice(ITEMS[:-1], rng.integers(1, 8), replace=False)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sample(
        fraction=1.0, shuffle=True, seed=0
    )


def unit_vectors(seed):
    vectors = np.random.default_rng(seed).normal(size=(len(ITEMS), 4)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


VECTORS = unit_vectors(0)
OF = dict(zip(ITEMS, VECTORS, strict=True))


def fit(ratings):
    return fitted_on(ratings, pl.Series(ITEMS), VECTORS)


def fitted_on(ratings, *texts):
    return TextModel.fit(training(ratings, texts=Texts(*texts)))


def liked_by(ratings, user):
    """The vectors of what somebody rated at least as high as they do on the whole."""
    mine = dict(ratings.filter(user=user).select("item", "rating").rows())
    usual = sum(mine.values()) / max(len(mine), 1)
    return [OF[item] for item, rating in mine.items() if rating >= usual - 1e-9]


def taste_of(ratings, user):
    everybody = [v for one in range(1, 7) for v in liked_by(ratings, one)]
    return np.mean(liked_by(ratings, user), axis=0) - np.mean(everybody, axis=0)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_score_is_the_product_with_the_mean_of_liked_texts_above_everybodys(seed):
    ratings = random_ratings(seed)
    found = fit(ratings).estimates(np.arange(1, 7))
    expected = [[taste_of(ratings, user) @ OF[item] for item in ITEMS] for user in range(1, 7)]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_ids_may_be_text():
    ratings = random_ratings(0)
    named = ratings.with_columns(user=pl.format("u{}", "user"), item=pl.format("i{}", "item"))
    order = sorted(range(len(ITEMS)), key=lambda n: f"i{ITEMS[n]}")
    items = pl.Series([f"i{ITEMS[n]}" for n in order])
    users = pl.Series([f"u{user}" for user in range(1, 8)])
    found = fitted_on(named, items, VECTORS[order])
    plain = fit(ratings).estimates(np.arange(1, 8))
    np.testing.assert_allclose(found.estimates(users.to_numpy()), plain[:, order], atol=1e-6)


def test_somebody_without_ratings_is_neutral():
    assert (fit(random_ratings(0)).estimates(np.array([7])) == 0).all()


def test_people_folded_in_stand_where_a_fit_puts_them():
    ratings = random_ratings(0)
    model = fit(ratings)
    theirs = ratings.filter(pl.col("user") == 4).with_columns(user=pl.lit(99, pl.Int64))
    folded = model.fold_in(theirs, pl.Series([99, 7]))
    np.testing.assert_allclose(
        folded.estimates(np.array([7, 99])), model.estimates(np.array([7, 4])), atol=1e-6
    )
    assert folded.users.tolist() == [7, 99] and np.abs(folded.estimates(np.array([99]))).max() > 0.1


def test_items_that_nobody_rated_are_known_and_others_are_neutral():
    ratings = random_ratings(0)
    model = fit(ratings)
    assert model.items.tolist() == ITEMS
    pairs = pl.DataFrame({"user": [1, 1, 7], "item": [UNRATED, 999, UNRATED]})
    expected = [taste_of(ratings, 1) @ OF[UNRATED], 0, 0]
    np.testing.assert_allclose(pair_estimates(model, pairs), expected, atol=1e-5)
    assert abs(expected[0]) > 0.05
    assert UNRATED in top_candidates(model, ratings, pl.Series([1]), 99, 0)["item"]


def test_without_texts_it_says_what_is_missing():
    with pytest.raises(SettingsError, match="text is fitted on texts of the items"):
        TextModel.fit(training(random_ratings(0)))


def test_the_task_reads_texts_and_stores_the_model(tmp_path, monkeypatch):
    by_text = {f"text {item}": vector for item, vector in OF.items()}
    monkeypatch.setattr(
        task, "text_vectors", lambda _, texts: np.stack([by_text[t] for t in texts])
    )
    ratings = random_ratings(1)
    texts = pl.DataFrame({"item": ITEMS, "text": [f"text {item}" for item in ITEMS]})
    made = text_model_stage.fn(
        tmp_path,
        ratings=write_table(tmp_path, "train", ratings),
        texts=write_table(tmp_path, "texts", texts.reverse()),
    )
    people = np.arange(1, 8)
    found = stored.load(tmp_path, made).estimates(people)
    np.testing.assert_array_equal(found, fit(ratings).estimates(people))
