import gc
import weakref
from functools import cache

import numpy as np
import pytest

from tasks.texts import embedder as module
from tasks.texts.embedder import WIDTH, Embedder

TEXTS = [
    "Alien (1979). Horror, Sci-Fi. A crew meets a deadly guest on a spaceship.",
    "x",
    "",
    "日本の映画 🎬",
    "A cook and a critic fall in love over soup. " * 30,
    *(f"Story number {n} of a dog. " * (n % 9 + 1) for n in range(30)),
]


@cache
def embedder():
    return Embedder()


def vectors(texts):
    made = np.full((len(texts), WIDTH), np.nan, dtype=np.float32)
    for positions, batch in embedder().embed(texts):
        made[positions] = batch
    return made


@cache
def together():
    return vectors(TEXTS)


def test_every_text_gets_one_vector_of_norm_one():
    seen = [place for places, _ in embedder().embed(TEXTS) for place in places]
    assert sorted(seen) == list(range(len(TEXTS)))
    np.testing.assert_allclose(np.linalg.norm(together(), axis=1), 1.0, atol=1e-6)


def test_a_vector_is_the_same_alone_as_in_any_batch():
    for place, text in enumerate(TEXTS):
        np.testing.assert_array_equal(vectors([text])[0], together()[place])


@pytest.mark.parametrize("seed", [0, 1])
def test_a_vector_does_not_depend_on_the_order_or_on_longer_texts_beside_it(seed):
    chosen = np.random.default_rng(seed).permutation(len(TEXTS))[:11]
    beside = [TEXTS[place] for place in chosen] + ["a very long story about the sea " * 50]
    np.testing.assert_array_equal(vectors(beside)[:-1], together()[chosen])


def test_different_texts_get_different_vectors():
    assert len(np.unique(together(), axis=0)) == len(set(TEXTS))


def test_similar_texts_are_closer_than_dissimilar_ones():
    space, rocket, soup = vectors(
        ["Astronauts on a mission to Mars.", "A rocket crew lost in space.", "A recipe for soup."]
    )
    assert space @ rocket > space @ soup + 0.2
    assert space @ rocket > rocket @ soup + 0.2


def test_only_the_beginning_of_a_very_long_text_is_read():
    start = "sea " * 400
    np.testing.assert_array_equal(vectors([start])[0], vectors([start + "mountain"])[0])


def test_no_texts_give_no_vectors():
    assert list(embedder().embed([])) == []


def test_what_embeds_is_freed_with_the_last_batch(monkeypatch):
    made = []

    def counted(make=module._new_session):
        made.append(weakref.ref(session := make()))
        return session

    monkeypatch.setattr(module, "_new_session", counted)
    assert len(list(Embedder().embed(TEXTS))) > 1 and len(made) == 1
    gc.collect()
    assert made[0]() is None
