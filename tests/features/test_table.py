import math
from functools import cache

import numpy as np
import polars as pl
import pytest

from tasks.core.errors import SettingsError
from tasks.features.facts import Pairs
from tasks.features.registry import FEATURES, SIGNALS
from tasks.features.table import (
    among_candidates,
    base_name,
    feature_table,
    group_of,
    learned_features,
    log_place,
    reason_of,
)
from tasks.models.base import Training
from tasks.models.baselines.ease import Ease
from tasks.models.baselines.popularity import Popularity
from tests.features.small import CASES, values

GROUPS = {"collaborative", "popularity", "dates", "metadata", "language", "external", "time"}
KEYS = ["user", "item"]
AMONG, PLACE = ", among candidates", ", log place"


@cache
def models_of(case):
    training = Training(case.train, (0.5, 5.0), options={"regularization": 3.0})
    return {"ease": Ease.fit(training), "popularity": Popularity.fit(training)}


LEARNED = [n for n in FEATURES if FEATURES[n].group != SIGNALS and n != "similarity"]
"""Features that stand in a learned table, whoever scores."""


@cache
def table_of(case, *without):
    facts, pairs = case.facts(models_of(case))
    return feature_table(facts, pairs, learned_features(facts.models, without, similarity=False))


def of_users(*users):
    """Pairs of these users (by position), about nothing in particular."""
    return Pairs(pl.DataFrame(), np.array(users), np.zeros(len(users), dtype=np.int64))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_row_per_pair_and_every_feature_as_it_was_computed_with_null_for_unknown(case):
    table = table_of(case)
    _, pairs = case.facts()
    assert table.select(KEYS).equals(pairs.frame)
    for name in LEARNED:
        expected = pl.Series(values(name, case), dtype=pl.Float32, nan_to_null=True)
        assert table[name].equals(expected), name
    assert set(table.drop(KEYS).dtypes) == {pl.Float32}
    assert not any(column.is_nan().any() for column in table.drop(KEYS))
    assert table["genres"].null_count() > 0


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_base_model_gives_its_score_and_where_that_stands_among_the_candidates(case):
    table = table_of(case)
    for name, model in models_of(case).items():
        place = {item: n for n, item in enumerate(model.items.tolist())}
        for user in table["user"].unique():
            mine = table.filter(user=user)
            own = model.estimates(np.array([user]))[0]
            scores = [own[place[i]] if i in place else 0.0 for i in mine["item"]]
            assert mine[name].to_list() == pytest.approx(scores, abs=1e-5)
            better = [1 + sum(other > one for other in scores) for one in scores]
            worse = [sum(other >= one for other in scores) for one in scores]
            places = np.exp(mine[f"{name}{PLACE}"].to_numpy())
            assert (places > np.array(better) - 0.01).all() and (
                places < np.array(worse) + 0.01
            ).all()
            assert sorted(places.round()) == list(range(1, len(scores) + 1))
            assert mine[f"{name}{AMONG}"].to_list() == pytest.approx(z_scores(scores), abs=1e-3)


def z_scores(known):
    mean = sum(known) / len(known)
    spread = math.sqrt(sum((one - mean) ** 2 for one in known) / len(known))
    return [(one - mean) / spread if spread > 1e-9 else 0.0 for one in known]


def test_relative_features_stand_among_the_candidates_too_and_others_do_not():
    case = CASES[0]
    table = table_of(case)
    _, pairs = case.facts()
    for name in LEARNED:
        assert (f"{name}{AMONG}" in table.columns) == FEATURES[name].relative
        if FEATURES[name].relative:
            expected = among_candidates(values(name, case), pairs.user).astype(np.float32)
            np.testing.assert_array_equal(table[f"{name}{AMONG}"].to_numpy(), expected)


def test_z_scores_are_among_a_users_own_known_candidates():
    found = among_candidates(
        np.array([1.0, 2.0, 6.0, math.nan, 100.0, 300.0]), of_users(0, 0, 0, 0, 2, 2).user
    )
    np.testing.assert_allclose(found, [*z_scores([1, 2, 6]), math.nan, -1, 1])


def test_alike_alone_or_unknown_candidates_stand_nowhere():
    found = among_candidates(np.array([0.1, 0.1, 0.1, 7.0, math.nan]), of_users(0, 0, 0, 1, 2).user)
    np.testing.assert_array_equal(found, [0, 0, 0, 0, math.nan])


def test_places_count_from_the_best_and_equals_keep_the_order_of_the_pairs():
    found = np.exp(log_place(np.array([2.0, 9.0, 2.0, 3.0, -1.0, 5.0]), of_users(0, 0, 0, 0, 3, 3)))
    assert found == pytest.approx([3, 1, 4, 2, 2, 1])


