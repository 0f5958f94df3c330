"""Rules beside the data set: no list of a night or of one person holds what they leave out."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flows.candidates import propose
from flows.ranking import rank
from tasks.core.artifacts import read_table, write_table
from tasks.core.vocabulary import Rules
from tasks.store.query import query
from tests.flows.small import options, pipeline_of, world
from tests.flows.test_tonight import UNMEASURED, Nights
from tests.support.command import PLAIN
from tests.support.direct import Direct
from tests.support.in_process import Terminal

NOBODYS, LATE = 11, 12
TASTE = "user,text\n5,violins and trains\n"


@pytest.fixture
def nights(terminal: Terminal, made_up: Path, tmp_path: Path) -> Nights:
    return Nights(terminal, made_up, tmp_path)


def write(nights: Nights, **files: str) -> None:
    for name, rows in files.items():
        (nights.data / f"{name}.csv").write_text(rows, encoding="utf-8")


def date_items(nights: Nights, day: str) -> None:
    """One item is available from a day on, all others always."""
    items = pl.read_parquet(nights.data / "items.parquet")
    first = pl.when(pl.col("item") == LATE).then(pl.lit(day))
    items.with_columns(first.alias("available_from")).write_parquet(nights.data / "items.parquet")


def test_a_night_and_one_persons_list_hold_nothing_that_is_left_out(nights: Nights) -> None:
    nights.always = (*UNMEASURED, "--taste-weight", 0.5)
    plain = nights.lists(nights.run())
    kept_away = plain.filter(pl.col("user") == "3").sort("base_rank")["item"].head(4).to_list()
    date_items(nights, "2999-01-01")
    seen = "".join(f"3,{item}\n" for item in kept_away[:2])
    pairs = "".join(f"3,{item}\n" for item in kept_away[2:])
    write(nights, seen=f"user,item\n{seen}", exclude=f"user,item\n{pairs},{NOBODYS}\n4,\n1,999\n")
    write(nights, tastes=TASTE)
    run = nights.run("--profiles", nights.data / "tastes.csv")

    lists = nights.lists(run)
    assert not set(lists["item"]) & {str(NOBODYS), str(LATE)}
    assert not set(lists.filter(pl.col("user") == "3")["item"]) & set(kept_away)
    assert set(plain["user"]) - set(lists["user"]) == {"4"}
    assert ("gone", "no longer among the users", 1) in nights.changes()
    assert "leave out 2 items, 4 pairs" in nights.printed
    assert "1 rows of exclude.csv left out: the items file lacks their item" in nights.printed
    dropped = query(nights.home, "SELECT reason FROM dropped JOIN latest_run USING (run_id)")
    assert any("row 6, item 999" in reason for reason in dropped["reason"])

    def answered(*words: object) -> set[str]:
        done = nights.terminal.succeed(
            *("recommend", "--data", nights.data, *nights.always, "--top", 60, "--json", *words)
        )
        listed = json.loads(done.stdout)["lists"][0]
        assert any("the rules leave out other items" in note for note in listed["notes"])
        return {str(place["item"]) for place in listed["items"]}

    off = {str(NOBODYS), str(LATE)}
    assert not answered("--user", 3) & {*kept_away, *off}
    assert not answered("--user", 3, "--taste", "violins and trains") & {*kept_away, *off}
    assert not answered("--taste", "violins and trains") & off
    refused = nights.terminal.run("recommend", "--data", nights.data, *nights.always, "--user", 4)
    assert refused.returncode == 1 and "User 4 gets no lists" in refused.stderr


def test_a_changed_rule_reaches_kept_lists_tonight_and_no_others(nights: Nights) -> None:
    first = nights.run()
    before = nights.lists(first)
    item = before.filter(pl.col("rank") == 1)["item"][0]
    write(nights, exclude=f"item\n{item}\n")
    second = nights.run()
    assert item not in nights.lists(second)["item"]
    stages = query(nights.home, "SELECT stage FROM stages JOIN latest_run USING (run_id)")
    assert "train" not in set(stages["stage"]) and "fold users in" in set(stages["stage"])
    assert {why for lists, why, _ in nights.changes() if lists == "new"} == {"a rule changed"}

    taken = nights.unrated(3)[0]
    write(nights, seen=f"user,item\n3,{taken}\n")
    nights.run()
    assert ("new", "a rule changed", 1) in nights.changes()
    assert taken not in nights.unrated(3)
    (nights.data / "seen.csv").unlink()
    nights.run()
    assert ("new", "a rule changed", 1) in nights.changes()
    assert taken in nights.unrated(3)


def test_an_item_is_off_the_lists_until_its_day(nights: Nights) -> None:
    date_items(nights, "2001-12-15")
    for day, is_there in (("2001-12-14", False), ("2001-12-15", True)):
        lists = nights.lists(nights.run("--as-of", day, "--refit", 1, "--top", 40))
        assert (str(LATE) in lists["item"]) is is_there


def test_replayed_nights_keep_to_the_rules_of_their_days_for_newcomers_and_rivals_too(
    nights: Nights,
) -> None:
    first, every = 1_005_000_000, 20
    file = nights.data / "ratings.parquet"
    ratings = pl.read_parquet(file)
    early = pl.col("timestamp") < first
    ratings.filter(~(early & (pl.col("user") > 22))).write_parquet(file)
    date_items(nights, "2001-11-20")
    write(nights, exclude=f"item\n{NOBODYS}\n")
    when = ("--from", first, "--nights", 2, "--horizon", f"{every}d", "--top", 40)
    done = nights.terminal.succeed(
        *("replay", "--data", nights.data, *PLAIN, *when, "--rivals", "popular-lately")
    )
    assert "were new" in done.stdout + done.stderr
    made = [pl.read_parquet(one) for one in (nights.home / "artifacts/ranked").iterdir()]
    assert len(made) >= 6
    assert not any(NOBODYS in lists["item"] for lists in made)
    assert {LATE in lists["item"] for lists in made} == {True, False}


def test_lists_that_rules_leave_short_are_counted_on_screen_and_in_the_record(
    nights: Nights,
) -> None:
    most = "".join(f"{item}\n" for item in range(1, 53))
    write(nights, exclude=f"item\n{most}")
    nights.run()
    note, status = query(nights.home, "SELECT note, status FROM latest_run").row(0)
    assert note == "30 of 30 lists have fewer than 10 items under the rules."
    assert note in nights.printed and status == "complete"


def test_unrated_items_that_are_left_out_do_not_compete(tmp_path: Path) -> None:
    settings = options(tmp_path, model="ease", reranker="learned", learn_new_items=True)
    made = world(tmp_path / "data", settings)
    new = made.items.head(3).with_columns(item=pl.Series([101, 102, 103]), title=pl.lit("New"))
    made = type(made)(made.ratings, made.tags, pl.concat([made.items, new]), made.parts)
    pipeline = pipeline_of(made, settings, Direct(tmp_path))
    user = made.ratings["user"][0]
    pairs = pl.DataFrame({"user": [user], "item": [102]}, schema_overrides=made.ratings.schema)
    rules = Rules(
        pairs=write_table(tmp_path, "rules", pairs.select("user", "item")),
        items=write_table(tmp_path, "rules", pl.DataFrame({"item": [101]})),
        users=write_table(tmp_path, "rules", pairs.select("user").clear()),
        dropped={},
    )
    ruled = pipeline.inputs.model_copy(update={"rules": rules})
    pipeline = replace(pipeline, inputs=ruled)
    lists = read_table(tmp_path, rank(pipeline, propose(pipeline)).lists)
    assert {102, 103} <= set(lists["item"]) and 101 not in lists["item"]
    assert set(lists.filter(pl.col("user") == user)["item"]) & {101, 102, 103} == {103}
