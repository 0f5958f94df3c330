import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.features.similarity import embedded
from tasks.features.similarity.embedded import (
    COSINE_SPREAD,
    NEUTRAL_COSINE,
    VERSION,
    embedded_scores,
    to_score,
)
from tasks.texts.embedder import Embedder
from tasks.texts.embedding_store import EmbeddingStore
from tests.features.similarity.asked import Person, asked


def direction(text):
    angle = np.deg2rad(float(text))
    return np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)


def by_angle(texts):
    return np.reshape([direction(text) for text in texts], (-1, 2))


def by_default(cosines):
    return to_score(cosines, NEUTRAL_COSINE, COSINE_SPREAD)


def cosine(degrees):
    return np.cos(np.deg2rad(degrees))


def scored(text, liked, items, background=None):
    return embedded_scores(asked([Person(text, liked, items)], background), by_angle)


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


def test_nobody_to_judge_for_gives_no_scores():
    assert scored("0", ["10"], []).shape == (0,)


def test_with_a_background_neutral_is_as_close_as_any_item_of_the_catalogue():
    angles = [str(angle) for angle in range(0, 100, 5)]
    usual = np.array([cosine(int(angle)) for angle in angles])
    scores = scored("0", [], ["0", "60", "95"], angles)
    expected = np.tanh((np.array([1, 0.5, cosine(95)]) - usual.mean()) / (2 * usual.std()))
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_favourites_are_no_part_of_their_own_background():
    far = [str(angle) for angle in range(80, 100)]
    with_favourite = scored("", ["0"], ["45"], ["0", *far])
    np.testing.assert_allclose(scored("", ["0"], ["45"], far), with_favourite, atol=1e-7)


@pytest.mark.parametrize("size", [3, 12])
def test_a_background_of_near_texts_or_of_few_gives_finite_scores_in_order(size):
    near, far = scored("0", [], ["10", "80"], [f"90.{n:03}" for n in range(size)])
    assert -1 <= far < near <= 1


def by_definition(person, background):
    """One person's scores, item after item, in double precision."""

    def close(item, text, named):
        views = [direction(item).astype(float) @ direction(text)] if text else []
        nearest = sorted(direction(item).astype(float) @ direction(n) for n in named)[-3:]
        views += [np.mean(nearest)] if nearest else []
        return np.mean(views) if views else np.nan

    def fit(item):
        return close(item, person.text, person.liked)

    others = [fit(b) for b in background if b not in person.liked]
    enough = len(others) >= 10
    neutral = np.mean(others) if enough else NEUTRAL_COSINE
    spread = max(2 * np.std(others), 0.02) if enough else COSINE_SPREAD
    return [np.tanh((fit(item) - neutral) / spread) for item in person.items]


ANGLES = st.integers(0, 72).map(lambda n: str(5 * n))
PEOPLE = st.builds(
    Person,
    text=st.just("") | ANGLES,
    liked=st.lists(ANGLES, max_size=6, unique=True),
    items=st.lists(ANGLES, max_size=9, unique=True),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(PEOPLE, min_size=1, max_size=6), st.lists(ANGLES, max_size=20, unique=True))
def test_many_at_once_get_the_scores_of_each_alone_by_the_definition(people, background):
    found = embedded_scores(asked(people, background), by_angle)
    expected = [score for person in people for score in by_definition(person, background)]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_people_are_judged_alike_however_many_are_looked_at_at_once(monkeypatch):
    people = [Person(str(n), [str(n + 40)], [str(m) for m in range(n % 5 + 1)]) for n in range(40)]
    together = embedded_scores(asked(people), by_angle)
    monkeypatch.setattr(embedded, "BLOCK_NUMBERS", 1200)
    np.testing.assert_allclose(embedded_scores(asked(people), by_angle), together, atol=1e-6)


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
    store = EmbeddingStore(tmp_path / "embeddings.sqlite", Embedder())
    items = [
        "A pastry chef opens a bakery in Paris.",
        "A starship crew fights aliens.",
        "Robots take over a colony on Mars.",
    ]
    person = Person("I love science fiction set in space.", ["Aliens hunt a space crew."], items)
    bakery, starship, robots = embedded_scores(asked([person]), store.matrix)
    assert min(starship, robots) > 0 > bakery


def test_the_version_is_what_scores_of_earlier_nights_are_kept_under():
    assert f"embedded-3-{Embedder.version}" == VERSION
