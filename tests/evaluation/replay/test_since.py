import polars as pl

from tasks.evaluation.replay.since import of_new_items, repeated
from tasks.evaluation.splits.windows import Window

DAY = 86_400


def lists(**of_users: list[int]) -> pl.DataFrame:
    rows = [(user, item) for user, items in of_users.items() for item in items]
    return pl.DataFrame(rows, schema=["user", "item"], orient="row")


def test_repeated_is_the_share_of_a_list_that_was_there_the_night_before():
    now = lists(ann=[1, 2, 3, 4], bob=[1, 2], cid=[5, 6], new=[1, 2])
    before = lists(ann=[4, 3, 9, 8], bob=[7, 8], cid=[5, 6], gone=[1])
    assert dict(repeated(now, before).rows()) == {"ann": 0.5, "bob": 0.0, "cid": 1.0, "new": None}


def test_new_is_what_was_first_rated_within_a_horizon_before_the_night_or_never():
    window = Window(end=130 * DAY, days=30)  # the night is on day 100
    known = pl.DataFrame(
        {"item": [1, 1, 2, 3], "timestamp": [10 * DAY, 99 * DAY, 70 * DAY, 70 * DAY - 1]}
    )
    told = of_new_items(lists(ann=[1, 2, 3, 4], bob=[1, 3]), known, window)
    assert dict(told.rows()) == {"ann": 0.5, "bob": 0.0}, "2 and 4 are new"
