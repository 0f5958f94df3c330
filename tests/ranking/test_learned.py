import math
import warnings

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from tasks.core.artifacts import read_table, write_table
from tasks.core.errors import TooLittleDataError
from tasks.ranking.blend import Learned
from tasks.ranking.learned import LearnedWeights, learn
from tasks.ranking.stages import explain_stage, learn_stage, learned_stage, shown_stage

KEYS = ["user", "item"]
TRUE = {"close": 1.0, "far": -0.5, "noise": 0.0}
INTERCEPT = -1.5


def made(rows=8000, seed=0):
    """Labels drawn from a logistic model with the weights TRUE on features of unit spread."""
    rng = np.random.default_rng(seed)
    values = {name: rng.normal(size=rows) for name in TRUE}
    likely = expit(INTERCEPT + sum(weight * values[name] for name, weight in TRUE.items()))
    held_out = rng.random(rows) < likely
    columns = {name: pl.Series(column, dtype=pl.Float32) for name, column in values.items()}
    keys = {"user": np.arange(rows) // 20, "item": np.arange(rows) % 20}
    return pl.DataFrame(keys | columns | {"held_out": held_out})


TABLE = made()
FITTED = learn([TABLE], ["a"], 0)


def asked(**columns):
    rows = len(next(iter(columns.values())))
    keys = pl.DataFrame({"user": [1] * rows, "item": range(rows)})
    return keys.with_columns(pl.Series(n, v, dtype=pl.Float32) for n, v in columns.items())


def test_the_weights_behind_the_labels_are_found_again():
    assert FITTED.features == list(TRUE)
    assert FITTED.weights == pytest.approx(list(TRUE.values()), abs=0.1)
    assert FITTED.intercept == pytest.approx(INTERCEPT, abs=0.1)


def test_probabilities_are_calibrated_over_all_and_from_the_lowest_to_the_highest():
    fresh = made(seed=1)
    likely = FITTED.probabilities(fresh)
    labels = fresh["held_out"].to_numpy()
    assert FITTED.probabilities(TABLE).mean() == pytest.approx(TABLE["held_out"].mean(), abs=1e-3)
    parts = np.array_split(np.argsort(likely), 8)
    for part in parts:
        assert likely[part].mean() == pytest.approx(labels[part].mean(), abs=0.05)
    assert likely[parts[-1]].mean() > 5 * likely[parts[0]].mean() > 0


def test_what_was_seen_is_recorded():
    assert FITTED.means == pytest.approx([TABLE[n].mean() for n in TRUE], abs=1e-6)
    assert FITTED.spreads == pytest.approx([TABLE[n].std(ddof=0) for n in TRUE], abs=1e-6)
    assert (FITTED.rows, FITTED.positives) == (TABLE.height, TABLE["held_out"].sum())
    assert FITTED.data == ["a"]
    assert LearnedWeights.model_validate_json(FITTED.model_dump_json()) == FITTED


def test_the_unit_of_a_feature_does_not_count():
    other = TABLE.with_columns(pl.col("close") * 1000 + 40, pl.col("far") / 500)
    likely = learn([other], [], 0).probabilities(other)
    np.testing.assert_allclose(likely, FITTED.probabilities(TABLE), atol=2e-3)


def test_means_and_spreads_are_of_what_is_known():
    holes = pl.when(pl.int_range(pl.len()) % 3 > 0).then("close").alias("close")
    fitted = learn([TABLE.with_columns(holes)], [], 0)
    known = TABLE.with_columns(holes)["close"].drop_nulls()
    assert fitted.means[0] == pytest.approx(known.mean(), abs=1e-6)
    assert fitted.spreads[0] == pytest.approx(known.std(ddof=0), abs=1e-6)


def test_an_unknown_feature_counts_with_its_mean_in_training():
    shifted = TABLE.with_columns(pl.col("close") + 3)
    fitted = learn([shifted], [], 0)
    table = asked(close=[None, fitted.means[0], 0.0], far=[0.7] * 3, noise=[0.1] * 3)
    unknown, usual, nought = fitted.probabilities(table)
    assert unknown == pytest.approx(usual, abs=1e-6)
    assert unknown > nought + 0.05


@pytest.mark.parametrize("value", [None, 0.0, 0.1, 7e8])
def test_a_feature_that_is_always_the_same_or_never_known_changes_nothing(value):
    dull = pl.lit(value, pl.Float32).alias("dull")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = learn([TABLE.with_columns(dull)], [], 0)
        likely = fitted.probabilities(TABLE.with_columns(pl.lit(3.0, pl.Float32).alias("dull")))
    np.testing.assert_allclose(likely, FITTED.probabilities(TABLE), atol=1e-4)
    assert np.isfinite([*fitted.means, *fitted.spreads, *fitted.weights]).all()


@pytest.mark.parametrize(("label", "count"), [(False, "0 of 8,000"), (True, "8,000 of 8,000")])
def test_with_nothing_to_tell_apart_it_says_so(label, count):
    with pytest.raises(TooLittleDataError, match=f"{count} were held out"):
        learn([TABLE.with_columns(held_out=pl.lit(label))], [], 0)


def test_the_same_tables_give_the_same_weights():
    assert learn([TABLE], ["a"], 0) == FITTED


def test_inner_splits_are_learned_from_together():
    parts = [TABLE[:3000], TABLE[3000:]]
    assert learn(parts, ["a"], 0) == FITTED


def test_features_are_found_by_name():
    other = TABLE.select("noise", pl.lit(1.0).alias("more"), "far", "item", "close", "user")
    np.testing.assert_array_equal(FITTED.probabilities(other), FITTED.probabilities(TABLE))


def test_the_task_records_which_tables_it_learned_from(tmp_path):
    tables = [write_table(tmp_path, "features", part) for part in (TABLE[:3000], TABLE[3000:])]
    fitted = learn_stage.fn(tmp_path, tables, 0, trees=False, lightgbm=None)
    assert fitted.trees is None
    assert fitted.weights == FITTED.model_copy(update={"data": [table.sha256 for table in tables]})


class Night:
    """Two people's candidates, with features in another order, through the tasks that order."""

    def __init__(self, home):
        self.home = home
        self.candidates = pl.DataFrame(
            {
                "user": [1, 1, 1, 1, 2, 2],
                "item": [40, 10, 30, 20, 10, 20],
                "estimate": [4.0, 3.0, 2.0, 1.0, 5.0, 4.0],
                "base_rank": [1, 2, 3, 4, 1, 2],
                "svd_rank": [1, 2, 3, 4, 1, 2],
            },
            schema_overrides={"base_rank": pl.Int32},
        )
        close = [0.0, 2.0, 0.0, 0.0, -1.0, 1.0]
        table = self.candidates.select(KEYS).with_columns(close=pl.Series(close, dtype=pl.Float32))
        items = pl.DataFrame({"item": [10, 20, 30, 40], "year": [1990, None, 1990, 1800]})
        unknown = {"quality": pl.lit(None, pl.Float64), "votes": pl.lit(None, pl.Int64)}
        self.ranked = learned_stage.fn(
            home,
            candidates=self.write(self.candidates),
            table=self.write(table.reverse()),
            learned=Learned(weights=learn([TABLE.select(*KEYS, "close", "held_out")], [], 0)),
            ratings=self.write(pl.DataFrame({"user": [1, 2, 3], "item": [30, 30, 20]})),
            counts=self.write(pl.DataFrame({"item": [20, 30], "count": [1, 2]})),
            items=self.write(items.with_columns(**unknown)),
        )

    def write(self, frame):
        return write_table(self.home, "tables", frame)

    def read(self, artifact):
        return read_table(self.home, artifact)


@pytest.fixture
def night(tmp_path):
    return Night(tmp_path)


def test_candidates_are_ordered_by_how_likely_they_are_and_equals_keep_the_base_order(night):
    lists = night.read(night.ranked)
    assert lists.select("user", "item", "rank").rows() == [
        *((1, 10, 1), (1, 40, 2), (1, 30, 3), (1, 20, 4)),
        *((2, 20, 1), (2, 10, 2)),
    ]
    scores = dict(lists.filter(user=1).select("item", "score").rows())
    assert 0 < scores[20] == scores[30] == scores[40] < scores[10] < 1
    kept = ["user", "item", "estimate", "base_rank"]
    assert lists.select(kept).sort(KEYS).equals(night.candidates.select(kept).sort(KEYS))


def test_ordered_candidates_carry_what_is_known_of_them_and_no_similarity(night):
    lists = night.read(night.ranked)
    assert lists["similarity"].null_count() == lists.height
    popularity = dict(lists.select("item", "popularity").rows())
    assert popularity == pytest.approx(
        {10: 0, 20: math.log(2) / math.log(3), 30: 1, 40: 0}, abs=1e-9
    )
    assert "likely" not in lists.columns and "date_affinity" in lists.columns


def test_what_stands_in_either_list_is_shown(night):
    shown = night.read(shown_stage.fn(night.home, night.ranked, 1))
    assert shown.columns == ["user", "item", "estimate", "base_rank"]
    assert sorted(shown.select(KEYS).rows()) == [(1, 10), (1, 40), (2, 10), (2, 20)]


def test_lists_are_explained_without_being_changed(night):
    scores = pl.DataFrame({"user": [2, 1], "item": [20, 10], "similarity": [0.3, -0.2]})
    told = night.read(explain_stage.fn(night.home, night.ranked, night.write(scores)))
    before = night.read(night.ranked)
    assert told.columns == before.columns
    assert told.drop("similarity").equals(before.drop("similarity"))
    known = told.drop_nulls("similarity").select(*KEYS, "similarity").rows()
    assert known == [(1, 10, -0.2), (2, 20, 0.3)]
