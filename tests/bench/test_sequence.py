"""A sequential peer: what it is given, how its lists are judged, and how its epochs are chosen."""

import os
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from tasks.core.vocabulary import BASE_RANK, ITEM, RATING, TIMESTAMP, USER
from tasks.evaluation.beyond import Catalogue, catalogue_of
from tasks.evaluation.measures import GroundTruth, per_user
from tasks.evaluation.splits.windows import DAY
from tasks.models.candidates import count_ratings
from tests.bench import page, sequence
from tests.bench.kept import PAGE, SEQUENCE_FILE, kept
from tests.bench.peers.judging import NDCG, judged, parted, window_from
from tests.bench.peers.rectools_sequence import (
    EPOCH,
    PLACE,
    SERVED,
    WEIGHT,
    Peer,
    Plan,
    asked,
    best_epoch,
    by_epoch,
    chosen_epochs,
    measured,
)
from tests.bench.samples import MACHINE
from tests.bench.samples import sequence as sample
from tests.bench.sequence import against, nights_of

PYTHON = os.environ.get("RECTOOLS_PYTHON")
LIKED = 4.0
START = 20 * DAY
WINDOW = window_from(START, 5)


def ratings_of(*rows):
    schema = {USER: pl.Int64, ITEM: pl.Int64, RATING: pl.Float64, TIMESTAMP: pl.Int64}
    return pl.DataFrame(rows, schema, orient="row")


def made(people=60, items=20):
    """Everybody rates item after item in a ring, one every two days, from a place of their own."""
    rows = [
        (user, (user + step) % items + 1, 5.0 if step % 3 else 3.0, step * 2 * DAY + user)
        for user in range(1, people + 1)
        for step in range(13)
    ]
    return ratings_of(*rows)


KNOWN = ratings_of(
    *((1, 10, 5.0, 0), (1, 11, 5.0, START), (1, 12, 2.0, START)),
    *((2, 10, 5.0, 0), (2, 12, 5.0, START + 5 * DAY - 1), (2, 13, 5.0, START + 5 * DAY)),
    *((3, 10, 5.0, 0), (3, 13, 3.0, START)),
    (4, 13, 5.0, START),
)


def lists_of(*rows):
    return pl.DataFrame(rows, {USER: pl.Int64, ITEM: pl.Int64, PLACE: pl.Int64}, orient="row")


def test_lists_are_judged_by_what_was_liked_in_the_window():
    found = judged(lists_of((1, 12, 1), (1, 11, 2)), PLACE, parted(KNOWN, WINDOW), LIKED)
    assert (found.tested, found.people, found.listed) == (3, 2, 1)
    assert found.values[USER].to_list() == [1, 2]
    assert found.values[NDCG].to_list() == pytest.approx([1 / np.log2(3), 0.0])
    assert found.ndcg == pytest.approx(0.5 / np.log2(3))
    assert found.told() == {"tested": 3, "people": 2, "listed": 1, "ndcg": 0.31546}


def test_the_figure_is_that_of_the_evaluation():
    ratings, random = made(), np.random.default_rng(5)
    parts = parted(ratings, WINDOW)
    rows = [(u, int(i), p) for u in parts.users for p, i in enumerate(random.permutation(20)[:12])]
    lists = lists_of(*((u, item + 1, place + 1) for u, item, place in rows))
    truth = GroundTruth(parts.held_out, parts.users, LIKED, _catalogue(ratings))
    table = per_user(lists, PLACE, truth, 100)
    assert judged(lists, PLACE, parts, LIKED).ndcg == pytest.approx(table[NDCG].mean())


def _catalogue(ratings: pl.DataFrame) -> Catalogue:
    items = ratings.select(pl.col(ITEM).unique().sort()).with_columns(genres=pl.lit("a"))
    return catalogue_of(items, count_ratings(ratings.lazy()), 60)


