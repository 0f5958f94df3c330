"""Wishes written by template from what people went on to like, to learn how much words weigh.

They are made from train ratings, and no figure that is published comes from them.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.vocabulary import GENRES, ITEM, TITLE, USER, YEAR
from tasks.wishes.index import TermIndex, terms_of

FEWEST, SHARE = 8, 0.03
"""A word may stand in a wish that so many items have, and at most this share of all."""
WORDS = 4
"""Of an item's words these most telling ones are drawn from."""


def template_wishes(
    liked: pl.DataFrame, items: pl.DataFrame, terms: TermIndex, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Wishes (user, text), and the hits (user, item): what a person liked that their wish is about.

    `liked` (user, item) are held-out items; `items` are sorted by id, as in `terms`. Each person's
    wish is written from one of theirs, drawn with the seed: from its genres, its decade and telling
    words of its text. People for whose items there is nothing to say are left out.
    """
    rng = np.random.default_rng(seed)
    place = {item: at for at, item in enumerate(items[ITEM].to_list())}
    genres = items[GENRES].fill_null("").str.split("|").to_list()
    years, titles = items[YEAR].fill_null(0).to_list(), items[TITLE].to_list()
    counts = np.bincount(terms.weights.indices, minlength=len(terms.terms))
    usable = (counts >= FEWEST) & (counts <= max(SHARE * len(titles), FEWEST))
    wishes, hits = [], []
    for (user,), mine in liked.sort(USER, ITEM).group_by(USER, maintain_order=True):
        at = [place[item] for item in mine[ITEM].to_list() if item in place]
        if not at:
            continue
        chosen = at[int(rng.integers(len(at)))]
        words = _telling(terms, chosen, usable, titles[chosen])
        kinds = [genre for genre in genres[chosen] if genre]
        said = _written(words, kinds, years[chosen], rng)
        if said is None:
            continue
        text, used, kind, decade = said
        wishes.append((user, text))
        for one in at:
            fits = kind is None or kind in genres[one]
            fits &= decade is None or years[one] // 10 * 10 == decade
            if fits and all(_has(terms, one, word) for word in used):
                hits.append((user, items[ITEM][one]))
    kinds_of = {USER: liked.schema[USER], ITEM: liked.schema[ITEM]}
    asked = pl.DataFrame(wishes, {USER: kinds_of[USER], "text": pl.String}, orient="row")
    return asked, pl.DataFrame(hits, kinds_of, orient="row")


def _written(
    words: Sequence[str], genres: Sequence[str], year: int, rng: np.random.Generator
) -> tuple[str, list[str], str | None, int | None] | None:
    """A wish, the words, the genre and the decade in it; None where nothing can be said."""
    genre = genres[int(rng.integers(len(genres)))] if genres else None
    decade = year // 10 * 10 or None
    some = list(rng.permutation(words)[:2]) if words else []
    forms = {
        "{a}": bool(some),
        "{a}, {b}": len(some) > 1,
        "{g} about {a}": bool(genre and some),
        "{g} about {a} and {b}": bool(genre and len(some) > 1),
        "{g} from the {d}s": bool(genre and decade),
        "{g}": bool(genre and not some),
    }
    possible = [form for form, can in forms.items() if can]
    if not possible:
        return None
    form = possible[int(rng.integers(len(possible)))]
    a, b = (*some, None, None)[:2]
    text = form.format(a=a, b=b, g=(genre or "").lower(), d=decade)
    used = [str(word) for word, key in ((a, "{a}"), (b, "{b}")) if word and key in form]
    return text, used, genre if "{g}" in form else None, decade if "{d}" in form else None


def _telling(terms: TermIndex, item: int, usable: NDArray[np.bool_], title: str) -> list[str]:
    """The words of an item's text that say most, without those of its title."""
    start, end = terms.weights.indptr[item : item + 2]
    places, values = terms.weights.indices[start:end], terms.weights.data[start:end]
    named = set(terms_of(title))
    order = places[np.argsort(-values, kind="stable")]
    telling = [str(terms.terms[at]) for at in order if usable[at]]
    return [word for word in telling if word not in named and word.isalpha()][:WORDS]


def _has(terms: TermIndex, item: int, word: str) -> bool:
    start, end = terms.weights.indptr[item : item + 2]
    return word in terms.terms[terms.weights.indices[start:end]]
