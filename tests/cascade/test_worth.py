"""Whether judging adds something is found out, for a model that knows something and for noise."""

import numpy as np
import polars as pl
import pytest

from tasks.cascade.heads import NEW_ITEMS, NEW_PEOPLE, PARTS, WARM_PEOPLE, drawn, row_in, shares
from tasks.cascade.worth import FEWEST_PEOPLE, Cascade, PartGain, Spent, worth
from tests.cascade.made_up import heads

SEEDS = range(20)


def measured(seed: int, knows: float) -> Cascade:
    everybody = heads(seed, knows=knows)
    return worth(drawn(everybody, 200, seed), shares(everybody), seed)


def test_a_model_that_knows_something_earns_its_place_in_19_of_20_seeds() -> None:
    found = [any(gain.earned for gain in measured(seed, 0.8).gains) for seed in SEEDS]
    assert sum(found) >= 19


def test_noise_does_not_in_19_of_20_seeds() -> None:
    cascades = [measured(seed, 0.0) for seed in SEEDS]
    assert all(cascade.blend for cascade in cascades)
    assert sum(not any(gain.earned for gain in one.gains) for one in cascades) >= 19
    assert not any(any(one.asks(always=False).values()) for one in cascades[:3])
    assert all(cascades[0].asks(always=True).values())


def test_the_gain_is_that_of_people_who_were_not_fitted_on() -> None:
    everybody = heads(3, knows=0.8)
    sample = drawn(everybody, 200, 3)
    made = worth(sample, shares(everybody), 3)
    turned = sample.with_columns(
        pl.when("fitting").then("similarity").otherwise(-pl.col("similarity")).alias("similarity")
    )
    against = worth(turned, shares(everybody), 3)
    assert against.blend == made.blend
    assert made.gains[1].earned and against.gains[1].gain is not None
    assert against.gains[1].gain < 0


def test_a_gain_counts_everybody_with_something_to_find() -> None:
    everybody = heads(5, knows=0.8)
    sample = drawn(everybody, 200, 5)
    share = shares(everybody)
    warm = (
        everybody.filter(row_in(WARM_PEOPLE))
        .group_by("user")
        .agg(pl.col("held_out").any(), pl.col("relevant").first())
        .filter(pl.col("relevant") > 0)
    )
    assert share[WARM_PEOPLE] == pytest.approx(warm["held_out"].mean())
    whole = worth(sample, dict.fromkeys(PARTS, 1.0), 5).gains
    scaled = worth(sample, share, 5).gains
    for one, other in zip(whole, scaled, strict=True):
        assert one.gain is not None and one.low is not None
        assert other.gain == pytest.approx(one.gain * share[one.part])
        assert other.low == pytest.approx(one.low * share[one.part])


def test_intervals_are_wider_the_more_parts_are_judged() -> None:
    everybody = heads(6, knows=0.5)
    alone = everybody.filter(pl.col("history") >= 10).with_columns(pl.lit(50).alias("known"))
    sample = drawn(alone, 100, 6)
    one = worth(sample, dict.fromkeys(PARTS, 1.0), 6)
    assert [gain.low is None for gain in one.gains] == [True, False, True]
    with_items = sample.with_columns(
        pl.when(pl.col("rank") == 30).then(1).otherwise("known").alias("known")
    )
    two = worth(with_items, dict.fromkeys(PARTS, 1.0), 6)
    assert two.gains[2].low is not None
    narrow, wide = one.gains[1], two.gains[1]
    assert narrow.low and wide.low and narrow.high and wide.high
    assert wide.high - wide.low > narrow.high - narrow.low


def test_of_too_few_people_nothing_is_said() -> None:
    everybody = heads(7, people=30, knows=1.0)
    made = worth(drawn(everybody, 15, 7), shares(everybody), 7)
    assert made.blend is None and made.gains == ()
    assert not any(made.asks(always=True).values())
    said = made.unmeasured(always=True) or ""
    assert "could not be measured" in said and "30 people" in said and "40 are needed" in said
    few = heads(8, people=200, knows=1.0, new_people=0.05)
    parts = {gain.part: gain for gain in worth(drawn(few, 90, 8), shares(few), 8).gains}
    assert parts[NEW_PEOPLE].people < FEWEST_PEOPLE and parts[NEW_PEOPLE].gain is None
    assert not parts[NEW_PEOPLE].earned and parts[WARM_PEOPLE].gain is not None
    assert NEW_ITEMS in parts


def test_what_was_measured_and_is_worth_nothing_is_not_unmeasured() -> None:
    everybody = heads(11)
    noise = worth(drawn(everybody, 100, 11), shares(everybody), 11)
    assert not any(noise.asks(always=False).values())
    assert noise.unmeasured(always=False) is None
    unknown = noise.model_copy(
        update={"gains": tuple(PartGain(part=part, people=9) for part in PARTS)}
    )
    assert unknown.unmeasured(always=False) and unknown.unmeasured(always=True) is None


def test_pairs_without_a_score_are_counted_and_change_no_order() -> None:
    everybody = heads(9, knows=0.8)
    sample = drawn(everybody, 100, 9)
    silent = sample.with_columns(pl.when("fitting").then("similarity").alias("similarity"))
    made = worth(silent, shares(everybody), 9)
    assert made.unscored == silent.filter(~pl.col("fitting")).height and made.pairs == silent.height
    assert [gain.gain for gain in made.gains] == [0.0, 0.0, 0.0]
    assert not any(gain.earned for gain in made.gains)


def test_prices_are_taken_from_each_other() -> None:
    whole = Spent(requests=9, prompt_tokens=90, answer_tokens=9, dollars=0.5)
    part = Spent(requests=4, prompt_tokens=40, answer_tokens=4, dollars=0.25)
    left = whole.less(part)
    assert left == Spent(requests=5, prompt_tokens=50, answer_tokens=5, dollars=0.25)
    assert whole.less(Spent()).dollars is None
    assert not PartGain(part=WARM_PEOPLE, people=3).earned
    assert np.isclose(left.dollars or 0, 0.25)
