"""What `sql/results/language.sql` takes for the gain by language."""

import pytest

from tasks.report.experiments.sections import read_experiments
from tests.report.experiments.rows import Made, language


def test_what_a_learned_order_gains_by_language_is_told(tmp_path):
    made = Made(metric="HR")
    kept = {"without": ["external"]}
    both = made.cell("learned", reranker="learned", config=kept)
    gone = {"without": ["language", "external"]}
    plain = made.cell("without", reranker="learned", scorer="none", config=gone)
    other = made.cell(
        "without more", reranker="learned", scorer="none", config={"without": ["language"]}
    )
    for cell in (both, plain, other):
        made.figure(cell, "base", 0.1, "HR")
        made.figure(cell, "reranked", 0.4, "HR")
    for against in (plain, other):
        made.compare(both, against, f"against {against}", 0.01, "higher", metric="HR")
    made.publish(tmp_path)
    assert [row["without_label"] for row in read_experiments(tmp_path)[0].language] == ["without"]


def test_what_language_adds_stands_beside_popularity(tmp_path):
    made = Made()
    language(made)
    made.cell("baseline", base=0.16, model="popularity", reranker="none", scorer="none")
    made.publish(tmp_path)
    (row,) = read_experiments(tmp_path)[0].language
    assert (row["difference"], row["verdict"]) == (0.02, "higher")
    means = [row["with_language"], row["without_language"], row["base"]]
    assert means == pytest.approx([0.17, 0.15, 0.1])
    assert (row["alone_difference"], row["alone_verdict"]) == (-0.05, "lower")
    alone = [row[f"{name}_alone"]["mean"] for name in ("language", "popularity")]
    assert [*alone, row["most_popular"]["mean"]] == [0.12, 0.17, 0.16]
    assert row["over_verdict"] == "higher"


def test_only_the_weight_of_similarity_may_differ_where_language_is_said_to_add(tmp_path):
    made = Made()
    both = made.cell("four signals", mean=0.2)
    other = made.cell(
        "votes", mean=0.1, scorer="none", weights={"similarity": 0.0, "external_votes": 1.0}
    )
    made.compare(both, other, "four signals against votes", 0.1, "higher")
    made.publish(tmp_path)
    assert read_experiments(tmp_path)[0].language == []


def test_leaky_language_is_no_language(tmp_path):
    made = Made()
    language(made, leaky=True)
    made.publish(tmp_path)
    assert read_experiments(tmp_path)[0].language == []


def test_popularity_over_the_same_candidates_is_preferred(tmp_path):
    made = Made()
    popular = made.cell("baseline", base=0.3, model="popularity", reranker="none", scorer="none")
    language(made)
    made.compare(3, popular, "alone against the most popular", -0.18, "lower")
    made.publish(tmp_path)
    (row,) = read_experiments(tmp_path)[0].language
    assert row["alone_difference"] == -0.05


def test_popularity_of_the_whole_catalogue_stands_in_where_no_candidates_were_ordered_by_it(
    tmp_path,
):
    made = Made()
    off = {"estimate": 0.0, "date_affinity": 0.0, "popularity": 0.0}
    both = made.cell("four signals", mean=0.2)
    without = made.cell("without", mean=0.1, scorer="none", weights={"similarity": 0.0})
    alone = made.cell("similarity alone", mean=0.05, weights=off)
    popular = made.cell("b", base=0.3, model="popularity", reranker="none", scorer="none")
    made.compare(both, without, "adds", 0.1, "higher")
    made.compare(alone, popular, "alone", -0.25, "lower")
    made.publish(tmp_path)
    (row,) = read_experiments(tmp_path)[0].language
    assert row["alone_difference"] == -0.25
    assert row["popularity_alone"] is None and row["most_popular"]["mean"] == 0.3
