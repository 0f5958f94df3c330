"""A line per person from score to rating, shrunken towards the line of all."""

import numpy as np
import polars as pl
import pytest

from tasks.features.similarity.calibration import (
    ANCHORS,
    MOST_WORTH,
    calibrated,
    choose_anchors,
    worth,
)
from tasks.texts.profiles.favourites import make_profiles
from tests.texts.profiles.test_favourites import bare_items, ratings_table, users_table

SCALE = (0.5, 4.5)


def profiles_of(ratings, *users, style="sentence"):
    items = bare_items(60)
    return make_profiles(users_table(*users), ratings, items, None, "films", 2026, style)


def scores_table(*rows):
    schema = {"user": pl.Int64, "item": pl.Int64, "similarity": pl.Float64}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def anchors_table(*rows):
    schema = {"user": pl.Int64, "item": pl.Int64, "rating": pl.Float64}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def test_anchors_are_the_highest_and_lowest_outside_the_profile():
    ratings = ratings_table(*((1, n, n / 10, 0) for n in range(1, 51)), (2, 1, 3.0, 0))
    chosen = choose_anchors(profiles_of(ratings, 1, 2), ratings)
    assert chosen.columns == ["user", "item", "rating", "estimate"]
    assert chosen["item"].to_list() == [40, 39, 38, 37, 36, 5, 4, 3, 2, 1]
    assert chosen["rating"].to_list() == [n / 10 for n in chosen["item"]]
    assert chosen["estimate"].null_count() == chosen.height == ANCHORS


def test_what_a_contrastive_profile_names_as_disliked_is_no_anchor():
    ratings = ratings_table(*((1, n, n / 10, 0) for n in range(1, 51)))
    chosen = choose_anchors(profiles_of(ratings, 1, style="contrastive"), ratings)
    assert chosen["item"].to_list() == [40, 39, 38, 37, 36, 15, 14, 13, 12, 11]


def test_who_has_few_ratings_has_as_many_anchors_as_are_left_each_once():
    ratings = ratings_table(*((1, n, 3.0, n) for n in range(1, 15)), *((9, 1, 1.0, 0),))
    chosen = choose_anchors(profiles_of(ratings, 1, 2), ratings)
    assert chosen.select("user", "item").rows() == [(1, 4), (1, 3), (1, 2), (1, 1)]


def some_world(seed=3, users=6) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Anchors and candidates of people of whom each has a line of their own."""
    chance = np.random.default_rng(seed)
    anchors, judged, scores, ratings = [], [], [], []
    for user in range(users):
        for item in range(8):
            x = chance.uniform(-1, 1)
            rating = 3.0 + (user - 2) * x + chance.normal(0, 0.2)
            anchors.append((user, item, rating))
            judged.append((user, item, x))
            ratings.append((user, item, rating, 0))
        ratings.append((user, 40, 1.0, 0))
        scores += [(user, item, chance.uniform(-1, 1)) for item in range(20, 26)]
    return (
        scores_table(*scores),
        scores_table(*judged),
        anchors_table(*anchors),
        ratings_table(*ratings),
    )


def worth_of(x, y, owner):
    """DerSimonian and Laird's estimate, person after person."""
    slopes, squares, left, spare = [], [], 0.0, 0
    for user in np.unique(owner):
        mine = owner == user
        dx, dy = x[mine] - x[mine].mean(), y[mine] - y[mine].mean()
        slopes.append(dx @ dy / (dx @ dx))
        squares.append(dx @ dx)
        left += ((dy - slopes[-1] * dx) ** 2).sum()
        spare += mine.sum() - 2
    noise, b = left / spare, np.array(slopes)
    w = np.array(squares) / noise
    q = (w * (b - np.average(b, weights=w)) ** 2).sum()
    return noise / ((q - (len(b) - 1)) / (w.sum() - (w**2).sum() / w.sum()))


def points_of(slopes, noise=0.5, size=40):
    chance = np.random.default_rng(1)
    owner = np.repeat(np.arange(len(slopes)), size)
    x = chance.normal(size=owner.size)
    y = np.asarray(slopes)[owner] * x + chance.normal(0, noise, owner.size)
    return pl.DataFrame({"user": owner, "x": x, "y": y})


