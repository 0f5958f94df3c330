import pytest

from tasks.report.experiments import markdown
from tasks.report.text import MISSING


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.4061, ".406"), (1.0, "1.000"), (10.52, "10.520"), (-0.0321, "-.032"), (-1e-9, ".000")],
)
def test_figures_have_no_zero_before_the_point_and_zero_no_sign(value, expected):
    assert markdown.figure(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0012, "+.0012"), (-0.0003, "-.0003"), (1e-6, ".0000"), (-1e-6, ".0000")],
)
def test_differences_carry_their_sign(value, expected):
    assert markdown.change(value) == expected


def test_differences_can_be_rounded_further():
    assert [markdown.change(value, 2) for value in (0.046, -0.5, 0.004)] == ["+.05", "-.50", ".00"]


def test_a_comparison_has_difference_interval_and_verdict():
    shown = markdown.difference(0.0012, -0.0003, 0.0028, "no difference shown")
    assert shown == "+.0012 [-.0003, +.0028], no difference shown"
    assert markdown.difference(0.02, 0.01, 0.03, "higher").endswith("**higher**")
    assert markdown.difference(-0.02, -0.03, -0.01, "lower").endswith("**lower**")


def test_an_estimate_stands_with_its_interval_where_there_is_one():
    assert markdown.estimate({"mean": 0.4, "low": 0.39, "high": 0.41}) == ".400 [.390, .410]"
    assert markdown.estimate({"mean": 0.4, "low": None, "high": None}) == ".400"
    assert markdown.estimate(None) == markdown.estimate({"mean": None}) == MISSING


def test_text_is_escaped_and_markdown_is_not_escaped_again():
    assert markdown.written("a|b `c` *d*\n<e> [f](g)") == r"a\|b \`c\` \*d\* \<e\> \[f\](g)"
    assert markdown.written(markdown.Markdown("**a**")) == "**a**"
    assert markdown.written(None) == MISSING


def test_a_code_blocks_fence_is_longer_than_the_backticks_in_it():
    assert markdown.code("palate ```` x") == "`````\npalate ```` x\n`````"


def test_verdicts_are_counted():
    verdicts = ["higher", "lower", "no difference shown", "no difference shown"]
    counted = "higher in 1 of 4 comparisons, lower in 1, no difference shown in 2"
    assert markdown.tally(verdicts) == counted


def test_p_values_are_rounded_and_seeds_given_as_a_range():
    assert markdown.p_value(0.0004) == "p < .001" and markdown.p_value(0.012) == "p = .012"
    assert markdown.seeds(0, 10) == "0 to 9" and markdown.seeds(3, 1) == "3"


def test_a_metric_is_named_with_its_places_before_its_kind():
    assert markdown.at_ten("NDCG") == "NDCG@10"
    assert markdown.at_ten("NDCG liked") == "NDCG@10 liked"
