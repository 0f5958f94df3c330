"""Whole nights: what is published, reused, and survives; real processes where they matter."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tasks.data.stages import ingest
from tasks.store.query import query
from tests.support.command import PLAIN, start
from tests.support.datasets import write_generic
from tests.support.in_process import Terminal

LISTS = (
    "SELECT user, item, title, base_rank, rank, estimate, similarity, popularity, date_affinity,"
    " score FROM ranked_items ORDER BY ALL"
)

FIGURES = "SELECT * EXCLUDE run_id FROM cell_metrics ORDER BY ALL"
COMPARISONS = "SELECT * EXCLUDE run_id FROM comparisons ORDER BY ALL"

READER = """
import sys, time, duckdb
from pathlib import Path
with duckdb.connect(sys.argv[1], read_only=True) as database:
    print("open", flush=True)
    while not Path(sys.argv[2]).exists():
        database.sql("SELECT count(*) FROM ranked_items").fetchall()
        time.sleep(0.05)
    print(database.sql("SELECT count(*) FROM runs").fetchall()[0][0], flush=True)
"""


@pytest.fixture
def night(terminal: Terminal, made_up: Path) -> Terminal:
    """A terminal after one night."""
    terminal.succeed("nightly", "--data", made_up, *PLAIN)
    return terminal


def test_a_night_then_an_unchanged_one_while_somebody_reads(
    made_up: Path, tmp_path: Path, terminal: Terminal
) -> None:
    home = terminal.home
    done = terminal.succeed("nightly", "--data", made_up)
    printed = done.stdout + done.stderr
    assert "palate.duckdb" in printed
    assert "sample of tonight's recommendations" in printed
    _lists_are_complete(home, made_up)
    _favourites_are_the_highest_rated(home, made_up)
    _run_record_is_whole(home)
    before = query(home, LISTS)

    stop = tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(home / "palate.duckdb"), str(stop)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    again = terminal.succeed("nightly", "--data", made_up)
    assert reader.poll() is None
    stop.touch()
    seen, _ = reader.communicate(timeout=30)

    assert reader.returncode == 0
    assert seen == "1\n"
    again_stages = query(home, "SELECT stage FROM stages JOIN latest_run USING (run_id)")
    assert not {"train", "score", "learn to rank", "rank", "measure"} & set(again_stages["stage"])
    assert "30 users served, 0 with a new list" in again.stdout
    assert re.search(r"The whole command took \d+ s", again.stdout)
    first = query(home, "SELECT min(run_id) FROM runs").item()
    assert f"leave-one-out, seed 0, run {first}" in again.stdout
    assert query(home, "SELECT * FROM runs").height == 2
    assert query(home, "SELECT * FROM latest_run")["run_id"][0] in again.stdout
    assert query(home, LISTS).height == 2 * before.height
    assert query(home, LISTS).unique().height == before.height
    assert query(home, "SELECT DISTINCT listed_in FROM ranked_items").rows() == [(first,)]


def _lists_are_complete(home: Path, data: Path) -> None:
    lists = query(home, "SELECT * FROM latest_recommendations")
    sizes = lists.group_by("user").agg(pl.len(), pl.col("item").n_unique().alias("distinct"))
    assert sizes.height == 30
    assert sizes["len"].to_list() == sizes["distinct"].to_list() == [10] * 30
    rated = pl.read_parquet(data / "ratings.parquet").select(pl.col("user", "item").cast(pl.String))
    assert lists.join(rated, on=["user", "item"]).is_empty()
    sides = query(home, "SELECT * FROM side_by_side")
    assert sides.height == 300
    assert sides["item"].null_count() == sides["base_item"].null_count() == 0


def _favourites_are_the_highest_rated(home: Path, data: Path) -> None:
    ratings = pl.read_parquet(data / "ratings.parquet")
    best = ratings.sort("user", "rating", descending=[False, True])
    best = best.group_by("user", maintain_order=True).head(10)
    asked = "SELECT user::BIGINT AS user, rating FROM favourites ORDER BY 1, rank"
    assert query(home, asked).rows() == best.select("user", "rating").rows()
    genres = dict(pl.read_parquet(data / "items.parquet").select("item", "genres").iter_rows())
    for table in ("favourites", "ranked_items"):
        rows = query(home, f"SELECT DISTINCT item::BIGINT AS item, genres FROM {table}").rows()
        assert rows and all(genres[item] == said for item, said in rows)


def _run_record_is_whole(home: Path) -> None:
    run = query(home, "SELECT * FROM runs").row(0, named=True)
    assert run["implicit"] is False and "ids: users are whole numbers" in run["remarks"]
    assert json.loads(run["config"])["model"] == "ease"
    assert {"polars", "prefect", "scikit-surprise", "lightgbm"} <= json.loads(
        run["versions"]
    ).keys()
    assert run["users"] == 30 and run["ratings"] == 450 and run["unscored"] == 0
    stages = query(home, "SELECT stage, part, cached, seconds FROM stages")
    assert {"ingest", "train", "learn to rank", "rank", "measure"} <= set(stages["stage"])
    assert "find windows" in set(stages["stage"])
    assert query(home, "SELECT protocol FROM cells").rows() == [("loo",)], "so few people"
    first = stages.unique("stage", keep="first", maintain_order=True)
    twice = first.filter("cached")["stage"].to_list()
    assert twice == ["ingest"], "read before Prefect starts; else only what a night needs twice"
    _what_was_measured_is_whole(home)


def _what_was_measured_is_whole(home: Path) -> None:
    cells = query(home, "SELECT label, protocol, scorer, status, seeds, users, leaky FROM cells")
    assert cells.rows() == [("held out", "loo", "embedded", "run", 1, 30, False)]
    figures = query(home, "SELECT list, metric, k, mean, low, high, users FROM cell_metrics")
    shown = figures.filter(pl.col("metric").is_in(["HR", "NDCG"]), pl.col("k") == 10)
    assert sorted(shown.select("list", "metric").rows()) == [
        (side, metric) for side in ("base", "reranked") for metric in ("HR", "NDCG")
    ]
    assert shown["mean"].is_between(0, 1).all() and set(shown["users"]) == {30}
    assert (shown["low"] <= shown["mean"]).all() and (shown["mean"] <= shown["high"]).all()
    values = query(
        home,
        "SELECT list, metric, avg(value), count(*) FROM user_metrics"
        " WHERE metric IN ('HR', 'NDCG') GROUP BY ALL ORDER BY ALL",
    )
    told = shown.sort("list", "metric").select("list", "metric", "mean").rows()
    assert values.rows() == [(side, metric, pytest.approx(mean), 30) for side, metric, mean in told]
    latest = query(home, "FROM latest_metrics").filter(metric="HR", k=10).row(0, named=True)
    assert latest["difference"] == pytest.approx(latest["reranked"] - latest["base"])


def test_a_run_stopped_twice_in_the_middle_of_a_fan_out_carries_on(
    terminal: Terminal, tmp_path: Path, with_server: str
) -> None:
    data = write_generic(tmp_path / "wordy", users=30, items=60, per_user=20, words=40)
    options = ["--data", data, "--chunk-users", 5, "--search-count", 30, "--top", 5, *PLAIN]
    home, peaceful = terminal.home, Terminal(tmp_path / "peaceful", with_server)
    peaceful.succeed("nightly", *options)
    for how, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        process = start("nightly", *options, "--home", home)
        _wait_for_chunks(home, _chunks(home) + 2, process)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
        assert process.returncode == code, err
        assert not (home / "palate.duckdb").exists()

    resumed = terminal.succeed("nightly", *options, "--verbose").stderr

    assert "train svd, tonight: cached" in resumed
    (fan_out,) = re.findall(r"embed item texts \((\d+) of (\d+) chunks cached\), tonight", resumed)
    assert 4 <= int(fan_out[0]) < int(fan_out[1])
    for table in (LISTS, FIGURES, COMPARISONS):
        assert query(home, table).equals(query(peaceful.home, table))
        assert query(home, table).height


def _wait_for_chunks(home: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while _chunks(home) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _chunks(home: Path) -> int:
    return len(list((home / "results").glob("embed-item-texts-*")))


def test_a_damaged_file_is_made_again(night: Terminal, made_up: Path) -> None:
    home = night.home
    for ranked in (home / "artifacts" / "ranked").iterdir():
        ranked.write_bytes(ranked.read_bytes()[:100])
    again = night.succeed("nightly", "--data", made_up, *PLAIN, "--verbose")
    assert "new lists for 30: a file of the last night is gone or damaged" in again.stderr
    assert "rank: a stored file is gone or damaged" in again.stderr
    with duckdb.connect(home / "palate.duckdb", read_only=True) as database:
        counts = database.sql("SELECT count(*) FROM ranked_items GROUP BY run_id").fetchall()
    assert counts[0] == counts[1]


def test_held_out_ratings_reach_nothing_but_the_metrics(
    night: Terminal, made_up: Path, tmp_path: Path
) -> None:
    home = night.home
    (held_file,) = (home / "artifacts" / "held_out").iterdir()
    opposite = pl.when(pl.col("rating") > 3).then(0.5).otherwise(5.0).alias("other")
    held = pl.read_parquet(held_file).select("user", "item", opposite)
    data = tmp_path / "changed"
    shutil.copytree(made_up, data)
    ratings = pl.read_parquet(data / "ratings.parquet")
    changed = ratings.join(held, on=["user", "item"], how="left", maintain_order="left")
    changed = changed.with_columns(pl.coalesce("other", "rating").alias("rating")).drop("other")
    assert changed["rating"].ne(ratings["rating"]).sum() > 20
    changed.write_parquet(data / "ratings.parquet")

    night.succeed("nightly", "--data", data, "--refit", 1, *PLAIN)

    for kind in ("model", "candidates", "profiles", "ranked"):
        made = list((home / "artifacts" / kind).iterdir())
        assert len(made) == 3, f"{kind}: each night's own, and one from train, the same in both"


def test_typed_profiles_steer_their_user_only(
    night: Terminal, tmp_path: Path, made_up: Path
) -> None:
    typed = tmp_path / "typed.csv"
    typed.write_text('user,text\n3,"I love orchards, violins and the theatre"\n', encoding="utf-8")
    home = night.home
    night.succeed("nightly", "--data", made_up, "--profiles", typed, *PLAIN)
    changed = query(
        home,
        "SELECT DISTINCT a.user FROM ranked_items a JOIN ranked_items b USING (user, item)"
        " WHERE a.similarity <> b.similarity",
    )
    assert changed["user"].to_list() == ["3"]
    measured = query(home, "SELECT leaky, scorer FROM cells")
    assert measured.rows() == [(False, "embedded")], "what is typed is not what is measured"
    assert query(home, "SELECT count(DISTINCT measured_in) FROM runs").item() == 1


@pytest.mark.parametrize("model", ["svd", "svdpp"])
def test_real_movies(model: str, tmp_path: Path, shared: Path, terminal: Terminal) -> None:
    data, home = _first_users(shared / "ml-latest-small", tmp_path / "movies", 30), terminal.home
    terminal.succeed("nightly", "--data", data, *PLAIN, "--model", model, "--search-count", "30")
    sizes = query(
        home, "SELECT user, count(DISTINCT item) AS n FROM latest_recommendations GROUP BY user"
    )
    assert sizes["n"].to_list() == [10] * 30
    rated = pl.read_parquet(
        ingest(tmp_path / "check", str(data)).ratings.at(tmp_path / "check")
    ).select(pl.col("user", "item").cast(pl.String))
    lists = query(home, "SELECT user, item FROM latest_recommendations")
    assert lists.join(rated, on=["user", "item"]).is_empty()


def _first_users(source: Path, target: Path, users: int) -> Path:
    target.mkdir()
    lines = (source / "ratings.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines[1:] if int(line.split(",", 1)[0]) <= users]
    (target / "ratings.csv").write_text(lines[0] + "".join(kept), encoding="utf-8")
    (target / "movies.csv").write_bytes((source / "movies.csv").read_bytes())
    return target


def test_somebody_who_rated_everything_is_counted_and_nobody_elses_night_suffers(
    tmp_path: Path, made_up: Path, terminal: Terminal
) -> None:
    data = tmp_path / "data"
    shutil.copytree(made_up, data)
    ratings = pl.read_parquet(data / "ratings.parquet")
    everything = pl.read_parquet(data / "items.parquet").select(
        pl.lit(99).cast(pl.Int64).alias("user"),
        "item",
        pl.lit(4.0).alias("rating"),
        pl.lit(1_000_000_000).cast(pl.Int64).alias("timestamp"),
    )
    pl.concat([ratings, everything]).write_parquet(data / "ratings.parquet")
    home = terminal.home
    printed = terminal.succeed("nightly", "--data", data, *PLAIN).stdout
    assert "No list for 1 of 31 users" in printed and "30 users served" in printed
    assert query(home, "SELECT users, users_listed FROM runs").row(0) == (31, 30)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Four people with a few ratings, all alike: nothing can be learned."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    pairs = [(user, item) for user in range(4) for item in range(6) if (user + item) % 3]
    ratings = {"user": [u for u, _ in pairs], "item": [i for _, i in pairs], "rating": 4.0}
    pl.DataFrame(ratings).write_csv(folder / "ratings.csv")
    items = {"item": list(range(6)), "title": [f"Film {i}" for i in range(6)]}
    pl.DataFrame(items).write_csv(folder / "items.csv")
    return folder


def test_on_data_too_small_to_learn_from_a_plain_method_serves_with_a_note(
    tiny: Path, terminal: Terminal
) -> None:
    words = ("nightly", "--data", tiny, "--top", 2, "--measure-users", 0)
    done = terminal.succeed(*words)
    assert "Too little to learn from" in done.stderr
    assert "A plain method served instead" in done.stderr
    model, reranker, note = query(terminal.home, "SELECT model, reranker, note FROM runs").row(0)
    assert (model, reranker) == ("svd", "weighted")
    assert "A plain method served instead" in note

    chosen = terminal.run(*words, "--without", "dates")
    assert chosen.returncode == 1 and "for a data set as small as this" in chosen.stderr
    assert query(terminal.home, "FROM runs").height == 1, "what was chosen is not replaced"
