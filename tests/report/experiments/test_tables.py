"""Tables of an experiment's page: every metric, and what a learned order depends on."""

import pytest

from tests.report.experiments.reading import page_of, section, tables_are_whole
from tests.report.experiments.rows import Made

DASH = "\N{EN DASH}"


def test_what_a_learned_order_depends_on_stands_by_group(tmp_path):
    made = Made()
    cells = [made.cell(f"learned {n}", reranker="learned") for n in range(2)]
    for cell in cells:
        for feature, weight in (("a", -0.5), ("b", 0.3), ("c", 0.2), ("d", 0.2)):
            made.weight(cell, feature, "collaborative", weight)
        made.weight(cell, "genres", "metadata", 0.8)
    other = made.cell("learned elsewhere", reranker="learned", dataset="jokes")
    made.weight(other, "age", "dates", 0.004)
    text = page_of(made.publish(tmp_path))
    part = section(text, "What the learned order depends on")
    assert "(how-to-read.md#weights)" in part
    assert "correlated features share one weight" in page_of(tmp_path, "how-to-read")
    assert "**learned 0, SVD** (books, split)" in part and "learned 1" not in part
    assert "collaborative 60 %,\nmetadata 40 %.\n" in part
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    assert rows[1:5] == [
        f"| a | collaborative | -.50 | {DASH} |",
        f"| b | collaborative | +.30 | {DASH} |",
        f"| c | collaborative | +.20 | {DASH} |",
        f"| genres | metadata | +.80 | {DASH} |",
    ]
    assert "dates 100 %.\n" in part and rows[6:] == [f"| age | dates | .00 | {DASH} |"]
    tables_are_whole(text)


def test_what_the_trees_gain_by_a_feature_stands_beside_its_weight(tmp_path):
    made = Made()
    cell = made.cell("learned", reranker="learned")
    made.weight(cell, "rated close together", "collaborative", 0.4, gain=0.3)
    made.weight(cell, "age", "dates", -0.4, gain=0.7)
    text = page_of(made.publish(tmp_path))
    rows = section(text, "What the learned order depends on").splitlines()
    assert "| feature | group | weight | share of the trees' gain |" in rows
    assert "| rated close together | collaborative | +.40 | 30 % |" in rows
    assert "| age | dates | -.40 | 70 % |" in rows
    tables_are_whole(text)


def test_without_learned_cells_nothing_is_said_of_weights(tmp_path):
    made = Made()
    made.cell("four signals")
    assert "learned order" not in page_of(made.publish(tmp_path))


def test_a_table_gives_every_metric_and_marks_what_an_order_rests_on(tmp_path):
    made = Made()
    votes = made.cell("votes", mean=0.2, scorer="none", weights={"external_votes": 1.0})
    made.over_base(votes, 0.1, "higher")
    for place, metric in enumerate(
        ("HR", "cHR", "MAP", "Precision", "Recall", "NDCG liked", "coverage"), start=1
    ):
        made.figure(votes, "reranked", place / 10, metric)
    made.figure(votes, "reranked", 0.99, "HR", k=5)
    figures = section(page_of(made.publish(tmp_path)), "Figures")
    row = ".200 [.190, .210] | .001 | .600 | .100 | .200 | .300 | .400 | .500 | .700 | 20 % |"
    assert f"| votes † | SVD | none | {row} 0 to 2 | 300 |" in figures


@pytest.mark.parametrize(
    ("metric", "columns"),
    [
        ("NDCG", "NDCG@10 | sd | NDCG@10 liked | HR@10"),
        ("NDCG liked", "NDCG@10 liked | sd | NDCG@10 | HR@10"),
        ("MAP", "MAP@10 | sd | NDCG@10 | NDCG@10 liked | HR@10"),
    ],
)
def test_the_grids_own_metric_comes_first(tmp_path, metric, columns):
    made = Made(metric=metric)
    made.cell("four signals")
    if metric != "NDCG":
        made.figure(0, "reranked", 0.4, metric)
    text = page_of(made.publish(tmp_path))
    assert f"| scorer | {columns} |" in text
    tables_are_whole(text)
