import polars as pl

from tasks.texts.item_texts import item_texts, needed_texts
from tasks.texts.profiles.favourites import make_profiles
from tests.texts.profiles.test_favourites import bare_items, items_table, ratings_table, users_table


def tags_table(*rows):
    schema = {"user": pl.Int64, "item": pl.Int64, "tag": pl.String}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def text_of(item, tags=None, ratings=None):
    if ratings is None:
        ratings = ratings_table()
    return item_texts(items_table(item), tags, ratings)["text"][0]


HEAT = {
    "item": 1,
    "title": "Heat",
    "year": 1995,
    "genres": "Action|Crime",
    "description": "A thief meets a policeman.",
}


def test_a_text_holds_title_year_genres_description_and_tags():
    tags = tags_table((1, 1, "heist"), (1, 1, "long"))
    assert text_of(HEAT, tags, ratings_table((1, 1, 4.0, 0))) == (
        "Heat (1995). Action, Crime. A thief meets a policeman. Tags: heist, long."
    )


def test_a_text_does_without_what_is_unknown():
    assert text_of({"item": 1, "title": "Heat"}) == "Heat."
    assert text_of({"item": 1, "title": "Heat"}, tags_table()) == "Heat."
    assert text_of({"item": 1, "title": "Heat", "genres": "Crime"}) == "Heat. Crime."


def test_every_item_has_one_row_sorted_by_item():
    items = items_table({"item": 3, "title": "C"}, {"item": 1, "title": "A"}, {"item": 2})
    made = item_texts(items, tags_table((1, 3, "x")), ratings_table((1, 3, 4.0, 0)))
    parts = ["title", "genres", "description", "year", "quality", "votes", "tags"]
    assert made.columns == ["item", "text", *parts]
    assert made["item"].to_list() == [1, 2, 3]
    assert made["text"].to_list() == ["A.", "Title 2.", "C. Tags: x."]
    assert made["tags"].to_list() == [None, None, "x"]


def test_tags_count_only_where_the_same_person_rated_the_item_in_train():
    tags = tags_table((1, 1, "mine"), (2, 1, "unrated"), (1, 2, "elsewhere"))
    ratings = ratings_table((1, 1, 4.0, 0), (2, 2, 4.0, 0))
    assert text_of({"item": 1, "title": "Heat"}, tags, ratings) == "Heat. Tags: mine."


def test_the_five_most_frequent_tags_are_shown_ties_by_name():
    given = [(1, "f"), (1, "e"), (1, "d"), (1, "c"), (1, "b"), (1, "z"), (2, "z"), (2, "e")]
    tags = tags_table(*((user, 1, tag) for user, tag in given))
    ratings = ratings_table((1, 1, 4.0, 0), (2, 1, 4.0, 0))
    text = text_of({"item": 1, "title": "Heat"}, tags, ratings)
    assert text == "Heat. Tags: e, z, b, c, d."


def test_control_characters_and_line_breaks_become_single_blanks():
    made = item_texts(
        items_table({"item": 1, "title": "He\x00a\tt\n", "description": "one\r\n\x1b[2Jtwo\u200b"}),
        None,
        ratings_table(),
    )
    assert made["title"][0] == "He a t"
    assert made["text"][0] == "He a t . one [2Jtwo"


def test_a_text_is_cut_at_two_thousand_characters():
    text = text_of({"item": 1, "title": "é" * 10, "description": "word " * 1000})
    assert len(text) == 2000
    assert text.startswith("é" * 10 + ". word word")


def test_texts_that_scoring_reads_are_those_named_and_a_background_over_the_whole_catalogue():
    items = bare_items(1000)
    ratings = ratings_table((1, 8, 5.0, 0), (2, 7, 3.0, 0))
    texts = item_texts(items, None, ratings)
    profiles = make_profiles(users_table(1, 2), ratings, items, None, "movies", 2026)
    read = needed_texts(texts, pl.DataFrame({"item": [501, 502, 501]}), profiles)
    spread = read.filter("background")["item"]
    assert len(spread) == 200
    assert (spread.min(), spread.max()) == (texts["item"].min(), texts["item"].max())
    assert {7, 8, 501, 502} <= set(read["item"])
    assert read.height <= 204 and read["item"].is_sorted()
    few = needed_texts(texts.head(9), pl.DataFrame({"item": [5]}), profiles)
    assert few["background"].all() and few.height == 9
