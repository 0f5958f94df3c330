import warnings

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from tasks.core.artifacts import write_table
from tasks.core.errors import TooLittleDataError
from tasks.ranking.learned import LearnedWeights, learn
from tasks.ranking.stages import learn_stage

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


def test_the_stage_records_which_tables_it_learned_from(tmp_path):
    tables = [write_table(tmp_path, "features", part) for part in (TABLE[:3000], TABLE[3000:])]
    fitted = learn_stage.fn(tmp_path, tables, 0, trees=False)
    assert fitted.trees is None
    assert fitted.weights == FITTED.model_copy(update={"data": [table.sha256 for table in tables]})


def test_what_features_add_to_a_logit_sums_to_it_with_the_intercept():
    fresh = made(rows=400, seed=1).with_columns(
        close=pl.when(pl.int_range(pl.len()) % 5 > 0).then("close")
    )
    parts = FITTED.contributions(fresh, str.upper)
    assert list(parts) == ["CLOSE", "FAR", "NOISE"]
    np.testing.assert_allclose(
        sum(parts.values()) + FITTED.intercept, FITTED.logits(fresh), atol=1e-5
    )
    assert (parts["CLOSE"][::5] == 0).all(), "what is unknown adds nothing"


def test_features_of_one_reason_are_summed():
    fresh = made(rows=400, seed=1)
    each = FITTED.contributions(fresh, str.upper)
    parts = FITTED.contributions(fresh, lambda name: "taste" if name != "noise" else "")
    assert list(parts) == ["taste", ""]
    np.testing.assert_allclose(parts["taste"], each["CLOSE"] + each["FAR"], atol=1e-6)
    np.testing.assert_allclose(parts[""], each["NOISE"], atol=1e-6)
