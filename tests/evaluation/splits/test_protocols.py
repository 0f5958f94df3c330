from typing import get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tasks.core.errors import TooLittleDataError
from tasks.core.protocols import PROTOCOLS, UNDRAWN, described
from tasks.core.vocabulary import PlainProtocolName, ProtocolName
from tasks.evaluation.splits.protocols import SPLITTERS, split
from tests.evaluation.splits.made_up import random_ratings, ratings_of, with_other_values

SEEDS = st.integers(0, 10**6)
PAIR = ["user", "item"]
SET_ASIDE = "ratings of test users set aside"

quickly = settings(deadline=None, max_examples=15)
every_protocol = pytest.mark.parametrize("protocol", get_args(PlainProtocolName))
every_random_protocol = pytest.mark.parametrize(
    "protocol", sorted(n for n in get_args(PlainProtocolName) if PROTOCOLS[n].draws)
)


def assert_same(made, other):
    assert_frame_equal(made.train, other.train)
    assert_frame_equal(made.held_out, other.held_out)
    assert made.users.to_list() == other.users.to_list()
    assert made.skipped == other.skipped


def test_every_protocol_is_declared_and_can_split():
    assert set(SPLITTERS) == set(PROTOCOLS) == set(get_args(ProtocolName))
    assert all(name == declared.name for name, declared in PROTOCOLS.items())
    assert all(f"{name}: {one.holds_out}" in described() for name, one in PROTOCOLS.items())


def test_per_user_temporal_says_wherever_it_is_described_that_it_leaks():
    declared = PROTOCOLS["user-temporal"]
    assert "leaks others' future" in declared.holds_out and declared.holds_out in described()
    assert declared.external_leaks and not declared.forward
    assert declared.label(3) == "per-user temporal"
    assert "leaks others' future" in " ".join((SPLITTERS["user-temporal"].__doc__ or "").split())


@every_protocol
def test_what_is_declared_of_a_protocol_is_so(protocol):
    declared, ratings = PROTOCOLS[protocol], random_ratings()
    bare = ratings.with_columns(timestamp=pl.lit(None, pl.Int64))
    assert declared.by_time or not declared.forward
    if declared.by_time:
        with pytest.raises(TooLittleDataError, match="timestamps"):
            split(bare, protocol, 1, 3)
    else:
        assert split(bare, protocol, 1, 3).users.len()
    made, other = (split(ratings, protocol, 1, keep) for keep in (1, 3))
    assert declared.hides_items == (made.new_items is not None) != declared.estimates_ratings
    assert declared.takes_keep == (made.train.height != other.train.height)
    if declared.forward:
        assert max(made.train["timestamp"].to_list()) < min(made.held_out["timestamp"].to_list())
    plain = declared.title or protocol
    assert declared.label(2) == (f"{protocol}-2" if declared.takes_keep else plain)


@every_protocol
@quickly
@given(data=SEEDS, seed=SEEDS, keep=st.integers(0, 5))
def test_no_rating_is_on_both_sides_invented_or_lost_unsaid(protocol, data, seed, keep):
    ratings = random_ratings(data, fewest=1)
    made = split(ratings, protocol, seed, keep)
    both = pl.concat([made.train, made.held_out])
    assert both.unique(PAIR).height == both.height
    assert_frame_equal(
        ratings.join(both, on=PAIR, how="semi"), both, check_row_order=False, check_exact=True
    )
    assert ratings.height - both.height == made.skipped.get(SET_ASIDE, 0)


@every_protocol
@quickly
@given(data=SEEDS, seed=SEEDS, keep=st.integers(1, 5))
def test_whoever_is_tested_has_ratings_on_both_sides(protocol, data, seed, keep):
    made = split(random_ratings(data, fewest=1), protocol, seed, keep)
    assert set(made.users) == set(made.train["user"]) & set(made.held_out["user"])


