"""Nights made again: as they would have been, of what was known then, judged on what came."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from tasks.evaluation.replay.moments import day
from tasks.store.query import query
from tests.support.datasets import write_generic
from tests.support.in_process import Done, Terminal

DAY = 86_400
FIRST, EVERY = 1_005_000_000, 20
SECOND = FIRST + EVERY * DAY
LATE = range(50, 61)
"""People who rate nothing before the first night."""

ON_WINDOWS = ("--learn-protocol", "horizon", "--learn-windows", 2, "--horizon", f"{EVERY}d")
NIGHTS = ("--from", FIRST, "--nights", 2, "--rivals", "popular-lately", "--rivals", "ease")
ABLATE = ("--ablate", "time")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_generic(tmp_path_factory.mktemp("replay"), users=60, items=60, per_user=15)
    ratings = pl.read_parquet(folder / "ratings.parquet")
    late = pl.col("user").is_in(LATE) & (pl.col("timestamp") < FIRST)
    ratings.filter(~late).write_parquet(folder / "ratings.parquet")
    return folder


@pytest.fixture(scope="module")
def replayed(
    data: Path, tmp_path_factory: pytest.TempPathFactory, server: str
) -> tuple[Terminal, Done]:
    terminal = Terminal(tmp_path_factory.mktemp("replayed"), server)
    return terminal, terminal.succeed(
        "replay", "--data", data, *ON_WINDOWS, *NIGHTS, "--ablate", "time"
    )


def ranked(terminal: Terminal) -> set[str]:
    """All rankings that a home holds; files are named by their content."""
    return {file.name for file in (terminal.home / "artifacts" / "ranked").iterdir()}


@pytest.fixture(scope="module")
def nightly(data: Path, tmp_path_factory: pytest.TempPathFactory, server: str) -> set[str]:
    """Everybody's ranked candidates as `nightly` makes them on the days of both nights."""
    made = set()
    for moment in (FIRST, SECOND):
        terminal = Terminal(tmp_path_factory.mktemp("nightly"), server)
        words = ("--no-report", "--measure-users", 0, "--as-of", moment)
        terminal.succeed("nightly", "--data", data, *ON_WINDOWS, *words)
        (state,) = query(terminal.home, "SELECT state->>'$.lists.path' FROM runs").row(0)
        made.add(Path(state).name)
    return made


def test_a_replayed_night_gives_the_lists_of_nightly_on_that_day(
    replayed: tuple[Terminal, Done], nightly: set[str]
) -> None:
    assert len(nightly) == 2 and nightly <= ranked(replayed[0])


def test_nothing_that_was_rated_or_tagged_after_a_night_moves_its_lists(
    data: Path, tmp_path: Path, server: str, nightly: set[str]
) -> None:
    changed = tmp_path / "data"
    shutil.copytree(data, changed)
    ratings = pl.read_parquet(data / "ratings.parquet")
    after = pl.col("timestamp") >= SECOND
    other = ratings.filter(after).with_columns((5.5 - pl.col("rating")).alias("rating"))
    later = other.with_row_index().filter(pl.col("index") % 3 > 0).drop("index")
    more = later.with_columns(pl.col("user") + 1000, pl.lit(61, pl.Int64).alias("item"))
    more = more.unique(["user", "item"]).select(ratings.columns)
    new = pl.concat([ratings.filter(~after), later.select(ratings.columns), more])
    new.write_parquet(changed / "ratings.parquet")
    items = pl.read_parquet(data / "items.parquet")
    added = items.head(1).with_columns(pl.lit(61, pl.Int64).alias("item"))
    pl.concat([items, added]).write_parquet(changed / "items.parquet")
    terminal = Terminal(tmp_path / "home", server)
    terminal.succeed("replay", "--data", changed, *ON_WINDOWS, *NIGHTS)
    assert nightly <= ranked(terminal)


