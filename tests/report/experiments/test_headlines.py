"""The best method beside the strongest baseline: chosen fairly, and of one run."""

from tasks.report.experiments.headlines import headlines
from tasks.report.experiments.sections import read_experiments
from tests.report.experiments.reading import front_of, section, tables_are_whole
from tests.report.experiments.rows import Made

BASELINE = {"reranker": "none", "scorer": "none"}


def lines_of(home):
    return headlines(read_experiments(home))


def test_the_best_method_stands_beside_the_strongest_base_list_of_its_run(tmp_path):
    made = Made()
    made.cell("weak", mean=0.2)
    best = made.cell("strong", mean=0.4)
    ease = made.cell("EASE", base=0.3, model="ease", **BASELINE)
    made.over_base(best, 0.3, "higher")
    made.compare(best, ease, "against EASE", 0.1, "higher")
    text = front_of(made.publish(tmp_path))
    assert (
        "| books | split | NDCG@10 | strong, SVD | .400 [.390, .410] | base list, EASE |"
        " .300 [.290, .310] | +.1000 [+.0950, +.1050], **higher** |"
        " [domains](results/domains.md) | \N{EN DASH} |"
    ) in section(text, "Held-out ratings")
    tables_are_whole(text)


def test_a_method_below_the_baseline_is_shown_as_that(tmp_path):
    made = Made()
    only = made.cell("four signals", base=0.3, mean=0.2)
    made.over_base(only, -0.1, "lower")
    assert "| -.1000 [-.1050, -.0950], **lower** |" in front_of(made.publish(tmp_path))


def test_a_shared_base_list_is_found_by_whichever_cell_was_compared(tmp_path):
    made = Made()
    made.cell("weak", mean=0.2)
    best = made.cell("strong", mean=0.4)
    made.over_base(best, 0.3, "higher")
    (line,) = lines_of(made.publish(tmp_path))
    assert line.baseline["cell"] == 0 and line.difference is not None
    assert line.difference["difference"] == 0.3


def test_a_tuned_base_list_is_not_taken_for_the_plain_one(tmp_path):
    made = Made()
    best = made.cell("strong", base=0.1, mean=0.4)
    made.cell("tuned", base=0.2, config={"tune": ["ease_regularization"]}, **BASELINE)
    made.over_base(best, 0.3, "higher")
    (line,) = lines_of(made.publish(tmp_path))
    assert line.baseline["method"] == "base list, tuned" and line.difference is None
    assert "| not compared |" in front_of(tmp_path)


def test_what_cheats_may_know_what_came_later_or_is_random_is_no_best_method(tmp_path):
    made = Made()
    made.cell("oracle", mean=0.9, reranker="oracle", scorer="none")
    made.cell("leaky", mean=0.8, leaky=True)
    made.cell("votes", mean=0.7, scorer="none", weights={"external_votes": 1.0})
    made.cell("random", mean=0.6, reranker="random", scorer="none")
    made.cell("fair", mean=0.2)
    (line,) = lines_of(made.publish(tmp_path))
    assert line.method["method"] == "fair"


def test_of_several_experiments_the_one_with_the_best_method_counts_by_metric(tmp_path):
    for number, (name, mean, metric) in enumerate(
        (("a", 0.3, "NDCG"), ("b", 0.4, "NDCG"), ("c", 0.2, "NDCG"), ("d", 0.1, "NDCG liked")), 1
    ):
        made = Made(name, run_id=str(number), day=number, metric=metric)
        cell = made.cell("four signals", base=0.5 if name == "a" else 0.1, mean=mean)
        for kind in ("base", "reranked"):
            made.figure(cell, kind, 0.1, "NDCG liked")
        made.publish(tmp_path)
    lines = lines_of(tmp_path)
    assert [(line.experiment.run["name"], line.baseline["mean"]) for line in lines] == [
        ("b", 0.1),
        ("d", 0.1),
    ]


def test_data_sets_stand_together_in_the_order_in_which_they_were_first_measured(tmp_path):
    made = Made()
    for dataset, protocol in (("z", "split"), ("a", "split"), ("z", "loo")):
        made.cell("four signals", mean=0.2, dataset=dataset, protocol=protocol)
    lines = lines_of(made.publish(tmp_path))
    assert [(line.group.dataset, line.group.protocol) for line in lines] == [
        ("z", "split"),
        ("z", "loo"),
        ("a", "split"),
    ]


def test_without_a_method_or_a_baseline_there_is_no_line(tmp_path):
    made = Made()
    made.cell("EASE", base=0.3, model="ease", **BASELINE)
    assert lines_of(made.publish(tmp_path)) == []
    assert "## Held-out ratings" not in front_of(tmp_path)


def test_a_stronger_base_list_of_another_experiment_is_shown_beside_it(tmp_path):
    for day, (name, base, mean) in enumerate((("weak", 0.1, 0.4), ("strong", 0.3, 0.35)), start=1):
        made = Made(name, run_id=str(day), day=day)
        made.cell("four signals", base=base, mean=mean)
        made.publish(tmp_path)
    text = front_of(tmp_path)
    elsewhere = "base list, SVD .300 [.290, .310] in [strong](results/strong.md) |"
    assert f"[weak](results/weak.md) | {elsewhere}" in text
    made = Made("strong", run_id="3", day=3)
    made.cell("four signals", base=0.05, mean=0.35)
    assert "in [strong]" not in front_of(made.publish(tmp_path))