def test_groups_are_those_that_the_setting_lists():
    groups = {feature.group for feature in FEATURES.values()} | {"collaborative"}
    assert groups - {SIGNALS} == GROUPS


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_a_group_is_left_out_whole_and_nothing_else_changes(group):
    whole, part = table_of(CASES[0]), table_of(CASES[0], group)
    gone = set(whole.columns) - set(part.columns)
    names = {name for name in LEARNED if FEATURES[name].group == group}
    if group == "collaborative":
        names |= set(models_of(CASES[0]))
    assert gone == {c for c in whole.columns if base_name(c) in names}
    assert {group_of(column) for column in gone} == {group}
    assert part.equals(whole.select(part.columns))


@pytest.mark.parametrize("name", LEARNED)
def test_a_feature_is_left_out_by_its_name(name):
    whole, part = table_of(CASES[0]), table_of(CASES[0], name)
    assert set(whole.columns) - set(part.columns) == {name, f"{name}{AMONG}"} & set(whole.columns)


@pytest.mark.parametrize("typo", ["langauge", "log counts", "signals"])
def test_what_is_no_feature_cannot_be_left_out(typo):
    with pytest.raises(SettingsError, match=f"without: there is no feature or group '{typo}'"):
        table_of(CASES[0], "external", typo)


def test_not_everything_can_be_left_out():
    with pytest.raises(SettingsError, match="no feature is left"):
        table_of(CASES[0], *GROUPS)


def test_columns_stand_in_the_order_of_models_then_files_then_the_scorers(monkeypatch):
    names = learned_features(("ease", "popularity"), (), similarity=True)
    assert names[:2] == ["ease", "popularity"] and names[-1] == "similarity"
    groups = list(dict.fromkeys(FEATURES[name].group for name in names[2:-1]))
    expected = ["dates", "external", "language", "metadata", "popularity", "collaborative", "time"]
    assert groups == expected
    backwards = dict(reversed(FEATURES.items()))
    monkeypatch.setattr("tasks.features.table.FEATURES", backwards)
    again = learned_features(("ease", "popularity"), (), similarity=True)
    groups = list(dict.fromkeys(FEATURES[name].group for name in again[2:-1]))
    assert groups == expected, "whichever file was imported first"


def test_the_scorers_similarity_is_language_and_learned_from_where_it_is_wanted():
    assert group_of("similarity, among candidates") == "language"
    assert "similarity" not in learned_features((), (), similarity=False)
    facts, pairs = CASES[0].facts()
    scores = np.linspace(-1, 1, len(pairs.user))
    scored = Pairs(pairs.frame.with_columns(similarity=pl.Series(scores)), pairs.user, pairs.item)
    table = feature_table(facts, scored, ["similarity"])
    expected = among_candidates(scores, pairs.user).astype(np.float32)
    np.testing.assert_array_equal(table[f"similarity{AMONG}"].to_numpy(), expected)
    assert table["similarity"].dtype == pl.Float32 and table["similarity"].null_count() == 0


def test_a_model_of_a_signals_name_is_kept_apart_from_it():
    case = CASES[0]
    facts, pairs = case.facts(models_of(case))
    model, signal = (feature_table(f, pairs, ["popularity"]) for f in (facts, case.facts()[0]))
    assert model.drop(KEYS).columns == ["popularity", f"popularity{AMONG}", f"popularity{PLACE}"]
    assert (model["popularity"] > 1).any(), "how many ratings"
    assert signal.drop(KEYS).columns == ["popularity"]
    assert signal["popularity"].is_between(0, 1).all()
    assert model["popularity"].dtype == pl.Float32 and signal["popularity"].dtype == pl.Float64
    assert group_of("popularity") == group_of(f"popularity{PLACE}") == "collaborative"


@pytest.mark.parametrize("column", ["ease", "svd, log place", "als, among candidates"])
def test_a_base_models_score_says_that_people_with_like_ratings_rate_it(column):
    assert reason_of(column) == "rated by people who rated what you rated"


def test_a_column_has_the_reason_of_its_feature():
    assert reason_of("liked texts, among candidates") == FEATURES["liked texts"].reason != ""
    assert reason_of("text, log place") == reason_of("liked texts")
    assert reason_of("popularity, log place") == "rated by many" == reason_of("log count")
    assert reason_of("popular-lately") == "rated by many lately"
    assert reason_of("next-items") == "often rated after what you rated last"
    assert reason_of("log history") == "", "which says nothing of an item"


def test_without_ratings_features_that_need_them_are_left_out():
    rated = learned_features(("ease",), (), similarity=False)
    met = learned_features(("ease",), (), similarity=False, implicit=True)
    assert set(rated) - set(met) == {"mean rating", "mean rating of late", "disliked texts"}