def test_nothing_of_the_window_or_later_reaches_the_peer():
    later = window_from(START + 5 * DAY, 5)
    served = [parted(KNOWN, WINDOW), parted(KNOWN, later)]
    tables = asked(served, LIKED, Plan(), False)
    assert set(tables) == {"plan", "train_0", "wanted_0", "train_1", "wanted_1"}
    assert (tables["train_0"][TIMESTAMP] < START).all()
    assert tables["train_1"][TIMESTAMP].max() == START + 5 * DAY - 1
    assert tables["wanted_0"][USER].to_list() == [1, 2, 3]
    assert tables["wanted_1"][USER].to_list() == [2]


def test_ratings_of_one_moment_come_in_a_drawn_order_that_the_seed_decides():
    ratings = made().with_columns(pl.lit(0).alias(TIMESTAMP))
    parts = replace(parted(made(), WINDOW), train=ratings)
    first, again, other = (
        asked([parts], LIKED, Plan(seed=seed), False)["train_0"] for seed in (1, 1, 2)
    )
    assert first.equals(again)
    assert not first.equals(other)
    assert not first.equals(first.sort(USER, ITEM))


def test_what_was_not_liked_weighs_as_planned():
    weights = asked([parted(made(), WINDOW)], LIKED, Plan(unliked=0.25), False)["train_0"][WEIGHT]
    assert set(weights) == {0.25, 1.0}


def test_the_best_epoch_is_the_earliest_of_equals():
    assert best_epoch({1: 0.1, 2: 0.3, 3: 0.3, 4: 0.2}) == 2


def test_each_epoch_has_a_figure_of_its_own():
    lists = pl.concat([lists_of((1, 11, 1)), lists_of((1, 11, 1), (2, 12, 1))])
    told = lists.with_columns(pl.Series(EPOCH, [2, 1, 1]))
    assert by_epoch(told, parted(KNOWN, WINDOW), LIKED) == {1: 1.0, 2: 0.5}


class Answering(Peer):
    """A peer that notes what it was given; only its second epoch lists what will be liked."""

    def __init__(self):
        self.given = []

    def lists(self, served, relevant_at, plan, *, every_epoch=False):
        self.given.append((served, plan, every_epoch))
        epochs = range(1, plan.epochs + 1) if every_epoch else [plan.epochs]
        rows = [
            self._list(parts, epoch).with_columns(pl.lit(number).alias(SERVED))
            for epoch in epochs
            for number, parts in enumerate(served)
        ]
        told = {"epochs": plan.epochs, "seconds": 2.0, "cpu_seconds": 1.0}
        return told | {"version": "1", "torch": "2"}, pl.concat(rows)

    def _list(self, parts, epoch):
        held = parts.held_out.filter(pl.col(RATING) >= LIKED).select(USER, ITEM)
        if epoch != 2:
            held = held.with_columns(pl.lit(99).cast(pl.Int64).alias(ITEM)).unique()
        place = pl.col(ITEM).cum_count().over(USER).cast(pl.Int64).alias(PLACE)
        return held.with_columns(place, pl.lit(epoch).alias(EPOCH))


def test_the_epochs_are_chosen_on_the_window_before_the_first():
    peer, one_more = Answering(), ratings_of((999, 99, 5.0, 0))
    ratings, plan = pl.concat([made(), one_more]), Plan(epochs=3)
    chosen = chosen_epochs(peer, ratings, WINDOW, LIKED, plan)
    assert chosen["earlier"] == {"1": 0.0, "2": 1.0, "3": 0.0}
    windows = [WINDOW, window_from(START + 2 * DAY, 3)]
    (first, values), (second, _) = measured(peer, ratings, windows, LIKED, plan, chosen)
    ((before,), tried, every), ((parts, later), final, last) = peer.given
    assert every and not last
    assert tried.epochs == 3
    assert (before.held_out[TIMESTAMP] < START).all()
    assert (parts.train[TIMESTAMP] >= WINDOW.earlier(1).start).any()
    assert parts.train[TIMESTAMP].max() < START <= later.train[TIMESTAMP].max()
    assert final.epochs == 2 == first["epochs"]
    assert first["ndcg"] == second["ndcg"] == 1.0
    assert first["fitted_at"] == second["fitted_at"] == START
    assert values[NDCG].to_list() == [1.0] * first["people"]


