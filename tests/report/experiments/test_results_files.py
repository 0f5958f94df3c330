from tasks.report.experiments.results import write_results
from tests.report.experiments.rows import Made, language
from tests.support.command import succeed
from tests.support.in_process import run_here


def test_plots_lie_in_a_folder_beside_the_page_and_are_named_in_it(tmp_path):
    made = Made("My Grid/2")
    for keep in (0, 5):
        made.cell("four signals", mean=0.2, protocol=f"cold-user-{keep}")
    made.cell("oracle", mean=0.9, protocol="cold-user-0", reranker="oracle")
    home = made.publish(tmp_path)
    written = write_results(home, home / "page" / "RESULTS.md")
    assert [str(file.relative_to(home / "page")) for file in written] == [
        "results/my-grid-2.svg",
        "results/my-grid-2-kept.svg",
        "RESULTS.md",
    ]
    text = written[-1].read_text(encoding="utf-8")
    assert "](results/my-grid-2.svg)" in text and "](results/my-grid-2-kept.svg)" in text
    assert "oracle" in text and "oracle" not in written[0].read_text(encoding="utf-8")


def test_experiments_whose_names_are_alike_keep_their_own_plots(tmp_path):
    for day, name in enumerate(("a b", "a-b", "名前"), start=1):
        made = Made(name, run_id=str(day), day=day)
        made.cell("four signals")
        made.publish(tmp_path)
    *plots, _ = write_results(tmp_path, tmp_path / "RESULTS.md")
    assert [file.name for file in plots] == ["a-b.svg", "a-b-2.svg", "experiment-3.svg"]


def test_the_same_results_give_the_same_bytes(tmp_path):
    made = Made()
    language(made)
    made.publish(tmp_path)
    once, again = (write_results(tmp_path, tmp_path / name / "R.md") for name in ("a", "b"))
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]


def test_the_command_writes_the_page_and_names_the_files(tmp_path):
    made = Made()
    language(made)
    made.publish(tmp_path)
    page = tmp_path / "R.md"
    done = succeed("results", "--home", tmp_path, "--out", page)
    assert done.stdout.split() == [str(tmp_path / "results" / "domains.svg"), str(page)]
    assert page.read_text(encoding="utf-8").startswith("# Results\n")


def test_the_command_says_clearly_that_there_is_nothing_to_write(tmp_path):
    done = run_here("results", "--home", tmp_path, "--out", tmp_path / "R.md")
    assert done.returncode == 1 and "there are no results yet" in done.stderr
    assert not (tmp_path / "R.md").exists()
