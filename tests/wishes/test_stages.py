import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.wishes.stages import typists_stage


def test_words_are_of_those_users_who_typed_some_that_weigh_something(tmp_path):
    users = write_table(tmp_path, "users", pl.DataFrame({"user": [1, 2, 3, 4]}))
    said = {
        "user": [1, 2, 3, 9],
        "text": ["trains", "", "trains", "trains"],
        "taste_weight": [None, 1.0, 0.0, 1.0],
    }
    typed = write_table(tmp_path, "typed", pl.DataFrame(said))
    found = read_table(tmp_path, typists_stage.fn(tmp_path, users=users, typed=typed))
    assert found["user"].to_list() == [1]
    plain = write_table(tmp_path, "typed", pl.DataFrame(said).drop("taste_weight"))
    found = read_table(tmp_path, typists_stage.fn(tmp_path, users=users, typed=plain))
    assert found["user"].to_list() == [1, 3]
