"""Typed words held against the catalogue: from the files of a home to scores of items."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from tasks.core.artifacts import read_arrays, read_table
from tasks.core.vocabulary import ITEM, TEXT, USER, YEAR, Artifact, Id, Record
from tasks.data.finding import KnownTitles, called
from tasks.data.titles import plain_title
from tasks.texts.embedding_store import text_vectors
from tasks.texts.stages import VECTORS
from tasks.wishes.index import TermIndex
from tasks.wishes.reading import Wish, read_wish
from tasks.wishes.scoring import Met, WordCatalogue, met_by

_YEAR = re.compile(r"\s*\(?(?:18|19|20)\d\d\)?$")

NEWEST = 2029
"""The last year that a decade named in a wish may begin before."""


class WordInputs(Record):
    """The files that a wish is held against: items, their texts' vectors and terms, and counts."""

    items: Artifact
    vectors: Artifact
    terms: Artifact
    counts: Artifact


class ReadWish(NamedTuple):
    """A wish as it was understood, and how each item meets it; None where it says nothing."""

    wish: Wish
    met: Met | None


class Shelves:
    """The catalogue as words find their way in it; items are in the order of their sorted ids."""

    def __init__(self, home: Path, files: WordInputs) -> None:
        self._home, self._files = home, files

    @cached_property
    def items(self) -> pl.DataFrame:
        """The catalogue, sorted by id."""
        return read_table(self._home, self._files.items).sort(ITEM)

    @cached_property
    def counts(self) -> pl.DataFrame:
        """Item and its number of ratings."""
        return read_table(self._home, self._files.counts)

    @cached_property
    def catalogue(self) -> WordCatalogue:
        """What wishes are held against."""
        counted = self.items.select(ITEM).join(
            self.counts, on=ITEM, how="left", maintain_order="left"
        )
        return WordCatalogue(
            terms=read_terms(self._home, self._files.terms),
            vectors=read_arrays(self._home, self._files.vectors)[VECTORS],
            years=self.items[YEAR].fill_null(0).cast(pl.Int64).to_numpy(),
            counts=counted["count"].fill_null(0).to_numpy(),
        )

    @cached_property
    def places(self) -> dict[Id, int]:
        """Where each item stands."""
        return {item: place for place, item in enumerate(self.items[ITEM].to_list())}

    @cached_property
    def _titles(self) -> KnownTitles:
        return KnownTitles.of(self.items, self.counts)

    def find(self, title: str) -> Id | None:
        """The item with this title, the best known where several have it; a year may follow it."""
        for name in (title, _YEAR.sub("", title)):
            plain = plain_title(name)
            if named := self._titles.titles.get(plain):
                return called(plain, None, self._titles) or named[0]
        return None

    def answers(self, texts: Iterable[str]) -> Iterator[ReadWish]:
        """What each text asks for, and how it is met."""
        wishes = [read_wish(text, self.find, NEWEST) for text in texts]
        said = [part for wish in wishes for part in (wish.wanted, *wish.unwanted) if part]
        known = list(dict.fromkeys(said))
        of = dict(zip(known, text_vectors(self._home, known), strict=True)) if known else {}
        width = self.catalogue.vectors.shape[1]
        for wish in wishes:
            vectors = self.catalogue.vectors
            titles, avoided = (
                np.array([self.places[item] for item in some], dtype=np.int64)
                for some in (wish.titles, wish.avoided)
            )
            wanted = [*([of[wish.wanted]] if wish.wanted else []), *vectors[titles]]
            against = [*(of[part] for part in wish.unwanted), *vectors[avoided]]
            unwanted = np.reshape(against, (-1, width)).astype(np.float32)
            if not wish.says_something:
                yield ReadWish(wish, None)
                continue
            near = np.reshape(wanted, (-1, width)).astype(np.float32)
            yield ReadWish(
                wish, met_by(wish, self.catalogue, near, unwanted, np.union1d(titles, avoided))
            )

    def of_people(self, typed: Artifact, people: pl.DataFrame) -> list[tuple[Id, ReadWish]]:
        """What those of these people who typed something ask for, in their order."""
        words = read_table(self._home, typed).select(USER, TEXT)
        said = people.select(USER).join(words, on=USER, how="inner", maintain_order="left")
        read = self.answers(said[TEXT].to_list())
        return list(zip(said[USER].to_list(), read, strict=True))


def read_terms(home: Path, terms: Artifact) -> TermIndex:
    """The index that `index_terms_stage` wrote."""
    arrays = read_arrays(home, terms)
    shape = (len(arrays["indptr"]) - 1, len(arrays["terms"]))
    parts = arrays["data"], arrays["indices"], arrays["indptr"]
    return TermIndex(arrays["terms"], arrays["idf"], csr_array(parts, shape=shape))
