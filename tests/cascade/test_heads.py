"""Who is drawn to be asked about, and which rows of a head are in which part."""

import polars as pl
import pytest

from tasks.cascade.heads import (
    NEW_ITEMS,
    NEW_PEOPLE,
    WARM_PEOPLE,
    described,
    drawn,
    first_places,
    marked,
    part_counts,
)
from tests.cascade.made_up import SIZE, heads

ALL = {NEW_PEOPLE: True, WARM_PEOPLE: True, NEW_ITEMS: True}


def halves(sample: pl.DataFrame) -> list[int]:
    return [sample.filter(fitting=half)["user"].n_unique() for half in (True, False)]


def test_only_people_with_a_hit_in_their_head_are_drawn_in_two_halves() -> None:
    everybody = heads(1, level=-4.0)
    sample = drawn(everybody, 100, 0)
    assert sample.group_by("user").agg(pl.col("held_out").any())["held_out"].all()
    assert halves(sample) == [100, 100]
    assert sample.group_by("user").agg(pl.col("fitting").n_unique())["fitting"].max() == 1
    assert sample.equals(sample.sort("user", "rank"))
    assert sample.group_by("user").len()["len"].unique().to_list() == [SIZE]


def test_half_of_them_are_new_people_so_far_as_there_are() -> None:
    def new(share: float) -> int:
        sample = drawn(heads(2, new_people=share), 100, 0)
        return sample.filter(pl.col("history") < 10)["user"].n_unique()

    assert new(0.5) == 100 and new(0.0) == 0 and 0 < new(0.05) < 60 and new(1.0) == 200


def test_who_is_drawn_stays_when_others_arrive() -> None:
    everybody = heads(3)
    some = everybody.filter(pl.col("user") % 20 != 0)
    before, after = (set(drawn(table, 100, 0)["user"]) for table in (some, everybody))
    assert len(before & after) > 0.85 * len(before)
    assert set(drawn(everybody, 100, 1)["user"]) != after


@pytest.mark.parametrize("new_people", [0.0, 0.05, 0.5])
def test_a_larger_sample_holds_the_smaller_with_everybody_in_the_same_half(
    new_people: float,
) -> None:
    everybody = heads(6, new_people=new_people)
    small, large = (drawn(everybody, count, 0) for count in (30, 45))
    assert small["user"].n_unique() == 60 and large["user"].n_unique() == 90
    same = large.filter(pl.col("user").is_in(small["user"].unique().to_list()))
    assert same.equals(small)


def test_heads_say_how_well_people_and_items_are_known() -> None:
    lists = pl.DataFrame({"user": [1, 1, 2], "item": [1, 2, 1], "rank": [1, 2, 1]})
    ratings = pl.DataFrame({"user": [1, 1, 3], "item": [5, 6, 1]})
    texts = pl.DataFrame({"item": [1, 2], "text": ["abc", None]})
    made = described(first_places(lists, 1), ratings, ratings, texts)
    assert made["history"].to_list() == [2, 0] and made["known"].to_list() == [1, 1]
    assert made["richness"].round(3).to_list() == [1.386, 1.386]


def test_new_items_are_asked_about_alone_where_the_person_is_not() -> None:
    everybody = heads(4)
    items = marked(everybody, ALL | {NEW_PEOPLE: False, WARM_PEOPLE: False})
    asked = items.filter("asked")
    assert (asked["known"] < 10).all() and (asked["history"] >= 10).all()
    assert items.height == SIZE * items["user"].n_unique() > asked.height
    people = marked(everybody, ALL | {WARM_PEOPLE: False, NEW_ITEMS: False})
    assert people["asked"].all() and (people["history"] < 10).all()
    assert marked(everybody, ALL)["asked"].all()
    assert marked(everybody, dict.fromkeys(ALL, False)).is_empty()


def test_parts_are_counted_by_people_and_different_items() -> None:
    everybody = heads(5, people=50)
    counts = part_counts(everybody)
    assert counts[NEW_PEOPLE] + counts[WARM_PEOPLE] == 50
    assert 0 < counts[NEW_ITEMS] <= SIZE
