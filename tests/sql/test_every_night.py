"""Questions about lists and nights, held against a plain recomputation on every kind of night."""

from collections import Counter, defaultdict
from datetime import timedelta

import polars as pl
import pytest

from tasks.store.query import find_statement, query
from tasks.store.warehouse import publish
from tests.sql.nights import START, a_night
from tests.store.rows import a_run

TOP = 3
ITEMS = [str(item) for item in range(1, 9)]


def a_name(place):
    return f"202602{place + 1:02}-030000-aaaaaa"


def orders(seed):
    """Per person the items in base order and in re-ranked order; the last has rated nearly all."""
    made = {}
    for person in range(1, 6):
        count = 2 if person == 5 else len(ITEMS)
        base = sorted(ITEMS, key=lambda item: (int(item) * 7 * (person + seed)) % 11)[:count]
        reranked = sorted(base, key=lambda item: (int(item) * 5 * (person + 2 * seed)) % 13)
        made[str(person)] = base, reranked
    return made


KINDS = {
    "first": [("complete", 0, False)],
    "kept": [("complete", 0, False), ("complete", 0, True)],
    "degraded": [("complete", 0, False), ("degraded", 1, False)],
    "guarded": [("complete", 0, False), ("guarded", 1, False)],
}


class Told:
    """Nights as plain lists of rows, and published."""

    def __init__(self, home, nights):
        self.home, self.nights = home, nights
        for place, (status, _, kept) in enumerate(nights):
            made_in = a_name(0) if kept else a_name(place)
            told = {"status": status, "model_from": made_in, "measured_in": a_name(0)}
            run = a_night(a_name(place), START + timedelta(days=place), 60.0, **told)
            run["runs"] = run["runs"].with_columns(
                top=pl.lit(TOP, pl.Int32),
                users=pl.lit(5, pl.Int64),
                users_listed=pl.lit(5, pl.Int64),
            )
            rows = self.lists(place)
            publish(home, run | {"ranked_items": self._table(place, rows, made_in)})

    def lists(self, place):
        """User, item, base rank, re-ranked rank, published rank."""
        status, seed, _ = self.nights[place]
        for user, (base, reranked) in orders(seed).items():
            for item in base:
                ranks = base.index(item) + 1, reranked.index(item) + 1
                if min(ranks) <= TOP:
                    order = ranks[0] if status == "degraded" else ranks[1]
                    yield user, item, ranks[0], order, ranks[0] if status == "guarded" else order

    def _table(self, place, rows, made_in):
        names = ["user", "item", "base_rank", "reranked_rank", "rank"]
        table = pl.DataFrame(list(rows), schema=names, orient="row")
        ranks = pl.col("base_rank", "reranked_rank", "rank").cast(pl.Int32)
        own = a_run(a_name(place))["ranked_items"].head(1).drop(*names[:3], "rank", "title")
        own = own.drop(set(own.columns) & {"reranked_rank", "listed_in"})
        listed_in = pl.lit(None if made_in == a_name(place) else made_in, pl.String)
        titled = table.with_columns(ranks, title="Film " + pl.col("item"), listed_in=listed_in)
        return own.join(titled, how="cross")

    def ask(self, question, *columns):
        rows = query(self.home, find_statement(question))
        return rows.select(columns).rows() if columns else rows.rows()


@pytest.fixture(params=KINDS)
def told(request, tmp_path):
    return Told(tmp_path, KINDS[request.param])


def test_items_in_the_most_lists(told):
    tonight = list(told.lists(-1))
    published = Counter(item for _, item, *_, rank in tonight if rank <= TOP)
    base = Counter(item for _, item, rank, *_ in tonight if rank <= TOP)
    expected = {item: (count, base[item]) for item, count in published.items()}
    found = {
        item: told for item, *told in told.ask("most_recommended", "item", "lists", "base_lists")
    }
    assert {item: tuple(counts) for item, counts in found.items()} == expected


def test_items_that_re_ranking_pushes_and_buries(told):
    tonight = list(told.lists(-1))
    gained = Counter(item for _, item, _, rank, _ in tonight if rank <= TOP)
    gained.subtract(item for _, item, rank, *_ in tonight if rank <= TOP)
    expected = {item: count for item, count in gained.items() if count}
    assert dict(told.ask("pushed_and_buried", "item", "gained")) == expected


def test_lifts_are_published_items_from_beyond_the_base_list(told):
    lifted = [(u, i) for u, i, base, _, rank in told.lists(-1) if rank <= TOP < base]
    found = told.ask("biggest_lifts", "user", "title")
    assert sorted(found) == sorted((user, f"Film {item}") for user, item in lifted)


def test_what_is_new_in_each_list_since_the_night_before(told):
    def published(place):
        lists = defaultdict(set)
        for user, item, *_, rank in told.lists(place):
            if rank <= TOP:
                lists[user].add(item)
        return lists

    if len(told.nights) == 1:
        assert told.ask("changed_lists") == []
        return
    now, then = published(-1), published(-2)
    expected = [(user, len(items), len(items - then[user])) for user, items in now.items()]
    assert sorted(told.ask("changed_lists")) == sorted(expected)


def test_who_has_a_short_list(told):
    assert told.ask("short_lists") == [("5", 2, TOP)]


def test_how_old_lists_and_models_are(told):
    _, _, kept = told.nights[-1]
    days = float(len(told.nights) - 1) if kept else 0.0
    made_in = a_name(0) if kept else a_name(len(told.nights) - 1)
    shown = "listed_in", "users", "list_days", "model_from", "model_days"
    assert told.ask("stale_lists", *shown) == [(made_in, 5, days, made_in, days)]


def test_how_the_nights_ended(told):
    expected = [
        (a_name(place), status, not kept) for place, (status, _, kept) in enumerate(told.nights)
    ]
    assert told.ask("last_nights", "run_id", "status", "fitted") == expected[::-1]


def test_nobody_who_had_a_list_lacks_one(told):
    assert told.ask("without_list") == []


def test_which_stages_ran_tonight(told):
    assert told.ask("stage_times", "stage", "cached", "seconds") == [
        ("train", False, 30.0),
        ("ingest", True, 0.6),
    ]
