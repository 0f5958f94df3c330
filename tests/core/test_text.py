import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.text import LONGEST, plain


def cleaned(text):
    return pl.DataFrame({"text": [text]}, schema={"text": pl.String}).select(plain(pl.col("text")))[
        "text"
    ][0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain text", "plain text"),
        ("  two\t\twords \n", "two words"),
        ("one\r\ntwo\x00three", "one two three"),
        ("\x1b[31mred\x07", "[31mred"),
        ("zero\u200bwidth \u202eflipped", "zero width flipped"),
        ("no\u00a0break", "no break"),
        ("Amélie 日本 🎬", "Amélie 日本 🎬"),
        (" \n\t\x00 ", ""),
        ("", ""),
        (None, None),
    ],
)
def test_a_text_becomes_one_plain_line(given, expected):
    assert cleaned(given) == expected


def test_a_text_is_cut_at_the_longest_length_in_characters():
    assert cleaned("é" * LONGEST) == "é" * LONGEST
    assert cleaned("é" * (LONGEST + 1)) == "é" * LONGEST


def test_blanks_are_folded_before_the_text_is_cut():
    assert cleaned(" " * LONGEST + "a  b") == "a b"


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_no_control_character_line_break_or_double_blank_remains(text):
    made = cleaned(text)
    assert made == made.strip()
    assert "  " not in made
    assert not [sign for sign in made if unicodedata.category(sign) in {"Cc", "Zl", "Zp"}]


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), max_size=60))
def test_letters_numbers_and_punctuation_are_kept(text):
    assert cleaned(text) == text