def test_published_lists_stand_beside_by_person_and_window():
    ours = {1: values_of(a=0.5, b=0.3), 2: values_of(a=0.4), 3: values_of(a=0.0)}
    theirs = {1: values_of(a=0.1, b=0.3), 2: values_of(a=0.0)}
    found = against(ours, theirs)
    assert (found["windows"], found["people"]) == (2, 2)
    assert found["published"] == 0.4
    assert found["difference"] == pytest.approx(0.26667)
    assert found["low"] <= found["difference"] <= found["high"]


SCHEMA = """
    CREATE TABLE runs (run_id VARCHAR, flow VARCHAR, started_at_utc TIMESTAMP);
    CREATE TABLE cells (run_id VARCHAR, cell INTEGER, dataset VARCHAR);
    CREATE TABLE replayed_nights (run_id VARCHAR, night INTEGER, moment TIMESTAMP);
    CREATE TABLE user_metrics (run_id VARCHAR, cell INTEGER, seed BIGINT, list VARCHAR,
        "user" VARCHAR, metric VARCHAR, k INTEGER, value DOUBLE);
"""
"""The columns that are read of the results file."""


def replay_of(con, run, value):
    """A replay of one night, with the values of one person and of another list."""
    con.execute("INSERT INTO runs VALUES ($1, 'replay', $1::TIMESTAMP)", [run])
    con.execute("INSERT INTO cells VALUES ($1, 0, 'made-up'), ($1, 1, 'made-up')", [run])
    con.execute(
        "INSERT INTO replayed_nights VALUES ($1, 3, make_timestamp($2))", [run, START * 10**6]
    )
    rows = [(0, "reranked", "NDCG liked"), (0, "base", "NDCG liked"), (1, "reranked", "NDCG")]
    for cell, name, metric in rows:
        told = [run, cell, name, metric, value if name == "reranked" else 0.0]
        con.execute("INSERT INTO user_metrics VALUES ($1, $2, 3, $3, '7', $4, 10, $5)", told)


def values_of(**people):
    return pl.DataFrame({USER: [ord(name) for name in people], NDCG: list(people.values())})


def test_the_newest_replay_of_the_data_is_read_night_by_night(tmp_path):
    file = tmp_path / "palate.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute(SCHEMA)
    with pytest.raises(ValueError, match="no replay of made-up"):
        nights_of(tmp_path, "made-up")
    with duckdb.connect(str(file)) as con:
        for run, value in (("2026-01-01", 0.1), ("2026-01-02", 0.25)):
            replay_of(con, run, value)
    night = nights_of(tmp_path, "made-up")
    assert list(night) == [START]
    assert night[START].rows() == [(7, 0.25)]


def test_a_window_that_is_measured_again_takes_its_own_place(tmp_path, monkeypatch):
    monkeypatch.setattr(sequence, "machine", lambda: MACHINE)
    (told,) = sample()["windows"].values()
    for data, ndcg in (("made-up", 0.1), ("other", 0.3), ("made-up", 0.2)):
        sequence.add(tmp_path, data, told | {"ndcg": ndcg})
    windows = kept(tmp_path / SEQUENCE_FILE)["windows"]
    assert [found["ndcg"] for found in windows.values()] == [0.2, 0.3]
    assert (tmp_path / PAGE).read_text() == page.rendered({}, {}, {"windows": windows})


@pytest.mark.skipif(not PYTHON, reason="RECTOOLS_PYTHON names no Python with rectools[torch]")
@pytest.mark.parametrize("kind", ["SASRec", "eSASRec"])
def test_the_peer_learns_an_order_and_leaves_rated_items_out(kind, tmp_path):
    parts = parted(made(), WINDOW)
    plan = Plan(kind, session=8, factors=16, lr=0.02, batch=16, epochs=8)
    told, lists = Peer(tmp_path, Path(str(PYTHON))).lists([parts], LIKED, plan, every_epoch=True)
    assert told["epochs"] == lists[EPOCH].n_unique() == 8
    assert lists.join(parts.train, on=[USER, ITEM], how="semi").is_empty()
    assert max(by_epoch(lists, parts, LIKED).values()) > 0.8
    assert BASE_RANK not in lists.columns
