import pytest
from pydantic import ValidationError

from tests.support.options import plain_settings

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, 100),
        ({"top": 250}, 250),
        ({"search_count": 40}, 40),
        ({"search_count": 10}, 10),
        ({"top": 10, "tuning": 0.5, "depth": 2}, 500),
        ({"top": 5, "tuning": 0.2, "depth": 2}, 100),
        ({"top": 3, "tuning": 0.55, "depth": 1}, 17),
        ({"top": 3, "tuning": 0.1, "depth": 1}, 3),
        ({"top": 10, "tuning": 0.07, "depth": 2}, 70),
        ({"top": 10, "tuning": 1.0, "depth": 1}, 100),
        ({"top": 1, "tuning": 1.0, "depth": 2}, 100),
        ({"sources": {"svd": 30, "ease": 20}}, 50),
        ({"sources": {"svd": 7, "text": 3}}, 10),
    ],
)
def test_the_number_of_candidates(given, expected):
    assert plain_settings(**given).method.candidate_count(given.get("top", 10)) == expected


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"tuning": 0.5}, "go together"),
        ({"depth": 2}, "go together"),
        ({"tuning": 0.5, "depth": 2, "search_count": 100}, "not both"),
        ({"search_count": 9}, "9 candidates cannot fill a list of 10"),
        ({"search_count": 100, "top": 101}, "cannot fill"),
        ({"tuning": 0.5, "depth": 0}, "5 candidates cannot fill"),
        ({"sources": {"svd": 5, "text": 4}}, "9 candidates cannot fill"),
        ({"sources": {"svd": 50, "nearest": 50}}, "sources: there is no base model 'nearest'"),
        ({"sources": {"ease": 50, "text": 50}}, "sources: svd, .* must be one of them"),
        ({"model": "text", "sources": {"svd": 50}}, "sources: text, .* must be one of them"),
        ({"sources": {"svd": 0, "ease": 50}}, "sources: svd, .* must be one of them"),
        ({"sources": {"svd": 50}, "search_count": 40}, "give search_count, .* or sources"),
        ({"sources": {"svd": 50}, "tuning": 0.5, "depth": 2}, "give tuning, .* or sources"),
        ({"learn_trees": True, "learn_splits": 1}, "learn_trees: one inner split is to learn from"),
        (
            {"tune": ("als_alpha", "als_factors")},
            "tune: it knows als_regularization, als_alpha, .*not 'als_factors'",
        ),
    ],
)
def test_contradictions_are_refused(given, reason):
    with pytest.raises(ValidationError, match=reason):
        plain_settings(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"top": 0},
        {"search_count": 0},
        {"model": "nearest"},
        {"reranker": "random"},
        {"reranker": "oracle"},
        {"model_options": {"knn_neighbours": 0}},
        {"model_options": {"svd_factors": 10}},
        {"seed": -1},
        {"seed": 2**32},
        {"min_similarity": 1.5},
        {"tuning": 0.0, "depth": 1},
        {"tuning": 1.5, "depth": 1},
        {"chunk_users": 0},
        {"limit_users": 0},
        {"weights": {"estimate": -1}},
        {"sources": {"svd": 50, "ease": -1}},
        {"learn_splits": 0},
        {"learn_splits": 21},
        {"learn_users": 0},
        {"learn_protocol": "hold-out"},
        {"profile_style": "poem"},
        {"learn_target": "loved"},
    ],
)
def test_values_out_of_range_are_refused(given):
    with pytest.raises(ValidationError):
        plain_settings(**given)


def test_the_base_model_alone_proposes_unless_sources_are_named():
    alone = plain_settings(model="ease", search_count=40)
    assert alone.method.candidate_sources(forward=False) == {"ease": None}
    several = {"knn": 30, "svd": 20}
    assert (
        plain_settings(model="svd", sources=several).method.candidate_sources(forward=False)
        == several
    )


