import numpy as np
import polars as pl

from tasks.evaluation.judgements.blending import out_of_fold, pairwise


def made_up(people: int = 60, items: int = 12, seed: int = 0) -> pl.DataFrame:
    """What somebody likes is `true` with noise; `noise` says nothing."""
    rng = np.random.default_rng(seed)
    true, noise = rng.normal(size=(2, people * items))
    return pl.DataFrame(
        {
            "user": np.repeat(np.arange(people), items),
            "item": np.tile(np.arange(items), people),
            "true": true,
            "noise": noise,
            "hit": true + rng.normal(size=people * items) > 0.5,
        }
    )


def test_weights_find_the_column_that_says_who_comes_first():
    table = made_up()
    values = table.select("true", "noise").to_numpy()
    found = pairwise(values, table["user"].to_numpy(), table["hit"].cast(float).to_numpy())
    assert found[0] > 1.0 > 5 * abs(found[1])


def test_people_with_nothing_to_tell_apart_teach_nothing():
    assert pairwise(np.ones((3, 2)), np.zeros(3), np.ones(3)).tolist() == [0.0, 0.0]


def test_nobodys_score_depends_on_what_they_themselves_met():
    table = made_up()
    changed = table.with_columns(pl.when(pl.col("user") == 7).then(~pl.col("hit")).otherwise("hit"))
    mine = (table["user"] == 7).to_numpy()
    before, after = (out_of_fold(one, ["true", "noise"], "hit", 3) for one in (table, changed))
    assert np.array_equal(before[mine], after[mine])
    assert not np.array_equal(before[~mine], after[~mine])


def test_a_seed_draws_the_same_parts_and_an_unknown_value_says_nothing():
    table = made_up().with_columns(pl.when(pl.col("item") != 3).then("noise"))
    first, again, other = (out_of_fold(table, ["true", "noise"], "hit", s) for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.isfinite(first).all()
