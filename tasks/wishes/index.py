"""Words of the catalogue: which terms the items' texts hold, weighed by how rare they are."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

STOP_WORDS = frozenset(
    """
    a about after all also am an and any are as at be been before being but by can could did
    do does doesn doing don didn isn down during each few film films for from further game
    games had has have having he her here him his how i if in into is it its just like me
    more most movie movies my no nor not of off on once only or other our out over own
    please real same she should so some something such than that the their them then there
    these they this those through to too under until up very want wanted was we were what
    when where which while who whom why will with would you your book books novel novels
    story stories set one two three tags
    """.split()  # noqa: SIM905 - read as text
)
"""Words that say nothing of an item, or are what every item is."""

SPELLINGS = {r"\bsci-?\s?fi\b": "science fiction", r"\brom-?\s?coms?\b": "romantic comedy"}
"""Short forms that catalogues or people use, and what they are short for."""

_SPACED = re.compile(r"\b(sci|rom) (fi|coms?)\b")

SHORTEST = 3
"""Letters of a term, and of a word of which an s at the end is left out."""


class TermIndex(NamedTuple):
    """Sorted `terms` (T,), their rarity `idf` (T,), and each item's, rows of norm 1 (I, T)."""

    terms: NDArray[np.str_]
    idf: NDArray[np.float32]
    weights: csr_array

    def likeness(self, text: str) -> NDArray[np.float32]:
        """The cosine (I,) of each item's terms with those of a text; 0 without any in common."""
        places, counts = self._places(text)
        if not len(places):
            return np.zeros(self.weights.shape[0], np.float32)
        wanted = (1 + np.log(counts)) * self.idf[places]
        wanted = wanted / np.linalg.norm(wanted)
        found: NDArray[np.float32] = self.weights[:, places] @ wanted.astype(np.float32)
        return found

    def holds(self, text: str) -> NDArray[np.bool_]:
        """Whether each item (I,) has all terms of a text; nowhere where it has a term unknown."""
        places, _ = self._places(text)
        if not len(places) or len(places) < len(set(terms_of(text))):
            return np.zeros(self.weights.shape[0], bool)
        every: NDArray[np.bool_] = (self.weights[:, places] > 0).sum(axis=1) == len(places)
        return every

    def unknown(self, text: str) -> list[str]:
        """The words of a text that no item has, in order."""
        known = set(self.terms[self._places(text)[0]].tolist())
        return [word for word, term in words_of(text).items() if term not in known]

    def _places(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        counted = Counter(terms_of(text))
        wanted = np.array(sorted(counted), dtype=str)
        if not len(wanted) or not len(self.terms):
            return np.empty(0, np.int64), np.empty(0)
        at = np.minimum(np.searchsorted(self.terms, wanted), len(self.terms) - 1)
        there = self.terms[at] == wanted
        return at[there], np.array([counted[term] for term in wanted[there]], dtype=float)


def index_of(texts: Sequence[str]) -> TermIndex:
    """The index of items' texts (I,): (1 + log count) x log(1 + I / items with the term)."""
    counted = [Counter(terms_of(text)) for text in texts]
    terms = np.array(sorted({term for some in counted for term in some}), dtype=str)
    place = {term: at for at, term in enumerate(terms.tolist())}
    columns = np.array([place[term] for some in counted for term in some], dtype=np.int64)
    numbers = np.array([n for some in counted for n in some.values()], dtype=np.float32)
    starts = np.cumsum([0, *(len(some) for some in counted)])
    shape = (len(texts), len(terms))
    idf = np.log1p(len(texts) / np.maximum(np.bincount(columns, minlength=len(terms)), 1))
    values = (1 + np.log(numbers)) * idf[columns]
    raw = csr_array((values.astype(np.float32), columns, starts), shape=shape)
    norms = np.sqrt(raw.multiply(raw).sum(axis=1))
    raw.data /= np.repeat(np.maximum(norms, 1e-9), np.diff(starts)).astype(np.float32)
    return TermIndex(terms, idf.astype(np.float32), raw)


def terms_of(text: str) -> list[str]:
    """The terms of a text, in order: small letters, no accents, no plural s, no stop words."""
    bare = unicodedata.normalize("NFKD", _spelt(text.lower()))
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    words: Iterable[str] = re.findall(r"[^\W_]{2,}", letters)
    return [_singular(word) for word in words if word not in STOP_WORDS]


def words_of(text: str) -> dict[str, str]:
    """By the typed words that mean something, in order and in small letters, a term of each."""
    return {
        word: terms[0]
        for word in re.findall(r"[^\W_]+(?:-[^\W_]+)*", _SPACED.sub(r"\1-\2", text.lower()))
        if (terms := terms_of(word))
    }


def _spelt(text: str) -> str:
    for short, whole in SPELLINGS.items():
        text = re.sub(short, whole, text)
    return text


def _singular(word: str) -> str:
    if len(word) > SHORTEST + 1 and word.endswith("ie"):
        return f"{word[:-2]}y"  # as of zombies
    if len(word) <= SHORTEST or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("oes", "ches", "shes", "xes", "sses", "zes")) else word[:-1]
