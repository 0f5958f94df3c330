import polars as pl
import pytest

from tasks.core.errors import BadDataError
from tasks.core.text import LONGEST
from tasks.texts.profiles.written import read_profiles

NUMBERS = pl.Series([1, 2, 3])
NAMES = pl.Series(["ann", "bob", "7"])


@pytest.fixture
def typed(tmp_path):
    def write(text, known=NUMBERS):
        file = tmp_path / "profiles.csv"
        file.write_bytes(text.encode())
        return read_profiles(file, known)

    return write


def test_a_good_file_gives_texts_by_user(typed):
    frame = typed('user,text\n3,"Slow films, mostly"\n1,Horror\n')
    assert frame.rows() == [(1, "Horror", None), (3, "Slow films, mostly", None)]
    assert frame.schema["user"] == pl.Int64


def test_windows_line_endings_and_further_columns_make_no_difference(typed):
    assert typed("text,user,when\r\nHorror,1,now\r\n").rows() == [(1, "Horror", None)]


@pytest.mark.parametrize("user", ["7", "ann"])
def test_users_with_text_ids_are_found(typed, user):
    assert typed(f"user,text\n{user},Horror\n", NAMES).rows() == [(user, "Horror", None)]


@pytest.mark.parametrize(("user", "known"), [("9", NUMBERS), ("zoe", NAMES), ("007", NAMES)])
def test_a_user_without_ratings_is_kept(typed, user, known):
    found = typed(f"user,text\n{user},Drama\n", known)
    assert found["user"].cast(pl.String).to_list() == [user]
    assert found.schema["user"] == known.dtype


@pytest.mark.parametrize("user", ["zoe", "007", "+1", "1.0", "99999999999999999999"])
def test_an_id_of_another_kind_is_named_with_the_row(typed, user):
    with pytest.raises(BadDataError, match="whole numbers for ids") as caught:
        typed(f"user,text\n1,Horror\n{user},Drama\n")
    assert (caught.value.row, caught.value.column) == (3, "user")


def test_weights_are_read_and_may_be_missing(typed):
    frame = typed("user,text,taste_weight\n1,Horror,0.25\n2,Drama,\n3,War,1\n")
    assert frame["taste_weight"].to_list() == [0.25, None, 1.0]


@pytest.mark.parametrize("weight", ["1.5", "-0.1"])
def test_a_weight_that_is_none_is_named_with_the_row(typed, weight):
    with pytest.raises(BadDataError, match="not from 0 to 1") as caught:
        typed(f"user,text,taste_weight\n1,Horror,0.5\n2,Drama,{weight}\n")
    assert (caught.value.row, caught.value.column) == (3, "taste_weight")


def test_a_user_who_appears_twice_is_refused_at_the_second_row(typed):
    with pytest.raises(BadDataError, match="twice") as caught:
        typed("user,text\n1,Horror\n2,Drama\n1,Comedy\n")
    assert (caught.value.row, caught.value.column) == (4, "user")


@pytest.mark.parametrize("text", ["", "   ", '""', "\x07\x1b"])
def test_an_empty_text_says_nothing_and_is_kept(typed, text):
    assert typed(f"user,text\n1,Horror\n2,{text}\n")["text"].to_list() == ["Horror", ""]


def test_a_missing_user_is_refused(typed):
    with pytest.raises(BadDataError, match="id is missing") as caught:
        typed("user,text\n1,Horror\n,Drama\n")
    assert (caught.value.row, caught.value.column) == (3, "user")


def test_a_file_without_the_text_column_is_refused(typed):
    with pytest.raises(BadDataError) as caught:
        typed("user,taste\n1,Horror\n")
    assert (caught.value.row, caught.value.column) == (None, "text")


def test_control_characters_and_line_breaks_are_removed(typed):
    frame = typed('user,text\n1,"slow\x00\x1b[31m films\r\n\n  and\u202e\u200b plays "\n')
    assert frame["text"].to_list() == ["slow [31m films and plays"]


def test_a_long_text_is_cut(typed):
    assert typed(f"user,text\n1,{'x' * 9_000}\n")["text"].str.len_chars().to_list() == [LONGEST]


def test_a_file_of_published_preferences_is_read_by_its_own_column_names(tmp_path):
    file = tmp_path / "preferences.csv"
    file.write_text('userId,preferences,date_range\n2,"I love films.","(1990, 2020)"\n')
    assert read_profiles(file, pl.Series([1, 2])).rows() == [(2, "I love films.", None)]
