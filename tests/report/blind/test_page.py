"""What the pages show, and what they must not."""

import re

from tasks.report.blind.page import choice_page, refusal_page, thanks_page
from tasks.report.blind.pair import Draw, ListedItem
from tests.report.blind.samples import a_pair, shown

BASE_FIRST, RERANKED_FIRST = (
    Draw(seed=1, first="base"),
    Draw(seed=2, first="reranked"),
)
HOSTILE = "</li><script>alert(1)</script>&\"'{{ 7 * 7 }}\u202e"


def test_before_the_choice_nothing_tells_the_lists_apart():
    pair = a_pair()
    swapped = a_pair(base=pair.reranked, reranked=pair.base)
    assert choice_page(pair, BASE_FIRST) == choice_page(swapped, RERANKED_FIRST)
    assert choice_page(pair, BASE_FIRST) != choice_page(pair, RERANKED_FIRST)
    assert not re.search("rank|base|svd|embedded|weighted", choice_page(pair, BASE_FIRST).lower())


def test_the_first_list_is_a_and_both_are_shown_in_order():
    page = choice_page(a_pair(), RERANKED_FIRST)
    titles = re.findall(r'class="title">(.*?)</bdi>', page)
    assert titles == ["Heat", "Smoke", "Alien", "Heat"]
    assert page.index("List A") < page.index("Smoke") < page.index("List B") < page.index("Alien")
    assert "1995" in page and "<bdi>Crime</bdi>, <bdi>Drama</bdi>" in page


def test_an_item_of_unknown_year_and_genres_shows_its_title_alone():
    bare = a_pair(base=(ListedItem(item="1", title="Bare"),), reranked=shown("Heat"))
    page = choice_page(bare, BASE_FIRST)
    assert "Bare</bdi></li>" in page and "None" not in page


def test_after_the_choice_it_says_which_was_which():
    assert "You chose list B, the re-ranked list." in thanks_page(a_pair(), BASE_FIRST, "reranked")
    assert "You chose list A, the base list." in thanks_page(a_pair(), BASE_FIRST, "base")
    neither = thanks_page(a_pair(), RERANKED_FIRST, "neither")
    assert "You saw no difference; list A was the re-ranked one." in neither
    assert re.search(r"List A <small>re-ranked<.*List B <small>what SVD alone", neither, re.DOTALL)


def test_hostile_words_are_shown_as_words():
    evil = (ListedItem(item="1", title=HOSTILE, genres=f"{HOSTILE}|Drama"),)
    pages = [
        choice_page(a_pair(base=evil), BASE_FIRST),
        thanks_page(a_pair(base=evil, model=HOSTILE), BASE_FIRST, "base"),
        refusal_page("No", HOSTILE),
    ]
    for page in pages:
        assert "<script" not in page and "&lt;script&gt;" in page and "{{ 7 * 7 }}" in page