def test_the_more_people_differ_the_less_the_line_of_all_counts():
    spread = np.random.default_rng(2).normal(0, 1, 200)
    some, much = (worth(points_of(0.3 + size * spread)) for size in (0.1, 1.0))
    assert some == pytest.approx(0.25 / 0.01, rel=0.5)
    assert much == pytest.approx(0.25, rel=0.3)


def test_where_people_do_not_differ_or_nobody_has_enough_the_line_of_all_is_everybodys():
    assert worth(points_of([0.3] * 5)) > 100
    assert worth(points_of([0.3, -0.3], size=2)) == MOST_WORTH
    assert worth(points_of([0.3])) == MOST_WORTH
    assert worth(points_of([0.3, 0.3], noise=0.0)) == MOST_WORTH


def reference(scores, judged, anchors, ratings):
    """The same by numpy's solver, one person after another."""
    x_all = judged["similarity"].to_numpy()
    centre, spread = x_all.mean(), x_all.std()
    means = dict(ratings.group_by("user").agg(pl.col("rating").mean()).iter_rows())
    y_all = np.array([r - means[u] for u, _, r in anchors.iter_rows()])
    z_all, owner = (x_all - centre) / spread, anchors["user"].to_numpy()
    of_all = np.linalg.lstsq(np.stack([np.ones_like(z_all), z_all], 1), y_all, rcond=None)[0]
    k = worth_of(z_all, y_all, owner)
    wanted = []
    for user, _, x in scores.iter_rows():
        mine = owner == user
        design = np.stack([np.ones(mine.sum()), z_all[mine]], 1)
        penalty = k * np.eye(2)
        line = np.linalg.solve(
            design.T @ design + penalty, design.T @ y_all[mine] + penalty @ of_all
        )
        predicted = line @ [1.0, (x - centre) / spread]
        wanted.append(np.clip(predicted / ((SCALE[1] - SCALE[0]) / 2), -1, 1))
    return wanted


def test_a_similarity_becomes_the_rating_that_ridge_regression_predicts():
    world = some_world()
    made = calibrated(*world, SCALE)
    assert made.select("user", "item").equals(world[0].select("user", "item"))
    np.testing.assert_allclose(made["similarity"], reference(*world), atol=1e-9)


def test_who_has_no_anchor_gets_the_line_of_all():
    scores, judged, anchors, ratings = some_world()
    stranger = scores_table((99, 20, 0.5), (99, 21, -0.5))
    made = calibrated(pl.concat([scores, stranger]), judged, anchors, ratings, SCALE)
    theirs = made.filter(user=99)["similarity"]
    np.testing.assert_allclose(theirs, reference(stranger, judged, anchors, ratings), atol=1e-9)


def test_people_whose_ratings_fall_with_the_score_have_their_order_reversed():
    made = calibrated(*some_world(), SCALE)
    before = some_world()[0]
    for user, sign in ((0, -1), (5, 1)):
        x, y = (table.filter(user=user)["similarity"] for table in (before, made))
        assert np.sign(np.corrcoef(x, y)[0, 1]) == sign


def test_no_score_stays_no_score_and_an_anchor_without_one_does_not_count():
    scores, judged, anchors, ratings = some_world()
    blank = scores.with_columns(
        pl.when(pl.col("item") == 20).then(None).otherwise("similarity").alias("similarity")
    )
    made = calibrated(blank, judged, anchors, ratings, SCALE)
    assert made.filter(pl.col("similarity").is_null())["item"].unique().to_list() == [20]
    dumb = pl.concat([judged, scores_table((0, 50, None))])
    more = pl.concat([anchors, anchors_table((0, 50, 1.0))])
    assert calibrated(blank, dumb, more, ratings, SCALE).equals(made)


@pytest.mark.parametrize("judged", [scores_table(), scores_table((1, 1, 0.5), (1, 2, 0.5))])
def test_without_anchors_that_differ_everything_stays_as_it_is(judged):
    scores = scores_table((1, 20, 0.5), (1, 21, None))
    anchors = anchors_table((1, 1, 5.0), (1, 2, 1.0))
    ratings = ratings_table((1, 1, 5.0, 0), (1, 2, 1.0, 0))
    assert calibrated(scores, judged, anchors, ratings, SCALE).equals(scores)


def test_no_candidates_give_an_empty_table():
    _, judged, anchors, ratings = some_world()
    assert calibrated(scores_table(), judged, anchors, ratings, SCALE).is_empty()
