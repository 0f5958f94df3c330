import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import numpy as np
import pytest

from tasks.core.errors import StoreError
from tasks.texts import embedding_store
from tasks.texts.embedder import WIDTH
from tasks.texts.embedding_store import EmbeddingStore


def vector_of(text):
    return np.full(WIDTH, sum(map(ord, text)) + len(text), dtype=np.float32)


def counting_embedder(version="fake-1", fail_after=None, pause=0.0):
    embedded: Counter[str] = Counter()

    def embed(texts):
        for place, text in enumerate(texts):
            if fail_after is not None and place == fail_after:
                raise RuntimeError("killed")
            time.sleep(pause)
            embedded[text] += 1
            yield [place], np.stack([vector_of(text)])

    return SimpleNamespace(version=version, embed=embed, embedded=embedded)


def open_store(tmp_path, embedder):
    return EmbeddingStore(tmp_path / "deep" / "embeddings.sqlite", embedder)


def test_every_text_gets_its_own_vector(tmp_path):
    found = open_store(tmp_path, counting_embedder()).vectors(["ab", "c", "ab", ""])
    assert set(found) == {"ab", "c", ""}
    for text, vector in found.items():
        np.testing.assert_array_equal(vector, vector_of(text))


def test_no_text_is_embedded_twice(tmp_path):
    embedder = counting_embedder()
    store = open_store(tmp_path, embedder)
    store.vectors(["a", "b", "a"])
    store.vectors(["b", "c"])
    store.vectors(["a", "b", "c"])
    assert embedder.embedded == {"a": 1, "b": 1, "c": 1}


def test_kept_vectors_survive_reopening(tmp_path):
    open_store(tmp_path, counting_embedder()).vectors(["a", "b"])
    later = counting_embedder()
    found = open_store(tmp_path, later).vectors(["b", "a", "new"])
    assert later.embedded == {"new": 1}
    np.testing.assert_array_equal(found["a"], vector_of("a"))
    np.testing.assert_array_equal(found["b"], vector_of("b"))


def test_another_model_version_embeds_again(tmp_path):
    open_store(tmp_path, counting_embedder()).vectors(["a"])
    other = counting_embedder(version="fake-2")
    open_store(tmp_path, other).vectors(["a"])
    assert other.embedded == {"a": 1}


def test_more_texts_than_one_query_asks_for_are_all_found_again(tmp_path):
    texts = [f"text {number}" for number in range(embedding_store.ASKED_AT_ONCE * 2 + 3)]
    open_store(tmp_path, counting_embedder()).vectors(texts)
    later = counting_embedder()
    found = open_store(tmp_path, later).vectors(texts)
    assert list(found) == texts
    assert not later.embedded


def test_what_was_embedded_before_a_failure_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(embedding_store, "KEPT_AT_ONCE", 2)
    texts = list("abcdefg")
    with pytest.raises(RuntimeError, match="killed"):
        open_store(tmp_path, counting_embedder(fail_after=5)).vectors(texts)
    later = counting_embedder()
    open_store(tmp_path, later).vectors(texts)
    assert set(later.embedded) == {"e", "f", "g"}


def test_threads_side_by_side_embed_each_text_once(tmp_path):
    embedder, start = counting_embedder(pause=0.001), Barrier(4)
    texts = [f"text {number}" for number in range(40)]

    def ask(shift):
        start.wait(timeout=10)
        return open_store(tmp_path, embedder).vectors(texts[shift:] + texts[:shift])

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, [0, 10, 20, 30]))
    assert embedder.embedded == dict.fromkeys(texts, 1)
    for answer in answers:
        np.testing.assert_array_equal(answer["text 7"], vector_of("text 7"))


def test_a_damaged_file_is_a_store_error_that_names_it(tmp_path):
    file = tmp_path / "embeddings.sqlite"
    file.write_bytes(b"this is not a database " * 100)
    with pytest.raises(StoreError, match=r"embeddings\.sqlite") as error:
        EmbeddingStore(file, counting_embedder()).vectors(["a"])
    assert "delete it" in error.value.fix


def test_a_file_damaged_inside_is_a_store_error(tmp_path):
    store = open_store(tmp_path, counting_embedder())
    texts = [f"text {number}" for number in range(50)]
    store.vectors(texts)
    file = tmp_path / "deep" / "embeddings.sqlite"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreError):
        store.vectors(texts)


@pytest.mark.parametrize("length", [0, 4, 7, 4 * WIDTH + 4])
def test_a_kept_vector_of_the_wrong_length_is_embedded_again(tmp_path, length):
    open_store(tmp_path, counting_embedder()).vectors(["a"])
    with sqlite3.connect(tmp_path / "deep" / "embeddings.sqlite") as database:
        database.execute("UPDATE vectors SET vector = ?", (b"\0" * length,))
    database.close()
    found = open_store(tmp_path, counting_embedder()).vectors(["a"])
    np.testing.assert_array_equal(found["a"], vector_of("a"))


def test_a_new_file_is_opened_by_many_at_once(tmp_path):
    for number in range(5):
        file, start = tmp_path / f"{number}.sqlite", Barrier(4)

        def look(text, file=file, start=start):
            start.wait()
            return EmbeddingStore(file, counting_embedder()).vectors([text])

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(look, "abcd"))
        assert [list(one) for one in found] == [["a"], ["b"], ["c"], ["d"]]
