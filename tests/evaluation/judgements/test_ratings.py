import numpy as np
import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.core.errors import BadDataError
from tasks.evaluation.judgements.ratings import (
    measure_ratings_stage,
    read_foretold_stage,
)
from tasks.evaluation.stages import Split


def split_of(home, held: pl.DataFrame) -> Split:
    return Split(
        train=write_table(home, "train", held),
        train_users=1,
        held_out=write_table(home, "held_out", held),
        users=write_table(home, "users", held.select("user").unique().sort("user")),
        new_items=None,
        skipped={},
    )


def test_held_out_pairs_alone_are_read_with_a_column_per_judge(tmp_path):
    held = pl.DataFrame({"user": [1, 1], "item": [5, 6], "rating": [4.0, 2.0]})
    file = tmp_path / "rated.csv"
    file.write_text("user,item,a-model,other\n1,5,4,3\n1,6,,2\n1,7,5,1\n2,5,5,1\n", "utf-8")
    given = {"file": file, "fingerprint": "", "split": split_of(tmp_path, held)}
    made = read_foretold_stage.fn(tmp_path, judges=("a-model", "other"), **given)
    assert read_table(tmp_path, made).rows() == [(1, 5, 4.0, 3.0), (1, 6, None, 2.0)]
    with pytest.raises(BadDataError, match="column 'gone': the column is missing"):
        read_foretold_stage.fn(tmp_path, judges=("gone",), **given)


def test_a_judge_who_knows_more_adds_to_ours(tmp_path):
    rng = np.random.default_rng(1)
    people, each = 60, 8
    ours, theirs = rng.normal(size=(2, people * each))
    pairs = {"user": np.repeat(np.arange(people), each), "item": np.tile(np.arange(each), people)}
    held = pl.DataFrame({**pairs, "rating": np.round(3 + ours + theirs)})
    noise = rng.normal(size=people * each)
    foretold = pl.DataFrame({**pairs, "knows": np.round(theirs), "guesses": noise})
    ranked = pl.DataFrame({**pairs, "score": 1 / (1 + np.exp(-ours))})
    made = measure_ratings_stage.fn(
        tmp_path,
        foretold=write_table(tmp_path, "foretold", foretold),
        judges=("knows",),
        beside=("guesses",),
        ranked=write_table(tmp_path, "ranked", ranked),
        model=None,
        split=split_of(tmp_path, held),
        seed=0,
    )
    rows = read_table(tmp_path, made)
    adds = {row["list"]: row for row in rows.drop_nulls("against").iter_rows(named=True)}
    assert adds["learned + estimate + knows"]["low"] > 0.05
    assert adds["learned + estimate + guesses"]["high"] < 0.05
    assert rows.filter(list="guesses")["judge"].to_list() == [None, None]
