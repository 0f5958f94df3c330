"""What a wish has to do with an item, in the person's own words."""

from itertools import islice
from typing import Protocol

import numpy as np
import polars as pl

from tasks.core.vocabulary import ITEM, TITLE
from tasks.wishes.index import words_of
from tasks.wishes.reading import Wish
from tasks.wishes.scoring import WordCatalogue

MOST_WORDS = 3


class Told(Protocol):
    """The catalogue as reasons are told from it."""

    @property
    def items(self) -> pl.DataFrame:
        """Items in order."""

    @property
    def catalogue(self) -> WordCatalogue:
        """What wishes are held against."""

    @property
    def places(self) -> dict[int | str, int]:
        """Where each item stands."""


def reasons_of(wish: Wish, known: Told, places: np.ndarray) -> list[str | None]:
    """Per item what of the wish it meets: "zombie, horror: as you asked", or "like Alien"."""
    words = words_of(wish.wanted)
    terms = known.catalogue.terms
    titles = known.items.filter(pl.col(ITEM).is_in(list(wish.titles)))[TITLE].to_list()
    made: list[str | None] = []
    for place in places.tolist():
        start, end = terms.weights.indptr[place : place + 2]
        held = set(terms.terms[terms.weights.indices[start:end]].tolist())
        shared = list(islice((word for word, term in words.items() if term in held), MOST_WORDS))
        if shared:
            made.append(f"{', '.join(shared)}: as you asked")
        elif titles:
            made.append(f"like {' or '.join(titles)}")
        elif wish.wanted:
            made.append("close to what you asked for")
        else:
            made.append(_years(wish))
    return made


def _years(wish: Wish) -> str | None:
    first, last = wish.first_year, wish.last_year
    return None if first is None and last is None else "from the years you asked for"