def test_texts_propose_nothing_where_language_is_left_out_unless_they_are_the_base():
    named = {"svd": 20, "text": 20, "ease": 0}
    silent = plain_settings(sources=named, without=("dates", "language"))
    assert silent.method.candidate_sources(forward=False) == {"svd": 20, "ease": 0}
    assert (
        plain_settings(sources=named, without=("dates",)).method.candidate_sources(forward=False)
        == named
    )
    base = plain_settings(model="text", sources=named, without=("language",))
    assert base.method.candidate_sources(forward=False) == named


def test_trees_take_two_inner_splits_at_least():
    assert plain_settings(learn_trees=True, learn_splits=2).method.learn_trees
    assert not plain_settings(learn_splits=1).method.learn_trees


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        plain_settings().top = 3  # type: ignore[misc]


def test_a_language_model_must_be_named():
    with pytest.raises(ValidationError, match="llm_model"):
        plain_settings(scorer="llm")
    with pytest.raises(ValidationError, match="llm_model"):
        plain_settings(profile_writer="llm")


def test_what_costs_money_is_measured_on_nobody_unless_asked():
    assert plain_settings().users_to_measure is None
    assert plain_settings(scorer="llm", llm_model="m").users_to_measure == 0
    assert plain_settings(scorer="llm-batch", llm_model="m", measure_users=5).users_to_measure == 5
    assert plain_settings(measure_users=0).users_to_measure == 0


def test_profiles_are_written_by_the_model_that_scores():
    assert plain_settings().method.writer == "composed"
    assert plain_settings(scorer="llm", llm_model="m").method.writer == "llm"
    assert (
        plain_settings(scorer="llm", llm_model="m", profile_writer="composed").method.writer
        == "composed"
    )
    assert plain_settings(profile_writer="llm", llm_model="m").method.writer == "llm"
    learned = {"scorer": "llm", "llm_model": "m", "reranker": "learned"}
    assert plain_settings(**learned).method.writer == "composed"


def test_the_engine_is_engine_its_own_settings_and_whether_to_use_batches():
    engine = plain_settings(scorer="llm-batch", llm_model="m", llm_items=7).engine
    assert (engine.llm_model, engine.llm_items, engine.in_batches) == ("m", 7, True)
    assert not plain_settings(scorer="llm", llm_model="m").engine.in_batches


def test_on_windows_some_sources_are_left_out_and_others_count_otherwise():
    method = plain_settings(
        model="ease",
        sources={"ease": 200, "svd": 20, "text": 5},
        forward_without=("svd",),
        forward_sources={"ease": 40, "popular-lately": 100},
        model_options={"ease_days": 9},
        forward_model_options={"ease-half-life": 365},
    ).method
    assert method.candidate_sources(forward=False) == {"ease": 200, "svd": 20, "text": 5}
    forward = {"ease": 40, "text": 5, "popular-lately": 100}
    assert method.candidate_sources(forward=True) == forward
    options = method.forward_options().of("ease")
    assert (options["half_life"], options["days"]) == (365, 9)
    assert method.model_options.of("ease")["half_life"] == 0


@pytest.mark.parametrize(("set_to", "days"), [(None, 21), (50, 50)])
def test_the_forward_ridge_foretells_three_windows_unless_days_are_set(set_to, days):
    given = {} if set_to is None else {"forward_model_options": {"forward_ridge_days": set_to}}
    method = plain_settings(**given).method
    assert method.forward_options(7).of("forward-ridge")["days"] == days
    assert method.forward_options().of("forward-ridge")["days"] == (set_to or 0)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"forward_without": ("svd",)}, "svd's list is the base list"),
        ({"forward_without": ("eas",)}, "the nearest is 'ease'"),
        ({"forward_model_options": {"ease_speed": 1}}, "forward_model_options: ease_speed"),
        ({"forward_model_options": {"ease_days": -1}}, "forward_model_options: ease_days"),
    ],
)
def test_what_cannot_be_other_on_windows_is_refused(given, says):
    with pytest.raises(ValidationError) as error:
        plain_settings(**given)
    assert says in str(error.value)
