import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.night.stages import merge_lists_stage


@pytest.mark.parametrize("kind", [pl.Int64, pl.String])
@pytest.mark.parametrize("made", [[2, 4, 9], []], ids=["some new", "none new"])
def test_lists_stand_by_user_in_their_own_order_whichever_night_made_them(tmp_path, kind, made):
    def stored(what, people, items=(None,)):
        rows = {"user": [user for user in people for _ in items], "item": [*items] * len(people)}
        return write_table(tmp_path, what, pl.DataFrame(rows).cast({"user": kind}))

    merged = merge_lists_stage.fn(
        tmp_path,
        new=stored("ranked", made, (7, 1, 5)) if made else None,
        kept=stored("ranked", [1, 2, 3, 4, 5], (3, 9, 2)),
        changed=stored("users", made) if made else None,
        users=stored("users", [1, 2, 4, 5, 9]),
    )
    lists = read_table(tmp_path, merged).cast({"user": pl.Int64}).rows()
    kept = {user: (3, 9, 2) for user in (1, 2, 4, 5)} | dict.fromkeys(made, (7, 1, 5))
    assert lists == [(user, item) for user in sorted(kept) for item in kept[user]]
