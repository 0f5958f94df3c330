from tasks.report.experiments.sections import read_experiments
from tests.report.experiments.rows import Made


def test_the_newest_run_of_an_experiment_wins(tmp_path):
    for run_id, day, mean in (("b", 1, 0.2), ("a", 3, 0.3), ("c", 2, 0.4)):
        made = Made(run_id=run_id, day=day)
        made.cell("four signals", mean=mean)
        made.publish(tmp_path)
    (only,) = read_experiments(tmp_path)
    assert only.run["run_id"] == "a"
    assert [row["mean"] for row in only.groups[0].methods] == [0.3, 0.1]


def test_experiments_stand_in_the_order_of_their_first_runs(tmp_path):
    for name, run_id, day in (("z", "1", 1), ("a", "2", 2), ("z", "3", 3)):
        Made(name, run_id, day).publish(tmp_path)
    assert [one.run["run_id"] for one in read_experiments(tmp_path)] == ["3", "2"]


def test_without_a_command_there_is_none(tmp_path):
    Made(command=None).publish(tmp_path)
    assert read_experiments(tmp_path)[0].run["command"] is None


def test_a_base_list_of_several_cells_stands_once_and_best_come_first(tmp_path):
    made = Made()
    made.cell("four signals", mean=0.2)
    made.cell("without language", mean=0.05, scorer="none")
    made.cell("baseline", base=0.3, model="ease", reranker="none", scorer="none")
    made.publish(tmp_path)
    shown = [
        (row["method"], row["model"], row["scorer"])
        for row in read_experiments(tmp_path)[0].groups[0].methods
    ]
    assert shown == [
        ("base list", "ease", "none"),
        ("four signals", "svd", "embedded"),
        ("base list", "svd", "none"),
        ("without language", "svd", "none"),
    ]


def test_cells_of_one_label_are_told_apart(tmp_path):
    made = Made()
    made.cell("four signals", mean=0.5)
    made.cell("four signals", mean=0.4, candidates=500)
    made.cell("four signals", mean=0.3, scorer="llm m")
    made.cell("four signals", mean=0.25, scorer="llm m")
    made.cell("four signals", mean=0.2, seeds=10)
    made.publish(tmp_path)
    names = [row["method"] for row in read_experiments(tmp_path)[0].groups[0].methods]
    assert names[:5] == [
        "four signals, embedded, C = 100, 3 seeds",
        "four signals, embedded, C = 500, 3 seeds",
        "four signals, llm m, C = 100, 3 seeds, cell 2",
        "four signals, llm m, C = 100, 3 seeds, cell 3",
        "four signals, embedded, C = 100, 10 seeds",
    ]


def test_methods_that_see_what_they_should_not_are_marked(tmp_path):
    made = Made()
    made.cell("plain", mean=0.9)
    made.cell("votes", mean=0.8, scorer="none", weights={"external_votes": 1.0})
    made.cell("votes hidden", mean=0.7, weights={"external_votes": 1.0}, external=False)
    made.cell("asked", mean=0.6, scorer="llm m", reranker="llm_only")
    made.cell("oracle", mean=0.5, reranker="oracle", scorer="none")
    made.cell("leaky", mean=0.4, leaky=True)
    made.cell("learned", mean=0.3, reranker="learned")
    made.cell("learned fairly", mean=0.2, reranker="learned", config={"without": ["external"]})
    made.publish(tmp_path)
    rows = read_experiments(tmp_path)[0].groups[0].methods
    assert [row["method"] for row in rows if row["later"]] == ["votes", "asked", "learned"]
    assert [row["method"] for row in rows if row["cheats"]] == ["oracle", "leaky"]


def test_figures_and_comparisons_are_of_the_metric_that_the_grid_names(tmp_path):
    made = Made(metric="NDCG liked")
    one, other = made.cell("one", mean=0.2), made.cell("other", mean=0.3)
    for cell, mean in ((one, 0.5), (other, 0.4)):
        made.figure(cell, "reranked", mean, "NDCG liked")
    made.compare(one, other, "one against other", -0.1, "lower")
    made.compare(one, other, "one against other", 0.1, "higher", metric="NDCG liked")
    made.compare(
        one, one, "base", 0.1, "higher", against_list="base", metric="NDCG liked", worse=0.35
    )
    made.publish(tmp_path)
    (only,) = read_experiments(tmp_path)
    shown = [
        (row["method"], row["mean"], row["ndcg"], row["worse"]) for row in only.groups[0].methods
    ]
    assert shown[:2] == [("one", 0.5, 0.2, 0.35), ("other", 0.4, 0.3, None)]
    assert only.says == {"one against other": ["higher"]} and only.metric == "NDCG@10 liked"


def test_cold_users_are_one_protocol_with_several_numbers_kept(tmp_path):
    made = Made()
    for protocol in ("cold-user-0", "cold-user-5", "cold-item"):
        made.cell("four signals", protocol=protocol)
    made.publish(tmp_path)
    (only,) = read_experiments(tmp_path)
    assert [group.kept for group in only.groups] == [0, 5, None]
    assert only.protocols == ["cold-user", "cold-item"]


def test_comparisons_are_those_of_ndcg_at_ten(tmp_path):
    made = Made()
    one, other = made.cell("one"), made.cell("other")
    for cell in (one, other):
        made.figure(cell, "reranked", 0.5, k=5)
        made.figure(cell, "reranked", 0.5, "HR")
    for metric, k in (("NDCG", 10), ("NDCG", 5), ("HR", 10)):
        made.compare(one, other, f"{metric}@{k}", 0.1, "higher", metric=metric, k=k)
    made.publish(tmp_path)
    assert read_experiments(tmp_path)[0].says == {"NDCG@10": ["higher"]}
