"""Nights that follow each other: what stays, what is made anew, and what the guard does."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.night import stages
from tasks.night.guard import Verdict
from tasks.night.measured import SEGMENT
from tasks.store.nights import last_night
from tasks.store.query import query
from tests.night.notify.test_channels import READS
from tests.support.command import PLAIN
from tests.support.in_process import Terminal

UNMEASURED = (*PLAIN, "--measure-users", 0)
CHANGES = (
    "SELECT lists, reason, changes.users FROM changes JOIN latest_run USING (run_id) ORDER BY ALL"
)


class Nights:
    """Night after night over ratings that change between them."""

    def __init__(self, terminal: Terminal, made_up: Path, folder: Path) -> None:
        self.terminal, self.home, self.data = terminal, terminal.home, folder / "data"
        shutil.copytree(made_up, self.data)

    always: tuple[object, ...] = UNMEASURED

    def run(self, *options: object) -> str:
        """One night; gives its run."""
        done = self.terminal.succeed("nightly", "--data", self.data, *self.always, *options)
        self.printed = done.stdout + done.stderr
        return str(query(self.home, "SELECT run_id FROM latest_run").item())

    def rate(self, *rows: tuple[int, int, float]) -> None:
        """New ratings arrive as a file beside the others."""
        folder = self.data / "ratings"
        folder.mkdir(exist_ok=True)
        ratings = pl.read_parquet(self.data / "ratings.parquet")
        when = ratings["timestamp"].to_numpy().max() + 1
        table = pl.DataFrame(
            [(*row, when) for row in rows],
            schema=["user", "item", "rating", "timestamp"],
            orient="row",
        )
        table.write_parquet(folder / f"{len(list(folder.iterdir())):03}.parquet")

    def changes(self) -> list[tuple[Any, ...]]:
        return query(self.home, CHANGES).rows()

    def lists(self, run: str) -> pl.DataFrame:
        """User, item and every signal, as that run published them."""
        asked = "SELECT * EXCLUDE (run_id) FROM ranked_items WHERE run_id = $run ORDER BY ALL"
        return query(self.home, asked, {"run": run})

    def unrated(self, user: int) -> list[int]:
        """Items that this user has not rated and was recommended, best first."""
        asked = "SELECT item FROM latest_recommendations WHERE user = $user ORDER BY rank"
        return [int(item) for item in query(self.home, asked, {"user": str(user)})["item"]]


@pytest.fixture
def nights(terminal: Terminal, made_up: Path, tmp_path: Path) -> Nights:
    return Nights(terminal, made_up, tmp_path)


def test_only_who_rated_gets_a_new_list_by_the_same_model(nights: Nights) -> None:
    first = nights.run()
    assert nights.changes() == [("new", "the first night of this method on this data", 30)]
    taken = nights.unrated(3)[0]
    nights.rate((3, taken, 5.0), (99, 7, 4.0), (99, 8, 5.0))
    second = nights.run()

    assert nights.changes() == [
        ("kept", "nothing about them changed", 29),
        ("new", "new user", 1),
        ("new", "ratings arrived", 1),
    ]
    before, after = nights.lists(first), nights.lists(second)
    theirs = pl.col("user").is_in(["3", "99"])
    assert after.filter(~theirs).equals(before.filter(~theirs))
    new = after.filter(theirs)
    assert set(new["listed_in"]) == {second} and new.filter(pl.col("rank") <= 10).height == 20
    assert str(taken) not in new.filter(user="3")["item"]
    told = query(nights.home, "SELECT run_id, model_from, status FROM runs ORDER BY run_id")
    assert told.rows() == [(first, first, "complete"), (second, first, "complete")]

    stages = query(nights.home, "SELECT stage FROM stages JOIN latest_run USING (run_id)")
    assert "fold users in" in set(stages["stage"]) and "train" not in set(stages["stage"])


def test_after_so_many_nights_everything_is_fitted_anew(nights: Nights) -> None:
    runs = []
    for number, item in enumerate((11, 12, 13)):
        runs.append(nights.run("--refit", 2))
        nights.rate((3, item, 1.0 + number))
    runs.append(nights.run("--refit", 2))
    fitted = query(nights.home, "SELECT model_from FROM runs ORDER BY run_id")["model_from"]
    assert fitted.to_list() == [runs[0], runs[0], runs[2], runs[2]]
    assert query(nights.home, "SELECT count(*) FROM changes WHERE reason LIKE '%fitted%'").item()


def test_the_same_ratings_are_never_worth_a_new_fit(nights: Nights) -> None:
    first = nights.run("--refit", 1)
    again = nights.run("--refit", 1)
    assert nights.changes() == [("kept", "nothing about them changed", 30)]
    assert nights.lists(again).drop("listed_in").equals(nights.lists(first).drop("listed_in"))


def test_another_method_starts_anew_and_comes_back_to_its_own_lists(nights: Nights) -> None:
    first = nights.run()
    nights.run("--top", 5)
    assert nights.changes() == [("new", "the first night of this method on this data", 30)]
    back = nights.run()
    assert nights.changes() == [("kept", "nothing about them changed", 30)]
    assert set(nights.lists(back)["listed_in"]) == {first}


def test_who_is_gone_is_counted_and_has_no_list(nights: Nights) -> None:
    nights.run()
    ratings = pl.read_parquet(nights.data / "ratings.parquet")
    ratings.filter(pl.col("user") != 30).write_parquet(nights.data / "ratings.parquet")
    after = nights.lists(nights.run())
    assert ("gone", "no longer among the users", 1) in nights.changes()
    assert "30" not in after["user"] and after["user"].n_unique() == 29


def test_ids_that_turn_into_text_make_everything_anew(nights: Nights) -> None:
    nights.run()
    ratings = pl.read_parquet(nights.data / "ratings.parquet").cast({"user": pl.String})
    named = ratings.head(1).with_columns(user=pl.lit("zed"))
    pl.concat([ratings, named]).write_parquet(nights.data / "ratings.parquet")
    after = nights.lists(nights.run())
    assert nights.changes() == [("new", "ids are of another kind than before", 31)]
    assert {"1", "zed"} <= set(after["user"])


def test_a_state_that_cannot_be_read_is_no_state(nights: Nights) -> None:
    nights.run()
    method = query(nights.home, "SELECT method FROM runs").item()
    assert last_night(nights.home, method) is not None
    assert last_night(nights.home, "another") is None
    assert last_night(nights.home / "nowhere", method) is None


class Judged(Nights):
    """People who come to rate what base lists had put first, and re-ranked lists left out."""

    def follow(self, run: str, place: str, users: range) -> None:
        asked = (
            f"SELECT user, item FROM ranked_items WHERE run_id = $run AND {place} <= 3"
            " AND greatest(base_rank, reranked_rank) > 10"
        )
        liked = query(self.home, asked, {"run": run})
        rows = [(int(user), int(item), 5.0) for user, item in liked.iter_rows()]
        self.rate(*[row for row in rows if row[0] in users])

    def guard(self) -> dict[str, str]:
        told = query(self.home, "SELECT segment, verdict FROM guard JOIN latest_run USING (run_id)")
        return dict(told.iter_rows())


@pytest.fixture
def judged(terminal: Terminal, made_up: Path, tmp_path: Path) -> Judged:
    return Judged(terminal, made_up, tmp_path)


LIMITS = ("--guard-users", 10, "--guard-activity", 5, "--refit", 0)


def test_lists_that_did_worse_than_the_base_lists_give_way_to_these_loudly(
    judged: Judged,
) -> None:
    first = judged.run(*LIMITS)
    assert judged.guard()["everybody"] == "insufficient"
    judged.follow(first, "base_rank", range(31))
    second = judged.run(*LIMITS)

    assert judged.guard()["everybody"] == "worse"
    assert "GUARDED" in judged.printed and "Base lists are published for 30 users" in judged.printed
    status, note = query(judged.home, "SELECT status, note FROM latest_run").row(0)
    assert status == "guarded" and "did worse than base lists" in note
    published = judged.lists(second)
    assert published["rank"].equals(published["base_rank"])
    assert not published["rank"].equals(published["reranked_rank"])

    third = judged.run(*LIMITS, "--no-guard")
    assert judged.guard()["everybody"] == "worse"
    released = judged.lists(third)
    assert released["rank"].equals(released["reranked_rank"])
    assert query(judged.home, "SELECT status FROM latest_run").item() == "complete"


def test_evidence_gathers_over_nights_and_better_lists_are_let_alone(judged: Judged) -> None:
    first = judged.run(*LIMITS)
    told = []
    for users in (range(1, 7), range(7, 16)):
        judged.follow(first, "reranked_rank", users)
        judged.run(*LIMITS)
        told.append(judged.guard()["everybody"])
    assert told == ["insufficient", "not worse"]
    assert query(judged.home, "SELECT DISTINCT status FROM runs").rows() == [("complete",)]


def test_a_night_whose_own_measurement_is_below_nought_publishes_base_lists_until_measured_anew(
    nights: Nights, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nights.always = (*PLAIN, "--guard-users", 10)
    figures = {"base": 0.2, "reranked": 0.1, "difference": -0.1, "low": -0.2, "high": -0.05}
    worse = Verdict(segment=SEGMENT, users=30, ratings=0, metric="NDCG", k=10, verdict="worse")
    worse = worse.model_copy(update=figures)
    with monkeypatch.context() as patch:
        patch.setattr(stages, "measured_verdicts", lambda *_: [worse])
        told = tmp_path / "told"
        script = tmp_path / "tell.py"
        script.write_text(READS)
        words = (sys.executable, script, told)
        program = [word for one in words for word in ("--notify-command", one)]
        first = nights.run(*program)
    assert "GUARDED" in nights.printed and "On held-out ratings" in nights.printed
    assert json.loads(told.read_text())["status"] == "guarded"
    lists = nights.lists(first)
    assert lists["rank"].equals(lists["base_rank"])
    assert not lists["rank"].equals(lists["reranked_rank"])

    kept = nights.run()
    status, note = query(nights.home, "SELECT status, note FROM latest_run").row(0)
    assert status == "guarded" and "-0.1000 [-0.2000, -0.0500]" in note
    again = nights.lists(kept)
    assert again["rank"].equals(again["base_rank"])
    asked = "SELECT verdict FROM guard JOIN latest_run USING (run_id) WHERE segment = $segment"
    assert query(nights.home, asked, {"segment": SEGMENT}).item() == "worse"
