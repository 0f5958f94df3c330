"""What a model is shown to write a taste from, and where its answer goes."""

import polars as pl

from tasks.texts.item_texts import item_texts
from tasks.texts.profiles.favourites import make_profiles
from tasks.texts.profiles.language import favourites_blocks, with_lines
from tests.texts.profiles.test_composed import FILMS, RATED
from tests.texts.profiles.test_favourites import users_table

TEXTS = item_texts(FILMS, None, RATED)


def profiles_in(style):
    return make_profiles(users_table(1, 2), RATED, FILMS, None, "movies", 2026, style)


def test_the_disliked_are_shown_in_a_block_of_their_own_with_their_ratings():
    plain, empty = favourites_blocks(profiles_in("sentence"), TEXTS)
    block, none = favourites_blocks(profiles_in("contrastive"), TEXTS)
    assert (empty, none) == ("", "")
    assert plain.startswith("<favourites>\n") and plain.endswith("\n</favourites>")
    assert block.splitlines()[-5:] == [
        "<disliked>",
        "Title 13 (2004), Comedy, Drama, rated 1",
        "Title 12 (2004), Comedy, Drama, rated 1",
        "Title 11 (2004), Comedy, Drama, rated 2",
        "</disliked>",
    ]
    assert block.removesuffix("\n" + "\n".join(block.splitlines()[-5:])) == plain


def test_what_a_written_taste_says_of_dislikes_stands_apart():
    profiles = profiles_in("structured")
    blocks = favourites_blocks(profiles, TEXTS)
    made = with_lines(profiles, blocks, {blocks[0]: "Likes: noir\nEras: 1940s\nDislikes: farce"})
    assert made["text"].to_list() == ["Likes: noir Eras: 1940s", ""]
    assert made["dislikes"].to_list() == ["farce", ""]
    assert made["profile_hash"][0] != profiles["profile_hash"][0]


def test_a_written_taste_without_dislikes_leaves_no_composed_ones():
    profiles = profiles_in("contrastive")
    blocks = favourites_blocks(profiles, TEXTS)
    made = with_lines(profiles, blocks, {blocks[0]: "I like noir."})
    assert made.select("text", "dislikes").row(0) == ("I like noir.", "")


def test_who_got_no_text_keeps_the_composed_one_whole():
    profiles = profiles_in("contrastive")
    blocks = favourites_blocks(profiles, TEXTS)
    kept = pl.DataFrame(with_lines(profiles, blocks, {blocks[0]: None}))
    assert kept.equals(profiles)
