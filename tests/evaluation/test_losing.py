import polars as pl

from tasks.evaluation.losing import losing_lists

TOP = 2
ITEMS = pl.DataFrame({"item": [10, 11, 12, 13], "title": ["Ten", "Eleven", "Twelve", "Thirteen"]})
COLUMNS = ["user", "item", "title", "base_rank", "rank", "held_out"]


def ranked(*users):
    """Four candidates each; re-ranking puts the last one first."""
    rows = [
        (user, item, place, place % 4 + 1)
        for user in users
        for place, item in enumerate(ITEMS["item"], 1)
    ]
    return pl.DataFrame(rows, schema=["user", "item", "base_rank", "rank"], orient="row")


def values(base, reranked, metric=f"NDCG@{TOP}"):
    rows = [("base", user, value) for user, value in base.items()]
    rows += [("reranked", user, value) for user, value in reranked.items()]
    return pl.DataFrame(rows, schema=["list", "user", metric], orient="row").with_columns(
        pl.lit(0.5).alias("NDCG@10")
    )


def held_out(*pairs):
    return pl.DataFrame(list(pairs), schema=["user", "item"], orient="row").with_columns(rating=3.0)


def losing(lists, table, held, top=TOP):
    made = losing_lists(lists, table, held, ITEMS, top)
    assert made.columns == COLUMNS
    return made.rows()


def test_both_lists_of_those_whose_list_got_worse_and_what_they_rated():
    table = values({1: 1.0, 2: 0.5, 3: 0.0}, {1: 0.5, 2: 0.5, 3: 1.0})
    assert losing(ranked(1, 2, 3), table, held_out((1, 10), (2, 13), (3, 12))) == [
        (1, 13, "Thirteen", 4, 1, False),
        (1, 10, "Ten", 1, 2, True),
        (1, 11, "Eleven", 2, 3, False),
    ]


def test_what_another_user_rated_is_not_held_out_of_ones_own():
    table = values({1: 1.0}, {1: 0.0})
    assert not any(row[-1] for row in losing(ranked(1), table, held_out((2, 10), (2, 13))))


def test_a_value_that_is_not_defined_is_no_loss():
    table = values({1: 1.0, 2: None}, {1: None, 2: 0.5})
    assert losing(ranked(1, 2), table, held_out((1, 10))) == []


def test_the_loss_is_at_the_length_of_the_list():
    table = values({1: 1.0}, {1: 1.0}).with_columns(
        pl.when(list="base").then(1.0).otherwise(0.0).alias("NDCG@1")
    )
    assert losing(ranked(1), table, held_out((1, 10)), top=2) == []
    assert [row[1] for row in losing(ranked(1), table, held_out((1, 10)), top=1)] == [13, 10]
