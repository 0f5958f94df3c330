"""What the pages say of replays: the newest of each data set, newcomers apart."""

from tasks.report.experiments.replays import read_replays
from tests.report.experiments.reading import front_of, page_of, section, tables_are_whole
from tests.report.experiments.replayed import Replayed, two_nights
from tests.report.experiments.rows import Made, language

DASH = "\N{EN DASH}"
BESIDE = ".300 | .500 | .700 | .100 | .200 | 6.500 |"
TITLE = "books: 2 nights, 2020-01-01 to 2020-01-31"


def test_the_page_leads_with_every_list_over_all_nights_and_what_the_published_have_above_it(
    tmp_path,
):
    text = front_of(two_nights().publish(tmp_path))
    assert text.index("## Replay") < text.index(TITLE)
    part = section(text, TITLE)
    assert "30 days apart. Each is judged on the 30 days after it. In all, 11\nlists" in part
    assert "were judged, and 2 of newcomers. [Night by night]" in part
    ours, base, ease, *_ = [line for line in part.splitlines() if line.endswith(BESIDE)]
    assert ours == f"| published lists | .300 [.290, .310] | {DASH} | {DASH} | {BESIDE}"
    assert base == (
        "| base lists | .100 [.090, .110] | +.2000 [+.1950, +.2050], **higher** | 2 of 2 | "
        + BESIDE
    )
    assert ease == (
        "| ease | .250 [.240, .260] | +.0500 [+.0450, +.0550], no difference shown | 1 of 2 | "
        + BESIDE
    )
    assert (
        "NDCG@10 liked, higher in 1 of 2 comparisons, lower in 0, no difference shown in 1" in part
    )
    tables_are_whole(text)


def test_newcomers_stand_apart_and_only_their_nights_count(tmp_path):
    part = section(front_of(two_nights().publish(tmp_path)), TITLE)
    known, new = part.split("**Newcomers**")
    assert "| .600 [.590, .610] |" in new and ".600" not in known
    lower = "| ease | .500 [.490, .510] | -.1000 [-.1050, -.0950], **lower** | 1 of 1 |"
    assert lower in new and "newcomers |" not in part


def test_what_probabilities_foretold_stands_beside_what_came_on_the_replays_own_page(tmp_path):
    home = two_nights().publish(tmp_path)
    assert "foretold" not in front_of(home)
    text = page_of(home, "replay-books")
    assert "| 0.0 to 0.005 | 100 | .002 | .003 |\n| 0.3 to 0.5 | 10 | .400 | .250 |\n" in text


def test_the_newest_replay_of_each_data_set_is_shown(tmp_path):
    for run_id, day, dataset in (("a", 3, "books"), ("b", 2, "books"), ("c", 1, "jokes")):
        two_nights(dataset, run_id=run_id, day=day).publish(tmp_path)
    Made(run_id="d", day=4).publish(tmp_path)
    assert [(one.run["run_id"], one.dataset) for one in read_replays(tmp_path)] == [
        ("a", "books"),
        ("c", "jokes"),
    ]
    text = front_of(tmp_path)
    assert text.count("(results/replay-books.md)") == text.count("(results/replay-jokes.md)") == 1


def test_a_replays_own_page_tells_it_night_by_night(tmp_path):
    text = page_of(two_nights().publish(tmp_path), "replay-books")
    assert text.startswith("# Replay of books\n") and "](../RESULTS.md)" in text
    nights = section(text, "Night by night")
    assert "| night | published lists | base lists | ease |" in nights
    assert "| 2020-01-01 | .400 | .100 | .200 |\n| 2020-01-31 | .200 | .100 | .300 |\n" in nights
    assert (
        f"| 2020-01-01 | .600 | .600 | .500 |\n| 2020-01-31 | {DASH} | {DASH} | {DASH} |" in nights
    )
    assert "| 2020-01-31 | 9 | 6 | 0 | 0 | fitted | complete | 0 |" in nights
    told = section(text, "Published lists minus the others")
    assert "| newcomers | ease | NDCG@10 liked | -.1000 [-.1050, -.0950], **lower** |" in told
    tables_are_whole(text)


def test_days_between_nights_and_the_horizon_are_told_where_the_data_set_chose_them(tmp_path):
    made = Replayed(horizon=None)
    for _ in range(2):
        made.night(every=7)
    made.made("published lists", [0.4, 0.2])
    (only,) = read_replays(made.publish(tmp_path))
    assert (only.every, only.horizon) == (7, 7)


def test_a_horizon_that_nothing_tells_is_not_made_up(tmp_path):
    made = Replayed(horizon=None, replay={"every": 7})
    for _ in range(2):
        made.night(every=7)
    made.made("published lists", [0.4, 0.2])
    (only,) = read_replays(made.publish(tmp_path))
    assert (only.every, only.horizon) == (7, None)
    assert "is judged on" not in front_of(tmp_path)


def test_without_a_replay_the_page_says_so_and_names_the_command(tmp_path):
    made = Made()
    language(made)
    part = section(front_of(made.publish(tmp_path)), "Replay: past nights made again")
    assert "**No replay has been run yet**" in part and "\npalate replay --data NAME\n" in part


def test_data_sets_that_were_not_replayed_are_named(tmp_path):
    made = Made()
    for dataset in ("books", "jokes"):
        made.cell("four signals", mean=0.2, dataset=dataset)
    made.publish(tmp_path)
    text = front_of(two_nights().publish(tmp_path))
    assert "Not replayed: jokes. `palate replay --data NAME`" in text
    assert "No replay has been run yet" not in text


def test_replays_alone_are_a_page_too(tmp_path):
    text = front_of(two_nights().publish(tmp_path))
    assert "## Held-out ratings" not in text and "## Experiments" not in text
    assert "of 2 January 2026 (UTC)" in text
