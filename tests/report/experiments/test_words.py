from datetime import datetime

import pytest

from tasks.report.experiments import words


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.4061, ".406"), (1.0, "1.000"), (10.52, "10.520"), (-0.0321, "-.032"), (-1e-9, ".000")],
)
def test_figures_have_no_zero_before_the_point_and_zero_no_sign(value, said):
    assert words.figure(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.0012, "+.0012"), (-0.0003, "-.0003"), (1e-6, ".0000"), (-1e-6, ".0000")]
)
def test_differences_carry_their_sign(value, said):
    assert words.change(value) == said


def test_differences_can_be_rounded_further():
    assert [words.change(value, 2) for value in (0.046, -0.5, 0.004)] == ["+.05", "-.50", ".00"]


def test_a_comparison_tells_difference_interval_and_verdict():
    shown = words.difference(0.0012, -0.0003, 0.0028, "no difference shown")
    assert shown == "+.0012 [-.0003, +.0028], no difference shown"
    assert words.difference(0.02, 0.01, 0.03, "higher").endswith("**higher**")
    assert words.difference(-0.02, -0.03, -0.01, "lower").endswith("**lower**")


def test_an_estimate_stands_with_its_interval_where_there_is_one():
    assert words.estimate({"mean": 0.4, "low": 0.39, "high": 0.41}) == ".400 [.390, .410]"
    assert words.estimate({"mean": 0.4, "low": None, "high": None}) == ".400"
    assert words.estimate(None) == words.estimate({"mean": None}) == words.MISSING


def test_text_is_escaped_and_markdown_is_not_escaped_again():
    assert words.written("a|b `c` *d*\n<e> [f](g)") == r"a\|b \`c\` \*d\* \<e\> \[f\](g)"
    assert words.written(words.Markdown("**a**")) == "**a**"
    assert words.written(None) == words.MISSING


def test_a_code_blocks_fence_is_longer_than_the_backticks_in_it():
    assert words.code("palate ```` x") == "`````\npalate ```` x\n`````"


def test_verdicts_are_counted():
    told = ["higher", "lower", "no difference shown", "no difference shown"]
    said = "higher in 1 of 4 comparisons, lower in 1, no difference shown in 2"
    assert words.tally(told) == said


def test_small_p_values_days_times_and_shares_are_rounded_for_people():
    assert words.p_value(0.0004) == "p < .001" and words.p_value(0.012) == "p = .012"
    assert words.day(datetime(2026, 11, 4, 23, 59)) == "4 November 2026"
    assert words.duration(72.4) == "72 s" and words.duration(1234) == "21 min"
    assert words.percent(0.125) == "12 %" and words.seeds(0, 10) == "0 to 9"


def test_a_metric_is_named_with_its_places_before_its_kind():
    assert words.at_ten("NDCG") == "NDCG@10" and words.at_ten("NDCG liked") == "NDCG@10 liked"
