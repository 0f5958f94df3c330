import json
from types import SimpleNamespace

import pytest

from tasks.report.night.sentences import banner, not_measured, sentences
from tasks.settings.settings import settings_json
from tests.support.options import plain_settings


def night(settings=None, figures=(), **run):
    """A night with the settings that matter to what is said of it."""
    told = {"model": "svd", "scorer": "embedded", "reranker": "weighted", "status": "complete"}
    known = json.loads(settings_json(settings)) if settings else {}
    return SimpleNamespace(run=told | {"note": None} | run, settings=known, figures=list(figures))


def test_a_plain_night_in_words():
    said = sentences(night(plain_settings(search_count=50, diversity=0.2)))
    assert said == [
        "SVD proposes 50 candidates per user; its order is the base list.",
        "Similarity is that of item texts to each user's profile, by a sentence embedder.",
        "Lists are ordered by a weighted sum of the base model's estimate x 1, similarity x 1,"
        " popularity x 1, date affinity x 1.",
        "The first places of each list are spread over unlike items.",
    ]


def test_a_learned_night_in_words():
    options = {"learn_trees": True, "learn_target": "liked", "learn_splits": 2}
    learned = plain_settings(
        reranker="learned", without=("external",), learn_new_items=True, **options
    )
    assert sentences(night(learned, reranker="learned"))[1:] == [
        "A learned re-ranker (weights and boosted trees, fitted on 2 inner splits of the ratings)"
        " orders them to find what people rate well. It does not read: external.",
        "Items that nobody has rated compete for places too.",
    ]


def test_a_night_that_learned_on_windows_says_so():
    sources = {"sources": {"svd": 50, "ease": 20, "knn": 7}, "forward_without": ["knn"]}
    forward = {"forward_sources": {"popular-lately": 30, "svd": 40}}
    learned = plain_settings(reranker="learned", learn_windows=6, **sources, **forward)
    figures = [{"metric": "HR", "k": 10, "protocol": "horizon"}]
    assert sentences(night(learned, figures, reranker="learned")) == [
        "Candidates per user come from SVD 40, EASE 20, most popular lately 30; SVD's order is the"
        " base list.",
        "A learned re-ranker (weights, fitted on 6 newest windows of time) orders them to find what"
        " people come to rate.",
    ]


def test_a_learned_night_that_reads_scores_says_what_similarity_is():
    texts = sentences(
        night(plain_settings(reranker="learned", learn_scores=True), reranker="learned")
    )
    assert texts[1].startswith("Similarity is that of item texts")


def test_who_is_asked_is_named():
    asking = plain_settings(scorer="llm-batch", reranker="llm_only", llm_model="gpt-5-mini")
    said = sentences(night(asking, scorer="llm-batch", reranker="llm_only"))
    assert said[1].startswith("gpt-5-mini says how well") and said[1].endswith("in batches.")
    assert said[2] == "Lists are ordered by similarity alone."
    learned = plain_settings(scorer="llm", reranker="learned", llm_model="gpt-5-mini", llm_head=30)
    assert sentences(night(learned, scorer="llm", reranker="learned"))[1] == (
        "gpt-5-mini judges the first 30 items of a list, where that has shown to help."
    )


@pytest.mark.parametrize("reranker", ["weighted", "learned", "rrf", "filter", "none", "novel"])
def test_an_old_row_that_names_no_settings_still_says_something(reranker):
    assert len(sentences(night(reranker=reranker))) == 3


@pytest.mark.parametrize(
    ("status", "heading", "todo"),
    [
        (
            "degraded",
            "Degraded: the language model did less than was asked",
            "run the same command",
        ),
        ("guarded", "Guarded: some users got base lists", "It ends by itself"),
        ("strange", "Status: strange", "See the log"),
    ],
)
def test_a_night_that_is_not_complete_says_why_and_what_to_do(status, heading, todo):
    told, untold = banner(night(status=status, note="it broke")), banner(night(status=status))
    assert told and told["title"] == heading and todo in told["fix"] and told["why"] == "it broke"
    assert untold and untold["why"] and banner(night()) is None


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (night(figures=[{}]), None),
        (night(status="degraded", leaves_nothing=True), "A degraded night is not measured"),
        (night(status="degraded", leaves_nothing=False, scorer="llm"), "as many requests again"),
        (night(scorer="llm"), "as many requests again"),
        (night(plain_settings(measure_users=0)), "measure_users is 0"),
        (night(), "may have stopped answering"),
    ],
)
def test_why_a_night_has_no_figures(told, why):
    said = not_measured(told)
    assert said is None if why is None else said and why in said
