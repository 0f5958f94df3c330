import math
from collections import Counter

import numpy as np
import pytest

from tasks.wishes.index import index_of, terms_of, words_of

TEXTS = [
    "A robot falls in love. The robot is a robot of the future.",
    "Ghosts and robots: a science fiction comedy",
    "Two ghosts in Paris",
    "",
    "A comédie about love, love and love",
]
INDEX = index_of(TEXTS)


def by_loops(texts, wanted):
    """The cosines of texts with what is wanted: (1 + log count) x log(1 + items / with it)."""
    counted = [Counter(terms_of(text)) for text in texts]
    rarity = {
        term: math.log(1 + len(texts) / sum(term in some for some in counted))
        for term in set().union(*counted)
    }

    def weighed(counts):
        return {t: (1 + math.log(n)) * rarity[t] for t, n in counts.items() if t in rarity}

    asked = weighed(Counter(terms_of(wanted)))
    found = []
    for counts in counted:
        held = weighed(counts)
        norms = [math.sqrt(sum(w * w for w in some.values())) for some in (asked, held)]
        shared = sum(asked[term] * held[term] for term in asked.keys() & held.keys())
        found.append(shared / (norms[0] * norms[1]) if shared else 0.0)
    return found


@pytest.mark.parametrize(
    "wanted",
    ["robots", "a ghost in love", "love love comedie", "love and unheard of dragons", "sci-fi", ""],
)
def test_likeness_is_the_cosine_of_terms_weighed_by_rarity(wanted):
    np.testing.assert_allclose(INDEX.likeness(wanted), by_loops(TEXTS, wanted), atol=1e-6)


def test_an_items_own_text_is_wholly_alike():
    assert INDEX.likeness(TEXTS[1])[1] == pytest.approx(1.0, abs=1e-6)


def test_a_rare_term_in_common_says_more_than_a_frequent_one():
    found = index_of(["zombie drama", "drama paris", "drama paris", "drama paris"])
    assert found.likeness("zombie")[0] > found.likeness("drama")[0] > 0


@pytest.mark.parametrize("wanted", ["dragons", "the of and", "", "!!"])
def test_without_a_known_term_nothing_is_alike(wanted):
    likeness = INDEX.likeness(wanted)
    assert likeness.shape == (5,)
    assert not likeness.any()


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("ghost", [1, 2]),
        ("robots", [0, 1]),
        ("a ghost and a robot", [1]),
        ("ghosts with dragons", []),
        ("the", []),
        ("", []),
        ("comédie", [1, 4]),
        ("scifi", [1]),
    ],
)
def test_an_item_holds_a_text_with_all_of_its_terms(text, items):
    assert np.flatnonzero(INDEX.holds(text)).tolist() == items


def test_a_catalogue_without_words_holds_none_and_is_like_none():
    empty = index_of(["", "the"])
    assert empty.likeness("ghost").tolist() == [0, 0]
    assert empty.holds("ghost").tolist() == [False, False]
    assert empty.unknown("ghost") == ["ghost"]


def test_unknown_are_the_words_that_no_item_has_as_they_were_typed():
    assert INDEX.unknown("Dragons, ghosts and the Wyverns") == ["dragons", "wyverns"]
    assert INDEX.unknown("Sci-Fi robots") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ghosts", "Ghost"),
        ("parties", "party"),
        ("Amélie", "amelie"),
        ("Am\u00e9lie", "Ame\u0301lie"),
        ("sci-fi", "science fiction"),
        ("Sci Fi", "SCIFI"),
        ("rom-coms", "romantic comedy"),
        ("robots-ghosts", "robot, ghost!"),
        ("the love of a robot", "love robot"),
    ],
)
def test_texts_are_the_same_terms_however_they_are_written(one, other):
    assert terms_of(one) == terms_of(other) != []


@pytest.mark.parametrize("word", ["glass", "virus", "crisis", "gas"])
def test_an_s_that_is_no_plural_stays(word):
    assert terms_of(word) == [word]


def test_words_stand_in_order_with_their_terms():
    words = words_of("Slow ghosts of the SEA, slow rom-coms")
    assert list(words.items()) == [
        ("slow", "slow"),
        ("ghosts", "ghost"),
        ("sea", "sea"),
        ("rom-coms", "romantic"),
    ]
