import numpy as np
import pytest

from tasks.core.artifacts import is_intact, write_arrays
from tasks.core.errors import StoreError
from tasks.models import stored
from tasks.models.baselines import ease_weights
from tasks.models.baselines.ease import Ease
from tasks.models.baselines.knn import ItemKnn
from tasks.models.baselines.popularity import Popularity
from tasks.models.interactions import interactions_of
from tasks.models.stored import load, save
from tests.models import factors, ratings_of, training


def solved(solve, source):
    users, items, rated = interactions_of(ratings_of(source))
    left, right = solve(rated, 9.0)
    options = {"regularization": 9.0}
    return Ease(users=users, items=items, left=left, right=right, options=options)


FITS = {
    "svd": lambda source: factors("svd", source),
    "popularity": lambda source: Popularity.fit(training(ratings_of(source))),
    "dense weights between items": lambda source: solved(ease_weights.by_items, source),
    "weights between items, sparse": lambda source: ItemKnn.fit(
        training(ratings_of(source), neighbours=5)
    ),
    "weights between users": lambda source: solved(ease_weights.by_users, source),
}


@pytest.mark.parametrize("source", ["text", "whole numbers"])
@pytest.mark.parametrize("kind", FITS)
def test_what_is_saved_is_loaded(tmp_path, kind, source):
    kept = FITS[kind](source)
    artifact = save(tmp_path, kept)
    back = load(tmp_path, artifact)
    assert type(back) is type(kept) and back.options == kept.options
    assert artifact.rows == len(kept.users) == 60
    assert is_intact(tmp_path, artifact)
    assert set(back.arrays()) == set(kept.arrays())
    for name, values in kept.arrays().items():
        np.testing.assert_array_equal(back.arrays()[name], values)
        assert back.arrays()[name].dtype == values.dtype
    users = kept.users[[3, 0]]
    np.testing.assert_array_equal(back.estimates(users), kept.estimates(users))
    np.testing.assert_array_equal(back.scale, kept.scale)


def test_the_same_model_is_the_same_file(tmp_path):
    assert save(tmp_path, FITS["svd"]("text")) == save(tmp_path, FITS["svd"]("text"))


def test_a_file_that_names_no_model_is_refused(tmp_path):
    arrays = FITS["svd"]("text").arrays()
    del arrays["model"]
    with pytest.raises(StoreError, match="does not say which base model it holds"):
        load(tmp_path, write_arrays(tmp_path, "model", 60, arrays))


def test_a_model_is_read_once_while_there_is_room(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "_READ", stored._Read())
    kept = [save(tmp_path, FITS["popularity"](source)) for source in ("text", "whole numbers")]
    first, second = (load(tmp_path, one) for one in kept)
    assert isinstance(first, Popularity)
    assert load(tmp_path, kept[0]) is first and load(tmp_path, kept[1]) is second
    with pytest.raises(ValueError, match="read-only"):
        first.item_bias[0] = 1.0
    monkeypatch.setattr(stored, "MOST_BYTES", 1)
    assert load(tmp_path, kept[1]) is second and load(tmp_path, kept[0]) is first, "thrice as large"
    monkeypatch.setattr(stored, "MOST_LARGE", 1)
    last = load(tmp_path, kept[1])
    assert last is second and load(tmp_path, kept[1]) is second
    assert load(tmp_path, kept[0]) is not first, "it made room for the other"
