import polars as pl
import pytest

from tasks.evaluation.judgements.comparing import JudgedLists, with_verdicts


def values(*each: float | None) -> dict[int, pl.DataFrame]:
    column = pl.Series("AUC", each, pl.Float64)
    return dict.fromkeys((0, 1), pl.DataFrame({"user": range(len(each)), "AUC": column}))


def measured() -> pl.DataFrame:
    made = JudgedLists("ratings", 0)
    made.add("ours", values(*[0.5] * 40, None))
    made.add("ours + m", values(*[0.6, 0.7] * 20, 0.9), "m", against=["ours"])
    made.add("ours + n", values(*[0.4, 0.6] * 20, 0.9), "n", against=["ours"])
    return with_verdicts(made.rows())


def test_lists_come_first_and_people_without_a_value_do_not_count():
    rows = measured()
    assert rows["place"].to_list() == list(range(5))
    assert rows.select("list", "judge", "against", "users").rows() == [
        ("ours", None, None, 40),
        ("ours + m", "m", None, 41),
        ("ours + n", "n", None, 41),
        ("ours + m", "m", "ours", 40),
        ("ours + n", "n", "ours", 40),
    ]


def test_differences_are_paired_and_have_intervals_and_verdicts():
    *means, gains, nothing = measured().iter_rows(named=True)
    assert all(row["verdict"] is None and row["p_holm"] is None for row in means)
    assert gains["value"] == pytest.approx(0.15) and gains["verdict"] == "higher"
    assert 0 < gains["low"] < 0.15 < gains["high"]
    assert nothing["value"] == pytest.approx(0) and nothing["verdict"] == "no difference shown"
    assert gains["p_holm"] == pytest.approx(2 * gains["p"])
