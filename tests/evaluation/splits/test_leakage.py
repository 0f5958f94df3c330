from typing import get_args

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.core.protocols import PROTOCOLS
from tasks.core.vocabulary import PlainProtocolName
from tasks.evaluation.splits.protocols import split
from tasks.features.facts import facts_of
from tasks.features.item_facts import item_facts
from tasks.features.registry import FEATURES
from tasks.features.table import feature_table
from tasks.texts.item_texts import item_texts
from tasks.texts.profiles.favourites import make_profiles
from tests.evaluation.splits.made_up import ITEMS, random_ratings, with_other_values

every_protocol = pytest.mark.parametrize("protocol", get_args(PlainProtocolName))


def items_table():
    return pl.DataFrame(ITEMS).with_columns(
        title=pl.format("Title {}", "item"),
        year=(1960 + ITEMS).cast(pl.Int32),
        genres=pl.format("Genre {}", ITEMS % 5),
        description=pl.format("Story {}.", "item"),
        quality=ITEMS / 4,
        votes=ITEMS * 30_000,
    )


def everything_made_of(train, users):
    """Profiles, texts and features of `users`, with tags of every pair there is."""
    everybody, items = pl.DataFrame(users), items_table()
    pairs = everybody.join(items.select("item"), how="cross")
    tags = pairs.with_columns(tag=pl.format("{} of {}", "item", "user"))
    scored = pairs.with_columns(similarity=pl.lit(0.5))
    vectors = np.eye(items.height, dtype=np.float32)
    facts = facts_of(train, items, scored, item_facts(train, items, closeness=True), vectors, {})
    return (
        make_profiles(everybody, train, items, None, "movies", 2026),
        item_texts(items, tags, train),
        feature_table(*facts, list(FEATURES)),
    )


@every_protocol
@pytest.mark.parametrize("seed", range(3))
def test_profiles_texts_and_features_do_not_know_what_is_held_out(protocol, seed):
    ratings = random_ratings(seed)
    made = split(ratings, protocol, seed, 3)
    moved = with_other_values(ratings, made.held_out, 0 if PROTOCOLS[protocol].forward else 10**7)
    other_train = split(moved, protocol, seed, 3).train
    before, after = (everything_made_of(train, made.users) for train in (made.train, other_train))
    for mine, theirs in zip(before, after, strict=True):
        assert_frame_equal(mine, theirs)
    leaky, leaky_moved = (everything_made_of(whole, made.users)[0] for whole in (ratings, moved))
    assert not leaky.equals(leaky_moved)


@every_protocol
def test_tags_of_held_out_pairs_reach_no_item_text(protocol):
    ratings = random_ratings()
    made = split(ratings, protocol, 0, 3)
    tags = ratings.select("user", "item", tag=pl.format("<{}>", "user"))
    for user, item in made.held_out.select("user", "item").head(40).iter_rows():
        mine = tags.filter(item=item, user=user)
        leaky = item_texts(items_table(), mine, ratings).filter(item=item)["text"][0]
        kept = item_texts(items_table(), mine, made.train).filter(item=item)["text"][0]
        assert leaky.endswith(f"Tags: <{user}>.")
        assert "Tags" not in kept