def test_every_list_is_judged_on_what_came_night_by_night_newcomers_apart(
    replayed: tuple[Terminal, Done], data: Path
) -> None:
    home = replayed[0].home
    ratings = pl.read_parquet(data / "ratings.parquet")
    nights = query(home, "FROM replayed_nights ORDER BY night")
    for number, start in enumerate((FIRST, SECOND)):
        came = ratings.filter(pl.col("timestamp").is_between(start, start + EVERY * DAY, "left"))
        known = ratings.filter(pl.col("timestamp") < start)["user"].unique()
        again = came.filter(pl.col("user").is_in(known.implode()))["user"].n_unique()
        row = nights.row(number, named=True)
        assert row["people"] == len(known)
        assert (row["judged"], row["newcomers"]) == (again, came["user"].n_unique() - again)
        assert row["fitted"] and row["status"] in {"complete", "guarded"}
    assert nights["newcomers"][0] > 5
    lists = query(home, "SELECT DISTINCT list, newcomers FROM replayed_lists ORDER BY ALL").rows()
    names = ["base lists", "ease", "popular-lately", "published lists"]
    assert lists == sorted(
        [(f"{n}{', newcomers' * new}", new) for n in names for new in (False, True)]
        + [("without time", False)]
    )
    ours = "SELECT value FROM replayed_lists WHERE metric = 'NDCG' AND list = '{}' ORDER BY night"
    base, ease = (query(home, ours.format(name)) for name in ("base lists", "ease"))
    assert base.height == 2 and base.equals(ease), "the base model is the rival"
    repeated = "SELECT night, value FROM replayed_lists WHERE metric = 'repeated'"
    told = query(home, f"{repeated} AND list = 'published lists'").rows()
    assert len(told) == 1 and told[0][0] == 1 and 0 < told[0][1] < 1


def test_published_lists_are_held_against_base_lists_and_rivals(
    replayed: tuple[Terminal, Done],
) -> None:
    asked = "SELECT DISTINCT says, against FROM comparisons ORDER BY ALL"
    says = query(replayed[0].home, asked)["says"]
    assert says.to_list().count("published lists against rivals") == 2
    assert says.to_list().count("published lists against rivals, newcomers") == 2
    assert says.to_list().count("published lists against those without a part") == 1
    probabilities = query(replayed[0].home, "SELECT night, sum(pairs) FROM reliability GROUP BY 1")
    assert probabilities.height == 2


def test_lists_without_a_part_are_those_of_a_night_without_it(
    replayed: tuple[Terminal, Done], data: Path, tmp_path: Path, server: str
) -> None:
    terminal = Terminal(tmp_path, server)
    words = ("--no-report", "--measure-users", 0, "--as-of", SECOND)
    without = ("--without", "external", "--without", "time")
    terminal.succeed("nightly", "--data", data, *ON_WINDOWS, *words, *without)
    (state,) = query(terminal.home, "SELECT state->>'$.lists.path' FROM runs").row(0)
    whole = pl.read_parquet(terminal.home / state)
    folder = replayed[0].home / "artifacts" / "ranked"
    made = [pl.read_parquet(file) for file in folder.iterdir()]
    assert any(one.height and one.equals(whole.join(one, "user", "semi")) for one in made)


def test_it_is_shown_by_night_and_on_a_page(replayed: tuple[Terminal, Done]) -> None:
    printed = replayed[1].stdout
    assert f"{day(FIRST)}"[:10] in printed and "published lists, newcomers" in printed
    (page,) = (replayed[0].home / "reports").glob("*.html")
    html = page.read_text(encoding="utf-8")
    assert all(text in html for text in ("<svg", "Newcomers", "popular-lately", "foretold"))


def test_repeated_it_does_nothing_anew(replayed: tuple[Terminal, Done], data: Path) -> None:
    again = replayed[0].succeed("replay", "--data", data, *ON_WINDOWS, *NIGHTS, *ABLATE).stdout
    told = next(line for line in again.splitlines() if "stages were cached" in line).split()
    assert told[0] == told[2], again


def test_without_usable_times_it_says_so(data: Path, tmp_path: Path, terminal: Terminal) -> None:
    folder = tmp_path / "data"
    shutil.copytree(data, folder)
    ratings = pl.read_parquet(data / "ratings.parquet")
    for times, says in ((None, "has no timestamps"), (1_000_000_000, "have the same time")):
        ratings.with_columns(timestamp=pl.lit(times, pl.Int64)).write_parquet(
            folder / "ratings.parquet"
        )
        done = terminal.run("replay", "--data", folder)
        assert done.returncode == 1 and says in done.stderr


def test_the_page_of_results_leads_with_it(replayed: tuple[Terminal, Done]) -> None:
    written = replayed[0].succeed("results").stdout.split()
    front = replayed[0].home / "results-page" / "RESULTS.md"
    assert written[-1] == str(front)
    text = front.read_text(encoding="utf-8")
    assert ": 2 nights, 2001-11-05" in text and "**Newcomers**" in text
    assert "20 days apart. Each is judged on the 20 days after it." in text
    assert "| without time | " in text and "the part adds" in text
    assert "| 2 of 2 |" in text or "| 1 of 2 |" in text or "| 0 of 2 |" in text
    assert len(text.splitlines()) < 60
