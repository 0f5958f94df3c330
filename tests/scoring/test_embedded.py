from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.scoring.embedded import COSINE_SPREAD, NEUTRAL_COSINE, EmbeddedScorer, to_score
from tasks.scoring.embedder import Embedder
from tasks.scoring.embedding_store import EmbeddingStore
from tasks.scoring.scorer import ScoreRequest
from tasks.vocabulary import ItemText, Profile, ProfileStyle


def angle_scorer(style: ProfileStyle = "sentence"):
    def direction(text):
        angle = np.deg2rad(float(text))
        return np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)

    store: object = SimpleNamespace(vectors=lambda texts: {t: direction(t) for t in texts})
    return EmbeddedScorer(store, style)  # type: ignore[arg-type]


def request(text, liked, items):
    profile = Profile(
        user=1,
        text=text,
        favourites=(),
        year_low=None,
        year_high=None,
        prioritize_ratings=False,
        prioritize_popular=False,
    )
    return ScoreRequest(profile=profile, liked=item_list(liked), items=item_list(items))


def item_list(texts):
    return [ItemText(item=number, title="", text=text) for number, text in enumerate(texts)]


def by_default(cosines):
    return to_score(cosines, NEUTRAL_COSINE, COSINE_SPREAD)


def cosine(degrees):
    return np.cos(np.deg2rad(degrees))


def scored(text, liked, items):
    return angle_scorer().score([request(text, liked, items)])[0]


def test_the_order_follows_the_cosine_with_the_profile_text():
    scores = scored("0", [], ["90", "0", "180", "45", "100"])
    assert np.argsort(-scores).tolist() == [1, 3, 0, 4, 2]


def test_the_score_is_the_mean_of_text_and_nearest_favourites():
    liked = ["10", "20", "60", "170"]
    expected = np.mean([cosine(0), np.mean([cosine(10), cosine(20), cosine(60)])])
    assert scored("0", liked, ["0"])[0] == pytest.approx(by_default(expected), abs=1e-6)


def test_without_a_text_the_favourites_decide_and_without_favourites_the_text():
    assert scored("", ["30"], ["0"])[0] == pytest.approx(by_default(cosine(30)), abs=1e-6)
    assert scored("60", [], ["0"])[0] == pytest.approx(by_default(cosine(60)), abs=1e-6)


def test_there_is_no_score_when_nothing_is_known_of_the_person():
    scores = scored("", [], ["0", "90"])
    assert scores.shape == (2,) and np.isnan(scores).all()


def test_a_person_without_items_gets_no_scores():
    assert scored("0", ["10"], []).shape == (0,)


def test_with_a_background_neutral_is_as_close_as_any_item_of_the_catalogue():
    angles = [str(angle) for angle in range(0, 100, 5)]
    usual = np.array([cosine(int(angle)) for angle in angles])
    asked = replace(request("0", [], ["0", "60", "95"]), background=item_list(angles))
    scores = angle_scorer().score([asked])[0]
    expected = np.tanh((np.array([1, 0.5, cosine(95)]) - usual.mean()) / (2 * usual.std()))
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_favourites_are_no_part_of_their_own_background():
    far = [ItemText(item=n, title="", text="90") for n in range(100, 120)]
    asked = replace(request("", ["0"], ["45"]), background=far)
    with_favourite = replace(asked, background=[*asked.liked, *far])
    np.testing.assert_array_equal(
        angle_scorer().score([asked])[0], angle_scorer().score([with_favourite])[0]
    )


def test_a_background_of_equal_texts_or_of_few_gives_finite_scores_in_order():
    for size in (3, 50):
        asked = replace(request("0", [], ["10", "80"]), background=item_list(["90"] * size))
        near, far = angle_scorer().score([asked])[0]
        assert -1 <= far < near <= 1


def test_requests_are_answered_in_order_and_each_on_its_own():
    requests = [
        request("0", ["50"], ["0", "80"]),
        request("", [], ["10"]),
        request("120", [], ["90", "0", "30"]),
    ]
    together = angle_scorer().score(requests)
    alone = [angle_scorer().score([one])[0] for one in requests]
    assert [len(scores) for scores in together] == [2, 1, 3]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20))
def test_scores_lie_strictly_inside_the_range_and_keep_the_order(cosines):
    scores = by_default(np.array(cosines))
    assert (np.abs(scores) < 1).all()
    order = np.argsort(cosines)
    assert (np.diff(scores[order]) >= 0).all()


def test_the_nearest_cosines_in_single_precision_do_not_tie():
    cosines = np.linspace(-1, 0.999, 5_000, dtype=np.float32)
    above = np.nextafter(cosines, np.float32(1))
    assert (by_default(above.astype(float)) > by_default(cosines.astype(float))).all()


def test_with_the_real_embedder_what_fits_the_taste_is_first(tmp_path):
    scorer = EmbeddedScorer(EmbeddingStore(tmp_path / "embeddings.sqlite", Embedder()))
    items = [
        "A pastry chef opens a bakery in Paris.",
        "A starship crew fights aliens.",
        "Robots take over a colony on Mars.",
    ]
    asked = request("I love science fiction set in space.", ["Aliens hunt a space crew."], items)
    bakery, starship, robots = scorer.score([asked])[0]
    assert min(starship, robots) > 0 > bakery


def opposed(style, dislikes="", disliked=(), text="0"):
    """The scores of two items as close to the likes, the second closer to the dislikes."""
    asked = request(text, [], ["-40", "40"])
    profile = asked.profile.model_copy(update={"dislikes": dislikes})
    asked = replace(asked, profile=profile, disliked=item_list(disliked))
    return angle_scorer(style).score([asked])[0]


@pytest.mark.parametrize(("dislikes", "disliked"), [("60", []), ("", ["60"]), ("60", ["80"])])
def test_what_a_contrastive_profile_dislikes_is_pushed_away(dislikes, disliked):
    far, near = opposed("contrastive", dislikes, disliked)
    assert far > near
    one, other = opposed("structured", dislikes, disliked)
    assert one == pytest.approx(other)


def test_a_third_of_the_closeness_to_the_disliked_is_subtracted():
    expected = cosine(40) - np.mean([cosine(20), cosine(40)]) / 3
    score = opposed("contrastive", "60", ["80"])[1]
    assert score == pytest.approx(by_default(expected), abs=1e-6)


def test_who_dislikes_nothing_is_judged_by_their_likes_alone():
    np.testing.assert_array_equal(opposed("contrastive"), opposed("sentence"))


def test_the_version_names_the_model_and_whether_dislikes_count():
    assert Embedder.version in EmbeddedScorer.version
    assert angle_scorer("structured").version == EmbeddedScorer.version
    assert angle_scorer("contrastive").version != EmbeddedScorer.version
