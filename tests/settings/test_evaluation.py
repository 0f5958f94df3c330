from typing import get_args

import pytest
from pydantic import ValidationError

from tasks.core.vocabulary import BoundName, PlainProtocolName, ProtocolName, RerankerName
from tasks.models.registry import model_names
from tasks.settings.sources import CellOptions, EvaluateOptions
from tests.support.options import plain_evaluation, plain_settings

pytestmark = pytest.mark.usefixtures("clean_environment")

LATER = {"temporal", "horizon", "user-temporal", "cold-item"}
NO_SIMILARITY = {"similarity": 0}


def options(**given):
    return plain_evaluation(**given)


@pytest.mark.parametrize("protocol", get_args(PlainProtocolName))
def test_what_was_collected_later_is_seen_but_where_time_counts_unless_set(protocol):
    assert options(protocol=protocol).uses_external == (protocol not in LATER)
    for wanted in (True, False):
        assert options(protocol=protocol, external=wanted).uses_external == wanted


@pytest.mark.parametrize(
    ("given", "reads"),
    [
        ({"reranker": "weighted"}, True),
        ({"reranker": "rrf"}, True),
        ({"reranker": "weighted", "weights": NO_SIMILARITY}, False),
        ({"reranker": "rrf", "weights": NO_SIMILARITY}, False),
        ({"reranker": "llm_only", "weights": NO_SIMILARITY}, True),
        ({"reranker": "filter", "weights": NO_SIMILARITY}, True),
        ({"reranker": "none"}, False),
        ({"reranker": "random"}, False),
        ({"reranker": "oracle"}, False),
        ({"reranker": "learned"}, False),
    ],
)
def test_whether_the_order_depends_on_the_scorer(given, reads):
    chosen = options(**given)
    assert chosen.method.reads_similarity == reads


def test_every_reranker_was_asked_whether_it_reads_the_scorer():
    known = {"weighted", "rrf", "llm_only", "filter", "none", "learned", "random", "oracle"}
    assert known == {*get_args(RerankerName), *get_args(BoundName)}


def test_the_scorers_label_is_none_where_nothing_of_it_counts():
    for unread in ("none", "random", "oracle"):
        assert options(reranker=unread).scorer_label == "none"
    assert options(weights=NO_SIMILARITY).scorer_label == "none"
    for read in ("weighted", "rrf", "llm_only", "filter"):
        assert options(reranker=read).scorer_label == "embedded"


def test_profiles_are_refused_unless_the_leak_is_allowed_and_then_labelled():
    with pytest.raises(ValidationError, match=r"profiles: nobody can say.*allow_leaky"):
        options(profiles="typed.csv")
    allowed = options(profiles="typed.csv", allow_leaky=True)
    assert allowed.scorer_label == "embedded (leaky profiles)"
    assert options(allow_leaky=True).scorer_label == "embedded"


def test_a_language_model_is_part_of_the_scorers_label():
    asked = {"scorer": "llm", "llm_model": "gpt-x"}
    assert options(**asked).scorer_label == "llm gpt-x"
    leaky = options(**asked, profiles="typed.csv", allow_leaky=True)
    assert leaky.scorer_label == "llm gpt-x (leaky profiles)"


def test_seeds_follow_each_other_from_the_first():
    assert list(options(seed=7, seeds=3).each_seed) == [7, 8, 9]
    assert len(options().each_seed) == 10


@pytest.mark.parametrize("protocol", get_args(ProtocolName))
def test_one_run_is_enough_where_every_seed_holds_out_the_same(protocol):
    told = {"protocol": protocol} | ({"held_out": "given.csv"} if protocol == "given" else {})
    drawn = protocol not in {"temporal", "horizon", "user-temporal", "given"}
    evaluated, cell = EvaluateOptions(**told), CellOptions(**told)
    assert evaluated.settings().seeds == cell.settings().seeds == (10 if drawn else 1)
    assert f"one run: {protocol} holds out the same" in " ".join(evaluated.notes()) or drawn
    more = EvaluateOptions(**told, seeds=3)
    assert more.settings().seeds == 3
    assert any(note.startswith("3 runs:") for note in more.notes()) != drawn
    assert EvaluateOptions(**told, seeds=1).notes() == EvaluateOptions().notes()


@pytest.mark.parametrize(
    ("top", "expected"), [(10, (1, 5, 10, 20)), (7, (1, 5, 7, 10, 20)), (30, (1, 5, 10, 20, 30))]
)
def test_the_lists_own_length_is_measured_too(top, expected):
    assert options(top=top).ks == expected


def test_how_many_ratings_a_cold_user_keeps_is_part_of_the_protocols_name():
    assert options(protocol="cold-user", keep=0).protocol_name == "cold-user-0"
    assert options(protocol="cold-item", keep=0).protocol_name == "cold-item"


@pytest.mark.parametrize("model", model_names())
def test_rating_errors_are_those_of_models_that_estimate_ratings_of_known_items(model):
    estimates = model in {"svd", "svdpp", "svdpp-fast"}
    assert options(model=model).estimates_ratings == estimates
    assert not options(model=model, protocol="cold-item").estimates_ratings


@pytest.mark.parametrize(
    "given",
    [
        {"protocol": "p1"},
        {"seeds": 0},
        {"seeds": 101},
        {"keep": 6},
        {"keep": -1},
        {"reranker": "best"},
    ],
)
def test_values_out_of_range_are_refused(given):
    with pytest.raises(ValidationError):
        options(**given)


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ({"reranker": "none"}, "none"),
        ({"reranker": "none", "diversity": 0.1}, "diversity"),
        ({"reranker": "weighted", "diversity": 0.1}, "weighted"),
        ({"reranker": "learned"}, "learned"),
    ],
)
def test_base_lists_that_the_dial_has_changed_are_labelled_so(given, label):
    chosen = options(**given)
    assert (chosen.reranker_label, chosen.method.reorders) == (label, label != "none")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"protocol": "given"}, "held_out: the file and the protocol given go together"),
        ({"held_out": "held.csv"}, "held_out: the file and the protocol given go together"),
        ({"scorer": "recorded"}, "scores: the file and the scorer recorded go together"),
        ({"scores": "scores.csv"}, "scores: the file and the scorer recorded go together"),
    ],
)
def test_files_of_others_go_with_what_reads_them(given, says):
    with pytest.raises(ValidationError, match=says):
        options(**given)


def test_recorded_judgements_are_named_read_and_cost_nothing():
    given = {"scorer": "recorded", "scores": "some/o4.csv", "reranker": "learned"}
    chosen = options(**given)
    assert chosen.scorer_label == "recorded o4" and not chosen.asks
    assert chosen.method.reads_similarity and chosen.method.writer == "composed"
    assert options(**given, scores_model="o4-mini").scorer_label == "recorded o4-mini"
    with pytest.raises(ValidationError, match="recorded is for evaluations alone"):
        plain_settings(scorer="recorded")
