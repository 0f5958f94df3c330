from pathlib import Path
from urllib.parse import unquote

import pytest

from tasks.core.errors import StoreError
from tasks.core.protocols import PROTOCOLS
from tasks.report.experiments.results import write_results
from tasks.store.warehouse import publish
from tests.report.experiments.replayed import two_nights
from tests.report.experiments.rows import Made, language
from tests.store.rows import a_run
from tests.support.in_process import run_here, succeed_here
from tests.test_docs import LINK, anchors


def test_pages_and_plots_lie_in_a_folder_beside_the_page_of_all(tmp_path):
    made = Made("My Grid/2")
    for keep in (0, 5):
        made.cell("four signals", mean=0.2, protocol=f"cold-user-{keep}")
    made.cell("oracle", mean=0.9, protocol="cold-user-0", reranker="oracle")
    home = made.publish(tmp_path)
    written = write_results(home, home / "page" / "RESULTS.md")
    assert [str(file.relative_to(home / "page")) for file in written] == [
        "results/my-grid-2.svg",
        "results/my-grid-2-kept.svg",
        "results/my-grid-2.md",
        "results/how-to-read.md",
        "results/what-language-adds.md",
        "RESULTS.md",
    ]
    text = written[2].read_text(encoding="utf-8")
    assert "](my-grid-2.svg)" in text and "](my-grid-2-kept.svg)" in text
    assert "oracle" in text and "oracle" not in written[0].read_text(encoding="utf-8")


def test_experiments_whose_names_are_alike_keep_their_own_files(tmp_path):
    names = ("a b", "a-b", "名前", "How to read", "replay books")
    for day, name in enumerate(names, start=1):
        made = Made(name, run_id=str(day), day=day)
        made.cell("four signals")
        made.publish(tmp_path)
    two_nights(day=9).publish(tmp_path)
    files = [file.name for file in write_results(tmp_path, tmp_path / "RESULTS.md")]
    stems = ["a-b", "a-b-2", "experiment-3", "how-to-read-4", "replay-books-5"]
    assert [name for name in files if name.endswith(".svg")] == [f"{stem}.svg" for stem in stems]
    assert len(set(files)) == len(files) == 2 * len(stems) + 4
    assert (tmp_path / "results" / "replay-books.md").read_text().startswith("# Replay of books")


def test_every_link_of_every_page_leads_to_a_file_and_to_a_heading_in_it(tmp_path):
    made = Made("my grid")
    language(made)
    made.weight(0, "genres", "metadata", 0.8)
    made.published()
    made.publish(tmp_path)
    two_nights().publish(tmp_path)
    pages = [file for file in write_results(tmp_path, tmp_path / "my R.md") if file.suffix == ".md"]
    links = [(page, *link) for page in pages for link in LINK.findall(page.read_text("utf-8"))]
    assert len(links) > 15
    for page, file, anchor in links:
        target = page.parent / unquote(file)
        assert target.is_file(), f"{page.name}: {file}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {file}#{anchor}"


def test_the_page_of_all_stays_short_and_leaves_tables_to_the_others(tmp_path):
    made = Made()
    for number in range(40):
        made.cell(f"method {number}", mean=number / 100)
    home = made.publish(tmp_path)
    *_, front = write_results(home, tmp_path / "RESULTS.md")
    assert len(front.read_text("utf-8").splitlines()) < 60
    assert "method 7" in (tmp_path / "results" / "domains.md").read_text("utf-8")


def test_how_to_read_stands_in_one_place_and_says_what_leaks(tmp_path):
    made = Made()
    language(made)
    files = write_results(made.publish(tmp_path), tmp_path / "RESULTS.md")
    held = [file.name for file in files if "Holm-corrected" in file.read_text("utf-8")]
    assert held == ["how-to-read.md"]
    text = (tmp_path / "results" / "how-to-read.md").read_text("utf-8")
    for protocol in PROTOCOLS.values():
        assert f"holds out {protocol.holds_out}." in text
    assert '- `user-temporal`, in tables "per-user temporal", holds out' in text
    assert "`user-temporal` leaks that of others" in text
    assert "leaks the future, per-user temporal that\nof others." in files[-1].read_text("utf-8")


def test_the_same_results_give_the_same_bytes(tmp_path):
    made = Made()
    language(made)
    made.publish(tmp_path)
    once, again = (write_results(tmp_path, tmp_path / name / "R.md") for name in ("a", "b"))
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]


def test_the_command_writes_the_pages_where_it_is_told_and_names_the_files(tmp_path):
    made = Made()
    language(made)
    made.publish(tmp_path)
    page = tmp_path / "R.md"
    done = succeed_here("results", "--home", tmp_path, "--out", page)
    named = ("domains.svg", "domains.md", "how-to-read.md", "what-language-adds.md")
    assert done.stdout.split() == [*(str(tmp_path / "results" / name) for name in named), str(page)]
    assert page.read_text(encoding="utf-8").startswith("# Results\n")


def test_the_command_writes_into_the_home_and_nowhere_else_unless_told(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    made = Made()
    made.cell("four signals")
    home = made.publish(tmp_path / "home")
    done = succeed_here("results", "--home", home)
    page = home / "results-page" / "RESULTS.md"
    assert done.stdout.split()[-1] == str(page) and page.is_file()
    assert (home / "results-page" / "results" / "domains.md").is_file()
    assert not list(elsewhere.iterdir())


def test_a_file_without_experiments_or_replays_says_what_to_run(tmp_path):
    publish(tmp_path, a_run("1"))
    with pytest.raises(StoreError, match=r"no experiment has been run.*palate experiment"):
        write_results(tmp_path)
    assert not (tmp_path / "results-page").exists()


def test_the_evidence_of_the_clone_is_written_where_it_is_committed():
    makefile = (Path(__file__).parents[3] / "Makefile").read_text("utf-8")
    assert "palate results --out RESULTS.md\n" in makefile


def test_the_command_says_clearly_that_there_is_nothing_to_write(tmp_path):
    done = run_here("results", "--home", tmp_path, "--out", tmp_path / "R.md")
    assert done.returncode == 1 and "there are no results yet" in done.stderr
    assert not (tmp_path / "R.md").exists()
