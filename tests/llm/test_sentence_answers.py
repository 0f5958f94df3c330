"""A sentence counts only if it is plainly about the item that was asked about."""

import json

import pytest

from tasks.llm.answers import LONGEST_SENTENCE, read_sentences, title_print
from tasks.llm.questions import WHY
from tests.support.fake_llm.tokens import Tokens

TITLES = {"01": title_print("Heat"), "02": title_print("Matrix, The")}
GOOD = {
    "01": {"title": "Heat", "why": "You love heists."},
    "02": {"title": "The Matrix (1999)", "why": "You love doubt."},
}


def read(said, check=0.3):
    return read_sentences(json.dumps({"check": check} | said), TITLES, 0.3)


def test_every_sentence_beside_its_own_title_counts():
    assert read(GOOD).values == {"01": "You love heists.", "02": "You love doubt."}
    assert read(GOOD).canary


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Matrix, The", "The Matrix (1999)", True),
        ("HEAT", "heat", True),
        ("Amélie", "amélie", True),
        ("千と千尋の神隠し", "千と千尋の神隠し (2001)", True),
        ("...", "...", True),
        ("Heat", "Heat 2", False),
        ("2001: A Space Odyssey", "A Space Odyssey", False),
        ("千と千尋の神隠し", "もののけ姫", False),
    ],
)
def test_titles_are_the_same_however_they_are_written(one, other, same):
    assert (title_print(one) == title_print(other)) is same


@pytest.mark.parametrize(
    "said",
    [
        {"title": "Matrix, The", "why": "You love heists."},  # the other item's
        {"title": "", "why": "You love heists."},
        {"why": "You love heists."},
        {"title": "Heat"},
        {"title": "Heat", "why": ""},
        {"title": "Heat", "why": "\u200b\u202e\x00"},
        {"title": "Heat", "why": 7},
        {"title": "Heat", "why": ["You love heists."]},
        {"title": "Heat", "why": "You love doubt."},  # the other's sentence
        {"title": "Heat", "why": "Buy it at https://example.org now"},
        {"title": "Heat", "why": "Buy it at Films.com"},
        {"title": "Heat", "why": "Write to me@films"},
        "You love heists.",
        None,
    ],
    ids=str,
)
def test_what_is_no_sentence_about_this_item_does_not_count(said):
    assert "01" not in read(GOOD | {"01": said}).values


def test_a_changed_check_number_voids_every_sentence():
    answer = read(GOOD, check=0.4)
    assert not answer.values and not answer.canary


def test_a_sentence_is_one_clean_line_of_bounded_length():
    loud = "You\nlove\t<b>heists</b>\x1b[31m \u202e" + "and robberies " * 40
    why = read(GOOD | {"01": {"title": "Heat", "why": loud}}).values["01"]
    assert len(why) <= LONGEST_SENTENCE == 200
    assert why.isprintable() and "<" not in why and why.startswith("You love ")


def test_the_examples_of_the_prompt_are_sentences_of_the_length_reckoned_with():
    examples = [line for line in WHY.instructions.splitlines() if "-> {" in line]
    assert len(examples) == 2
    for example in examples:
        said = json.loads(example.partition("-> ")[2])
        titles = {"01": title_print(said["title"])}
        answer = json.dumps({"check": 0.3, "01": said})
        assert read_sentences(answer, titles, 0.3).values == {"01": said["why"]}
        assert said["title"] in example.partition("->")[0]
        assert Tokens().count(json.dumps({"01": said})) < WHY.expected
