"""What a model is shown to write a taste from, and where its answer goes."""

from tasks.texts.item_texts import item_texts
from tasks.texts.profiles.favourites import make_profiles
from tasks.texts.profiles.language import favourites_blocks, with_lines
from tests.texts.profiles.test_composed import FILMS, RATED
from tests.texts.profiles.test_favourites import users_table

TEXTS = item_texts(FILMS, None, RATED)
PROFILES = make_profiles(users_table(1, 2), RATED, FILMS, None, "movies", 2026)


def test_favourites_are_shown_with_their_ratings_in_their_order():
    block, empty = favourites_blocks(PROFILES, TEXTS)
    assert empty == ""
    titles = [f"Title {n} (1995), Crime, Drama, rated 5" for n in range(10, 0, -1)]
    assert block.splitlines() == ["<favourites>", *titles, "</favourites>"]


def test_a_written_taste_replaces_the_composed_text_and_nothing_else():
    blocks = favourites_blocks(PROFILES, TEXTS)
    made = with_lines(PROFILES, blocks, {blocks[0]: "I like noir."})
    assert made["text"].to_list() == ["I like noir.", ""]
    assert made.drop("text").equals(PROFILES.drop("text"))


def test_who_got_no_text_keeps_the_composed_one_whole():
    blocks = favourites_blocks(PROFILES, TEXTS)
    assert with_lines(PROFILES, blocks, {blocks[0]: None}).equals(PROFILES)
