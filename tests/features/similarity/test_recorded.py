from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.core.errors import BadDataError
from tasks.features.similarity.recorded import read_recorded, recorded_scores
from tests.features.similarity.asked import Person, asked

USERS, ITEMS = pl.DataFrame({"user": [1, 2]}), pl.DataFrame({"item": range(1, 11)})


def read(folder: Path, *rows: str, header: str = "user,item,rank"):
    file = folder / "scores.csv"
    file.write_text("\n".join([header, *rows, ""]), "utf-8")
    return read_recorded(file, USERS, ITEMS, {}, folder / "copies")


def test_ranks_become_scores_from_1_down_to_1_of_n_so_that_what_was_left_out_comes_after(tmp_path):
    made, said = read(tmp_path, "1,7,2", "1,5,1", "1,6,4", "2,5,1")
    assert made.rows() == [(1, 5, 1.0), (1, 6, 0.25), (1, 7, 0.75), (2, 5, 1.0)]
    assert said == ("recorded ranks: 1 becomes the score 1, the last of a user's n becomes 1/n",)


def test_scores_in_range_stay_and_others_are_mapped_which_is_said(tmp_path):
    made, said = read(tmp_path, "1,5,-0.5", "1,6,1", header="user,item,score")
    assert made["similarity"].to_list() == [-0.5, 1.0] and said == ()
    made, said = read(tmp_path, "1,5,1", "1,6,5", "2,5,4", header="user,item,score")
    assert made["similarity"].to_list() == [-1.0, 1.0, 0.5]
    assert said == ("recorded scores from 1 to 5 become -1 to 1",)


def test_strangers_are_left_out_and_counted_after_the_ranks_were_read(tmp_path):
    made, said = read(tmp_path, "1,99,1", "1,5,2", "7,5,1")
    assert made.rows() == [(1, 5, 0.5)]
    assert said[1].startswith("2 recorded judgements left out")


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        (["1,5,1", "1,5,2"], "user,item,rank", "row 3, column 'item': the pair of user and item"),
        (["1,5,0"], "user,item,rank", "row 2, column 'rank': 0 is no rank"),
        (["1,5,1", "1,6,1.5"], "user,item,rank", "row 3, column 'rank': 1.5 is no rank"),
        (["1,5,high"], "user,item,score", "row 2, column 'score': 'high' is not a number"),
        (["1,5"], "user,item", "column 'score or rank': the column is missing"),
    ],
)
def test_a_bad_file_is_named_with_its_row(tmp_path, rows, header, says):
    with pytest.raises(BadDataError) as caught:
        read(tmp_path, *rows, header=header)
    assert says in str(caught.value)


def test_a_pair_without_a_judgement_has_no_score():
    question = asked([Person("", [], ["a", "b", "c"]), Person("", [], ["b"])])
    judged = pl.DataFrame({"user": [0, 1], "item": [2, 1], "similarity": [0.4, -0.2]})
    scores = recorded_scores(question, judged)
    assert np.array_equal(scores, [np.nan, np.nan, 0.4, -0.2], equal_nan=True)