@every_protocol
@quickly
@given(data=SEEDS, seed=SEEDS)
def test_everything_is_sorted_and_only_new_items_are_told_for_cold_items(protocol, data, seed):
    made = split(random_ratings(data), protocol, seed, 2)
    for side in (made.train, made.held_out):
        assert side.select(PAIR).rows() == sorted(side.select(PAIR).rows())
    assert made.users.to_list() == sorted(set(made.users))
    assert (made.new_items is None) == (protocol != "cold-item")


@every_protocol
@quickly
@given(data=SEEDS, seed=SEEDS)
def test_the_order_of_the_rows_does_not_matter(protocol, data, seed):
    ratings = random_ratings(data, fewest=1)
    shuffled = ratings.sample(fraction=1.0, shuffle=True, seed=data + 1)
    assert_same(split(ratings, protocol, seed, 3), split(shuffled, protocol, seed, 3))


@every_protocol
@quickly
@given(data=SEEDS, seed=SEEDS)
def test_the_values_of_what_is_held_out_do_not_move_train(protocol, data, seed):
    ratings = random_ratings(data, fewest=1)
    made = split(ratings, protocol, seed, 3)
    later = 0 if PROTOCOLS[protocol].forward else 10**7
    moved = split(with_other_values(ratings, made.held_out, later), protocol, seed, 3)
    assert_frame_equal(moved.train, made.train)
    assert_frame_equal(moved.held_out.select(PAIR), made.held_out.select(PAIR))
    assert not moved.held_out.equals(made.held_out)


@every_protocol
def test_ids_that_are_text_are_split_as_whole_numbers_are(protocol):
    ratings = random_ratings()
    as_text = pl.col(PAIR).cast(pl.String).str.zfill(2)
    made = split(ratings, protocol, 4, 3)
    texts = split(ratings.with_columns(as_text), protocol, 4, 3)
    assert_frame_equal(texts.train, made.train.with_columns(as_text))
    assert_frame_equal(texts.held_out, made.held_out.with_columns(as_text))
    assert texts.users.cast(pl.Int64).to_list() == made.users.to_list()


@every_random_protocol
def test_another_seed_holds_out_others(protocol):
    ratings = random_ratings()
    first, second = (split(ratings, protocol, seed, 3).held_out for seed in (1, 2))
    assert not first.select(PAIR).equals(second.select(PAIR))


@pytest.mark.parametrize("protocol", UNDRAWN)
def test_the_seed_does_not_move_a_split_in_which_nothing_is_drawn(protocol):
    ratings = random_ratings()
    given = {"held_out": ratings.gather_every(7)} if protocol == "given" else {}
    assert_same(*(split(ratings, protocol, seed, 3, **given) for seed in (1, 2)))


@every_random_protocol
def test_protocols_that_are_not_about_time_do_without_timestamps(protocol):
    bare = random_ratings().with_columns(timestamp=pl.lit(None, pl.Int64))
    timed, untimed = (split(r, protocol, 1, 3).train for r in (random_ratings(), bare))
    assert_frame_equal(untimed.drop("timestamp"), timed.drop("timestamp"))


@every_random_protocol
def test_ratings_that_can_test_nobody_are_refused(protocol):
    with pytest.raises(TooLittleDataError, match=f"'{protocol}' finds nobody to test in 2 ratings"):
        split(ratings_of((1, 1), (2, 2)), protocol, 0, 3)


@every_random_protocol
def test_no_ratings_at_all_are_refused(protocol):
    with pytest.raises(TooLittleDataError, match=r"in 0 ratings\. "):
        split(ratings_of(), protocol, 0, 3)


def test_the_refusal_tells_what_could_not_be_tested():
    with pytest.raises(TooLittleDataError, match=r"\(users with nothing held out: 2\)"):
        split(ratings_of((1, 1), (2, 2)), "loo", 0, 3)


def test_ratings_that_would_leave_nothing_to_learn_from_are_refused():
    alone = ratings_of(*((1, item) for item in range(12)))
    with pytest.raises(TooLittleDataError):
        split(alone, "cold-user", 0, 0)
    assert split(alone, "cold-user", 0, 1).train.height == 1
