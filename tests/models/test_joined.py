import numpy as np
import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.models import stages, stored
from tasks.models.baselines.ease import Ease
from tasks.models.baselines.popularity import Popularity
from tasks.models.candidates import join_candidates, pair_estimates, top_candidates
from tasks.models.stages import join_candidates_stage, new_items_stage
from tests.models import factors, synthetic, training

KEYS = ["user", "item"]
COUNTS = {"popularity": 6, "svd": 10, "ease": 8}


def models_of(source):
    ratings = synthetic(source)
    return {
        "popularity": Popularity.fit(training(ratings)),
        "svd": factors("svd", source),
        "ease": Ease.fit(training(ratings, regularization=50.0)),
    }


def lists_of(source):
    ratings = synthetic(source)
    users = ratings["user"].unique().sort()
    return {
        name: top_candidates(model, ratings, users, COUNTS[name], 0)
        for name, model in models_of(source).items()
    }


def joined(source, base):
    return join_candidates(lists_of(source), base, models_of(source)[base])


@pytest.fixture(scope="module", params=["text", "whole numbers"])
def source(request):
    return request.param


@pytest.mark.parametrize("base", COUNTS)
def test_every_candidate_of_every_source_is_there_once(source, base):
    made = joined(source, base)
    every = pl.concat([table.select(KEYS) for table in lists_of(source).values()])
    assert made.select(KEYS).sort(KEYS).equals(every.unique().sort(KEYS))
    assert every.height > made.height > 60 * 10
    assert made["user"].n_unique() == 60


@pytest.mark.parametrize("base", COUNTS)
def test_the_base_list_comes_first_then_the_others_by_the_base_models_estimate(source, base):
    made, own = joined(source, base), lists_of(source)[base]
    for user, mine in own.group_by("user"):
        ordered = made.filter(user=user[0])
        assert ordered["base_rank"].to_list() == list(range(1, ordered.height + 1))
        assert (
            ordered["item"].head(COUNTS[base]).to_list() == mine.sort("base_rank")["item"].to_list()
        )
        rest = ordered["estimate"].slice(COUNTS[base])
        assert rest.to_list() == rest.sort(descending=True).to_list()
    assert made["user"].is_sorted()


@pytest.mark.parametrize("base", COUNTS)
def test_estimates_are_the_base_models(source, base):
    made = joined(source, base)
    expected = pair_estimates(models_of(source)[base], made)
    np.testing.assert_array_equal(made["estimate"].to_numpy(), expected)


def test_each_sources_rank_is_kept_and_null_where_it_did_not_propose(source):
    made = joined(source, "svd")
    assert made.columns == [*KEYS, "estimate", "base_rank", *(f"{n}_rank" for n in COUNTS)]
    for name, table in lists_of(source).items():
        kept = made.drop_nulls(f"{name}_rank").select(*KEYS, f"{name}_rank").sort(KEYS)
        assert kept.equals(
            table.select(*KEYS, pl.col("base_rank").alias(f"{name}_rank")).sort(KEYS)
        )
    assert made["svd_rank"].null_count() > 0


def test_someone_whom_one_source_alone_serves_is_served(source):
    lists = lists_of(source)
    first = lists["svd"]["user"][0]
    lists["svd"] = lists["svd"].filter(pl.col("user") != first)
    made = join_candidates(lists, "svd", models_of(source)["svd"]).filter(user=first)
    assert made.height >= 8 and made["svd_rank"].null_count() == made.height
    assert made["base_rank"].to_list() == list(range(1, made.height + 1))


def test_equal_estimates_of_what_others_proposed_are_in_the_order_of_the_items():
    base = pl.DataFrame({"user": [1], "item": [7], "base_rank": [1]})
    other = pl.DataFrame({"user": [1] * 3, "item": [9, 7, 3], "base_rank": [1, 2, 3]})
    neutral = Ease.fit(training(synthetic("whole numbers"), regularization=50.0))
    made = join_candidates({"ease": base, "knn": other}, "ease", neutral)
    assert made["item"].to_list() == [7, 3, 9] and made["base_rank"].to_list() == [1, 2, 3]


def test_the_task_joins_what_is_stored_some_users_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(stages, "BLOCK_USERS", 2)
    lists = {n: write_table(tmp_path, n, table) for n, table in lists_of("text").items()}
    model = stored.save(tmp_path, models_of("text")["ease"])
    whole = joined("text", "ease")
    users = write_table(tmp_path, "users", whole.select("user").unique().sort("user"))
    parts = [
        join_candidates_stage.stage.fn(tmp_path, rows, users, lists, "ease", model)
        for rows in ((0, 3), (3, users.rows))
    ]
    assert pl.concat(read_table(tmp_path, part) for part in parts).equals(whole)


def offered(home, seed, users=(5, 3, 8), items=range(40)):
    people = write_table(home, "users", pl.DataFrame({"user": users}))
    fresh = write_table(home, "new", pl.DataFrame({"item": items}))
    return read_table(home, new_items_stage.fn(home, people, fresh, seed))


def test_everybody_is_offered_every_new_item_once(tmp_path):
    made = offered(tmp_path, 0)
    assert made.columns == ["user", "item", "estimate", "base_rank"]
    assert made.select(KEYS).sort(KEYS).rows() == [(u, i) for u in (3, 5, 8) for i in range(40)]
    assert set(made["estimate"]) == {0.0}
    assert made["base_rank"].to_list() == [*range(1, 41)] * 3
    assert made["user"].is_sorted()


def test_new_items_are_in_an_order_of_each_persons_own_that_the_seed_draws(tmp_path):
    made = [offered(tmp_path, seed).partition_by("user") for seed in (0, 0, 1)]
    drawn = [[mine["item"].to_list() for mine in one] for one in made]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0][0] != drawn[0][1]
    assert drawn[0][0] != sorted(drawn[0][0])
