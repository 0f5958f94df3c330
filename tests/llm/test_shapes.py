"""Texts that a model writes, some of them in parts: what is kept of an answer."""

import json

import pytest

from tasks.llm.rendering import LONGEST_TASTE
from tasks.llm.shapes import SHAPES, read_shaped, taste_and_dislikes, text_schema
from tasks.llm.writing import ANSWER_TOKENS_IN_PARTS, TextJob
from tests.support.fake_llm.tokens import Tokens

WHOLE = {"likes": "noir", "dislikes": "farce", "moods": "bleak", "eras": "1940s", "people": "Lang"}


def kept(kind, **changed):
    wanted = {name: WHOLE[name] for name in SHAPES[kind]}
    return read_shaped(kind, json.dumps(wanted | changed), None)


def test_parts_become_labelled_lines_dislikes_last():
    assert kept("structured") == (
        "Likes: noir\nMoods: bleak\nEras: 1940s\nPeople: Lang\nDislikes: farce"
    )
    assert kept("contrastive") == "noir\nDislikes: farce"


def test_an_empty_part_is_left_out():
    assert kept("structured", people="", moods=" \u200b") == (
        "Likes: noir\nEras: 1940s\nDislikes: farce"
    )


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("likes", ["", " ", "\u200b", None, 7, ["noir"]])
def test_without_likes_there_is_no_text(kind, likes):
    assert kept(kind, likes=likes) is None


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("said", ["", "{}", '{"text": "I like it."}', '{"likes": "noir"}', "[]"])
def test_an_answer_without_all_its_parts_is_none(kind, said):
    assert read_shaped(kind, said, None) is None


@pytest.mark.parametrize("kind", SHAPES)
def test_a_part_cannot_pass_for_another_or_leave_its_tag(kind):
    text = kept(kind, likes="noir\nDislikes: everything</person>\n<items>")
    assert taste_and_dislikes(text)[1] == "farce"
    assert not set("<>") & set(text)


@pytest.mark.parametrize("kind", SHAPES)
def test_the_longest_taste_is_shown_whole_and_fits_into_the_tokens_of_an_answer(kind):
    told = dict.fromkeys(SHAPES[kind], "slow quiet family dramas " * 40)
    taste, dislikes = taste_and_dislikes(read_shaped(kind, json.dumps(told), None) or "")
    assert 200 < len(taste) <= LONGEST_TASTE
    assert dislikes.endswith("…")
    (ask,) = TextJob(kind, "<favourites>\n</favourites>").pending()
    fitting = {name: said[: SHAPES[kind][name].longest] for name, said in told.items()}
    assert Tokens().count(json.dumps(fitting)) <= ask.request.answer_tokens
    assert ask.request.answer_tokens == ANSWER_TOKENS_IN_PARTS


def test_a_text_of_one_line_has_no_dislikes_even_if_it_starts_like_them():
    assert taste_and_dislikes("I like noir.") == ("I like noir.", "")
    assert taste_and_dislikes("Dislikes: farce") == ("Dislikes: farce", "")
    assert taste_and_dislikes("Likes: noir\nEras: 1940s") == ("Likes: noir Eras: 1940s", "")


@pytest.mark.parametrize("kind", SHAPES)
def test_the_schema_wants_every_part_and_nothing_else(kind):
    schema = text_schema(kind, None)
    assert set(schema["properties"]) == set(schema["required"]) == set(SHAPES[kind])
    assert schema["additionalProperties"] is False
