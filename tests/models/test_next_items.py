import numpy as np
import polars as pl
import pytest

from tasks.core.errors import TooLittleDataError
from tasks.models import registry, stored
from tasks.models.baselines.next_items import NextItems
from tasks.models.candidates import top_candidates
from tests.models import training
from tests.models.test_popular_lately import DAY, NEWEST, dated


def sequences(*orders):
    """Each person's items, a day after one another; all end at the same time."""
    rows = [
        (user, item, 3.0, NEWEST - (len(items) - place) * DAY)
        for user, items in enumerate(orders, 1)
        for place, item in enumerate(items)
    ]
    schema = {"user": pl.Int64, "item": pl.Int64, "rating": pl.Float64, "timestamp": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("user", "item")


def test_an_item_scores_by_what_came_after_the_users_last():
    """After 1 came 2 at once, and 3 a place later; after 3 nothing came."""
    model = NextItems.fit(training(sequences([1, 2, 3], [1, 2], [3, 1], [3])))
    assert model.items.tolist() == [1, 2, 3]
    third, fourth = model.estimates(np.array([3, 4]))
    after_one = np.array([0.0, 2.0, 0.5**0.5]) / 13
    after_three = np.array([1.0, 0.0, 0.0]) / 13
    assert third == pytest.approx(after_one + 0.8 * after_three, rel=0.02)
    assert fourth == pytest.approx(after_three, rel=0.02)


def test_the_same_items_in_another_order_give_another_list():
    model = NextItems.fit(training(sequences([1, 2, 3, 9], [3, 2, 1, 8], [2, 1], [1, 2])))
    first, other = model.estimates(np.array([3, 4]))
    assert (first[4] > 0 and other[4] > 0 and first[3] > 0) and first[3] != other[3]
    assert first[3] > other[3], "8 came after 1, and 1 is the newer one"


def test_it_offers_what_was_rated_next_to_whoever_has_not():
    ratings = sequences(*[[1, 2]] * 5, *[[1, 3]] * 2, [4, 1])
    found = top_candidates(
        NextItems.fit(training(ratings)), ratings, pl.Series("user", [8]), 2, seed=0
    )
    assert found["item"].to_list() == [2, 3]


@pytest.mark.parametrize("ids", ["text", "whole numbers"])
def test_who_changed_is_folded_in_as_a_fresh_fit_has_them_and_stored(ids, tmp_path):
    ratings = dated(ids).sample(fraction=1.0, shuffle=True, seed=1)
    model = registry.fit("next-items", training(ratings))
    people = model.users[[3, 17]]
    users = pl.Series("user", people.tolist())
    folded = model.fold_in(ratings.filter(pl.col("user").is_in(users.implode())), users)
    np.testing.assert_array_equal(folded.estimates(people), model.estimates(people))
    assert np.ptp(folded.estimates(people)) > 0
    kept = stored.save(tmp_path, model)
    back = stored.load(tmp_path, stored.save_users(tmp_path, folded, kept))
    assert type(back) is NextItems
    np.testing.assert_array_equal(back.estimates(people), model.estimates(people))


def test_folding_in_follows_what_somebody_rated_since():
    model = NextItems.fit(training(sequences([1, 2], [3, 4], [5])))
    now = sequences([], [], [5, 3, 77])
    score = model.fold_in(now, pl.Series("user", [3])).estimates(np.array([3]))[0]
    assert np.flatnonzero(score).tolist() == [3], "4 came after 3; 77 is passed over"
    assert score[3] == pytest.approx(model.right.toarray()[2, 3])


def test_a_rating_without_a_timestamp_does_not_count_and_makes_its_ids_known():
    timed = sequences([1, 2], [1])
    lone = pl.DataFrame({"user": [9], "item": [7], "rating": [3.0], "timestamp": [None]})
    model = NextItems.fit(training(pl.concat([timed, lone.cast(timed.schema)])))
    assert model.users.tolist() == [1, 2, 9] and model.items.tolist() == [1, 2, 7]
    assert model.estimates(np.array([2]))[0] == pytest.approx([0, 1 / 12, 0], rel=0.02)
    assert not model.estimates(np.array([9, 10**9])).any()


def test_ratings_without_any_timestamp_are_refused():
    timeless = sequences([1, 2]).with_columns(timestamp=pl.lit(None, pl.Int64))
    with pytest.raises(TooLittleDataError, match=r"no timestamps.*next-items.*use knn"):
        NextItems.fit(training(timeless))
