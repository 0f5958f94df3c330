import polars as pl

from tasks.evaluation.telling import USERS, WHY, telling_lists

TOP = 2
TITLES = ["Ten", "Eleven", "Twelve", "Thirteen"]
ITEMS = pl.DataFrame({"item": [10, 11, 12, 13], "title": TITLES, "year": [1990, None, 1992, 1993]})


def ranked(users):
    """Four candidates each; re-ranking puts the last one first."""
    rows = [
        (user, item, place, place % 4 + 1)
        for user in users
        for place, item in enumerate(ITEMS["item"], 1)
    ]
    made = pl.DataFrame(rows, schema=["user", "item", "base_rank", "rank"], orient="row")
    return made.with_columns(pl.col("item").cast(pl.Float64).alias(name) for name in WHY)


def told(gains, held=(1, 10)):
    """The lists of users who gained so much, from an NDCG of a half."""
    base = [("base", user, 0.5) for user in gains]
    reranked = [("reranked", u, None if gain is None else 0.5 + gain) for u, gain in gains.items()]
    table = pl.DataFrame([*base, *reranked], schema=["list", "user", "NDCG@2"], orient="row")
    held_out = pl.DataFrame([held], schema=["user", "item"], orient="row")
    return telling_lists(ranked(gains), table, held_out, ITEMS, TOP)


def test_both_lists_of_who_gained_and_who_lost_with_the_why_of_each_item():
    made = told({1: -0.5, 2: 0.25, 3: 0.0, 4: None})
    assert made.select("user", "gain", "title", "base_rank", "rank", "held_out").rows() == [
        (2, 0.25, "Thirteen", 4, 1, False),
        (2, 0.25, "Ten", 1, 2, False),
        (2, 0.25, "Eleven", 2, 3, False),
        (1, -0.5, "Thirteen", 4, 1, False),
        (1, -0.5, "Ten", 1, 2, True),
        (1, -0.5, "Eleven", 2, 3, False),
    ]
    assert made.row(0, named=True)["year"] == 1993
    assert all(made[name].to_list() == made["item"].to_list() for name in WHY)


def test_of_each_kind_those_with_the_most_and_of_equals_the_first():
    many = range(1, 3 * USERS)
    gained = told({user: 0.1 for user in many} | {99: 0.2})
    assert gained["user"].unique(maintain_order=True).to_list() == [99, *range(1, USERS)]
    lost = told({user: -user / 100 for user in many})
    assert sorted(lost["user"].unique()) == list(many)[-USERS:]


def test_where_nobody_gained_or_lost_there_are_none():
    assert told({1: 0.0, 2: None}).is_empty()
