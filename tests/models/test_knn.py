import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_array
from surprise import KNNBasic

from tasks.core.errors import TooLittleDataError
from tasks.core.progress import lines_to
from tasks.models.base import Extent
from tasks.models.baselines import knn
from tasks.models.baselines.knn import ItemKnn
from tasks.models.baselines.svd import trainset_of
from tasks.models.candidates import top_candidates
from tests.models import SCALE, synthetic, training


def some(fraction=0.5):
    """Half of the ratings, so that some items have neighbours in common with others only."""
    return synthetic("text").sample(fraction=fraction, seed=3).sort("user", "item")


def table(ratings):
    wide = ratings.sort("user", "item").pivot("item", index="user", values="rating").sort("user")
    return wide.drop("user").select(sorted(wide.columns[1:])).to_numpy()


def fit(ratings, neighbours, scale=SCALE):
    return ItemKnn.fit(training(ratings, scale=scale, neighbours=neighbours))


def by_definition(ratings, neighbours, low=SCALE[0]):
    """Scores pair by pair from the docstring's formula."""
    seen = table(ratings) - low + 1.0
    rated = ~np.isnan(seen)
    count = seen.shape[1]
    weights = np.zeros((count, count))
    for i, j in np.ndindex(count, count):
        both = rated[:, i] & rated[:, j]
        if i != j and both.sum() >= knn.SUPPORT:
            a, b = seen[both, i], seen[both, j]
            cosine = a @ b / np.sqrt((a @ a) * (b @ b))
            weights[i, j] = cosine * both.sum() / np.sqrt(rated[:, i].sum() * rated[:, j].sum())
    for row in weights:
        row[np.argsort(-row)[neighbours:]] = 0.0
    return rated.astype(float) @ weights.T


@pytest.mark.parametrize("neighbours", [1, 5, 1000])
def test_scores_are_sums_over_the_nearest_items(neighbours):
    model = fit(some(), neighbours)
    scores = model.estimates(model.users)
    np.testing.assert_allclose(scores, by_definition(some(), neighbours), rtol=0, atol=1e-5)
    assert np.ptp(scores) > 0.1


def test_blocks_and_the_order_of_the_ratings_change_nothing(monkeypatch):
    expected = fit(some(), 5)
    monkeypatch.setattr(knn, "BLOCK_CELLS", 80 * 7)
    found = fit(some().sample(fraction=1.0, shuffle=True, seed=8), 5)
    users = expected.users
    np.testing.assert_allclose(found.estimates(users), expected.estimates(users), atol=1e-6)


def test_items_with_few_ratings_have_no_neighbours_but_are_still_candidates():
    rare = pl.DataFrame({"user": ["reader-1", "reader-2"], "item": ["rare"] * 2, "rating": 5.0})
    ratings = pl.concat([some(), rare])
    model = fit(ratings, 10)
    assert (model.estimates(model.users)[:, model.items == "rare"] == 0).all()
    found = top_candidates(model, ratings, pl.Series("user", ["reader-3"]), 1000, 0)
    assert found["item"][-1] == "rare"


def test_ratings_of_zero_and_below_are_no_trouble():
    shifted = some().with_columns(pl.col("rating") - 2.5)
    shifted = shifted.with_columns(
        rating=pl.when(pl.col("item").is_in(["book-5", "book-8"])).then(0.0).otherwise("rating")
    )
    model = fit(shifted, 5, (-2.0, 2.5))
    expected = by_definition(shifted, 5, low=-2.0)
    np.testing.assert_allclose(model.estimates(model.users), expected, rtol=0, atol=1e-5)


def test_without_enough_ratings_of_any_item_it_says_so():
    few = pl.DataFrame({"user": [1, 2, 1], "item": [5, 5, 6], "rating": [3.0, 4.0, 2.0]})
    with pytest.raises(TooLittleDataError, match="No item has 3 ratings"):
        fit(few, 5)


def test_cosines_are_surprises(shared):
    """The weights behind real films' scores, from Surprise's own similarities."""
    file = shared / "ml-latest-small" / "ratings.csv"
    ratings = pl.read_csv(file).select(user="userId", item="movieId", rating="rating")
    ratings = ratings.filter(pl.len().over("item") >= 60).sort("item", "user")
    moved = ratings.with_columns(pl.col("rating") - SCALE[0] + 1.0)
    options = {"name": "cosine", "user_based": False, "min_support": knn.SUPPORT}
    theirs = KNNBasic(sim_options=options, verbose=False).fit(trainset_of(training(moved))).sim
    model = fit(ratings, len(theirs))
    rated = csr_array(model.left)
    both = (rated.T @ rated).toarray()
    counts = np.sqrt(both.diagonal())
    expected = theirs * both / np.outer(counts, counts)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(csr_array(model.right).toarray(), expected, atol=1e-6)
    assert len(theirs) > 100


def test_nearly_one_held_out_film_in_five_is_found(shared):
    """Leave-one-out on ml-latest-small: HR@10 .184 here; popularity .09, Surprise's average .00."""
    file = shared / "ml-latest-small" / "ratings.csv"
    ratings = pl.read_csv(file).select(user="userId", item="movieId", rating="rating")
    drawn = ratings.with_columns(draw=np.random.default_rng(1).random(ratings.height))
    held = drawn.filter(pl.col("draw") == pl.col("draw").max().over("user"))
    train = ratings.join(held, on=["user", "item"], how="anti").sort("user", "item")
    found = top_candidates(fit(train, 40), train, held["user"], 10, 0)
    assert found.join(held, on=["user", "item"]).height / held.height > 0.17


def test_of_too_many_ratings_those_of_some_people_say_what_is_near(monkeypatch):
    ratings = some()
    monkeypatch.setattr(knn, "MOST_RATINGS", 400)
    lines, part = list[str](), f"about 400 of {ratings.height:,}"
    with lines_to(lines.append):
        drawn, again = fit(ratings, 5), fit(ratings, 5)
    monkeypatch.undo()
    assert lines[0] == f"item kNN compares the ratings of a draw of people, {part}"
    assert len(lines) == 2 and not ItemKnn.passed_over(Extent(2_000_000, 60, 60), {})
    whole = fit(ratings, 5)
    assert (drawn.right != again.right).nnz == 0
    assert (drawn.right != whole.right).nnz > 0
    assert (drawn.left != whole.left).nnz == 0
    assert drawn.users.tolist() == whole.users.tolist()
