import math

import polars as pl
import pytest

from tasks.core.artifacts import write_table
from tasks.evaluation.stages import Split
from tasks.evaluation.tuning import mean_ndcg, tune_stage
from tasks.models import registry
from tasks.models.base import Training
from tasks.models.baselines.ease import Ease
from tasks.models.candidates import top_candidates
from tests.features.small import small

SECOND, THIRD = 1 / math.log2(3), 1 / math.log2(4)
TRAIN = small(0).train
HIDDEN = (
    TRAIN.select("user")
    .unique()
    .join(TRAIN.select("item").unique(), how="cross")
    .join(TRAIN, on=["user", "item"], how="anti")
    .sort("user", "item")
    .filter(pl.int_range(pl.len()) % 4 == 0)
    .with_columns(rating=pl.when(pl.col("item") % 20 == 0).then(2.0).otherwise(5.0))
)
"""A fourth of what people did not rate; half of the items are disliked."""


def lists(**each):
    """By person the items of their list in order, "a" to "z" each one item."""
    rows = [(user, item, n) for user, items in each.items() for n, item in enumerate(items, 1)]
    return pl.DataFrame(rows, schema=["user", "item", "base_rank"], orient="row")


def held(*rows):
    return pl.DataFrame(list(rows), schema=["user", "item", "rating"], orient="row")


LISTS = lists(ann="acb", ben="acd", cem="abc", dot="")
HELD_OUT = held(("ann", "a", 4.0), ("ann", "b", 2.0), ("ben", "z", 3.0), ("dot", "a", 2.0))
USERS = pl.Series(["ann", "ben", "cem", "dot"])


def test_it_is_the_mean_over_those_who_have_something_held_out():
    """Ann finds two at places 1 and 3, Ben misses, Dot has no list; nothing of Cem is held out."""
    ann = (1 + THIRD) / (1 + SECOND)
    assert mean_ndcg(LISTS, HELD_OUT, USERS, None) == pytest.approx((ann + 0 + 0) / 3)


def test_only_what_is_liked_counts_where_that_is_wanted():
    """Ann's one liked item is at place 1; Ben's is missed; Dot liked nothing."""
    assert mean_ndcg(LISTS, HELD_OUT, USERS, 3.0) == pytest.approx((1 + 0) / 2)
    assert mean_ndcg(LISTS, HELD_OUT, USERS, 4.0) == 1


def test_users_who_were_not_asked_about_do_not_count():
    assert mean_ndcg(LISTS, HELD_OUT, USERS[1:], None) == 0


def test_places_beyond_the_tenth_do_not_count():
    found = [mean_ndcg(lists(ann="abcdefghijk"), held(("ann", i, 4.0)), USERS, None) for i in "jk"]
    assert found == pytest.approx([1 / math.log2(11), 0])


def test_with_nothing_held_out_it_is_nought():
    assert mean_ndcg(LISTS, HELD_OUT, USERS, 5.0) == 0


def tuned(home, values, relevant_at=None, seed=3):
    """What the task gives for EASE with these regularizations."""
    split = Split(
        train=write_table(home, "train", TRAIN),
        train_users=TRAIN["user"].n_unique(),
        held_out=write_table(home, "held_out", HIDDEN),
        users=write_table(home, "users", HIDDEN.select("user").unique().sort("user")),
        new_items=None,
        skipped={},
    )
    return tune_stage.fn(
        home,
        split=split,
        scale=(0.5, 5.0),
        model="ease",
        tried=[{"regularization": value} for value in values],
        relevant_at=relevant_at,
        seed=seed,
        liked_from=4.0,
    )


@pytest.mark.parametrize("relevant_at", [None, 4.0])
def test_each_choice_is_measured_by_the_models_own_lists(tmp_path, relevant_at):
    values = [0.1, 3.0, 500.0]
    users = HIDDEN["user"].unique().sort()
    expected = [
        mean_ndcg(
            top_candidates(
                Ease.fit(Training(TRAIN, (0.5, 5.0), options={"regularization": value})),
                TRAIN,
                users,
                10,
                seed=3,
            ),
            HIDDEN,
            users,
            relevant_at,
        )
        for value in values
    ]
    assert tuned(tmp_path, values, relevant_at) == pytest.approx(expected)
    assert len(set(expected)) == 3
    assert tuned(tmp_path, values[::-1], relevant_at) == pytest.approx(expected[::-1])


def test_a_model_is_fitted_with_the_seed_scale_and_liked_rating_of_the_split(tmp_path, monkeypatch):
    given: list[object] = []

    def fit(name, training):
        given.append((name, training.scale, training.seed, training.options, training.liked_from))
        return Ease.fit(training)

    monkeypatch.setattr(registry, "fit", fit)
    tuned(tmp_path, [7.0], seed=9)
    assert given == [("ease", (0.5, 5.0), 9, {"regularization": 7.0}, 4.0)]
