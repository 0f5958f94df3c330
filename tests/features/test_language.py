import math

import numpy as np
import polars as pl

from tests.features.small import CASES, SILENT, Small, assert_is_looped, each_feature, values


def nearest(known, user, item):
    return max(_cosines(known, user, item, liked=True), default=math.nan)


def three_nearest(known, user, item):
    return _mean(sorted(_cosines(known, user, item, liked=True))[-3:])


def all_liked(known, user, item):
    return _mean(_cosines(known, user, item, liked=True))


def all_disliked(known, user, item):
    return _mean(_cosines(known, user, item, liked=False))


def _mean(cosines):
    return sum(cosines) / len(cosines) if cosines else math.nan


def _cosines(known, user, item, *, liked):
    theirs = known.rated[user]
    usual = sum(theirs.values()) / max(len(theirs), 1)
    return [
        float(known.vector[item] @ known.vector[one])
        for one, rating in theirs.items()
        if (rating >= usual - 1e-9) == liked
    ]


LOOPS = {
    "nearest liked text": nearest,
    "three nearest liked texts": three_nearest,
    "liked texts": all_liked,
    "disliked texts": all_disliked,
}


@each_feature("language")
def test_it_is_what_a_loop_over_the_ratings_gives(name, case):
    assert_is_looped(name, LOOPS[name], case, tolerance=1e-5)


def person(*ratings):
    """Someone who rated items 1, 2 ... so, is asked about item 9, and the vectors of all."""
    rated = pl.DataFrame({"user": 1, "item": range(1, len(ratings) + 1), "rating": ratings})
    train = rated.with_columns(pl.col("rating").cast(pl.Float64), timestamp=pl.lit(0))
    angles = dict(zip(range(1, 10), np.linspace(1.6, 0.0, 9), strict=True))
    return Small(
        train=train,
        items=pl.DataFrame({"item": range(1, 10)}),
        pairs=pl.DataFrame({"user": [1], "item": [9]}),
        vector={i: np.array([np.cos(a), np.sin(a)], np.float32) for i, a in angles.items()},
        name="person",
    )


def test_who_rates_everything_alike_likes_it_all():
    alike = person(0.1, 0.1, 0.1)
    assert values("nearest liked text", alike) == [np.float32(math.cos(1.2))]
    assert np.isnan(values("disliked texts", alike)).all()


def test_nobodys_taste_is_unknown_and_everybody_elses_is_not():
    case = CASES[0]
    silent = case.facts()[1].frame["user"].to_numpy() == SILENT
    for name in ("nearest liked text", "three nearest liked texts", "liked texts"):
        np.testing.assert_array_equal(np.isnan(values(name, case)), silent)
